import { ANSWER_STATUS, REFUSAL_STATUS, isForbiddenAnswerHeader } from '../wire/answer-headers.ts';
import {
  ObjectGetOwnPropertyDescriptor,
  RangeErrorConstructor,
  ReflectApply,
  StringConstructor,
  StringPrototypeToLowerCase,
  StringPrototypeToWellFormed,
  TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetLength,
  TypeErrorConstructor,
} from './primordials.ts';
import { refused } from './bridge.ts';
import { script } from './settings.ts';
import { Blob, blobRange } from './web/blob.ts';
import { byteRange, type ByteRange } from './web/buffer-source.ts';
import { domException } from './web/dom-exception.ts';
import { utf8Encode } from './web/utf8.ts';
import { headerList } from './websocket-headers.ts';

/** What a request is answered with, checked. */
export interface CheckedAnswer {
  readonly status: number;
  /** Name, value, name, value and so on. */
  readonly headers: readonly string[];
  readonly body: ByteRange;
}

const typeOfBlob = ObjectGetOwnPropertyDescriptor(Blob.prototype, 'type')?.get as (this: unknown) => string;

/** The headers of an answer. Throws where the script may not set one. */
export function answerHeaders(value: unknown, operation: string): string[] {
  return headerList(value, operation, (lowerCase, name, failed) => {
    if (isForbiddenAnswerHeader(lowerCase)) {
      const hint = lowerCase === 'sec-websocket-protocol' ? '; use the option protocol' : '';
      throw domException('SecurityError', `${failed} may not hold '${name}', which belongs to HTTP and the handshake itself${hint}.`);
    }
  });
}

/** Checks an answer's parts. Throws a TypeError, a RangeError or a SecurityError. */
export function checkAnswer(
  kind: 'refusal' | 'answer',
  status: unknown,
  body: unknown,
  headers: unknown,
  operation: string,
): CheckedAnswer {
  const { least, most } = kind === 'refusal' ? REFUSAL_STATUS : ANSWER_STATUS;
  if (typeof status !== 'number' || status % 1 !== 0 || status < least || status > most) {
    throw new RangeErrorConstructor(`${operation}: The status must be a whole number from ${least} to ${most}, not ${StringConstructor(status)}.`);
  }
  const list = answerHeaders(headers, operation);
  const range = body === undefined || body === null ? bytesOfText('') : isBody(body) ? bytesOf(body) : undefined;
  if (range === undefined) {
    throw new TypeErrorConstructor(`${operation}: The body must be a string, an ArrayBuffer, a typed array or a Blob.`);
  }
  const { answerBytes } = script();
  if (range.length > answerBytes) {
    refused('answerBytes');
    throw new RangeErrorConstructor(`${operation}: The body may have ${answerBytes} bytes, the script's limit answerBytes; it has ${range.length}.`);
  }
  if (range.length > 0 && !holds(list, 'content-type')) {
    list[list.length] = 'Content-Type';
    list[list.length] = defaultType(body);
  }
  return { status, headers: list, body: range };
}

/** Whether a value is what a body can be. */
export function isBody(value: unknown): boolean {
  return typeof value === 'string' || byteRange(value) !== undefined || blobRange(value) !== undefined;
}

function bytesOf(body: unknown): ByteRange {
  return typeof body === 'string' ? bytesOfText(body) : ((byteRange(body) ?? blobRange(body)) as ByteRange);
}

function bytesOfText(text: string): ByteRange {
  const bytes = utf8Encode(StringPrototypeToWellFormed(text));
  return { buffer: TypedArrayPrototypeGetBuffer(bytes), start: 0, length: TypedArrayPrototypeGetLength(bytes) };
}

function defaultType(body: unknown): string {
  if (typeof body === 'string') {
    return 'text/plain; charset=utf-8';
  }
  const type = blobRange(body) === undefined ? '' : ReflectApply(typeOfBlob, body, []);
  return type === '' ? 'application/octet-stream' : type;
}

function holds(list: readonly string[], name: string): boolean {
  for (let index = 0; index < list.length; index += 2) {
    if (StringPrototypeToLowerCase(list[index] as string) === name) {
      return true;
    }
  }
  return false;
}
