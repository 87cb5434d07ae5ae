import { BINDINGS_NAME } from '../wire/settings.ts';
import { COMMANDS } from '../wire/commands.ts';
import { reportError } from './bridge.ts';
import { copyLine } from './cell-services.ts';
import {
  ArrayPrototypeJoin,
  ErrorPrototypeToString,
  StringConstructor,
  StringPrototypeEndsWith,
  StringPrototypeIncludes,
  StringPrototypeSlice,
  StringPrototypeSplit,
  StringPrototypeStartsWith,
  createList,
} from './primordials.ts';

/** The longest text or stack of an error that is told, in UTF-16 units. */
const LONGEST_TEXT = 4096;

export interface ErrorText {
  /** One line: `TypeError: x is not a function`. */
  readonly text: string;
  /** The script's own frames, a line each; empty where the thrown value has no stack. */
  readonly stack: string;
}

let scriptName = '';
let encodedName = '';

/** Names the script for stack traces. `encoded` is the name as `sourceURL` can hold it: without white space or quotes. */
export function nameScript(name: string, encoded: string): void {
  scriptName = name;
  encodedName = encoded;
}

/** The name that goes into `sourceURL`. */
export function sourceName(): string {
  return encodedName;
}

/**
 * Turns whatever was thrown into text, inside the turn and under its time limit: no error crosses the boundary. Code of
 * the script may run here, through getters and `toString`; it is told, if it throws in turn.
 */
export function describeError(error: unknown): ErrorText {
  let text: string;
  let stack = '';
  try {
    text = typeof error === 'object' && error !== null ? describeObject(error) : StringConstructor(error);
  } catch {
    text = 'a value that cannot be converted to a string was thrown';
  }
  try {
    const value = (error as { stack?: unknown } | null | undefined)?.stack;
    if (typeof value === 'string') {
      stack = scriptFrames(value);
    }
  } catch {
    stack = '';
  }
  return { text: shorten(text), stack: shorten(stack) };
}

/** Who hears of an error before it is reported: the script's own listeners. Each returns whether one of them has handled it. */
export interface UncaughtHandlers {
  readonly exception: (error: unknown, described: ErrorText) => boolean;
  readonly rejection: (promise: object, reason: unknown) => boolean;
}
let handlers: UncaughtHandlers | undefined;

export function setUncaughtHandlers(uncaught: UncaughtHandlers): void {
  handlers = uncaught;
}

/** HTML, "report an exception": first to the script itself, then to the host. It does not throw. */
export function reportException(error: unknown): void {
  const described = describeError(error);
  if (handlers?.exception(error, described) !== true) {
    tell(described);
  }
}

/**
 * HTML, "notify about rejected promises", for one of them.
 *
 * @param isOffered whether the script's own listeners hear of it
 */
export function reportRejection({ kind, name, promise, reason }: Rejection, isOffered: boolean): void {
  if (isOffered && handlers?.rejection(promise, reason) === true) {
    return;
  }
  const { stack, text } = describeError(reason);
  const origin = kind === '' ? '' : ` (${kind}${name === '' ? '' : ` '${name}'`})`;
  tell({ text: shorten(`Unhandled rejection${origin}: ${text}`), stack });
}

/** A promise that was rejected, and that nothing handles. */
export interface Rejection {
  readonly promise: object;
  readonly reason: unknown;
  /** What has returned the promise, as `the listener for`; empty if that is not known. */
  readonly kind: string;
  /** What that was called for, as `message`; or empty. */
  readonly name: string;
}

function tell(error: ErrorText): void {
  if (reportError(error)) {
    copyLine(COMMANDS.reportError.code, 0, error.text, error.stack);
  }
}

function describeObject(error: object): string {
  const { name, message } = error as { name?: unknown; message?: unknown };
  if (typeof name === 'string' && typeof message === 'string') {
    return message === '' ? name : `${name}: ${message}`;
  }
  const text = ErrorPrototypeToString(error as Error);
  return text === 'Error' ? StringConstructor(error) : text;
}

function shorten(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${StringPrototypeSlice(text, 0, LONGEST_TEXT)}...`;
}

/** Leaves out the frames of the bindings, which are none of the author's. */
function scriptFrames(stack: string): string {
  const lines = StringPrototypeSplit(stack, '\n');
  const frames = createList<string>();
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string;
    if (
      StringPrototypeStartsWith(line, '    at ') &&
      !StringPrototypeIncludes(line, BINDINGS_NAME) &&
      // A built-in's: `at Array.forEach (<anonymous>)`.
      !StringPrototypeEndsWith(line, '<anonymous>') &&
      !StringPrototypeEndsWith(line, '<anonymous>)')
    ) {
      frames[frames.length] = tidyFrame(line);
    }
  }
  return ArrayPrototypeJoin(frames, '\n');
}

const NAMELESS_FRAMES = ['    at eval (', '    at new eval (', '    at new <anonymous> ('] as const;

function tidyFrame(line: string): string {
  const named = encodedName === '' ? line : ArrayPrototypeJoin(StringPrototypeSplit(line, encodedName), scriptName);
  // What `eval` runs, and functions without a name.
  for (let index = 0; index < NAMELESS_FRAMES.length; index++) {
    const prefix = NAMELESS_FRAMES[index] as string;
    if (StringPrototypeStartsWith(named, prefix)) {
      return `    at ${StringPrototypeSlice(named, prefix.length, -1)}`;
    }
  }
  return named;
}
