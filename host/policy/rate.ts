/**
 * A token bucket: so much in a second, and as much at once after a pause. What is taken is never refused; who has taken too
 * much has to wait.
 *
 * The clock is looked at only where the bucket is empty: most of the time there is nothing to know.
 */
export class Rate {
  readonly #perSecond: number;
  readonly #now: () => number;
  #level: number;
  #at: number;

  /** @param now milliseconds; never goes back */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#level = perSecond;
    this.#at = now();
  }

  /** Takes so much. Returns whether it was there. */
  take(amount: number): boolean {
    this.#level -= amount;
    return this.#level >= 0 || this.#refill();
  }

  /** Whether so much is there. What is more than can ever be there needs all. */
  has(amount: number): boolean {
    const needed = Math.min(amount, this.#perSecond);
    if (this.#level < needed) {
      this.#refill();
    }
    return this.#perSecond > 0 && this.#level >= needed;
  }

  /** How long it takes until what was taken too much is there, in milliseconds. */
  get wait(): number {
    return this.#level >= 0 || this.#refill() ? 0 : (-this.#level / this.#perSecond) * 1000;
  }

  #refill(): boolean {
    const now = this.#now();
    this.#level = Math.min(this.#perSecond, this.#level + ((now - this.#at) * this.#perSecond) / 1000);
    this.#at = now;
    return this.#level >= 0;
  }
}
