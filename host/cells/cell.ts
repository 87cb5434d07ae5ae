import type { FlatWriter } from '../../wire/flat-writer.ts';
import type { TurnStatus } from '../../wire/frames.ts';
import type { Answer, Question } from '../../wire/questions.ts';
import type { IsolateSettings } from '../../wire/settings.ts';
import type { CommandBatch } from './command-batch.ts';

/** What a cell tells a script in the host. */
export interface CellClient {
  /** The turn that was under way has ended. `message` says what went wrong, where the status is not `done`. */
  turned(status: TurnStatus, message: string, commands: CommandBatch): void;
  /** The script waits, inside its turn, for the answer to a question; the commands came before it. A promise never rejects. */
  answer(commands: CommandBatch, question: Question): Answer | Promise<Answer>;
  /** The script's isolate is gone, and its cell with it. Nothing follows. */
  died(message: string): void;
  /** What came out of the isolate is not of the contract's form. Nothing follows. */
  malformed(message: string): void;
}

/** A place where isolates live: a process of its own, or this one. */
export interface Cell {
  /** Makes an isolate for the script with this number. */
  create(script: number, settings: IsolateSettings, client: CellClient): void;
  /** Runs a turn with these events, at least one; `turned` follows. A script has at most one turn under way. */
  turn(script: number, events: FlatWriter): void;
  /** Throws the script's isolate away; nothing follows. */
  destroy(script: number): void;
  /** Ends the cell. */
  close(): Promise<void>;
}
