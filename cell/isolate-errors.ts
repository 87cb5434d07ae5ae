import { types } from 'node:util';
import { BINDINGS_NAME } from '../wire/settings.ts';

/** What isolated-vm throws where a crossing fails, as text for the script's author: script positions, no path of ours. */

export interface ErrorText {
  readonly text: string;
  readonly stack: string;
}

const LONGEST_TEXT = 4096;

/**
 * How much of a stack is looked at, and how long a frame of it may be. A script chooses both, with the names of its
 * functions for one, and what is done with them takes its time outside of the turn's limit.
 */
const LONGEST_STACK = 64 * 1024;
const LONGEST_FRAME = 2048;

/** The largest whole number whose digits are told: those of a larger one take long to find. */
const LARGEST_BIGINT = 2n ** 256n;

/** Where isolated-vm has joined the stack of the isolate and that of this process. */
const BOUNDARY = '(<isolated-vm boundary>)';

/** What it says where a thrown value is neither an Error nor a primitive. */
const NOT_COPIED = 'An object was thrown from supplied code within isolated-vm';

export function isTimeout(error: unknown): boolean {
  return types.isNativeError(error) && error.message === 'Script execution timed out.';
}

/** Where the script was when its time was up: `, at chat.js:3:5`, or nothing where that is not known. */
export function timeoutText(error: unknown, sourceName: string, name: string): string {
  const [first = ''] = scriptFrames(error);
  // The last word, as a source's name has no spaces; in brackets after the name of a function.
  const place = /(\S+:\d+:\d+)$/.exec(first.replace(/ \((.+)\)$/, ' $1'))?.[1];
  return place === undefined ? '' : `, at ${place.replaceAll(sourceName, name)}`;
}

/**
 * A compiler's error. V8's message ends with the place, as `Unexpected token '}' [chat.js:3:5]`.
 */
export function syntaxErrorText(error: unknown, sourceName: string, name: string): ErrorText {
  const message = types.isNativeError(error) ? `${error.name}: ${error.message}` : String(error);
  // The message may hold much of the source; the name of the source has no spaces.
  const end = message.lastIndexOf(' [');
  const place = /^ \[(.+):(\d+):(\d+)\]$/.exec(message.slice(Math.max(0, end)));
  if (place === null) {
    return { text: shorten(message), stack: '' };
  }
  // What it says where the compiler itself had not stack enough.
  if (place[1] === '<isolated-vm>') {
    return { text: shorten(message.slice(0, end)), stack: '' };
  }
  const file = place[1] === sourceName ? name : place[1];
  return { text: shorten(message.slice(0, end)), stack: `    at ${file}:${place[2]}:${place[3]}` };
}

/** A rejection that nothing handled. isolated-vm has copied the reason out of the isolate. */
export function rejectionText(error: unknown, sourceName: string, name: string): ErrorText {
  if (types.isNativeError(error) && error.message.startsWith(NOT_COPIED)) {
    // An error of isolated-vm's own, made here: every position in it is one of ours.
    return { text: 'Unhandled rejection: a value that is not an Error', stack: '' };
  }
  const text = types.isNativeError(error) ? `${shorten(error.name)}: ${shorten(error.message)}` : primitiveText(error);
  const frames = scriptFrames(error).map((line) =>
    line.replaceAll(sourceName, name).replace(/^ +at (?:new )?eval \((.+)\)$/, '    at $1'),
  );
  return { text: shorten(`Unhandled rejection: ${text}`), stack: shorten(frames.join('\n')) };
}

/** Of a reason that is no error, isolated-vm copies only a primitive. */
function primitiveText(value: unknown): string {
  if (typeof value === 'bigint' && (value > LARGEST_BIGINT || value < -LARGEST_BIGINT)) {
    return 'a BigInt';
  }
  return shorten(String(value));
}

/** The frames of the script. */
function scriptFrames(error: unknown): string[] {
  return guestStack(error)
    .split('\n')
    .filter((line) => line.length <= LONGEST_FRAME && /^ +at \S/.test(line) && !line.includes(BINDINGS_NAME) && !/<anonymous>\)?$/.test(line));
}

/**
 * The stack inside the isolate, if the error comes from there: what follows the boundary is this process's own. Where the
 * script is between two functions (an `await` without end), isolated-vm has put this process's own before it as well.
 */
function guestStack(error: unknown): string {
  const stack = types.isNativeError(error) && typeof error.stack === 'string' ? error.stack : '';
  const end = Math.max(0, stack.lastIndexOf(BOUNDARY));
  const guest = stack.slice(0, Math.min(LONGEST_STACK, end));
  const own = innermostFile(stack.slice(end + BOUNDARY.length));
  return own !== undefined && own === innermostFile(guest) ? '' : guest;
}

/** The file of the innermost frame. */
function innermostFile(stack: string): string | undefined {
  const frame = /^ +at .*$/m.exec(stack.slice(0, LONGEST_STACK))?.[0] ?? '';
  return frame.length > LONGEST_FRAME ? undefined : /[^\s(]+(?=:\d+:\d+\)?$)/.exec(frame)?.[0];
}

function shorten(text: string): string {
  return text.slice(0, LONGEST_TEXT);
}
