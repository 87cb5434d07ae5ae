import { monotonicNow } from '../cell-services.ts';
import { DateNow, MathTrunc } from '../primordials.ts';

/** What is to be added to `Date.now()`, as of this turn. */
let offset = 0;
let isAsked = false;

/** A turn begins. */
export function beginTimerTurn(): void {
  isAsked = false;
}

/**
 * The time by which timers are due, in whole milliseconds. It goes on evenly when the system's clock is set: HTML counts
 * timers on a monotonic clock. That one is the cell's and costs ten times as much as Date's: it is asked once a turn, and
 * within the turn Date counts on.
 */
export function timerNow(): number {
  const now = DateNow();
  if (!isAsked) {
    isAsked = true;
    offset = MathTrunc(monotonicNow()) - now;
  }
  return now + offset;
}
