import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../errors.ts';
import { resolveLimits, type Limits } from '../policy/limits.ts';
import { Restarts } from '../script/restarts.ts';
import type { ScriptEnd } from '../script/script-setup.ts';

/** Faults that the same source would run into again, or that only an attack brings about. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['ERR_AIRLOCK_SCRIPT_LOAD_FAILED', 'ERR_AIRLOCK_MALFORMED_COMMAND', 'ERR_AIRLOCK_RESTARTED_TOO_OFTEN']);

/**
 * When a script is run again that has ended with a fault, and whose clients wait for that: as often and as late as one whose
 * process has ended without its doing.
 */
export class RunAgain {
  readonly #restarts: Restarts;
  readonly #stopping: AbortSignal;

  /** @param stopping aborted when nothing is to be run any more */
  constructor(limits: Partial<Limits> | undefined, stopping: AbortSignal) {
    this.#restarts = new Restarts(resolveLimits(limits));
    this.#stopping = stopping;
  }

  /**
   * Waits until the script is to be run again. Returns whether it is.
   *
   * @param announce told in how many milliseconds
   */
  async after(end: ScriptEnd, announce: (delay: number) => void): Promise<boolean> {
    if (end.error === undefined || FINAL.has(end.error.code) || this.#stopping.aborted) {
      return false;
    }
    const delay = this.#restarts.next();
    if (delay === undefined) {
      return false;
    }
    announce(delay);
    return sleep(delay, true, { signal: this.#stopping }).catch(() => false);
  }
}
