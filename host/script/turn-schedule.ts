/** So many events in one turn are a crowd: more are on their way. */
const CROWD = 6;

/** How many I/O phases a turn waits for, when the last one was of a crowd. */
const PHASES_OF_A_CROWD = 3;

/**
 * When a script's next turn begins: after the I/O phase, so that all that it brought goes in together.
 *
 * While events come in crowds it is some phases later. They do not block, and fewer turns, each with more events, cost
 * less than the wait.
 */
export class TurnSchedule {
  readonly #begin: () => void;
  #scheduled = false;
  #lastEvents = 0;

  constructor(begin: () => void) {
    this.#begin = begin;
  }

  /** Has a turn begin, if that is not on its way already. */
  request(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#afterPhases(this.#lastEvents < CROWD ? 1 : PHASES_OF_A_CROWD);
    }
  }

  /** A turn has begun with so many events. */
  begun(events: number): void {
    this.#lastEvents = events;
  }

  #afterPhases(phases: number): void {
    setImmediate(() => {
      if (phases > 1) {
        this.#afterPhases(phases - 1);
      } else {
        this.#scheduled = false;
        this.#begin();
      }
    });
  }
}
