import type { FlatWriter } from '../../wire/flat-writer.ts';
import type { CellClient, Place } from '../cells/cell.ts';
import { guestSettings } from './guest-settings.ts';
import type { ScriptSetup } from './script-setup.ts';

/** The largest delay that a Node timer takes. */
const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * A script in one cell, from the making of its isolate to its end. The script, with its sockets, is another matter: it
 * may go on in another cell.
 */
export class Incarnation {
  readonly #place: Place;
  #timer: NodeJS.Timeout | undefined;
  #loaded = false;
  #turnUnderWay = false;
  /** Whether the last turn has ended with its slice, and has events left. */
  #isSliced = false;

  constructor(place: Place, setup: ScriptSetup, client: CellClient) {
    this.#place = place;
    const { limits } = setup;
    place.cell.create(
      place.number,
      {
        name: setup.name,
        memory: limits.memory,
        turnTimeout: limits.turnTimeout,
        shared: setup.isolation === 'context',
        copies: { lines: limits.printsPerSecond + limits.errorsPerSecond, units: limits.printBytesPerSecond },
        bounds: { turn: limits.turnTimeout + limits.turnSlice + limits.turnGrace, memory: limits.processMemory },
        guest: guestSettings(setup),
      },
      client,
    );
  }

  /** Whether nothing is to happen in it by itself. */
  get idle(): boolean {
    return this.#loaded && !this.#turnUnderWay && !this.#isSliced && this.#timer === undefined;
  }

  /** Whether its turns run beside the host, in another process. */
  get runsBeside(): boolean {
    return this.#place.cell.pid !== process.pid;
  }

  get processId(): number | undefined {
    return this.#place.cell.pid;
  }

  get turnUnderWay(): boolean {
    return this.#turnUnderWay;
  }

  /** The source ran to its end. */
  loaded(): void {
    this.#loaded = true;
  }

  /** Nobody will wait for the end of the turn that may be under way. */
  tellLost(): void {
    this.#place.cell.tellLost(this.#place.number);
  }

  /** @param isSliced whether `resume` has to go on with it */
  turnEnded(isSliced: boolean): void {
    this.#turnUnderWay = false;
    this.#isSliced = isSliced;
  }

  /** Whether events of the last turn are left. */
  get isSliced(): boolean {
    return this.#isSliced;
  }

  /** Goes on with the events that the last slice has left. */
  resume(): void {
    this.#turnUnderWay = true;
    this.#place.cell.resume(this.#place.number);
  }

  turn(events: FlatWriter): void {
    this.#turnUnderWay = true;
    this.#place.cell.turn(this.#place.number, events);
  }

  /** Calls `fire` in so many milliseconds, instead of what was armed before; a negative delay disarms. */
  armTimer(delay: number, fire: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (delay >= 0) {
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined;
          fire();
        },
        Math.min(delay, LONGEST_DELAY),
      );
    }
  }

  /** Ends it, whether its isolate is still there or not. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#place.leave();
  }
}
