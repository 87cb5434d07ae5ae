import {
  HEADER_NAME,
  HEADER_VALUE,
  MOST_ANSWER_HEADERS,
  MOST_ANSWER_HEADER_LENGTH,
  isForbiddenAnswerHeader,
} from '../../wire/answer-headers.ts';

/** Why a script's headers of an answer are what the bindings do not let out; undefined where they are not. */
export function answerHeaderProblem(flat: readonly string[]): string | undefined {
  if (flat.length % 2 !== 0) {
    return 'a header without a value';
  }
  if (flat.length / 2 > MOST_ANSWER_HEADERS) {
    return `${flat.length / 2} headers`;
  }
  if (flat.reduce((sum, text) => sum + text.length, 0) > MOST_ANSWER_HEADER_LENGTH) {
    return `headers of more than ${MOST_ANSWER_HEADER_LENGTH} characters`;
  }
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] as string;
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(flat[index + 1] as string)) {
      return 'a header that is not one of HTTP';
    }
    if (isForbiddenAnswerHeader(name.toLowerCase())) {
      return `the header ${name.toLowerCase()}`;
    }
  }
  return undefined;
}

/** `given` with those of `defaults` that it does not have: name, value, name, value and so on. */
export function withDefaults(given: readonly string[], defaults: Readonly<Record<string, string>>): string[] {
  const names = new Set(given.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
  const missing = Object.entries(defaults).filter(([name]) => !names.has(name.toLowerCase()));
  return [...given, ...missing.flat()];
}

/** The lines of a head. */
export function headerLines(flat: readonly string[]): string[] {
  const lines: string[] = [];
  for (let index = 0; index < flat.length; index += 2) {
    lines.push(`${flat[index]}: ${flat[index + 1]}`);
  }
  return lines;
}
