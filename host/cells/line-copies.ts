import type { LineCommand } from '../../wire/commands.ts';
import { WireError } from '../../wire/fields.ts';
import type { UncheckedBatch } from '../../wire/flat-reader.ts';
import type { TurnStatus } from '../../wire/frames.ts';
import { ALL_TIME } from '../policy/loop-share.ts';
import { mostCopies } from './cell-bounds.ts';
import type { CellClient, CellSettings } from './cell.ts';
import { UncheckedCommands, type CommandReceiver } from './command-batch.ts';

/** What a cell has copied of a turn that has not ended: the lines that are shown if the turn's own commands are lost. */
export class LineCopies {
  readonly #settings: CellSettings;
  #lines: LineCommand[] = [];
  #units = 0;
  #hasMore = false;

  /** What the cell has sent in this turn. */
  #frames = 0;
  #bytes = 0;

  constructor(settings: CellSettings) {
    this.#settings = settings;
  }

  /** A turn begins. */
  begin(): void {
    this.#frames = 0;
    this.#bytes = 0;
    this.clear();
  }

  /**
   * Takes what a cell has sent as a copy, and its size. Throws a WireError if it is none, or if a cell would not send so many. More
   * than the script may print in a second is not kept.
   */
  take(batch: UncheckedBatch, size: number): void {
    const most = mostCopies(this.#settings);
    this.#frames++;
    this.#bytes += size;
    if (this.#frames > most.frames || this.#bytes > most.bytes) {
      throw new WireError('more copies of lines than are sent in a turn');
    }
    if (batch.numbers.length === 0) {
      this.#hasMore = true;
      return;
    }
    new UncheckedCommands(batch, refuse, 1).some(this.#receiver, ALL_TIME);
  }

  /** What came so far has been given out by the turn itself. */
  clear(): void {
    this.#lines = [];
    this.#units = 0;
    this.#hasMore = false;
  }

  /** The turn has ended, with these commands. A turn that fails may have lost them. */
  turned(status: TurnStatus, commands: UncheckedBatch, client: CellClient): void {
    if (status === 'done' || status === 'sliced' || commands.numbers.length > 0) {
      this.clear();
    } else {
      this.tell(client);
    }
  }

  /** Tells the script's host what the turn can no longer give out itself. */
  tell(client: CellClient): void {
    if (this.#lines.length > 0 || this.#hasMore) {
      const lines = this.#lines;
      const hasMore = this.#hasMore;
      this.clear();
      client.lost(lines, hasMore);
    }
  }

  readonly #receiver: CommandReceiver = {
    send: (type) => refuse(type),
    command: (command) => {
      if (command.type !== 'print' && command.type !== 'reportError') {
        return refuse(command.type);
      }
      const units = command.text.length + ('stack' in command ? command.stack.length : 0);
      const { copies } = this.#settings;
      if (this.#lines.length >= copies.lines || (this.#units > 0 && this.#units + units > copies.units)) {
        this.#hasMore = true;
      } else {
        this.#lines.push(command);
        this.#units += units;
      }
      return undefined;
    },
  };
}

function refuse(type: string): never {
  throw new WireError(`a copy of a line holds the command ${type}`);
}
