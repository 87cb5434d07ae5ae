import type { LogLevel } from '../observe/log.ts';
import type { LimitName } from './limits.ts';

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
};

/** How it is told that a limit is hit; everywhere in the same words. */
export function limitWords(name: LimitName, value: number): string {
  return (LIMIT_WORDS[name]?.words ?? `the limit ${name} of # is reached`).replace('#', String(value));
}

export function limitLevel(name: LimitName): LogLevel {
  return LIMIT_WORDS[name]?.level ?? 'warning';
}
