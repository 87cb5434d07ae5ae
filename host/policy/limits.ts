import { AirlockError } from '../errors.ts';
import { suggestionText } from './suggestion.ts';

/**
 * Every limit on a script: its default, its bounds and what it counts. `docs/limits.md` mirrors this table. How it is told
 * that one is hit: `limit-words.ts`.
 */
export const LIMITS = {
  /** Memory of the script's isolate, in MiB: its heap and its ArrayBuffers together. */
  memory: { default: 64, least: 8, most: 4096 },
  /** Memory of resizable ArrayBuffers, in MiB, which V8 does not count as the isolate's. */
  resizableMemory: { default: 32, least: 0, most: 4096 },
  /** What one callback may take, with the microtasks behind it, in milliseconds; loading the script is one. */
  turnTimeout: { default: 2000, least: 1, most: 600_000 },
  /** The time after which a turn hands the rest of its events to the next turn, in milliseconds. */
  turnSlice: { default: 20, least: 1, most: 1000 },
  /** What a turn may take beyond `turnTimeout` and `turnSlice` before its process is killed, in milliseconds. */
  turnGrace: { default: 3000, least: 100, most: 600_000 },
  /** What the process of the script may take beyond the `memory` of all its scripts, in MiB that are resident. */
  processMemory: { default: 768, least: 128, most: 65_536 },
  /** What all turns may take of one core, over a second, in percent; 100 is no limit. */
  cpuShare: { default: 100, least: 1, most: 100 },
  /** How long the script may run, in milliseconds; 0 is no limit. */
  lifetime: { default: 0, least: 0, most: 315_360_000_000 },
  /** The size of the script's source, in bytes. V8 evaluates no more than an eighth of `memory`. */
  scriptBytes: { default: 4 * 1024 * 1024, least: 1, most: 64 * 1024 * 1024 },
  /** The size of one module of the script, in bytes; an eighth of `memory` at most. */
  moduleBytes: { default: 4 * 1024 * 1024, least: 1, most: 64 * 1024 * 1024 },
  /** The largest message that a socket receives, in bytes; a larger one closes it with 1009. */
  messageBytes: { default: 16 * 1024 * 1024, least: 125, most: 128 * 1024 * 1024 },
  /** Sockets at one time, opened and accepted. */
  sockets: { default: 10_000, least: 0, most: 1_000_000 },
  /** Connections that the script opens in a second; more are begun later. */
  connectsPerSecond: { default: 1000, least: 1, most: 1_000_000 },
  /** Listening servers at one time. */
  servers: { default: 16, least: 0, most: 1024 },
  /** Timers at one time. */
  timers: { default: 100_000, least: 0, most: 1_000_000 },
  /** The time between two turns that timers begin, in milliseconds. */
  timerInterval: { default: 1, least: 1, most: 60_000 },
  /** Bytes of messages that wait for the script's next turn, and 128 for each event; above it, its sockets are not read. */
  inboxBytes: { default: 8 * 1024 * 1024, least: 1024, most: 1024 * 1024 * 1024 },
  /** Bytes that all its sockets have sent and the kernel has not taken; above it, the script's turns wait. */
  outboxBytes: { default: 64 * 1024 * 1024, least: 1024, most: 1024 * 1024 * 1024 },
  /** How long turns wait for that, in milliseconds, before the slowest peers are cut off. */
  outboxTimeout: { default: 10_000, least: 1, most: 600_000 },
  /** Messages, pings and pongs that its sockets receive in a second; above it, they are not read. */
  messagesReceivedPerSecond: { default: 2_000_000, least: 1, most: 1_000_000_000 },
  /** What is in them, in bytes. */
  bytesReceivedPerSecond: { default: 1024 * 1024 * 1024, least: 1024, most: 1024 ** 4 },
  /** Messages that the script sends in a second; above it, its turns wait. */
  messagesSentPerSecond: { default: 10_000_000, least: 1, most: 1_000_000_000 },
  /** What is in them, in bytes. */
  bytesSentPerSecond: { default: 1024 * 1024 * 1024, least: 1024, most: 1024 ** 4 },
  /** Lines that the script prints in a second; the rest is dropped, and how many they were is said. */
  printsPerSecond: { default: 1000, least: 0, most: 1_000_000_000 },
  /** What is in them, in UTF-16 units. */
  printBytesPerSecond: { default: 4 * 1024 * 1024, least: 1024, most: 1024 * 1024 * 1024 },
  /** Exceptions that are reported in a second; the rest is dropped, and how many they were is said. */
  errorsPerSecond: { default: 100, least: 0, most: 1_000_000_000 },
  /** Lines that the script causes in the host's log in a second; the rest is dropped, and how many they were is said. */
  logsPerSecond: { default: 100, least: 0, most: 1_000_000_000 },
  /** Events in one turn. */
  eventsPerTurn: { default: 1024, least: 1, most: 65_536 },
  /** Bytes of messages in one turn. A single larger message is a turn of its own. */
  eventBytesPerTurn: { default: 4 * 1024 * 1024, least: 1, most: 64 * 1024 * 1024 },
  /** Requests to its servers, handshakes included, in one turn: each can be answered with `answerBytes`. */
  requestsPerTurn: { default: 16, least: 1, most: 65_536 },
  /** Calls (sends, closes, prints, ...) that one turn may give back. */
  commandsPerTurn: { default: 65_536, least: 16, most: 1_048_576 },
  /** Bytes that one turn may give back. */
  commandBytesPerTurn: { default: 64 * 1024 * 1024, least: 1024, most: 120 * 1024 * 1024 },
  /** What a script may take to end, in milliseconds, before it is cut off. */
  stopTimeout: { default: 5000, least: 1, most: 600_000 },
  /** How long a client socket's handshake may take, in milliseconds. */
  handshakeTimeout: { default: 30_000, least: 1, most: 600_000 },
  /** How long a peer has to answer a close frame, in milliseconds, before it is cut off. */
  closeTimeout: { default: 5000, least: 1, most: 600_000 },
  /** The shortest time between two pings that a script may have the host send, in milliseconds. */
  heartbeatInterval: { default: 1000, least: 1, most: 600_000 },
  /** Accepted sockets at one time whose messages are compressed. */
  compressedSockets: { default: 1000, least: 0, most: 1_000_000 },
  /** WebSockets that one server has open at one time; more handshakes get 503. */
  serverConnections: { default: 10_000, least: 1, most: 1_000_000 },
  /** Those of them from one address; more get 429. */
  connectionsPerAddress: { default: 10_000, least: 1, most: 1_000_000 },
  /** Connections of one server that are no WebSockets yet, or never will be; more are dropped. */
  pendingConnections: { default: 4096, least: 1, most: 1_000_000 },
  /** Handshakes and plain requests of one server that wait for the script's answer; more get 503. */
  pendingHandshakes: { default: 4096, least: 1, most: 65_536 },
  /** How long a server's client may take for its handshake, and then the script for its answer, in milliseconds. */
  serverHandshakeTimeout: { default: 10_000, least: 1, most: 600_000 },
  /** How long a server keeps a connection between two plain requests, in milliseconds. */
  keepAliveTimeout: { default: 5000, least: 1, most: 600_000 },
  /** How long a server's client may take to read an answer that is no WebSocket, in milliseconds. */
  answerTimeout: { default: 60_000, least: 1, most: 600_000 },
  /** The first line and the headers of a request to a server, in bytes; more get 431. */
  headerBytes: { default: 16 * 1024, least: 1024, most: 1024 * 1024 },
  /** The body of a plain request to a server, in bytes; more get 413. */
  requestBytes: { default: 64 * 1024, least: 0, most: 16 * 1024 * 1024 },
  /** The body of a server's answer to a plain request, in bytes. */
  answerBytes: { default: 4 * 1024 * 1024, least: 0, most: 64 * 1024 * 1024 },
  /** The bodies of answers that one server's clients have not read yet, in bytes; more requests get 503. */
  unsentAnswerBytes: { default: 64 * 1024 * 1024, least: 1024, most: 1024 * 1024 * 1024 },
  /** How many times within ten minutes the script is started again after its process has ended. */
  restarts: { default: 10, least: 0, most: 10_000 },
  /** What passes before the first of them, in milliseconds; twice as long before each further one, up to 30 seconds. */
  restartDelay: { default: 100, least: 1, most: 30_000 },
  /** With `onFault: "hold"`, how long a server and its connections wait for the script to run again, in milliseconds. */
  holdTimeout: { default: 10_000, least: 1, most: 600_000 },
  /** Bytes of messages that wait for it meanwhile, and 128 for each event; above it, its connections are not read. */
  heldBytes: { default: 8 * 1024 * 1024, least: 0, most: 1024 * 1024 * 1024 },
  /** How many connections wait for it. */
  heldConnections: { default: 10_000, least: 0, most: 1_000_000 },
  /** Bytes that wait to be sent on one socket, with what each write of them takes; what is done at it, a server can choose. */
  bufferedBytes: { default: 16 * 1024 * 1024, least: 1024, most: 1024 * 1024 * 1024 },
  /** The bytes of what is kept as a socket's `attachment`. */
  attachmentBytes: { default: 16 * 1024, least: 0, most: 1024 * 1024 },
  /** The length of a topic's name, in UTF-16 units. */
  topicLength: { default: 256, least: 1, most: 4096 },
  /** Topics that one socket subscribes to at one time. */
  topicsPerSocket: { default: 128, least: 0, most: 65_536 },
  /** Subscriptions at one time, of all sockets. */
  subscriptions: { default: 262_144, least: 0, most: 16_777_216 },
  /** Messages that one turn may have published, each counted once for each socket that gets it. */
  deliveriesPerTurn: { default: 1_048_576, least: 1, most: 16_777_216 },
} as const;

export type LimitName = keyof typeof LIMITS;
export type Limits = { readonly [Name in LimitName]: number };

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
        `There is no limit '${name}'; ${suggestionText(name, Object.keys(LIMITS))}`,
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
