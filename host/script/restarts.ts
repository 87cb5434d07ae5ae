import type { Limits } from '../policy/limits.ts';

/** The time within which the restarts count, in milliseconds. */
const WINDOW = 10 * 60_000;

const LONGEST_DELAY = 30_000;

/** When a script may be started again: so many times within a while, and later each time. */
export class Restarts {
  readonly #most: number;
  readonly #firstDelay: number;
  #times: number[] = [];
  #count = 0;

  constructor({ restartDelay, restarts }: Limits) {
    this.#most = restarts;
    this.#firstDelay = restartDelay;
  }

  /** How many there have been. */
  get count(): number {
    return this.#count;
  }

  /** Counts another one. Returns what is to pass before it, in milliseconds; undefined where there were too many. */
  next(now = performance.now()): number | undefined {
    this.#times = this.#times.filter((time) => now - time < WINDOW);
    if (this.#times.length >= this.#most) {
      return undefined;
    }
    this.#times.push(now);
    this.#count++;
    return Math.min(this.#firstDelay * 2 ** (this.#times.length - 1), LONGEST_DELAY);
  }
}
