/** So many events in one turn are a crowd: more are on their way. */
const CROWD = 6;

/** How many I/O phases a turn waits for, when the last one was of a crowd. */
const PHASES_OF_A_CROWD = 3;

/** So many events are worth a turn of their own: a cell that works beside the host gets them while the host reads on. */
const ENOUGH = 256;

/**
 * When a script's next turn begins: after the I/O phase, so that all that it brought goes in together; later, where it has
 * to wait.
 *
 * While events come in crowds it is some phases later. They do not block, and fewer turns, each with more events, cost
 * less than the wait.
 */
export class TurnSchedule {
  readonly #begin: () => void;
  readonly #wait: () => number;
  #scheduled = false;
  #lastEvents = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param wait how long the turn that is about to begin has to wait, in milliseconds; then it is asked again */
  constructor(begin: () => void, wait: () => number = () => 0) {
    this.#begin = begin;
    this.#wait = wait;
  }

  /**
   * Has a turn begin, if that is not on its way already.
   *
   * @param waiting how many events wait for it; 0 where it must not begin before the I/O phase has ended
   */
  request(waiting = 0): void {
    if (waiting >= ENOUGH && this.#timer === undefined && this.#wait() <= 0) {
      this.#begin();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      this.#afterPhases(this.#lastEvents < CROWD ? 1 : PHASES_OF_A_CROWD);
    }
  }

  /** What the turn waits for may be over: it is asked again. */
  hurry(): void {
    if (this.#timer !== undefined) {
      this.stop();
      this.request();
    }
  }

  /** No turn begins that is waiting. */
  stop(): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#scheduled = false;
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
        this.#beginOrWait();
      }
    });
  }

  #beginOrWait(): void {
    const milliseconds = this.#wait();
    if (milliseconds > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#beginOrWait();
      }, Math.ceil(milliseconds));
      return;
    }
    this.#scheduled = false;
    this.#begin();
  }
}
