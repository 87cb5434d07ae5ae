import { AirlockError } from '../errors.ts';
import type { Cell, Place } from './cell.ts';
import type { Isolation } from './isolation.ts';
import { ProcessCell } from './process-cell.ts';

/** When a spare process is replaced: not while the script that has taken it starts, which it would hold up. */
const SPARE_DELAY = 100;

/** A cell process with scripts in it, or on their way to it. */
interface Tenancy {
  readonly cell: ProcessCell;
  places: number;
}

/**
 * Places scripts in cells: those of one owner together, those of different owners never. A process never changes its
 * owner, and ends with its last script.
 */
export class CellPool {
  readonly #keepsSpare: boolean;
  readonly #owners = new Map<string, Tenancy>();
  /** All processes that have not ended. */
  readonly #cells = new Set<ProcessCell>();
  /** A process that no script has been in. */
  #spare: ProcessCell | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  #inProcess: Promise<Cell> | undefined;
  #lastNumber = 0;
  #closed = false;

  /** @param keepsSpare whether a process is kept started, so that the start of a script does not wait for it */
  constructor(keepsSpare: boolean) {
    this.#keepsSpare = keepsSpare;
  }

  /** Starts the first spare process, where one is kept. Throws ERR_AIRLOCK_CELL_START_FAILED. */
  async start(): Promise<void> {
    if (this.#keepsSpare) {
      this.#spare = this.#spawn();
      await this.#spare.ready;
      this.#spare.unref();
    }
  }

  /** Makes room for a script. Throws ERR_AIRLOCK_CELL_START_FAILED, or ERR_AIRLOCK_HOST_STOPPED. */
  async place(isolation: Isolation, owner: string): Promise<Place> {
    this.#checkOpen();
    if (isolation === 'in-process') {
      const cell = await (this.#inProcess ??= startInProcessCell());
      const number = ++this.#lastNumber;
      return { cell, number, leave: () => cell.destroy(number) };
    }
    try {
      return await this.#placeInProcess(isolation, owner);
    } catch {
      // A process may be ended from outside while it starts; that of the next attempt is a new one.
      this.#checkOpen();
      return this.#placeInProcess(isolation, owner);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#spareTimer);
    await (await this.#inProcess)?.close();
    await Promise.all([...this.#cells].map((cell) => cell.close()));
  }

  #placeInProcess(isolation: Isolation, owner: string): Promise<Place> {
    // What shares an isolate shares its process too.
    const shares = isolation !== 'script';
    let tenancy = shares ? this.#owners.get(owner) : undefined;
    if (tenancy === undefined || tenancy.cell.dead) {
      tenancy = { cell: this.#takeProcess(), places: 0 };
      if (shares) {
        this.#owners.set(owner, tenancy);
      }
    }
    return this.#placeIn(tenancy, owner);
  }

  async #placeIn(tenancy: Tenancy, owner: string): Promise<Place> {
    const { cell } = tenancy;
    let left = false;
    const leave = (): void => {
      if (!left) {
        left = true;
        tenancy.places--;
        if (tenancy.places === 0) {
          if (this.#owners.get(owner) === tenancy) {
            this.#owners.delete(owner);
          }
          void cell.close();
        }
      }
    };
    // Counted at once: it must not be ended while this one is on its way to it.
    tenancy.places++;
    try {
      await cell.ready;
    } catch (error) {
      leave();
      this.#checkOpen();
      throw error;
    }
    const number = ++this.#lastNumber;
    return {
      cell,
      number,
      leave: () => {
        cell.destroy(number);
        leave();
      },
    };
  }

  /** The spare process, which is replaced, or a new one. */
  #takeProcess(): ProcessCell {
    const spare = this.#spare;
    const cell = spare === undefined || spare.dead ? this.#spawn() : spare;
    cell.ref();
    this.#spare = undefined;
    if (this.#keepsSpare) {
      clearTimeout(this.#spareTimer);
      this.#spareTimer = setTimeout(() => {
        this.#spare = this.#spawn();
        // Nobody waits for it.
        this.#spare.unref();
      }, SPARE_DELAY).unref();
    }
    return cell;
  }

  #spawn(): ProcessCell {
    const cell = ProcessCell.spawn();
    this.#cells.add(cell);
    void cell.exited.then(() => this.#cells.delete(cell));
    return cell;
  }

  #checkOpen(): void {
    if (this.#closed) {
      throw new AirlockError('ERR_AIRLOCK_HOST_STOPPED', 'The host is stopped; start another one');
    }
  }
}

/** isolated-vm is loaded into the host's process only where scripts are to run in it. */
async function startInProcessCell(): Promise<Cell> {
  const { InProcessCell } = await import('./in-process-cell.ts');
  return new InProcessCell();
}
