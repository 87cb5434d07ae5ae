import { AirlockError } from '../errors.ts';
import type { Cell } from './cell.ts';
import { ProcessCell } from './process-cell.ts';

/** Where scripts run: in cell processes, or in this one. */
export type CellKind = 'process' | 'in-process';

/** Places scripts in cells. */
export class CellPool {
  readonly #kind: CellKind;
  readonly #cells = new Set<ProcessCell>();
  #current: Promise<ProcessCell> | undefined;
  #inProcess: Promise<Cell> | undefined;
  #closed = false;

  constructor(kind: CellKind) {
    this.#kind = kind;
  }

  /** The cell for the next script. A cell that has died is replaced. */
  async place(): Promise<Cell> {
    if (this.#closed) {
      throw new AirlockError('ERR_AIRLOCK_HOST_STOPPED', 'The host is stopped; start another one');
    }
    if (this.#kind === 'in-process') {
      this.#inProcess ??= startInProcessCell();
      return this.#inProcess;
    }
    const current = (this.#current ??= this.#start());
    const cell = await current;
    if (!cell.dead) {
      return cell;
    }
    this.#cells.delete(cell);
    // Whoever finds it dead first replaces it.
    if (this.#current === current) {
      this.#current = undefined;
    }
    return this.place();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#inProcess)?.close();
    await this.#current?.catch(() => undefined);
    await Promise.all([...this.#cells].map((cell) => cell.close()));
  }

  async #start(): Promise<ProcessCell> {
    try {
      const cell = await ProcessCell.start();
      this.#cells.add(cell);
      return cell;
    } catch (error) {
      this.#current = undefined;
      throw error;
    }
  }
}

/** isolated-vm is loaded into the host's process only where scripts are to run in it. */
async function startInProcessCell(): Promise<Cell> {
  const { InProcessCell } = await import('./in-process-cell.ts');
  return new InProcessCell();
}
