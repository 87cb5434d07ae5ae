import { SetConstructor, SetPrototypeAdd, SetPrototypeDelete, SetPrototypeHas, createList } from './primordials.ts';

/** Who has events that waited, as its script had paused it. */
export interface Holder {
  /** Tells the first of them. Returns whether more can be told. It does not throw. */
  tellHeld(): boolean;
}

/** Those whose events need not wait any longer, in the order in which that came about; those up to `first` have told all. */
const holders = createList<Holder>();
let first = 0;
const queued = new SetConstructor<Holder>();

/** Has the events of this one told, behind the callback that is running. */
export function tellLater(holder: Holder): void {
  if (!SetPrototypeHas(queued, holder)) {
    SetPrototypeAdd(queued, holder);
    holders[holders.length] = holder;
  }
}

/**
 * Tells the events that need not wait any longer, one after the other, as if they had just come.
 *
 * @param mayGoOn asked before each
 * @returns whether some are left
 */
export function tellHeldEvents(mayGoOn: () => boolean): boolean {
  while (first < holders.length && mayGoOn()) {
    const current = holders[first] as Holder;
    if (!current.tellHeld()) {
      SetPrototypeDelete(queued, current);
      first++;
    }
  }
  if (first === holders.length) {
    holders.length = 0;
    first = 0;
  }
  return holders.length > 0;
}
