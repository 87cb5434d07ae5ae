import { DateNow } from '../primordials.ts';
import { script } from '../settings.ts';

/**
 * A turn's slice: the time after which a turn begins nothing new. What is left of its events is a turn of its own, with a time
 * limit of its own, so that the limit is for one callback and not for a batch of them.
 */

let began = 0;

/** A turn begins. */
export function beginSlice(): void {
  began = DateNow();
}

/** Whether the turn has used its slice. A clock that was set back ends it too. */
export function isSliceOver(): boolean {
  const taken = DateNow() - began;
  return taken >= script().turnSlice || taken < 0;
}
