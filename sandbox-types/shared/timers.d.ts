/**
 * Calls `callback` once, with `args`. Stands on `Script` too.
 *
 * @param delay in milliseconds, from 1 to 2,147,483,647; what is outside counts as the nearer end. Default: 1
 * @returns the timer's id
 */
declare function setTimeout<Arguments extends unknown[]>(
  callback: (...args: Arguments) => unknown,
  delay?: number,
  ...args: Arguments
): number;

/**
 * Calls `callback` again and again, with `args`: each time so long after the last call has returned. An exception does
 * not end it. Stands on `Script` too.
 *
 * @param delay in milliseconds, from 1 to 2,147,483,647; what is outside counts as the nearer end. Default: 1
 * @returns the timer's id
 */
declare function setInterval<Arguments extends unknown[]>(
  callback: (...args: Arguments) => unknown,
  delay?: number,
  ...args: Arguments
): number;

/** Drops a timer of either kind. An unknown id is ignored. Stands on `Script` too. */
declare function clearTimeout(id?: number): void;

/** The same as `clearTimeout`. Stands on `Script` too. */
declare function clearInterval(id?: number): void;
