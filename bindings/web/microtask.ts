import { reportException } from '../errors.ts';
import { ReflectApply, TypeErrorConstructor } from '../primordials.ts';
import { requireArguments } from './define.ts';

/** HTML, "queueMicrotask": what the callback throws is reported as an uncaught error. */
export function queueMicrotask(callback: unknown): void {
  requireArguments(arguments.length, 1, "Failed to execute 'queueMicrotask'");
  if (typeof callback !== 'function') {
    throw new TypeErrorConstructor("Failed to execute 'queueMicrotask': parameter 1 is not of type 'Function'.");
  }
  void run(callback as () => unknown);
}

/** `await` asks nothing that a script may have patched, as `then` of a promise would. */
async function run(callback: () => unknown): Promise<void> {
  await undefined;
  try {
    ReflectApply(callback, undefined, []);
  } catch (error) {
    reportException(error, callback);
  }
}
