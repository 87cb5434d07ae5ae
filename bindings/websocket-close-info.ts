import { domException } from './web/dom-exception.ts';
import { utf8Length } from './web/utf8.ts';
import { dictionary, enforceUnsignedShort, usvString } from './web/webidl.ts';

/** The dictionary `WebSocketCloseInfo` of the WebSocketStream draft. */
export interface WebSocketCloseInfo {
  readonly closeCode?: unknown;
  readonly reason?: unknown;
}

/** What a close frame is to hold. A null code: no code, and no reason. */
export interface CloseInfo {
  readonly closeCode: number | null;
  readonly reason: string;
}

/** RFC 6455, 5.5: a control frame holds 125 bytes, of which the code takes two. */
const LONGEST_REASON = 123;

/** Converts and checks what a script wants to close with. */
export function closeInfo(value: unknown, operation: string): CloseInfo {
  const given = dictionary<WebSocketCloseInfo>(value, operation);
  // Web IDL: the members in the order of their names, each read once.
  const { closeCode } = given;
  const code = closeCode === undefined ? null : enforceUnsignedShort(closeCode, `${operation}: closeCode`);
  const { reason } = given;
  const text = reason === undefined ? '' : usvString(reason);
  if (code !== null && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw domException(
      'InvalidAccessError',
      `${operation}: The close code must be either 1000, or between 3000 and 4999. ${code} is neither.`,
    );
  }
  if (utf8Length(text) > LONGEST_REASON) {
    throw domException(
      'SyntaxError',
      `${operation}: The close reason must not be greater than ${LONGEST_REASON} UTF-8 bytes.`,
    );
  }
  // "If reason is not empty, but closeCode is null, set closeCode to 1000": a reason never goes without a code.
  return { closeCode: code === null && text !== '' ? 1000 : code, reason: text };
}
