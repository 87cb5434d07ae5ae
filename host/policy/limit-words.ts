import type { LogLevel } from '../observe/log.ts';
import { LIMITS, type LimitName } from './limits.ts';

export interface LimitWords {
  /** What is said where the limit is hit, in the log, in `ended` and in the statistics: # stands for the limit. */
  readonly words: string;
  /**
   * What it is in the log. `error`: it ends the script; `warning`: something is refused or dropped; `info`: something has to
   * wait; `debug`: so it goes where there is much to do.
   */
  readonly level: LogLevel;
}

/** How it is told that a limit is hit. `docs/limits.md` mirrors this table. */
export const LIMIT_WORDS: { readonly [Name in LimitName]?: LimitWords } = {
  memory: { words: 'used more than its # MiB of memory', level: 'error' },
  resizableMemory: { words: 'the limit of # MiB of resizable ArrayBuffers is reached', level: 'warning' },
  turnTimeout: { words: 'ran for more than # ms in one turn', level: 'error' },
  turnSlice: { words: 'had events left after # ms of a turn', level: 'debug' },
  cpuShare: { words: 'used more than # percent of a core', level: 'info' },
  lifetime: { words: 'has run for its lifetime of # ms', level: 'warning' },
  scriptBytes: { words: 'is larger than # bytes', level: 'error' },
  messageBytes: { words: 'received a message of more than # bytes', level: 'warning' },
  sockets: { words: 'the limit of # sockets is reached', level: 'warning' },
  connectsPerSecond: { words: 'opened more than # sockets in a second', level: 'info' },
  servers: { words: 'the limit of # servers is reached', level: 'warning' },
  timers: { words: 'the limit of # timers is reached', level: 'warning' },
  timerInterval: { words: 'set timers for sooner than # ms after the last', level: 'debug' },
  inboxBytes: { words: 'more than # bytes wait for the script', level: 'info' },
  outboxBytes: { words: 'more than # bytes wait for its peers', level: 'info' },
  outboxTimeout: { words: 'its peers took too little for # ms', level: 'warning' },
  messagesReceivedPerSecond: { words: 'received more than # messages in a second', level: 'info' },
  bytesReceivedPerSecond: { words: 'received more than # bytes in a second', level: 'info' },
  messagesSentPerSecond: { words: 'sent more than # messages in a second', level: 'info' },
  bytesSentPerSecond: { words: 'sent more than # bytes in a second', level: 'info' },
  printsPerSecond: { words: 'printed more than # lines in a second', level: 'warning' },
  printBytesPerSecond: { words: 'printed more than # bytes in a second', level: 'warning' },
  errorsPerSecond: { words: 'threw more than # errors in a second', level: 'warning' },
  logsPerSecond: { words: 'caused more than # lines of the log in a second', level: 'warning' },
  eventsPerTurn: { words: 'more than # events wait for one turn', level: 'debug' },
  eventBytesPerTurn: { words: 'more than # bytes wait for one turn', level: 'debug' },
  commandsPerTurn: { words: 'made more than # calls in one turn', level: 'warning' },
  commandBytesPerTurn: { words: 'gave out more than # bytes in one turn', level: 'warning' },
  stopTimeout: { words: 'took more than # ms to end', level: 'warning' },
  handshakeTimeout: { words: 'a handshake took more than # ms', level: 'warning' },
  turnGrace: { words: 'a turn took # ms beyond its time limit', level: 'error' },
  processMemory: { words: 'its process took # MiB beyond the memory of its scripts', level: 'error' },
  moduleBytes: { words: 'a module is larger than # bytes', level: 'warning' },
  requestsPerTurn: { words: 'more than # requests wait for one turn', level: 'debug' },
  compressedSockets: { words: 'the limit of # compressed sockets is reached', level: 'info' },
  serverConnections: { words: 'a server has # connections', level: 'warning' },
  connectionsPerAddress: { words: 'a server has # connections from one address', level: 'warning' },
  pendingConnections: { words: 'a server has # connections that are no WebSockets', level: 'warning' },
  pendingHandshakes: { words: '# requests wait for the answers of the script', level: 'warning' },
  serverHandshakeTimeout: { words: 'a client of a server was not answered within # ms', level: 'info' },
  headerBytes: { words: 'a request to a server has more than # bytes of headers', level: 'info' },
  requestBytes: { words: 'a request to a server has more than # bytes', level: 'info' },
  answerBytes: { words: 'an answer has more than # bytes', level: 'warning' },
  unsentAnswerBytes: { words: 'more than # bytes of answers are not read yet', level: 'warning' },
  restarts: { words: 'the limit of # restarts within ten minutes is reached', level: 'error' },
  holdTimeout: { words: 'nothing listened for what was held within # ms', level: 'warning' },
  heldBytes: { words: 'more than # bytes have come from what is held', level: 'info' },
  heldConnections: { words: 'the limit of # held connections is reached', level: 'warning' },
  bufferedBytes: { words: 'a peer reads too slowly: more than # bytes wait for it', level: 'warning' },
  attachmentBytes: { words: 'an attachment has more than # bytes', level: 'warning' },
  topicLength: { words: 'the name of a topic has more than # characters', level: 'warning' },
  topicsPerSocket: { words: 'the limit of # topics of one socket is reached', level: 'warning' },
  subscriptions: { words: 'the limit of # subscriptions is reached', level: 'warning' },
  deliveriesPerTurn: { words: 'published more than # messages in one turn, counted for each socket', level: 'warning' },
};

/** How it is told that a limit is hit; everywhere in the same words. */
export function limitWords(name: LimitName, value: number): string {
  return (LIMIT_WORDS[name]?.words ?? `the limit ${name} of # is reached`).replace('#', String(value));
}

/** These are the shortest time that something may take: less of it permits more. */
const LOWER_PERMITS_MORE: readonly LimitName[] = ['timerInterval', 'heartbeatInterval'];

/** What can be done about a limit that is hit, as `; raise it with --limit memory=128`: the double of it. Empty if it cannot be raised. */
export function limitAdvice(name: LimitName, value: number): string {
  const { least, most } = LIMITS[name];
  const isLower = LOWER_PERMITS_MORE.includes(name);
  const other = isLower ? Math.max(least, Math.floor(value / 2)) : Math.min(most, Math.max(1, 2 * value));
  return other === value ? '' : `; ${isLower ? 'lower' : 'raise'} it with --limit ${name}=${other}`;
}

export function limitLevel(name: LimitName): LogLevel {
  return LIMIT_WORDS[name]?.level ?? 'warning';
}
