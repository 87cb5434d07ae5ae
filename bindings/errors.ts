import { BINDINGS_NAME } from '../wire/settings.ts';
import { COMMANDS } from '../wire/commands.ts';
import { reportError } from './bridge.ts';
import { copyLine } from './cell-services.ts';
import { frameOfThrown, type Thrower } from './script/sources.ts';
// These two need each other: an object may hold errors, and an error may have been given an object.
import { inspectThrown } from './script/inspect.ts';
import {
  ArrayIsArray,
  ArrayPrototypeJoin,
  ErrorIsError,
  ErrorPrototypeToString,
  ObjectGetOwnPropertyDescriptor,
  ObjectHasOwn,
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
 *
 * @param thrower what was running, for a value that has no stack
 */
export function describeError(error: unknown, thrower?: Thrower): ErrorText {
  const text = textOf(error);
  const lines = createList<string>();
  try {
    const stack = framesOf(error) || tidyFrame(frameOfThrown(error, thrower));
    if (stack !== '') {
      lines[0] = stack;
    }
    describeCauses(error, '  ', createList<object>(), lines);
  } catch {
    // A getter or a trap of the script's has thrown, or there is no stack left: what is known so far is told.
  }
  return { text: shorten(text), stack: shorten(ArrayPrototypeJoin(lines, '\n')) };
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

/**
 * HTML, "report an exception": first to the script itself, then to the host. It does not throw.
 *
 * @param thrower what was running, for a value that has no stack
 */
export function reportException(error: unknown, thrower?: Thrower): void {
  const described = describeError(error, thrower);
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

function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && ErrorIsError(value);
}

/** The script's own frames of an error, a line each. */
function framesOf(error: unknown): string {
  try {
    const value = (error as { stack?: unknown } | null | undefined)?.stack;
    return typeof value === 'string' ? scriptFrames(value) : '';
  } catch {
    return '';
  }
}

/** How many causes and errors of an AggregateError are told of one error, and how deep. */
const MOST_CAUSES = 16;
const DEEPEST_CAUSE = 8;

/** Adds an error's `cause` and its `errors`, each with its frames, to the lines. Only what is no getter: it could be different each time. */
function describeCauses(error: unknown, indent: string, seen: object[], lines: string[]): void {
  if (!isError(error) || indent.length > 2 * DEEPEST_CAUSE) {
    return;
  }
  seen[seen.length] = error;
  const cause = ObjectGetOwnPropertyDescriptor(error, 'cause');
  if (cause !== undefined && ObjectHasOwn(cause, 'value')) {
    describeCause('[cause]', cause.value, indent, seen, lines);
  }
  const errors = ObjectGetOwnPropertyDescriptor(error, 'errors')?.value as unknown;
  if (ArrayIsArray(errors)) {
    const { length } = errors;
    for (let index = 0; index < length; index++) {
      if (seen.length > MOST_CAUSES) {
        lines[lines.length] = `${indent}... ${length - index} more errors`;
        return;
      }
      const entry = ObjectGetOwnPropertyDescriptor(errors, index);
      describeCause(`[errors][${index}]`, entry?.value, indent, seen, lines);
    }
  }
}

function describeCause(name: string, value: unknown, indent: string, seen: object[], lines: string[]): void {
  for (let index = 0; index < seen.length; index++) {
    if (seen[index] === value) {
      lines[lines.length] = `${indent}${name}: [Circular]`;
      return;
    }
  }
  if (seen.length > MOST_CAUSES) {
    return;
  }
  const text = isError(value) ? textOf(value) : inspectThrown(value);
  // A line break in it must not look like a line of its own.
  lines[lines.length] = `${indent}${name}: ${ArrayPrototypeJoin(StringPrototypeSplit(shorten(text), '\n'), '\\n')}`;
  const frames = framesOf(value);
  if (frames !== '') {
    lines[lines.length] = indent + ArrayPrototypeJoin(StringPrototypeSplit(frames, '\n'), `\n${indent}`);
  }
  if (!isError(value)) {
    // It counts as well, though it has no causes.
    seen[seen.length] = lines;
    return;
  }
  describeCauses(value, `${indent}  `, seen, lines);
}

function textOf(error: unknown): string {
  try {
    return typeof error === 'object' && error !== null ? describeObject(error) : StringConstructor(error);
  } catch {
    return 'a value that cannot be converted to a string was thrown';
  }
}

/** An object without a text of its own is shown as `print` shows it. */
const NO_TEXT = '[object Object]';

function describeObject(error: object): string {
  const { name, message } = error as { name?: unknown; message?: unknown };
  if (typeof name === 'string' && typeof message === 'string') {
    return message === '' ? name : `${name}: ${message}`;
  }
  const text = ErrorPrototypeToString(error as Error);
  const own = text === 'Error' ? StringConstructor(error) : text;
  return own === NO_TEXT ? inspectThrown(error) : own;
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
