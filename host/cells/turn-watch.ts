/** What passes between two looks, in milliseconds. */
const LOOK_INTERVAL = 50;

/** A turn that a cell was given. */
export interface WatchedTurn {
  readonly script: number;
  /** The most that it may take until it is acknowledged, in milliseconds. */
  readonly limit: number;
}

/** What is done with what a watch sees. */
export interface WatchHandlers<Turn extends WatchedTurn> {
  /** The turn has not ended in time. */
  overdue(turn: Turn): void;
  /** Called at every look, with the turn that is under way. Returns whether to look again though no turn is under way. */
  look(turn: Turn | undefined): boolean;
}

/**
 * Watches the turns of one cell from outside: some code stops neither for V8's interrupts nor for its memory limit. A
 * cell runs its turns in the order in which they were given, so the first one that has not ended is the one under way.
 *
 * It looks while turns are under way, once after them, and sleeps until the next one.
 */
export class TurnWatch<Turn extends WatchedTurn> {
  readonly #turns: Turn[] = [];
  readonly #handlers: WatchHandlers<Turn>;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #since = 0;
  #suspect: Turn | undefined;

  /** @param now milliseconds; never goes back */
  constructor(handlers: WatchHandlers<Turn>, now: () => number = () => performance.now()) {
    this.#handlers = handlers;
    this.#now = now;
  }

  /** The turn that is under way. */
  get underWay(): Turn | undefined {
    return this.#turns[0];
  }

  /** A turn was given to the cell. */
  given(turn: Turn): void {
    if (this.#turns.push(turn) === 1) {
      this.#since = this.#now();
      if (this.#timer === undefined && !this.#stopped) {
        this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL).unref();
      }
    }
  }

  /** A turn has ended. Returns whether there was one. */
  ended(script: number): boolean {
    const index = this.#turns.findIndex((turn) => turn.script === script);
    if (index === -1) {
      return false;
    }
    this.#turns.splice(index, 1);
    this.#since = this.#now();
    return true;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const [first] = this.#turns;
    if (first !== undefined && this.#now() - this.#since >= first.limit) {
      // Seen twice: were this process itself held up, what the cell has sent would be read between two looks.
      if (this.#suspect === first) {
        return this.#handlers.overdue(first);
      }
      this.#suspect = first;
    } else {
      this.#suspect = undefined;
    }
    if (!this.#handlers.look(first) && first === undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}
