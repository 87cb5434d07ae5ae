import { parseURL } from './cell-services.ts';
import {
  MathMax,
  MathMin,
  NumberIsNaN,
  RegExpPrototypeExec,
  StringPrototypeIndexOf,
  StringPrototypeSlice,
  StringPrototypeStartsWith,
} from './primordials.ts';
import { script } from './settings.ts';
import { domException, type DOMException } from './web/dom-exception.ts';

/** WebSockets Standard, "get a URL record". */
export function socketURL(given: string, operation: string): string {
  const parsed = parseURL(given, script().baseUrl);
  if (parsed === undefined) {
    throw syntaxError(operation, isRelative(given) ? relativeText(given) : `The URL '${given}' is invalid.`);
  }
  const url = StringPrototypeStartsWith(parsed, 'http:')
    ? `ws${StringPrototypeSlice(parsed, 4)}`
    : StringPrototypeStartsWith(parsed, 'https:')
      ? `wss${StringPrototypeSlice(parsed, 5)}`
      : parsed;
  if (!StringPrototypeStartsWith(url, 'ws:') && !StringPrototypeStartsWith(url, 'wss:')) {
    const scheme = StringPrototypeSlice(url, 0, StringPrototypeIndexOf(url, ':'));
    throw syntaxError(
      operation,
      isRelative(given)
        ? relativeText(given)
        : `The URL's scheme must be either 'http', 'https', 'ws', or 'wss'. '${scheme}' is not allowed.`,
    );
  }
  if (StringPrototypeIndexOf(url, '#') !== -1) {
    throw syntaxError(
      operation,
      `The URL contains a fragment identifier ('${StringPrototypeSlice(url, StringPrototypeIndexOf(url, '#'))}'). Fragment identifiers are not allowed in WebSocket URLs.`,
    );
  }
  return url;
}

/** Whether it is a URL only where there is a base to count from. */
function isRelative(given: string): boolean {
  return parseURL(given, '') === undefined && parseURL(given, 'ws://base.invalid/') !== undefined;
}

/** The base is not told: it may be the path of a file. */
function relativeText(given: string): string {
  return `The URL '${given}' is relative, and this script was not loaded from a server. Give a whole ws: or wss: URL, or run the script with a baseUrl (--base-url).`;
}

function syntaxError(operation: string, message: string): DOMException {
  return domException('SyntaxError', `${operation}: ${message}`);
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

/** WebSockets Standard, the constructor's step on `protocols`. Throws a SyntaxError for one that cannot be offered. */
export function checkProtocols(list: readonly string[], operation: string): void {
  for (let index = 0; index < list.length; index++) {
    const protocol = list[index] as string;
    if (RegExpPrototypeExec(TOKEN, protocol) === null) {
      // What the standard makes of a plain object.
      const hint = protocol === '[object Object]' ? ' An object is options where one of its own keys is the name of one.' : '';
      throw syntaxError(operation, `The subprotocol '${protocol}' is invalid.${hint}`);
    }
    for (let earlier = 0; earlier < index; earlier++) {
      if (list[earlier] === protocol) {
        throw syntaxError(operation, `The subprotocol '${protocol}' is duplicated.`);
      }
    }
  }
}

/** WebIDL ToNumber, which takes no BigInt. */
export function toNumber(value: unknown): number {
  return +(value as number);
}

/** WebIDL `[Clamp] unsigned short`: the nearest integer in range, halves to the even one. */
export function clampUnsignedShort(number: number): number {
  if (NumberIsNaN(number)) {
    return 0;
  }
  const clamped = MathMin(MathMax(number, 0), 65535);
  const floor = clamped - (clamped % 1);
  const rest = clamped - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
