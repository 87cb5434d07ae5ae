import type { Statistics } from '../observe/statistics.ts';
import type { LimitName } from '../policy/limits.ts';
import type { Rate } from '../policy/rate.ts';

/** How long what is dropped is counted before it is told, in milliseconds. */
const TELL_AFTER = 1000;

/** What passes no faster than a limit allows: lines, errors. The excess is counted, and told in one line a second. */
export class FloodGate {
  readonly #limits: readonly (readonly [LimitName, Rate])[];
  readonly #statistics: Statistics;
  readonly #tell: (count: number) => void;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param limits what counts each one as 1, then, where there is another, what counts its size
   * @param tell called with how many were dropped
   */
  constructor(limits: readonly (readonly [LimitName, Rate])[], statistics: Statistics, tell: (count: number) => void) {
    this.#limits = limits;
    this.#statistics = statistics;
    this.#tell = tell;
  }

  /** Whether one more of this size may pass. */
  passes(size = 0): boolean {
    for (const [index, [name, rate]] of this.#limits.entries()) {
      if (!rate.has(index === 0 ? 1 : size)) {
        this.#drop(name);
        return false;
      }
    }
    for (const [index, [, rate]] of this.#limits.entries()) {
      rate.take(index === 0 ? 1 : size);
    }
    return true;
  }

  /** Tells what was dropped and not told yet. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#tell(dropped);
    }
  }

  #drop(limit: LimitName): void {
    this.#dropped++;
    if (this.#timer === undefined) {
      this.#statistics.hit(limit);
      this.#timer = setTimeout(() => this.flush(), TELL_AFTER);
    }
  }
}
