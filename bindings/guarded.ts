import { RangeErrorConstructor, ReflectApply } from './primordials.ts';

/**
 * The cell's callbacks throw nothing of their own. But they run on the script's stack, and where that is used up, the
 * error has the cell's frames in it, with file names that are none of the script's business: it gets another one.
 */
export function guarded<Arguments extends unknown[], Result>(
  callback: (...args: Arguments) => Result,
): (...args: Arguments) => Result {
  return (...args) => {
    try {
      return ReflectApply(callback, undefined, args) as Result;
    } catch {
      throw new RangeErrorConstructor('Maximum call stack size exceeded');
    }
  };
}
