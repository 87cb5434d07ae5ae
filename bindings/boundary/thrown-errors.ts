import { ErrorConstructor, ErrorPrototypeToString, ObjectDefineProperty, StringPrototypeIndexOf, StringPrototypeSlice } from '../primordials.ts';

/**
 * Errors that leave the isolate although nobody wants them to: what a program throws, and a rejection that nothing handles.
 * isolated-vm copies them, and the copy is only name, message and stack. Here the bindings find the script's own object again,
 * with its `cause` and its class.
 *
 * V8 makes the text of a stack when it is first read, by `Error.prepareStackTrace` if there is one. isolated-vm reads the stack
 * when it makes its copy, so that the last error whose stack was made is the one that has left.
 */

/** How much of a stack's frames is compared. */
const COMPARED_LENGTH = 512;

let isRemembering = false;
let last: object | undefined;
let lastFrames = '';

/** An error may leave the isolate from now on. Returns whether one might have left it before. */
export function beginRemembering(): boolean {
  const before = isRemembering;
  isRemembering = true;
  forget();
  return before;
}

/** @param before what `beginRemembering` has returned */
export function endRemembering(before = false): void {
  isRemembering = before;
  forget();
}

function forget(): void {
  last = undefined;
  lastFrames = '';
}

/** The error whose copy has this stack. Undefined if that is not known: the script may have read the stack before it threw. */
export function rememberedError(stackOfCopy: string): object | undefined {
  // The first line is isolated-vm's own, made of the copy's name and message.
  const start = StringPrototypeIndexOf(stackOfCopy, FRAME);
  const isSame = start !== -1 && StringPrototypeSlice(stackOfCopy, start, start + COMPARED_LENGTH) === StringPrototypeSlice(lastFrames, 0, COMPARED_LENGTH);
  return isSame ? last : undefined;
}

const FRAME = '\n    at ';

/** The text that V8 would make. */
function formatStack(error: object, callSites: readonly { toString(): string }[]): string {
  let text: string;
  try {
    text = ErrorPrototypeToString(error as Error);
  } catch {
    text = '<error>';
  }
  let frames = '';
  for (let index = 0; index < callSites.length; index++) {
    frames += `${FRAME}${(callSites[index] as { toString(): string }).toString()}`;
  }
  last = error;
  lastFrames = frames;
  return text + frames;
}

/**
 * A script cannot have `prepareStackTrace` of its own: when a rejection leaves the isolate, the stack is made outside of the turn's
 * time limit, where no code of a script may run.
 */
export function guardStackTraces(): void {
  const descriptor = {
    get: () => (isRemembering ? formatStack : undefined),
    set: () => undefined,
    configurable: false,
  };
  ObjectDefineProperty(ErrorConstructor, 'prepareStackTrace', descriptor);
}
