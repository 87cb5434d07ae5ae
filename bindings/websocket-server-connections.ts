import { RangeErrorConstructor } from './primordials.ts';
import { notOf, refuseOthers, serverHeartbeat, time, whole } from './websocket-options.ts';

/** How a server has its connections looked after and compressed. Times in milliseconds, sizes in bytes. */
export interface ServerConnectionOptions {
  /** 0: no heartbeat. */
  readonly heartbeatInterval: number;
  readonly heartbeatTimeout: number;
  /** 0: none. */
  readonly idleTimeout: number;
  readonly deflates: boolean;
  readonly contextTakeover: boolean;
  readonly threshold: number;
  /** A power of 2. */
  readonly windowBits: number;
}

/** As a script writes them. */
export interface GivenConnectionOptions {
  readonly heartbeat?: unknown;
  readonly idleTimeout?: unknown;
  readonly perMessageDeflate?: unknown;
}

const DEFLATE_OPTIONS = ['contextTakeover', 'threshold', 'windowBits'] as const;
/** What does not shrink by much is not worth the time. */
const THRESHOLD = 1024;
/** Messages of a few KiB lose nothing by it, and each connection takes a fifth of the memory of 15. */
const WINDOW_BITS = 12;

/** Checks these options. Throws a TypeError or a RangeError. */
export function connectionOptions(given: GivenConnectionOptions, operation: string): ServerConnectionOptions {
  const { interval, timeout } = serverHeartbeat(given.heartbeat, operation);
  const { idleTimeout } = given;
  return {
    heartbeatInterval: interval,
    heartbeatTimeout: timeout,
    idleTimeout: idleTimeout === undefined || idleTimeout === false ? 0 : time(idleTimeout, 'idleTimeout', operation),
    ...deflateOptions(given.perMessageDeflate, operation),
  };
}

type Deflate = Pick<ServerConnectionOptions, 'contextTakeover' | 'deflates' | 'threshold' | 'windowBits'>;

function deflateOptions(value: unknown, operation: string): Deflate {
  if (value === undefined || typeof value === 'boolean') {
    return { deflates: value === true, contextTakeover: false, threshold: THRESHOLD, windowBits: WINDOW_BITS };
  }
  if (typeof value !== 'object' || value === null) {
    throw notOf('perMessageDeflate', 'true, false or an object, as { threshold: 1024 }', value, operation);
  }
  refuseOthers(value, DEFLATE_OPTIONS, 'perMessageDeflate.', operation);
  const { contextTakeover = false, threshold = THRESHOLD, windowBits = WINDOW_BITS } = value as {
    readonly contextTakeover?: unknown;
    readonly threshold?: unknown;
    readonly windowBits?: unknown;
  };
  if (typeof contextTakeover !== 'boolean') {
    throw notOf('perMessageDeflate.contextTakeover', 'true or false', contextTakeover, operation);
  }
  return {
    deflates: true,
    contextTakeover,
    threshold: within(whole(threshold, 'perMessageDeflate.threshold', 'bytes', operation), 0, 2 ** 32 - 1, 'threshold', operation),
    windowBits: within(whole(windowBits, 'perMessageDeflate.windowBits', 'bits', operation), 9, 15, 'windowBits', operation),
  };
}

function within(value: number, least: number, most: number, name: string, operation: string): number {
  if (!(value >= least && value <= most)) {
    throw new RangeErrorConstructor(`${operation}: The option perMessageDeflate.${name} must be from ${least} to ${most}; ${value} is not.`);
  }
  return value;
}
