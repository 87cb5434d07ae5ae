import { compileSchema, type AnyItem, type ItemOf } from './fields.ts';

/** The most that the texts of a server's options have together, in UTF-16 units: the host keeps them. */
export const MOST_OPTIONS_LENGTH = 16_384;

/** The most origins, and the most subprotocols, that a server is given. */
export const MOST_LISTED = 64;

/** The methods of plain requests that a server can ask for, and those that it has without asking. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export const DEFAULT_METHODS = ['GET', 'HEAD', 'POST'] as const;

/**
 * What a script needs the host's answer to within the same expression; its cell waits. The commands that the script has
 * given before the question are carried out before it is answered.
 */
export const QUESTIONS = {
  /** Open a listener. An empty host means all interfaces; port 0 means any free port. */
  listen: {
    code: 1,
    fields: {
      server: 'uint',
      host: 'string',
      port: 'uint',
      serverName: 'string',
      /** The name of a TLS configuration of the host; empty: without TLS. */
      tls: 'string',
      /** Empty: any path. */
      path: 'string',
      /** Origins, `self`, `null` or `*`. */
      origins: 'strings',
      /** Those that are supported; none: the first that is offered is taken. */
      protocols: 'strings',
      /** The methods of plain requests: of METHODS. */
      methods: 'strings',
      // In all of these, 0 stands for the script's limit.
      maxConnections: 'uint',
      maxConnectionsPerAddress: 'uint',
      maxPendingHandshakes: 'uint',
      maxMessageSize: 'uint',
      maxBufferedAmount: 'uint',
      handshakeTimeout: 'uint',
      /** Which of SLOW_READERS. */
      slowReaders: 'uint',
      /** Times are in milliseconds; 0 stands for no heartbeat, and for no end of an idle connection. */
      heartbeatInterval: 'uint',
      heartbeatTimeout: 'uint',
      idleTimeout: 'uint',
      /** Whether messages are compressed, where a client wants that, and how: RFC 7692. */
      deflates: 'boolean',
      contextTakeover: 'boolean',
      threshold: 'uint',
      windowBits: 'uint',
    },
  },
  /** Load a module. `id` is what the script calls it, `url` where that leads. */
  load: { code: 2, fields: { url: 'string', id: 'string' } },
  /** Whether the script may read this environment variable. Those that it may and that are set, it has already. */
  environment: { code: 3, fields: { name: 'string' } },
  /** The last round trip of an accepted socket's heartbeat. */
  latency: { code: 30, fields: { socket: 'uint' } },
} as const;

/** The answer to the question of the same name. */
export const ANSWERS = {
  /** An empty `error`: listening at `port` and `url`. Otherwise `code` and `error` say what was wrong. */
  listen: { code: 1, fields: { port: 'uint', url: 'string', code: 'string', error: 'string' } },
  /** An empty `error`: the source, the address that it came from in the end, and what stack traces call it. */
  load: { code: 2, fields: { url: 'string', name: 'string', source: 'string', code: 'string', error: 'string' } },
  /** An empty `error`: it may, and it is not set. */
  environment: { code: 3, fields: { code: 'string', error: 'string' } },
  /** -1: there was none yet. */
  latency: { code: 30, fields: { milliseconds: 'number' } },
} as const;

export type QuestionTable = typeof QUESTIONS;
export type Question = AnyItem<QuestionTable>;
export type QuestionType = keyof QuestionTable;
export type QuestionOf<Type extends QuestionType> = ItemOf<QuestionTable, Type>;

export type AnswerTable = typeof ANSWERS;
export type Answer = AnyItem<AnswerTable>;
export type AnswerOf<Type extends QuestionType> = ItemOf<AnswerTable, Type>;

/** One answering function for each question. Leaving one out does not compile. */
export type Answerers = {
  readonly [Type in QuestionType]: (question: QuestionOf<Type>) => AnswerOf<Type> | Promise<AnswerOf<Type>>;
};

/** What is done where a peer reads more slowly than it is sent to, by its number on the wire. */
export const SLOW_READERS = ['close', 'drop', 'drop-oldest'] as const;
export type SlowReaders = (typeof SLOW_READERS)[number];

export const QUESTION_SCHEMA = compileSchema('question', QUESTIONS);
export const ANSWER_SCHEMA = compileSchema('answer', ANSWERS);

/** An answer as it enters an isolate: its fields in order, as text. */
export function answerFields(answer: Answer): string[] {
  return Object.keys(ANSWERS[answer.type].fields).map((name) => String((answer as unknown as Record<string, unknown>)[name]));
}

/** An answer that is none, and says why. */
export function failedAnswer(type: QuestionType, code: string, error: string): string[] {
  const known: Readonly<Record<string, string>> = { code, error };
  return Object.entries(ANSWERS[type].fields).map(([name, kind]) => known[name] ?? (kind === 'string' ? '' : '0'));
}
