/** What the commands of all scripts together may take of one round of the event loop, in milliseconds. */
const ROUND = 4;

/** What those of one script may take of it while others wait, in milliseconds. */
const SLICE = 1;

/** How much work is done between two looks at the clock. A small message is one unit, about half a microsecond. */
const UNITS_PER_LOOK = 256;

/** The time that work may take. */
export interface Share {
  /** So many units of work were done. Returns whether the work has to be interrupted. */
  isOver(units: number): boolean;
}

/** A share that has no end. */
export const ALL_TIME: Share = { isOver: () => false };

/** Work that is done in parts. */
export interface Work {
  /** Goes on until the share says that its time is over. Returns whether all is done. It must not throw. */
  goOn(): boolean;
}

/**
 * The part of the host's event loop that carrying out commands may take. Scripts share it: whoever has much to do goes on in the
 * next round, and in between the loop reads and writes for all the others.
 *
 * A little work is done at once, and costs no look at the clock.
 */
export class LoopShare implements Share {
  readonly #now: () => number;
  readonly #nextRound: (callback: () => void) => void;
  #unitsLeft = UNITS_PER_LOOK;
  /** Undefined before the first look of a round. */
  #roundEnd: number | undefined;
  /** When the work that is under way has to stop. */
  #end = 0;
  /** Work that has waited for no slice yet: it may be short, and goes in turns with what is known to be long. */
  #fresh: Work[] = [];
  #long: Work[] = [];
  #isFreshNext = true;

  constructor(now: () => number = () => performance.now(), nextRound: (callback: () => void) => void = setImmediate) {
    this.#now = now;
    this.#nextRound = nextRound;
  }

  isOver(units: number): boolean {
    this.#unitsLeft -= units;
    return this.#unitsLeft <= 0 && this.#look();
  }

  /** Has work go on in the next rounds. */
  later(work: Work): void {
    this.#fresh.push(work);
    this.#ensureRound();
  }

  /** Does something with each of these, which takes so many units: now, as far as the time goes, and then in the next rounds. */
  each<Item>(items: Iterable<Item>, units: number, act: (item: Item) => void): void {
    const iterator = items[Symbol.iterator]();
    const work: Work = {
      goOn: () => {
        for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
          act(next.value);
          if (this.isOver(units)) {
            return false;
          }
        }
        return true;
      },
    };
    if (!work.goOn()) {
      this.later(work);
    }
  }

  #look(): boolean {
    const now = this.#now();
    this.#unitsLeft = UNITS_PER_LOOK;
    this.#ensureRound(now);
    return now >= this.#end;
  }

  #ensureRound(now?: number): void {
    if (this.#roundEnd === undefined) {
      this.#roundEnd = this.#end = (now ?? this.#now()) + ROUND;
      this.#nextRound(() => this.#round());
    }
  }

  #round(): void {
    this.#roundEnd = undefined;
    if (this.#fresh.length === 0 && this.#long.length === 0) {
      return;
    }
    let now = this.#now();
    this.#ensureRound(now);
    const roundEnd = this.#roundEnd as unknown as number;
    do {
      const work = this.#take();
      if (work === undefined) {
        break;
      }
      this.#unitsLeft = UNITS_PER_LOOK;
      this.#end = Math.min(now + SLICE, roundEnd);
      if (!work.goOn()) {
        this.#long.push(work);
      }
      now = this.#now();
    } while (now < roundEnd);
    this.#end = roundEnd;
  }

  #take(): Work | undefined {
    const isFresh = this.#long.length === 0 || (this.#isFreshNext && this.#fresh.length > 0);
    this.#isFreshNext = !isFresh;
    return isFresh ? this.#fresh.shift() : this.#long.shift();
  }
}

/** The loop of this process. */
export const LOOP_SHARE = new LoopShare();
