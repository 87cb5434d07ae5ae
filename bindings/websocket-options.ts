import {
  ArrayPrototypeJoin,
  MathMax,
  ObjectKeys,
  RangeErrorConstructor,
  StringConstructor,
  TypeErrorConstructor,
  createList,
} from './primordials.ts';
import { script } from './settings.ts';
import { iteratorMethod, sequence } from './web/webidl.ts';
import { headerList } from './websocket-headers.ts';

/** What `connect` is told besides the address. Times in milliseconds, sizes in bytes; 0 stands for the script's limit. */
export interface ConnectOptions {
  readonly protocols: readonly string[];
  /** Name, value, name, value and so on. */
  readonly headers: readonly string[];
  readonly handshakeTimeout: number;
  /** 0: no heartbeat. */
  readonly heartbeatInterval: number;
  readonly heartbeatTimeout: number;
  readonly maxMessageSize: number;
  readonly perMessageDeflate: boolean;
}

/** As a script writes them. */
interface Options {
  readonly handshakeTimeout?: unknown;
  readonly headers?: unknown;
  readonly heartbeat?: unknown;
  readonly maxMessageSize?: unknown;
  readonly perMessageDeflate?: unknown;
  readonly protocols?: unknown;
}

const OPTIONS = ['handshakeTimeout', 'headers', 'heartbeat', 'maxMessageSize', 'perMessageDeflate', 'protocols'] as const;
const NO_HEARTBEAT = { interval: 0, timeout: 0 } as const;
/** What a server does where its script says nothing. */
const SERVER_HEARTBEAT = { interval: 30_000, timeout: 10_000 } as const;
const HEARTBEAT_OPTIONS = ['interval', 'timeout'] as const;

/** The longest time that a timer of the host takes, in milliseconds. */
const LONGEST_TIME = 2 ** 31 - 1;

/**
 * Converts the constructor's second argument: `(DOMString or sequence<DOMString>)` as in the standard, or options. The
 * protocols are not checked yet, as the standard converts all arguments before it looks at one.
 *
 * Options are an object that is not iterable and has the name of an option among its own keys. Whatever else is no
 * sequence, the standard makes a string.
 */
export function connectOptions(value: unknown, operation: string): ConnectOptions {
  const iterate = iteratorMethod(value, operation);
  if (iterate === undefined && typeof value === 'object' && value !== null && hasOption(value)) {
    refuseOthers(value, OPTIONS, '', operation);
    return readOptions(value, operation, (protocols) => protocolsOf(protocols, iteratorMethod(protocols, operation), operation));
  }
  return {
    protocols: protocolsOf(value, iterate, operation),
    headers: createList(),
    handshakeTimeout: 0,
    heartbeatInterval: 0,
    heartbeatTimeout: 0,
    maxMessageSize: 0,
    perMessageDeflate: false,
  };
}

/**
 * The same of the options of a WebSocketStream, a Web IDL dictionary: what it does not know is ignored, and `protocols` is
 * a `sequence<USVString>`, which a string is not.
 */
export function streamOptions(value: object, operation: string): ConnectOptions {
  return readOptions(value, operation, (protocols) => {
    const iterate = iteratorMethod(protocols, operation);
    if (protocols !== undefined && iterate === undefined) {
      throw notOf('protocols', 'a list of strings', protocols, operation);
    }
    return protocolsOf(protocols, iterate, operation);
  });
}

function protocolsOf(value: unknown, iterate: (() => unknown) | undefined, operation: string): string[] {
  const list = createList<string>();
  if (iterate !== undefined) {
    sequence(value, iterate, operation, (each) => {
      list[list.length] = `${each as string}`;
    });
  } else if (value !== undefined) {
    list[0] = `${value as string}`;
  }
  return list;
}

/** Reads the members in the order of their names, as WebIDL reads those of a dictionary. */
function readOptions(value: Options, operation: string, protocols: (value: unknown) => string[]): ConnectOptions {
  const limits = script();
  const handshakeTimeout = limited(value.handshakeTimeout, 'handshakeTimeout', 'milliseconds', limits.handshakeTimeout, 'handshakeTimeout', operation);
  const headers = headerList(value.headers, operation);
  const { interval, timeout } = heartbeat(value.heartbeat, operation);
  const maxMessageSize = limited(value.maxMessageSize, 'maxMessageSize', 'bytes', limits.messageBytes, 'messageBytes', operation);
  const { perMessageDeflate = false } = value;
  if (typeof perMessageDeflate !== 'boolean') {
    throw notOf('perMessageDeflate', 'true or false', perMessageDeflate, operation);
  }
  return {
    protocols: protocols(value.protocols),
    headers,
    handshakeTimeout,
    heartbeatInterval: interval,
    heartbeatTimeout: timeout,
    maxMessageSize,
    perMessageDeflate,
  };
}

/** The same of a server's options, which know `false` too. */
export function serverHeartbeat(value: unknown, operation: string): { readonly interval: number; readonly timeout: number } {
  if (value === undefined) {
    // A limit can be longer than the default.
    return { interval: MathMax(SERVER_HEARTBEAT.interval, script().heartbeatInterval), timeout: SERVER_HEARTBEAT.timeout };
  }
  return value === false ? NO_HEARTBEAT : heartbeat(value, operation);
}

/** A ping each `interval`; the connection fails where none is answered within `timeout`, which is `interval` by default. */
function heartbeat(value: unknown, operation: string): { readonly interval: number; readonly timeout: number } {
  if (value === undefined) {
    return NO_HEARTBEAT;
  }
  if (typeof value !== 'object' || value === null) {
    throw notOf('heartbeat', 'an object, as { interval: 30000, timeout: 10000 }', value, operation);
  }
  refuseOthers(value, HEARTBEAT_OPTIONS, 'heartbeat.', operation);
  const given = value as { readonly interval?: unknown; readonly timeout?: unknown };
  const interval = time(given.interval, 'heartbeat.interval', operation);
  const least = script().heartbeatInterval;
  if (interval < least) {
    throw new RangeErrorConstructor(
      `${operation}: The option heartbeat.interval must keep to the script's limit heartbeatInterval, which is ${least} milliseconds; ${interval} is less.`,
    );
  }
  const { timeout } = given;
  return { interval, timeout: timeout === undefined ? interval : time(timeout, 'heartbeat.timeout', operation) };
}

export function time(value: unknown, name: string, operation: string): number {
  const number = whole(value, name, 'milliseconds', operation);
  if (!(number >= 1 && number <= LONGEST_TIME)) {
    throw new RangeErrorConstructor(
      `${operation}: The option ${name} must be from 1 to ${LONGEST_TIME} milliseconds; ${number} is not.`,
    );
  }
  return number;
}

/** An option that lowers a limit of the script. It cannot raise it. */
function limited(value: unknown, name: string, unit: string, limit: number, limitName: string, operation: string): number {
  if (value === undefined) {
    return 0;
  }
  const number = whole(value, name, unit, operation);
  if (number < 1) {
    throw new RangeErrorConstructor(`${operation}: The option ${name} must be at least 1; ${number} is not.`);
  }
  if (number > limit) {
    throw new RangeErrorConstructor(
      `${operation}: The option ${name} can only lower the script's limit ${limitName}, which is ${limit} ${unit}; ${number} is more.`,
    );
  }
  return number;
}

export function whole(value: unknown, name: string, unit: string, operation: string): number {
  if (typeof value !== 'number' || value % 1 !== 0) {
    throw notOf(name, `a whole number of ${unit}`, value, operation);
  }
  return value;
}

export function notOf(name: string, expected: string, value: unknown, operation: string): TypeError {
  const shown = typeof value === 'object' && value !== null ? 'an object' : StringConstructor(value);
  return new TypeErrorConstructor(`${operation}: The option ${name} must be ${expected}, not ${shown}.`);
}

function includes(list: readonly string[], value: string): boolean {
  for (let index = 0; index < list.length; index++) {
    if (list[index] === value) {
      return true;
    }
  }
  return false;
}

function hasOption(value: object): boolean {
  const keys = ObjectKeys(value);
  for (let index = 0; index < keys.length; index++) {
    if (includes(OPTIONS, keys[index] as string)) {
      return true;
    }
  }
  return false;
}

export function refuseOthers(value: object, known: readonly string[], path: string, operation: string): void {
  const keys = ObjectKeys(value);
  for (let index = 0; index < keys.length; index++) {
    if (!includes(known, keys[index] as string)) {
      throw new TypeErrorConstructor(
        `${operation}: There is no option ${path}${keys[index] as string}; there are ${ArrayPrototypeJoin(known, ', ')}.`,
      );
    }
  }
}
