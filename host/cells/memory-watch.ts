import { readFileSync } from 'node:fs';

const MEBIBYTE = 1024 * 1024;

/** At so many looks one after another the process is over its ceiling, and it is not one turn that makes it so. */
const MOST_LOOKS_OVER = 6;

/** Reads how much memory of a process is resident, in bytes. Undefined where this system does not tell, or it has ended. */
export function residentMemory(pid: number): number | undefined {
  try {
    // `statm` is shorter, but counts in pages, whose size Node does not tell.
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? undefined : Number(match[1]) * 1024;
  } catch {
    return undefined;
  }
}

/** Whether `residentMemory` can tell anything here. */
export function memoryIsTold(): boolean {
  return residentMemory(process.pid) !== undefined;
}

/** What a look has found: the process is to be killed, and for whose turn. */
export interface Excess<Turn> {
  readonly turn: Turn | undefined;
  /** In MiB. */
  readonly ceiling: number;
}

/**
 * Holds the memory of a cell process under a ceiling. Memory that a turn has left behind must not be taken for that of
 * the next one: a turn is to blame that is under way at two looks, or a script whose turns are under way at all of many.
 */
export class MemoryWatch<Turn extends { readonly script: number }> {
  readonly #read: () => number | undefined;
  /** The turn at the last look that found too much, and for how many looks it has been too much. */
  #suspect: Turn | undefined;
  #suspectIsOneScript = true;
  #looksOver = 0;

  /** @param read gives the memory, in bytes, where it can be known */
  constructor(read: () => number | undefined) {
    this.#read = read;
  }

  /** Whether the last look has found too much. */
  get isOver(): boolean {
    return this.#looksOver > 0;
  }

  /**
   * Looks.
   *
   * @param turn the one that is under way
   * @param ceiling in MiB
   */
  look(turn: Turn | undefined, ceiling: number): Excess<Turn> | undefined {
    const resident = this.#read();
    if (resident === undefined || resident <= ceiling * MEBIBYTE) {
      this.#looksOver = 0;
      this.#suspectIsOneScript = true;
      return undefined;
    }
    const last = this.#looksOver++ === 0 ? turn : this.#suspect;
    const isSecondLook = this.#looksOver > 1 && turn !== undefined && turn === last;
    this.#suspectIsOneScript &&= turn !== undefined && turn.script === last?.script;
    this.#suspect = turn;
    if (isSecondLook) {
      return { turn, ceiling };
    }
    return this.#looksOver < MOST_LOOKS_OVER ? undefined : { turn: this.#suspectIsOneScript ? turn : undefined, ceiling };
  }
}
