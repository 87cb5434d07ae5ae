/**
 * Lets client connections to one address open one after the other: RFC 6455, 4.1, step 2 of "the requirements on this
 * connection". Each script has a queue of its own, so that nobody waits for a stranger's handshake.
 *
 * Whoever has to wait is served in order. A name that leads to several addresses waits for them all.
 */
export class AddressQueue {
  /** For each address, when the last connection in its line is open, or failed. */
  readonly #lines = new Map<string, Promise<void>>();

  /** How many addresses somebody is connecting to. */
  get size(): number {
    return this.#lines.size;
  }

  /**
   * Resolves when it is one's turn, and rejects with the signal's reason where that is aborted before.
   *
   * @param done resolves when the connection is open or has failed; it never rejects
   */
  async turn(addresses: readonly string[], done: Promise<void>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const before = addresses.map((address) => this.#lines.get(address)).filter((line) => line !== undefined);
    const earlier = Promise.all(before);
    // Whoever gives up waiting still lets nobody past those that are before it.
    const line = earlier.then(() => done);
    for (const address of addresses) {
      this.#lines.set(address, line);
    }
    void line.then(() => {
      for (const address of addresses) {
        if (this.#lines.get(address) === line) {
          this.#lines.delete(address);
        }
      }
    });
    if (before.length > 0) {
      await untilAborted(earlier, signal);
    }
  }
}

/** What the promise gives, or a rejection with the signal's reason where that comes first. */
export function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) {
      return onAbort();
    }
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
