import { compileSchema, type AnyItem, type ItemOf } from './fields.ts';

/**
 * What a script needs the host's answer to within the same expression; its cell waits. The commands that the script has
 * given before the question are carried out before it is answered.
 */
export const QUESTIONS = {
  /** Open a listener. An empty host means all interfaces; port 0 means any free port. */
  listen: { code: 1, fields: { server: 'uint', host: 'string', port: 'uint', serverName: 'string' } },
  /** Load a module. `id` is what the script calls it, `url` where that leads. */
  load: { code: 2, fields: { url: 'string', id: 'string' } },
  /** Whether the script may read this environment variable. Those that it may and that are set, it has already. */
  environment: { code: 3, fields: { name: 'string' } },
} as const;

/** The answer to the question of the same name. */
export const ANSWERS = {
  /** An empty `error`: listening at `port` and `url`. Otherwise `code` and `error` say what was wrong. */
  listen: { code: 1, fields: { port: 'uint', url: 'string', code: 'string', error: 'string' } },
  /** An empty `error`: the source, the address that it came from in the end, and what stack traces call it. */
  load: { code: 2, fields: { url: 'string', name: 'string', source: 'string', code: 'string', error: 'string' } },
  /** An empty `error`: it may, and it is not set. */
  environment: { code: 3, fields: { code: 'string', error: 'string' } },
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
