import { reportException } from '../errors.ts';
import { ReflectApply } from '../primordials.ts';
import { performMicrotaskCheckpoint } from './natives.ts';
import { notifyRejections, watchReturned } from './rejections.ts';

/**
 * Calls of the script's own functions. A script must not be able to tell that its events come in batches: what HTML does
 * behind each callback is done here.
 */

/** How many callbacks are on the stack: one of them may dispatch an event and so have another one called. */
let depth = 0;

/** A turn begins: nothing is on the stack, also if the last callback was ended by its time limit. */
export function resetCallbacks(): void {
  depth = 0;
}

/**
 * HTML, "prepare to run script". `endCallback` follows, whatever the callback does.
 *
 * @returns how many callbacks it runs in, for `endCallback`. If a script uses its stack up, the end of a callback may be left
 * out: then the one around it sets the number right.
 */
export function beginCallback(): number {
  return depth++;
}

/**
 * HTML, "clean up after running script": "If the JavaScript execution context stack is now empty, perform a microtask
 * checkpoint."
 *
 * @param outer what `beginCallback` has returned
 * @param result what the callback has returned; the rejection of a promise is reported
 * @param kind what the callback is, for that report, as `the listener for`
 * @param name what it is called for, as `message`; or empty
 */
export function endCallback(outer: number, result: unknown, kind: string, name: string): void {
  depth = outer;
  if (typeof result === 'object' && result !== null) {
    watchReturned(result, kind, name);
  }
  if (outer === 0) {
    performMicrotaskCheckpoint();
    notifyRejections();
  }
}

/** Web IDL, "invoke a callback function". Reports what the callback throws. Returns what it returns, or undefined if it throws. */
export function callScript(
  callback: (this: unknown, ...args: unknown[]) => unknown,
  receiver: unknown,
  args: readonly unknown[],
  kind: string,
  name = '',
): unknown {
  let result: unknown;
  const outer = beginCallback();
  try {
    result = ReflectApply(callback, receiver, args);
  } catch (error) {
    reportException(error, callback);
  }
  endCallback(outer, result, kind, name);
  return result;
}
