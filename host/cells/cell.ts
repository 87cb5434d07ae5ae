import type { FlatWriter } from '../../wire/flat-writer.ts';
import type { LineCommand } from '../../wire/commands.ts';
import type { TurnStatus, TurnUsage } from '../../wire/frames.ts';
import type { Answer, Question } from '../../wire/questions.ts';
import type { IsolateSettings } from '../../wire/settings.ts';
import type { CommandBatch } from './command-batch.ts';

/** Why an isolate is gone although nobody had thrown it away. */
export interface CellDeath {
  /** What has gone: the whole process, or the isolate that some scripts shared. */
  readonly what: 'process' | 'isolate';
  /** What became of it, as `was ended by SIGKILL`. */
  readonly message: string;
  /** The name of the script whose turn was under way; where none was, nobody is to blame. */
  readonly blamed: string | undefined;
  /** The limit that its script was beyond, where the host has killed the process for that. */
  readonly limit?: KillingLimit | undefined;
  /** What V8 or Node has written about it: for the log alone. */
  readonly said?: string | undefined;
}

/** The limits at which the host kills a process. */
export type KillingLimit = 'turnGrace' | 'processMemory';

/** What a cell tells a script in the host. */
export interface CellClient {
  /** The turn that was under way has ended, or a slice of it: `resume` goes on with it. `message` says what went wrong, where the status is the script's end. */
  turned(status: TurnStatus, message: string, commands: CommandBatch, usage: TurnUsage): void;
  /** The script waits, inside its turn, for the answer to a question; the commands came before it. A promise never rejects. */
  answer(commands: CommandBatch, question: Question): Answer | Promise<Answer>;
  /**
   * The commands of a turn are lost, as its memory ran out or its cell is gone: these are the lines among them, as far as they
   * are known. `turned`, `blamed` or `died` follows.
   *
   * @param hasMore whether there were more lines than are copied
   */
  lost(lines: readonly LineCommand[], hasMore: boolean): void;
  /** The process has ended, and a turn of this script was under way. Told also where the script has left its cell already. */
  blamed(death: CellDeath): void;
  /** The script's isolate is gone; whoever is to blame has been told. Nothing follows. */
  died(death: CellDeath): void;
  /** What came out of the isolate is not of the contract's form. Nothing follows. */
  malformed(message: string): void;
}

/** What the host sees to from outside of a cell's process. */
export interface CellBounds {
  /** The most that a turn may take until it is acknowledged, in milliseconds. */
  readonly turn: number;
  /** What the process may take beyond the `memory` of all its scripts, in MiB. */
  readonly memory: number;
}

/** What a cell is to know of a script. */
export interface CellSettings extends IsolateSettings {
  readonly bounds: CellBounds;
}

/** A place where isolates live: a process of its own, or this one. */
export interface Cell {
  /** The id of its process; undefined where that has not started. */
  readonly pid: number | undefined;
  /** Makes an isolate, or a context in the shared one, for the script with this number. */
  create(script: number, settings: CellSettings, client: CellClient): void;
  /** Runs a turn with these events, at least one; `turned` follows. A script has at most one turn under way. */
  turn(script: number, events: FlatWriter): void;
  /** Runs the events that the last slice of the script's turn has left; `turned` follows. */
  resume(script: number): void;
  /** Tells by `lost` what the turn that is under way, if it is this script's, has printed: nobody will wait for its end. */
  tellLost(script: number): void;
  /** Throws the script's isolate away; nothing follows but `blamed`. */
  destroy(script: number): void;
  /** Ends the cell. */
  close(): Promise<void>;
}

/** Room for one script in a cell. */
export interface Place {
  readonly cell: Cell;
  /** The script's number there. A script that is started again gets another one. */
  readonly number: number;
  /** Gives the room back: the script's isolate is thrown away, and a process without scripts is ended. */
  leave(): void;
}
