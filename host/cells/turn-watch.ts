/** How long after its own time limit a turn may still be acknowledged, in milliseconds. */
const GRACE = 3000;

const CHECK_INTERVAL = 500;

interface Turn {
  readonly script: number;
  readonly limit: number;
}

/**
 * Watches the turns of one cell from outside: some code stops neither for V8's interrupts nor for its memory limit. A
 * cell runs its turns in the order in which they were given, so the first one that has not ended is the one under way.
 */
export class TurnWatch {
  readonly #turns: Turn[] = [];
  readonly #onOverdue: (script: number, milliseconds: number) => void;
  readonly #timer: NodeJS.Timeout;
  #since = 0;
  #suspect: Turn | undefined;

  /** @param onOverdue called with the script whose turn has not ended in time */
  constructor(onOverdue: (script: number, milliseconds: number) => void) {
    this.#onOverdue = onOverdue;
    this.#timer = setInterval(() => this.#check(), CHECK_INTERVAL).unref();
  }

  /** A turn was given to the cell. `limit`: its own time limit, in milliseconds. */
  given(script: number, limit: number): void {
    if (this.#turns.push({ script, limit }) === 1) {
      this.#since = Date.now();
    }
  }

  /** A turn has ended. */
  ended(script: number): void {
    const index = this.#turns.findIndex((turn) => turn.script === script);
    if (index !== -1) {
      this.#turns.splice(index, 1);
      this.#since = Date.now();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const [first] = this.#turns;
    if (first === undefined || Date.now() - this.#since < first.limit + GRACE) {
      this.#suspect = undefined;
      return;
    }
    // Seen twice: were this process itself held up, what the cell has sent would be read between two checks.
    if (this.#suspect === first) {
      this.#onOverdue(first.script, first.limit + GRACE);
    }
    this.#suspect = first;
  }
}
