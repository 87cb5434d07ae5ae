import { COMMANDS } from '../wire/commands.ts';
import { WHOLE_TEXT, type FlatBatch } from '../wire/fields.ts';

/** What is allowed of copies is counted anew after so long, in milliseconds. */
const SECOND = 1000;

const NO_LINE: FlatBatch = { numbers: new Float64Array(0), texts: [], bytes: [] };

/**
 * Copies the lines that turns give back, one by one and at once: if a turn runs out of memory or brings the process down, they
 * are all that is left of it.
 *
 * Nobody needs more copies than the host would show lines. The pipe blocks, so a script that prints without end would have its
 * whole cell wait for the host, and the host read for nothing.
 */
export class LineCopies {
  readonly #most: { readonly lines: number; readonly units: number };
  readonly #send: (line: FlatBatch) => void;
  readonly #now: () => number;
  #since = -Infinity;
  #lines = 0;
  #units = 0;
  /** Whether the host knows already that this turn has more lines than are copied. */
  #toldOfMore = false;

  /**
   * @param most how many lines in a second, and how many UTF-16 units in them
   * @param now milliseconds; never goes back
   */
  constructor(
    most: { readonly lines: number; readonly units: number },
    send: (line: FlatBatch) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#most = most;
    this.#send = send;
    this.#now = now;
  }

  /** Another turn begins. */
  begin(): void {
    this.#toldOfMore = false;
  }

  /**
   * Called from inside the isolate: nothing may be thrown into it.
   *
   * @returns whether another line of this turn would be copied; each costs the isolate memory on its way
   */
  line(code: number, level: number, text: unknown, stack: unknown): boolean {
    try {
      if (typeof text !== 'string' || typeof stack !== 'string') {
        return false;
      }
      if (this.#passes(text.length + stack.length)) {
        const isPrint = code === COMMANDS.print.code;
        this.#send(
          isPrint
            ? { numbers: Float64Array.of(code, level, WHOLE_TEXT), texts: [text], bytes: [] }
            : { numbers: Float64Array.of(code, WHOLE_TEXT, WHOLE_TEXT), texts: [text, stack], bytes: [] },
        );
      } else if (!this.#toldOfMore) {
        this.#toldOfMore = true;
        this.#send(NO_LINE);
      }
    } catch {
      // The line itself comes with the end of its turn.
    }
    return !this.#toldOfMore;
  }

  #passes(units: number): boolean {
    const now = this.#now();
    if (now - this.#since >= SECOND) {
      this.#since = now;
      this.#lines = 0;
      this.#units = 0;
    }
    // One that is larger than all that is allowed passes alone, as it does in the host.
    if (this.#lines >= this.#most.lines || (this.#units > 0 && this.#units + units > this.#most.units)) {
      return false;
    }
    this.#lines++;
    this.#units += units;
    return true;
  }
}
