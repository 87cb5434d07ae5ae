import { types } from 'node:util';
import type { ThrownCopy } from '../wire/programs.ts';
import { BINDINGS_NAME } from '../wire/settings.ts';

/** What isolated-vm throws where a crossing fails, as text for the script's author: script positions, no path of ours. */

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
const BOUNDARY = '\n    at (<isolated-vm boundary>)';

/** What it says where a thrown value is neither an Error nor a primitive. */
const NOT_COPIED = 'An object was thrown from supplied code within isolated-vm';

export function isTimeout(error: unknown): boolean {
  return types.isNativeError(error) && error.message === 'Script execution timed out.';
}

/** Where the script was when its time was up: its frames, a line each, innermost first; empty if that is not known. */
export function timeoutStack(error: unknown, sourceName: string, name: string): string {
  const frames = scriptFrames(error).map((line) =>
    line.replaceAll(sourceName, name).replace(/^ +at (?:new )?eval \((.+)\)$/, '    at $1'),
  );
  return shorten(frames.join('\n'));
}

/** What is known of a value that has come out of an isolate by being thrown. */
export function copyOfThrown(error: unknown): ThrownCopy {
  const none = { value: undefined, name: '', message: '', stack: '', position: '' };
  if (types.isNativeError(error)) {
    // An error of isolated-vm's own, made here: every position in it is one of ours.
    return error.message.startsWith(NOT_COPIED)
      ? { ...none, kind: 'object' }
      : { ...none, kind: 'error', name: shorten(error.name), message: shorten(error.message), stack: guestStack(error) };
  }
  if (typeof error === 'string') {
    return { ...none, kind: 'primitive', value: shorten(error) };
  }
  if (typeof error === 'bigint' && (error > LARGEST_BIGINT || error < -LARGEST_BIGINT)) {
    return { ...none, kind: 'object' };
  }
  return typeof error === 'object' && error !== null ? { ...none, kind: 'object' } : { ...none, kind: 'primitive', value: error };
}

/** A compiler's message ends with the place, as `Unexpected token '}' [chat.js:3:5]`. */
export function syntaxErrorPosition(message: string, filename: string): { readonly text: string; readonly position: string } {
  // The message may hold much of the source; the place is the last thing in it.
  const end = message.lastIndexOf(` [${filename}:`);
  const place = end === -1 ? null : /^:(\d+):(\d+)\]$/.exec(message.slice(end + 2 + filename.length));
  if (place !== null) {
    return { text: message.slice(0, end), position: `${filename}:${place[1]}:${place[2]}` };
  }
  // If the compiler itself had not stack enough, the place is one of the bindings.
  return { text: message.replace(/ \[(?:<isolated-vm>|airlock:bindings):\d+:\d+\]$/, ''), position: '' };
}

/** The frames of the script. */
function scriptFrames(error: unknown): string[] {
  return guestStack(error)
    .split('\n')
    .filter((line) => line.length <= LONGEST_FRAME && /^ +at \S/.test(line) && !line.includes(BINDINGS_NAME) && !/<anonymous>\)?$/.test(line));
}

/**
 * The stack inside the isolate, with the line of the error's own text before it, if the error comes from there: what follows the boundary is this process's own. Where the
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
