import { availableParallelism } from 'node:os';
import { takeEarly } from './early-cell.ts';
import { ProcessCell } from './process-cell.ts';

/** When spare processes are replaced: not while the script that has taken one starts, which it would hold up. */
const REFILL_DELAY = 200;

/** Starts within so long need a spare process each, as one takes about so long to get ready on a busy machine. In milliseconds. */
const TOGETHER = 1000;

/** How long it is remembered that starts came close together, in milliseconds. */
const REMEMBERED = 10_000;

/** More than that would hold each other up while they start. */
const MOST = Math.min(8, Math.max(4, 2 * availableParallelism()));

/** Processes that no script has been in, kept started so that the start of a script does not wait: as many as starts come in. */
export class Spares {
  readonly #onStarted: (cell: ProcessCell) => void;
  readonly #spares = new Set<ProcessCell>();
  /** When the last ones were taken. */
  #takenAt: number[] = [];
  #refill: NodeJS.Timeout | undefined;
  #shrink: NodeJS.Timeout | undefined;

  /** @param onStarted told of each process that is started */
  constructor(onStarted: (cell: ProcessCell) => void) {
    this.#onStarted = onStarted;
  }

  /** Starts the first one. Throws ERR_AIRLOCK_CELL_START_FAILED. */
  async start(): Promise<void> {
    const first = this.#add(takeEarly() ?? ProcessCell.spawn());
    // Somebody waits for it until it is ready.
    first.ref();
    await first.ready;
    first.unref();
  }

  /** How many there are. */
  get count(): number {
    return this.#spares.size;
  }

  /** Takes the one that was started first, if there is one. It is replaced. */
  take(): ProcessCell | undefined {
    const now = performance.now();
    this.#takenAt = this.#takenAt.filter((at) => now - at < REMEMBERED);
    // More of them would not change what is wanted.
    if (this.#takenAt.push(now) > 2 * MOST) {
      this.#takenAt.shift();
    }
    this.#refill ??= setTimeout(() => {
      this.#refill = undefined;
      this.#fill();
    }, REFILL_DELAY).unref();
    clearTimeout(this.#shrink);
    this.#shrink = setTimeout(() => this.#drop(), REMEMBERED).unref();
    const [first] = this.#spares;
    if (first !== undefined) {
      this.#spares.delete(first);
      first.ref();
    }
    return first;
  }

  stop(): void {
    clearTimeout(this.#refill);
    clearTimeout(this.#shrink);
    this.#spares.clear();
  }

  /** As many as were taken close together at the most, of late. */
  get #wanted(): number {
    const now = performance.now();
    const taken = this.#takenAt.filter((at) => now - at < REMEMBERED);
    return Math.max(1, ...taken.map((at) => taken.filter((other) => other <= at && at - other < TOGETHER).length));
  }

  #fill(): void {
    const wanted = Math.min(MOST, this.#wanted);
    while (this.#spares.size < wanted) {
      // Nobody waits for it.
      this.#add(ProcessCell.spawn()).unref();
    }
  }

  /** The starts that came close together are forgotten. */
  #drop(): void {
    for (const spare of [...this.#spares].slice(this.#wanted)) {
      this.#spares.delete(spare);
      void spare.close();
    }
  }

  #add(cell: ProcessCell): ProcessCell {
    this.#spares.add(cell);
    this.#onStarted(cell);
    void cell.exited.then(() => this.#spares.delete(cell));
    return cell;
  }
}
