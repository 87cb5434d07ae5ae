import { types } from 'node:util';
import { BINDINGS_NAME } from '../wire/settings.ts';

/** What isolated-vm throws where a crossing fails, as text for the script's author: script positions, no path of ours. */

export interface ErrorText {
  readonly text: string;
  readonly stack: string;
}

const LONGEST_TEXT = 4096;

export function isTimeout(error: unknown): boolean {
  return types.isNativeError(error) && error.message === 'Script execution timed out.';
}

/** Where the script was when its time was up: ` (chat.js:3:5)`, or nothing where that is not known. */
export function timeoutText(error: unknown, sourceName: string, name: string): string {
  const [first = ''] = scriptFrames(error, sourceName, name);
  const place = /([^()\s]+:\d+:\d+)\)?$/.exec(first)?.[1];
  return place === undefined ? '' : `, at ${place}`;
}

/**
 * A compiler's error. V8's message ends with the place, as `Unexpected token '}' [chat.js:3:5]`.
 */
export function syntaxErrorText(error: unknown, sourceName: string, name: string): ErrorText {
  const message = types.isNativeError(error) ? `${error.name}: ${error.message}` : String(error);
  const place = / \[(.+):(\d+):(\d+)\]$/.exec(message);
  if (place === null) {
    return { text: message, stack: '' };
  }
  const file = place[1] === sourceName ? name : place[1];
  return { text: message.slice(0, place.index), stack: `    at ${file}:${place[2]}:${place[3]}` };
}

/** A rejection that nothing handled. isolated-vm has copied the reason out of the isolate. */
export function rejectionText(error: unknown, sourceName: string, name: string): ErrorText {
  const text = types.isNativeError(error) ? `${error.name}: ${error.message}` : String(error);
  return {
    text: `Unhandled rejection: ${text}`.slice(0, LONGEST_TEXT),
    stack: scriptFrames(error, sourceName, name).join('\n').slice(0, LONGEST_TEXT),
  };
}

/** The frames of the script: what follows the boundary is this process's own. */
function scriptFrames(error: unknown, sourceName: string, name: string): string[] {
  const stack = types.isNativeError(error) && typeof error.stack === 'string' ? error.stack : '';
  const [guest = ''] = stack.split('(<isolated-vm boundary>)', 1);
  return guest
    .split('\n')
    .filter((line) => /^ +at \S/.test(line) && !line.includes(BINDINGS_NAME) && !line.includes('<anonymous>'))
    .map((line) => line.replaceAll(sourceName, name).replace(/^ +at eval \((.+)\)$/, '    at $1'));
}
