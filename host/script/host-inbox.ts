/** Default of `hostInboxBytes`. */
export const HOST_INBOX_BYTES = { default: 256 * 1024 * 1024, least: 1024, most: 64 * 1024 * 1024 * 1024 } as const;

/**
 * What waits for all scripts of a host together. A script may use as much as is still free, and no more: so that several
 * greedy ones get equal parts, and there is always something left for one that comes later.
 */
export class HostInbox {
  readonly most: number;
  /**
   * What others may hold if a script that has nothing is to get a message. The part beyond `most` is only for such first
   * messages: greedy scripts cannot use it up. One message may be there beyond that.
   */
  readonly mostOfOthers: number;
  total = 0;
  readonly #waiting = new Set<() => void>();
  #isScheduled = false;
  /** Who has begun a message, in the order in which that was; each cuts off one that its peer does not finish, and returns whether it did. */
  readonly #builders = new Set<() => boolean>();

  constructor(most: number = HOST_INBOX_BYTES.default) {
    this.most = most;
    this.mostOfOthers = most + most / 8;
  }

  /** Whether a script that uses so many bytes, which are in the total, has its share. */
  isBeyondShare(used: number): boolean {
    return used > this.most - this.total;
  }

  /** A script uses more or less than before. */
  change(bytes: number): void {
    this.total += bytes;
    if (bytes < 0 && this.#waiting.size > 0) {
      this.#schedule();
    }
  }

  /** Calls back, once, when there is less than now. */
  wait(callback: () => void): void {
    this.#waiting.add(callback);
  }

  /** A script's connection has begun a message. */
  begins(cutOff: () => boolean): void {
    this.#builders.add(cutOff);
  }

  /** None of its connections builds one any more. */
  ends(cutOff: () => boolean): void {
    this.#builders.delete(cutOff);
  }

  /** Whether nobody has begun a message before. */
  isOldest(cutOff: () => boolean): boolean {
    const oldest = this.#builders.values().next().value;
    return oldest === undefined || oldest === cutOff;
  }

  forget(callback: () => void): void {
    this.#waiting.delete(callback);
  }

  /** A script has waited for room for long: the oldest message that its peer does not finish is given up. */
  cutOffOldest(): void {
    for (const cutOff of this.#builders) {
      if (cutOff()) {
        break;
      }
    }
  }

  #schedule(): void {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        const waiting = [...this.#waiting];
        this.#waiting.clear();
        for (const callback of waiting) {
          callback();
        }
      });
    }
  }
}
