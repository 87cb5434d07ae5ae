import type { Hold } from './hold.ts';

/** RFC 6455, section 7.4.1: the host goes away; or nobody comes for what is held. */
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;

/** What scripts have left behind that ended with a fault, until one of the same owner and name runs. */
export class Holds {
  readonly #holds = new Map<string, Hold>();

  keep(owner: string, name: string, hold: Hold): void {
    if (hold.isEmpty) {
      return;
    }
    const key = keyOf(owner, name);
    // Two of the same name had run at a time: the next one can have but one's.
    void this.#holds.get(key)?.end(INTERNAL_ERROR);
    this.#holds.set(key, hold);
    hold.onEmpty = () => this.#holds.delete(key);
  }

  take(owner: string, name: string): Hold | undefined {
    const key = keyOf(owner, name);
    const hold = this.#holds.get(key);
    if (hold !== undefined) {
      hold.onEmpty = () => {};
      this.#holds.delete(key);
    }
    return hold;
  }

  /** Nobody comes for it: closes it at once. Resolves when all is closed. */
  async release(owner: string, name: string): Promise<void> {
    await this.take(owner, name)?.end(INTERNAL_ERROR);
  }

  /** Holds nothing any more. Resolves when all is closed. */
  async end(): Promise<void> {
    await Promise.all([...this.#holds.values()].map((hold) => hold.end(GOING_AWAY)));
  }
}

function keyOf(owner: string, name: string): string {
  return JSON.stringify([owner, name]);
}
