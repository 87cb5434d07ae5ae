/**
 * A token bucket: so much in a second, and as much at once after a pause. What is taken is never refused; who has taken too
 * much has to wait.
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

  /** Takes so much. Returns what is left; below zero, it is owed. */
  take(amount: number): number {
    this.#refill();
    this.#level -= amount;
    return this.#level;
  }

  /** Whether so much is there. What is more than can ever be there needs all. */
  has(amount: number): boolean {
    this.#refill();
    return this.#perSecond > 0 && this.#level >= Math.min(amount, this.#perSecond);
  }

  /** How long it takes until nothing is owed, in milliseconds. */
  get wait(): number {
    if (this.#level >= 0) {
      return 0;
    }
    this.#refill();
    return Math.max(0, (-this.#level / this.#perSecond) * 1000);
  }

  #refill(): void {
    if (this.#perSecond === Infinity) {
      return;
    }
    const now = this.#now();
    this.#level = Math.min(this.#perSecond, this.#level + ((now - this.#at) * this.#perSecond) / 1000);
    this.#at = now;
  }
}
