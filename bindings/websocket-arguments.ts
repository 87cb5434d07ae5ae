import { parseURL } from './cell-services.ts';
import {
  MathMax,
  MathMin,
  NumberConstructor,
  NumberIsNaN,
  RegExpPrototypeExec,
  StringPrototypeIndexOf,
  StringPrototypeSlice,
  StringPrototypeStartsWith,
  SymbolIterator,
  createList,
} from './primordials.ts';
import { script } from './settings.ts';
import { domException } from './web/dom-exception.ts';

/** WebSockets Standard, "get a URL record", and the constructor's steps on it. */
export function socketURL(given: string): string {
  const parsed = parseURL(given, script().url);
  if (parsed === undefined) {
    throw domException('SyntaxError', `Failed to construct 'WebSocket': The URL '${given}' is invalid.`);
  }
  const url = StringPrototypeStartsWith(parsed, 'http:')
    ? `ws${StringPrototypeSlice(parsed, 4)}`
    : StringPrototypeStartsWith(parsed, 'https:')
      ? `wss${StringPrototypeSlice(parsed, 5)}`
      : parsed;
  if (!StringPrototypeStartsWith(url, 'ws:') && !StringPrototypeStartsWith(url, 'wss:')) {
    const scheme = StringPrototypeSlice(url, 0, StringPrototypeIndexOf(url, ':'));
    throw domException(
      'SyntaxError',
      `Failed to construct 'WebSocket': The URL's scheme must be either 'ws' or 'wss'. '${scheme}' is not allowed.`,
    );
  }
  if (StringPrototypeIndexOf(url, '#') !== -1) {
    throw domException(
      'SyntaxError',
      `Failed to construct 'WebSocket': The URL contains a fragment identifier ('${StringPrototypeSlice(url, StringPrototypeIndexOf(url, '#'))}'). Fragment identifiers are not allowed in WebSocket URLs.`,
    );
  }
  return url;
}

/** The origin of a ws URL, serialized: everything before the path. */
export function originOf(url: string): string {
  const host = StringPrototypeIndexOf(url, '//') + 2;
  const path = StringPrototypeIndexOf(url, '/', host);
  const authority = StringPrototypeSlice(url, host, path === -1 ? undefined : path);
  const at = StringPrototypeIndexOf(authority, '@');
  return StringPrototypeSlice(url, 0, host) + StringPrototypeSlice(authority, at + 1);
}

// RFC 9110, "token": what Sec-WebSocket-Protocol may hold.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The constructor's second argument, `optional (DOMString or sequence<DOMString>) protocols = []`. */
export function protocolList(protocols: unknown): string[] {
  const list = createList<string>();
  if (protocols === undefined) {
    return list;
  }
  if (typeof protocols === 'object' && protocols !== null && SymbolIterator in protocols) {
    for (const each of protocols as Iterable<unknown>) {
      list[list.length] = `${each as string}`;
    }
  } else {
    list[0] = `${protocols as string}`;
  }
  for (let index = 0; index < list.length; index++) {
    const protocol = list[index] as string;
    if (RegExpPrototypeExec(TOKEN, protocol) === null) {
      throw domException('SyntaxError', `Failed to construct 'WebSocket': The subprotocol '${protocol}' is invalid.`);
    }
    for (let earlier = 0; earlier < index; earlier++) {
      if (list[earlier] === protocol) {
        throw domException(
          'SyntaxError',
          `Failed to construct 'WebSocket': The subprotocol '${protocol}' is duplicated.`,
        );
      }
    }
  }
  return list;
}

/** WebIDL `[Clamp] unsigned short`: the nearest integer in range, halves to the even one. */
export function clampUnsignedShort(value: unknown): number {
  const number = NumberConstructor(value);
  if (NumberIsNaN(number)) {
    return 0;
  }
  const clamped = MathMin(MathMax(number, 0), 65535);
  const floor = clamped - (clamped % 1);
  const rest = clamped - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
