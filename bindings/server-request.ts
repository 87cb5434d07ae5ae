import {
  ObjectCreate,
  ObjectFreeze,
  ObjectHasOwn,
  StringPrototypeIndexOf,
  StringPrototypeSlice,
  StringPrototypeSplit,
  StringPrototypeToLowerCase,
  createList,
} from './primordials.ts';
import { defineOwn } from './web/define.ts';

/** What a client has asked for in its handshake, as scripts see it. Frozen. */
export interface ServerRequest {
  readonly method: 'GET';
  readonly url: string;
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
  /** By their names in lower case. What came more than once is joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** The subprotocols that it offers. */
  readonly protocols: readonly string[];
}

/**
 * @param url what was asked for: `ws://HOST/PATH?QUERY`
 * @param headerLines the headers as they came, as `name: value`, a line for each
 */
export function serverRequest(url: string, headerLines: string): ServerRequest {
  const target = StringPrototypeSlice(url, StringPrototypeIndexOf(url, '/', StringPrototypeIndexOf(url, '//') + 2));
  const mark = StringPrototypeIndexOf(target, '?');
  const headers = parseHeaders(headerLines);
  return ObjectFreeze({
    method: 'GET',
    url,
    path: mark === -1 ? target : StringPrototypeSlice(target, 0, mark),
    query: mark === -1 ? '' : StringPrototypeSlice(target, mark + 1),
    headers,
    protocols: ObjectFreeze(items(headers['sec-websocket-protocol'] ?? '')),
  });
}

function parseHeaders(lines: string): Readonly<Record<string, string>> {
  const headers = ObjectCreate(null) as Record<string, string>;
  const list = lines === '' ? createList<string>() : StringPrototypeSplit(lines, '\n');
  for (let index = 0; index < list.length; index++) {
    const line = list[index] as string;
    const colon = StringPrototypeIndexOf(line, ':');
    const name = StringPrototypeToLowerCase(StringPrototypeSlice(line, 0, colon));
    const value = StringPrototypeSlice(line, colon + 2);
    // RFC 9110, 5.3; RFC 6265, 5.4, has pairs of a cookie divided otherwise.
    const before = ObjectHasOwn(headers, name) ? `${headers[name]}${name === 'cookie' ? ';' : ','} ` : '';
    headers[name] = before + value;
  }
  return ObjectFreeze(headers);
}

/** The items of a header that is a list of tokens. */
function items(value: string): string[] {
  const found = createList<string>();
  const parts = StringPrototypeSplit(value, ',');
  for (let index = 0; index < parts.length; index++) {
    const item = trimmed(parts[index] as string);
    if (item !== '') {
      found[found.length] = item;
    }
  }
  // An ordinary array, as it is for the script.
  const array: string[] = [];
  for (let index = 0; index < found.length; index++) {
    defineOwn(array, `${index}`, found[index]);
  }
  return array;
}

function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) {
    start++;
  }
  while (end > start && isSpace(text[end - 1])) {
    end--;
  }
  return StringPrototypeSlice(text, start, end);
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
