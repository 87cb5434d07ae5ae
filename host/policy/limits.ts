import { AirlockError } from '../errors.ts';
import type { LogLevel } from '../observe/log.ts';

interface LimitDefinition {
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly unit: string;
  /** What is said where it is hit, in the log, in `ended` and in the statistics: # stands for the limit. */
  readonly words: string;
  /**
   * What it is in the log. `error`: it ends the script; `warning`: something is refused or dropped; `info`: something has to
   * wait; `debug`: so it goes where there is much to do.
   */
  readonly level: LogLevel;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const MOST_PER_SECOND = 1_000_000_000;
const YEAR = 365 * 24 * 3600 * 1000;

/**
 * Every limit on a script: its default, its bounds, what it counts and in which words it is told. `docs/limits.md` mirrors
 * this table.
 */
export const LIMITS = {
  /** Memory of the script's isolate: its heap and its ArrayBuffers together. */
  memory: { default: 64, least: 8, most: 4096, unit: 'MiB', words: 'used more than its # MiB of memory', level: 'error' },
  /** Memory of resizable ArrayBuffers, which V8 does not count as the isolate's. */
  resizableMemory: { default: 32, least: 0, most: 4096, unit: 'MiB', words: 'the limit of # MiB of resizable ArrayBuffers is reached', level: 'warning' },
  /** What one turn may take. */
  turnTimeout: { default: 2000, least: 1, most: 600_000, unit: 'ms', words: 'ran for more than # ms in one turn', level: 'error' },
  /** What all turns may take of one core, over a second; 100 is no limit. */
  cpuShare: { default: 100, least: 1, most: 100, unit: 'percent', words: 'used more than # percent of a core', level: 'info' },
  /** How long the script may run; 0 is no limit. */
  lifetime: { default: 0, least: 0, most: 10 * YEAR, unit: 'ms', words: 'has run for its lifetime of # ms', level: 'warning' },
  /** The size of the script's source. V8 evaluates no more than an eighth of `memory`. */
  scriptBytes: { default: 4 * MIB, least: 1, most: 64 * MIB, unit: 'bytes', words: 'is larger than # bytes', level: 'error' },
  /** The largest message that a socket receives; a larger one closes it with 1009. */
  messageBytes: { default: 16 * MIB, least: 125, most: 128 * MIB, unit: 'bytes', words: 'received a message of more than # bytes', level: 'warning' },
  /** Sockets at one time, opened and accepted. */
  sockets: { default: 10_000, least: 0, most: 1_000_000, unit: 'sockets', words: 'the limit of # sockets is reached', level: 'warning' },
  /** Connections that the script opens in a second. */
  connectsPerSecond: { default: 1000, least: 1, most: 1_000_000, unit: 'sockets', words: 'opened more than # sockets in a second', level: 'info' },
  /** Listening servers at one time. */
  servers: { default: 16, least: 0, most: 1024, unit: 'servers', words: 'the limit of # servers is reached', level: 'warning' },
  /** Timers at one time. */
  timers: { default: 100_000, least: 0, most: 1_000_000, unit: 'timers', words: 'the limit of # timers is reached', level: 'warning' },
  /** The time between two turns that timers begin. */
  timerInterval: { default: 1, least: 1, most: 60_000, unit: 'ms', words: 'set timers for sooner than # ms after the last', level: 'debug' },
  /** Bytes of messages that wait for the script's next turn, and 128 for each event; above it, its sockets are not read. */
  inboxBytes: { default: 8 * MIB, least: 1024, most: GIB, unit: 'bytes', words: 'more than # bytes wait for the script', level: 'info' },
  /** Bytes that all its sockets have sent and the kernel has not taken; above it, the script's turns wait. */
  outboxBytes: { default: 64 * MIB, least: 1024, most: GIB, unit: 'bytes', words: 'more than # bytes wait for its peers', level: 'info' },
  /** How long turns wait for that, before the slowest peer is cut off. */
  outboxTimeout: { default: 10_000, least: 1, most: 600_000, unit: 'ms', words: 'its peers took too little for # ms', level: 'warning' },
  messagesReceivedPerSecond: { default: 2_000_000, least: 1, most: MOST_PER_SECOND, unit: 'messages', words: 'received more than # messages in a second', level: 'info' },
  bytesReceivedPerSecond: { default: GIB, least: 1024, most: 1024 * GIB, unit: 'bytes', words: 'received more than # bytes in a second', level: 'info' },
  messagesSentPerSecond: { default: 10_000_000, least: 1, most: MOST_PER_SECOND, unit: 'messages', words: 'sent more than # messages in a second', level: 'info' },
  bytesSentPerSecond: { default: GIB, least: 1024, most: 1024 * GIB, unit: 'bytes', words: 'sent more than # bytes in a second', level: 'info' },
  /** Lines that the script prints in a second; the rest is dropped, and how many they were is said. */
  printsPerSecond: { default: 1000, least: 0, most: MOST_PER_SECOND, unit: 'lines', words: 'printed more than # lines in a second', level: 'warning' },
  printBytesPerSecond: { default: 4 * MIB, least: 1024, most: GIB, unit: 'bytes', words: 'printed more than # bytes in a second', level: 'warning' },
  /** Exceptions that are reported in a second; the rest is dropped, and how many they were is said. */
  errorsPerSecond: { default: 100, least: 0, most: MOST_PER_SECOND, unit: 'errors', words: 'threw more than # errors in a second', level: 'warning' },
  /** Lines that the script causes in the host's log in a second; the rest is dropped, and how many they were is said. */
  logsPerSecond: { default: 100, least: 0, most: MOST_PER_SECOND, unit: 'lines', words: 'caused more than # lines of the log in a second', level: 'warning' },
  /** Events in one turn. */
  eventsPerTurn: { default: 1024, least: 1, most: 65_536, unit: 'events', words: 'more than # events wait for one turn', level: 'debug' },
  /** Bytes of messages in one turn. A single larger message is a turn of its own. */
  eventBytesPerTurn: { default: 4 * MIB, least: 1, most: 64 * MIB, unit: 'bytes', words: 'more than # bytes wait for one turn', level: 'debug' },
  /** Calls (sends, closes, prints, ...) that one turn may give back. */
  commandsPerTurn: { default: 65_536, least: 16, most: 1_048_576, unit: 'calls', words: 'made more than # calls in one turn', level: 'warning' },
  /** Bytes that one turn may give back. */
  commandBytesPerTurn: { default: 64 * MIB, least: 1024, most: 120 * MIB, unit: 'bytes', words: 'gave out more than # bytes in one turn', level: 'warning' },
  /** What a script may take to end before it is cut off. */
  stopTimeout: { default: 5000, least: 1, most: 600_000, unit: 'ms', words: 'took more than # ms to end', level: 'warning' },
  /** How long a client socket's handshake may take. */
  handshakeTimeout: { default: 30_000, least: 1, most: 600_000, unit: 'ms', words: 'a handshake took more than # ms', level: 'warning' },
} as const satisfies Readonly<Record<string, LimitDefinition>>;

export type LimitName = keyof typeof LIMITS;
export type Limits = { readonly [Name in LimitName]: number };

/** How it is told that a limit is hit; everywhere in the same words. */
export function limitWords(name: LimitName, value: number): string {
  return LIMITS[name].words.replace('#', String(value));
}

/** The defaults with `overrides` put over them. Throws ERR_AIRLOCK_INVALID_ARGUMENT for an unknown or wrong one. */
export function resolveLimits(overrides: Partial<Limits> = {}): Limits {
  const limits: Record<string, number> = {};
  for (const [name, { default: value }] of Object.entries(LIMITS)) {
    limits[name] = value;
  }
  for (const [name, value] of Object.entries(overrides)) {
    if (!Object.hasOwn(LIMITS, name)) {
      throw new AirlockError(
        'ERR_AIRLOCK_INVALID_ARGUMENT',
        `There is no limit '${name}'; there are ${Object.keys(LIMITS).join(', ')}`,
      );
    }
    const { least, most } = LIMITS[name as LimitName];
    if (value === undefined) {
      continue;
    }
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      throw new AirlockError(
        'ERR_AIRLOCK_INVALID_ARGUMENT',
        `The limit ${name} must be a whole number from ${least} to ${most}, not ${String(value)}`,
      );
    }
    limits[name] = value;
  }
  return limits as Limits;
}
