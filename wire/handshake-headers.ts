import { lookup } from './lookup.ts';

/**
 * What a script may put into its handshake: the bindings refuse the rest with an exception, and the host, which trusts
 * nothing that comes out of an isolate, checks it again. Nothing here calls what a script could have replaced.
 */

/** The most headers of one handshake, a name that is given twice counting twice. */
export const MOST_HANDSHAKE_HEADERS = 64;

/** The most that their names and values may have together, in UTF-16 units. Servers take few more than 8 KiB. */
export const MOST_HANDSHAKE_HEADER_LENGTH = 8192;

/** RFC 9110, 5.6.2: a token. */
export const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 9110, 5.5: visible characters, with spaces and tabs only between them. */
export const HEADER_VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/** Those that a script may set where its permission `headers` names them. */
export const PERMITTABLE_HEADERS = ['cookie', 'origin'] as const;
export type PermittableHeader = (typeof PERMITTABLE_HEADERS)[number];

/** Lower-case names; all that begin with `sec-` or `proxy-` are forbidden too. */
const FORBIDDEN = lookup<string>({
  // The handshake's own: RFC 6455, 4.1.
  'host': true,
  'connection': true,
  'upgrade': true,
  // Those that say where a message ends and how it is passed on: RFC 9110, 7.6.1 and RFC 9112, 6. A handshake has no
  // content, and a server and a proxy that disagree over it would let a script put a second request into its first.
  'content-length': true,
  'transfer-encoding': true,
  'te': true,
  'trailer': true,
  'keep-alive': true,
  'via': true,
  'max-forwards': true,
  'http2-settings': true,
  // It asks for an interim answer: RFC 9110, 10.1.1.
  'expect': true,
  // Cookies of a form that is no more.
  'cookie2': true,
});

/** Whether no script may ever set this header. `name` is in lower case. */
export function isForbiddenHeader(name: string): boolean {
  return FORBIDDEN[name] === true || startsWith(name, 'sec-') || startsWith(name, 'proxy-');
}

/** Whether a script may set this header only where it is permitted. `name` is in lower case. */
export function isPermittableHeader(name: string): name is PermittableHeader {
  return name === 'cookie' || name === 'origin';
}

function startsWith(text: string, prefix: string): boolean {
  for (let index = 0; index < prefix.length; index++) {
    if (text[index] !== prefix[index]) {
      return false;
    }
  }
  return true;
}
