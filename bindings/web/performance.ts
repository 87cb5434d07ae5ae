import { monotonicNow } from '../cell-services.ts';
import { DateNow } from '../primordials.ts';
import { defineInterface, defineOwn } from './define.ts';
import { EventTarget } from './event-target.ts';
import { CONSTRUCT, requireConstruct } from './webidl.ts';

let timeOrigin = 0;

/** The origin is when the isolate was made, by the wall clock; `now` counts from there on a clock of its own. */
export function startPerformance(): void {
  timeOrigin = DateNow();
}

/** High Resolution Time, section 7: the Performance interface, without timelines. */
export class Performance extends EventTarget {
  // That only its own instances have its members.
  readonly #brand = true;

  constructor(token: unknown = undefined) {
    requireConstruct(token, 'Performance');
    super();
  }

  now(): number {
    void this.#brand;
    return monotonicNow();
  }

  get timeOrigin(): number {
    void this.#brand;
    return timeOrigin;
  }

  toJSON(): object {
    void this.#brand;
    const json = {};
    defineOwn(json, 'timeOrigin', timeOrigin);
    return json;
  }
}

defineInterface(Performance, 'Performance', ['now', 'timeOrigin', 'toJSON']);

export const createPerformance = (): Performance => new Performance(CONSTRUCT);
