import { HEADER_NAME, HEADER_VALUE, MOST_HANDSHAKE_HEADERS, MOST_HANDSHAKE_HEADER_LENGTH } from './handshake-headers.ts';
import { lookup } from './lookup.ts';

/**
 * What a server script may put into an answer, be it of a handshake or of a plain request: the bindings refuse the rest
 * with an exception, and the host checks it again. Nothing here calls what a script could have replaced.
 */

export { HEADER_NAME, HEADER_VALUE };
export const MOST_ANSWER_HEADERS = MOST_HANDSHAKE_HEADERS;
export const MOST_ANSWER_HEADER_LENGTH = MOST_HANDSHAKE_HEADER_LENGTH;

/** The statuses that a script may refuse a handshake with, and those that it may answer a plain request with. */
export const REFUSAL_STATUS = { least: 300, most: 599 } as const;
export const ANSWER_STATUS = { least: 200, most: 599 } as const;

/** Lower-case names; all that begin with `sec-websocket-` are forbidden too. */
const FORBIDDEN = lookup<string>({
  // The handshake's own: RFC 6455, 4.2.2.
  'connection': true,
  'upgrade': true,
  // Those that say where an answer ends, by which it could hold a second one: RFC 9112, 6.
  'content-length': true,
  'transfer-encoding': true,
  'trailer': true,
  'te': true,
  'keep-alive': true,
  'proxy-connection': true,
});

const HANDSHAKE_PREFIX = 'sec-websocket-';

/** Whether no script may set this header of an answer. `name` is in lower case. */
export function isForbiddenAnswerHeader(name: string): boolean {
  if (FORBIDDEN[name] === true) {
    return true;
  }
  for (let index = 0; index < HANDSHAKE_PREFIX.length; index++) {
    if (name[index] !== HANDSHAKE_PREFIX[index]) {
      return false;
    }
  }
  return true;
}
