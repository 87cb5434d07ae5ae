import { AirlockError } from '../errors.ts';
import type { Cell, Place } from './cell.ts';
import type { Isolation } from './isolation.ts';
import { ProcessCell } from './process-cell.ts';
import { Spares } from './spares.ts';

/** How long a process without scripts is kept for the next one of its owner, in milliseconds. */
const EMPTY_KEPT = 10_000;

/** How many of them are kept at one time, of all owners. */
const MOST_EMPTY = 4;

/** A cell process with scripts in it, or on their way to it; for a while also when the last one has left. */
interface Tenancy {
  readonly cell: ProcessCell;
  places: number;
}

/**
 * Places scripts in cells: those of one owner together, those of different owners never. A process never changes its
 * owner. When its last script has left, it waits a while for another one: many owners have one script after the other.
 */
export class CellPool {
  readonly #owners = new Map<string, Tenancy>();
  /** All processes that have not ended. */
  readonly #cells = new Set<ProcessCell>();
  readonly #spares: Spares | undefined;
  /** What ends the processes without scripts that are kept, in the order in which they became empty. */
  readonly #empty = new Map<ProcessCell, { readonly owner: string; readonly timer: NodeJS.Timeout }>();
  readonly #emptyKept: number;
  #inProcess: Promise<Cell> | undefined;
  #lastNumber = 0;
  #closed = false;

  /**
   * @param keepsSpares whether processes are kept started, so that the start of a script does not wait for one
   * @param emptyKept how long a process without scripts is kept, in milliseconds
   */
  constructor(keepsSpares: boolean, emptyKept = EMPTY_KEPT) {
    this.#emptyKept = emptyKept;
    this.#spares = keepsSpares ? new Spares((cell) => this.#add(cell)) : undefined;
  }

  /** Starts the first spare process, where one is kept. Throws ERR_AIRLOCK_CELL_START_FAILED. */
  async start(): Promise<void> {
    await this.#spares?.start();
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
    this.#spares?.stop();
    this.#empty.forEach(({ timer }) => clearTimeout(timer));
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
          this.#emptied(tenancy, owner);
        }
      }
    };
    // Counted at once: it must not be ended while this one is on its way to it.
    tenancy.places++;
    this.#keep(cell);
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

  /** The process's last script has left. It is kept for its owner's next one, if it is the one where that would be placed. */
  #emptied(tenancy: Tenancy, owner: string): void {
    const { cell } = tenancy;
    // One that is busy without a script is not what it should be: its script was cut off in a turn that did not end.
    if (this.#owners.get(owner) !== tenancy || cell.dead || cell.busy || this.#closed) {
      return this.#endEmpty(cell, owner);
    }
    // Nothing else of a host waits for it.
    cell.unref();
    const timer = setTimeout(() => this.#endEmpty(cell, owner), this.#emptyKept).unref();
    this.#empty.set(cell, { owner, timer });
    const [oldest] = this.#empty;
    if (this.#empty.size > MOST_EMPTY && oldest !== undefined) {
      this.#endEmpty(oldest[0], oldest[1].owner);
    }
  }

  /** Another script has come: the process is not empty any more. */
  #keep(cell: ProcessCell): void {
    if (this.#forgetEmpty(cell)) {
      cell.ref();
    }
  }

  #endEmpty(cell: ProcessCell, owner: string): void {
    this.#forgetEmpty(cell);
    if (this.#owners.get(owner)?.cell === cell) {
      this.#owners.delete(owner);
    }
    void cell.close();
  }

  /** Returns whether it was kept. */
  #forgetEmpty(cell: ProcessCell): boolean {
    clearTimeout(this.#empty.get(cell)?.timer);
    return this.#empty.delete(cell);
  }

  /** A spare process or a new one. */
  #takeProcess(): ProcessCell {
    const spare = this.#spares?.take();
    return spare === undefined || spare.dead ? this.#add(ProcessCell.spawn()) : spare;
  }

  #add(cell: ProcessCell): ProcessCell {
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
