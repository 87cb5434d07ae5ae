/** What a wheel calls when its time has come. */
export interface Timed {
  /** For the wheel: where it stands. */
  slot?: number | undefined;
  /** Its time has come. Returns in how many milliseconds to call again; undefined for never. */
  due(now: number): number | undefined;
}

/**
 * Calls many things at about their times, with one timer however many they are: late by a tick at most, and never early.
 * The timer runs only while there are any.
 */
export class TimingWheel {
  /** In milliseconds. */
  readonly tick: number;
  readonly #slots = new Map<number, Set<Timed>>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The last slot that was called. */
  #done = 0;
  /** The time at the last tick, which costs nothing to look at. */
  now = 0;
  #isLate = false;

  constructor(tick: number) {
    this.tick = tick;
  }

  /** How many things wait. */
  get count(): number {
    return this.#count;
  }

  /** Has it called in so many milliseconds, and not at the time that it waited for before. */
  add(timed: Timed, delay: number): void {
    this.delete(timed);
    if (this.#timer === undefined) {
      this.now = performance.now();
      this.#done = Math.floor(this.now / this.tick);
      this.#timer = setInterval(() => this.#turn(), this.tick);
      // What it keeps alive are sockets, which keep the process alive by themselves.
      this.#timer.unref();
    }
    const at = Math.max(Math.ceil((performance.now() + delay) / this.tick), this.#done + 1);
    const slot = this.#slots.get(at);
    if (slot === undefined) {
      this.#slots.set(at, new Set([timed]));
    } else {
      slot.add(timed);
    }
    timed.slot = at;
    this.#count++;
  }

  delete(timed: Timed): void {
    if (timed.slot === undefined) {
      return;
    }
    const slot = this.#slots.get(timed.slot);
    slot?.delete(timed);
    if (slot?.size === 0) {
      this.#slots.delete(timed.slot);
    }
    timed.slot = undefined;
    this.#count--;
    if (this.#count === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #turn(): void {
    const late = performance.now() - this.now > 3 * this.tick;
    this.now = performance.now();
    if (late && !this.#isLate) {
      // The process has stood still. What came meanwhile is to be read before anybody is taken for silent.
      this.#isLate = true;
      return;
    }
    this.#isLate = false;
    const last = Math.floor(this.now / this.tick);
    while (this.#done < last && this.#count > 0) {
      this.#done++;
      for (const timed of this.#slots.get(this.#done) ?? []) {
        this.delete(timed);
        const again = timed.due(this.now);
        if (again !== undefined) {
          this.add(timed, again);
        }
      }
    }
  }
}
