import type { CellDeath } from '../cells/cell.ts';
import type { Log } from '../observe/log.ts';

/** V8's own words are of use to whoever looks into it, not in an error. */
export function logCrash({ said }: CellDeath, log: Log): void {
  if (said !== undefined) {
    log('debug', `the process that ran it said: ${said}`);
  }
}

/** Why a script has ended, or starts again. */
export function causeOf({ message, what }: CellDeath, script: string): string {
  return `the ${what} that ran ${script} ${message}`;
}
