import { monotonicNow } from '../cell-services.ts';
import { DateNow, MathTrunc } from '../primordials.ts';

/** What is to be added to `Date.now()`, as of this turn. */
let offset = 0;
let isAsked = false;
const MOST_TRIES = 3;
/** When this turn began, by `Date.now()`. */
let begun = 0;

/** A turn begins. */
export function beginTimerTurn(): void {
  isAsked = false;
  begun = DateNow();
}

/** The time when this turn began, as `timerNow` has it. */
export function turnBegan(): number {
  timerNow();
  return begun + offset;
}

/**
 * The time by which timers are due, in whole milliseconds. It goes on evenly when the system's clock is set: HTML counts
 * timers on a monotonic clock. That one is the cell's and costs ten times as much as Date's: it is asked once a turn, and
 * within the turn Date counts on.
 */
export function timerNow(): number {
  // A busy system may stop the process between the two clocks, which then do not show the same moment.
  let now = DateNow();
  for (let tries = 1; !isAsked; tries++) {
    offset = MathTrunc(monotonicNow()) - now;
    const after = DateNow();
    if (after - now <= 1 || tries === MOST_TRIES) {
      isAsked = true;
    } else {
      now = after;
    }
  }
  return now + offset;
}
