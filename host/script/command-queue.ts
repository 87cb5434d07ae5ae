import { WireError } from '../../wire/fields.ts';
import type { CommandBatch, CommandReceiver } from '../cells/command-batch.ts';
import { ALL_TIME, type LoopShare, type Share, type Work } from '../policy/loop-share.ts';

/** Carries commands out, and what comes after the last one of a batch. */
export interface Carrier extends CommandReceiver {
  /** Ends a batch, in parts. Returns whether all is done. */
  endBatch(share: Share): boolean;
}

interface Step {
  readonly batch: CommandBatch | undefined;
  readonly done: () => void;
}

/**
 * The batches of one script, which are carried out in their order: a small one at once, a large one in slices, so that it does
 * not hold up the other scripts.
 */
export class CommandQueue implements Work {
  readonly #loop: LoopShare;
  readonly #carrier: Carrier;
  readonly #steps: Step[] = [];
  #isRunning = false;
  /** Whether the loop is to call `goOn`. */
  #isWaiting = false;

  constructor(loop: LoopShare, carrier: Carrier) {
    this.#loop = loop;
    this.#carrier = carrier;
  }

  /** @param done called when it is carried out or dropped, but not where it is malformed */
  push(batch: CommandBatch, done: () => void): void {
    this.#steps.push({ batch, done });
    this.#begin();
  }

  /** Calls back when all that was pushed is carried out: now, where it is. */
  whenDone(callback: () => void): void {
    if (this.#steps.length === 0) {
      callback();
    } else {
      this.#steps.push({ batch: undefined, done: callback });
    }
  }

  /**
   * Answers a question when the commands before it are carried out.
   *
   * @param mayWait whether it may be answered later; otherwise all is carried out now, however long that takes
   */
  ask<Answer>(batch: CommandBatch, answer: () => Answer | Promise<Answer>, mayWait: boolean): Answer | Promise<Answer> {
    let given: Answer | Promise<Answer> | undefined;
    let giveLater: ((answer: Answer | Promise<Answer>) => void) | undefined;
    this.push(batch, () => {
      given = answer();
      giveLater?.(given);
    });
    if (!mayWait) {
      this.#run(ALL_TIME);
    }
    return given ?? new Promise((resolve) => (giveLater = resolve));
  }

  /** The script has ended: nothing more is carried out. */
  drop(): void {
    for (const { batch } of this.#steps) {
      batch?.drop();
    }
    this.#begin();
  }

  goOn(): boolean {
    this.#isWaiting = !this.#run(this.#loop);
    return !this.#isWaiting;
  }

  #begin(): void {
    if (!this.#isRunning && !this.#isWaiting && !this.goOn()) {
      this.#loop.later(this);
    }
  }

  /** Returns whether all is done. */
  #run(share: Share): boolean {
    this.#isRunning = true;
    try {
      for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
        if (!this.#carryOut(step, share)) {
          return false;
        }
        this.#steps.shift()?.done();
      }
      return true;
    } finally {
      this.#isRunning = false;
    }
  }

  #carryOut(step: Step, share: Share): boolean {
    const { batch } = step;
    if (batch === undefined) {
      return true;
    }
    try {
      return batch.some(this.#carrier, share) && this.#carrier.endBatch(share);
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      // What follows comes behind it.
      this.#steps[0] = { batch: undefined, done: () => {} };
      batch.malformed(error.message);
      return true;
    }
  }
}
