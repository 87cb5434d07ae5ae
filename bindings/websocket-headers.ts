import {
  HEADER_NAME,
  HEADER_VALUE,
  MOST_HANDSHAKE_HEADERS,
  MOST_HANDSHAKE_HEADER_LENGTH,
  isForbiddenHeader,
  isPermittableHeader,
} from '../wire/handshake-headers.ts';
import {
  ObjectKeys,
  RangeErrorConstructor,
  RegExpPrototypeExec,
  StringPrototypeToLowerCase,
  TypeErrorConstructor,
  createList,
} from './primordials.ts';
import { script } from './settings.ts';
import { domException } from './web/dom-exception.ts';
import { iteratorMethod, sequence } from './web/webidl.ts';

/** Throws where a header may not be set. */
type HeaderCheck = (lowerCase: string, name: string, failed: string) => void;

/**
 * The option `headers`: a record, or an iterable of pairs, as `HeadersInit` of the Fetch Standard. Name, value, and so on.
 * `check` is of those of a client's handshake by default.
 */
export function headerList(value: unknown, operation: string, check: HeaderCheck = checkHandshakeHeader): string[] {
  const failed = `${operation}: The option headers`;
  const list = createList<string>();
  if (value === undefined) {
    return list;
  }
  if (typeof value !== 'object' || value === null) {
    throw new TypeErrorConstructor(`${failed} must be an object, as { Authorization: 'Bearer x' }, or a list of pairs.`);
  }
  const iterate = iteratorMethod(value, failed);
  if (iterate === undefined) {
    const names = ObjectKeys(value);
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string;
      append(list, name, `${(value as Record<string, unknown>)[name] as string}`, failed, check);
    }
  } else {
    sequence(value, iterate, failed, (each) => appendPair(list, each, failed, check));
  }
  return list;
}

function appendPair(list: string[], pair: unknown, failed: string, check: HeaderCheck): void {
  const iterate = iteratorMethod(pair, failed);
  const parts = createList<string>();
  if (iterate !== undefined) {
    sequence(pair, iterate, failed, (each) => {
      parts[parts.length] = `${each as string}`;
    });
  }
  if (parts.length !== 2) {
    throw new TypeErrorConstructor(`${failed} must hold pairs of a name and a value.`);
  }
  append(list, parts[0] as string, parts[1] as string, failed, check);
}

function append(list: string[], name: string, value: string, failed: string, check: HeaderCheck): void {
  if (RegExpPrototypeExec(HEADER_NAME, name) === null) {
    throw new TypeErrorConstructor(`${failed} has a name that is not one: '${name}'.`);
  }
  check(StringPrototypeToLowerCase(name), name, failed);
  if (RegExpPrototypeExec(HEADER_VALUE, value) === null) {
    throw new TypeErrorConstructor(
      `${failed} has a value for '${name}' that is not one: no line breaks, no space at the ends, nothing beyond U+00FF.`,
    );
  }
  list[list.length] = name;
  list[list.length] = value;
  let length = 0;
  for (let index = 0; index < list.length; index++) {
    length += (list[index] as string).length;
  }
  if (list.length > 2 * MOST_HANDSHAKE_HEADERS || length > MOST_HANDSHAKE_HEADER_LENGTH) {
    throw new RangeErrorConstructor(
      `${failed} may hold ${MOST_HANDSHAKE_HEADERS} headers of ${MOST_HANDSHAKE_HEADER_LENGTH} characters in all; there are more.`,
    );
  }
}

function checkHandshakeHeader(lowerCase: string, name: string, failed: string): void {
  if (isForbiddenHeader(lowerCase)) {
    const hint = lowerCase === 'sec-websocket-protocol' ? '; use the option protocols' : '';
    throw domException('SecurityError', `${failed} may not hold '${name}', which belongs to the handshake itself${hint}.`);
  }
  if (isPermittableHeader(lowerCase) && !isPermitted(lowerCase)) {
    throw domException('SecurityError', `${failed} may not hold '${name}', as this script has no permission to set it.`);
  }
}

function isPermitted(name: string): boolean {
  const { permittedHeaders } = script();
  for (let index = 0; index < permittedHeaders.length; index++) {
    if (permittedHeaders[index] === name) {
      return true;
    }
  }
  return false;
}
