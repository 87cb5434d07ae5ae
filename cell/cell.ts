import { EMPTY_BATCH, type FlatBatch } from '../wire/fields.ts';
import { NO_USAGE } from '../wire/frames.ts';
import type { IsolateSettings } from '../wire/settings.ts';
import { compileInterruptibleLoops } from './interruptible-loops.ts';
import { SharedIsolate } from './shared-isolate.ts';
import { ScriptIsolate, type TurnResult } from './script-isolate.ts';
import { bindingsSnapshot } from './snapshot.ts';

export type { TurnResult };

/** Answers a script's question with the answer's fields, as text. */
export type Ask = (script: number, commands: FlatBatch, question: FlatBatch) => string[];

const NO_ISOLATE: TurnResult = { status: 'broken', message: 'its isolate could not be made', usage: NO_USAGE, commands: EMPTY_BATCH };
/** Gives the host a copy of a line of a script's turn. */
export type Copy = (script: number, line: FlatBatch) => void;

/** The isolates of one cell, by their scripts' numbers. The same in a process of its own and in the host's. */
export class Cell {
  readonly #bundle: string;
  readonly #ask: Ask;
  readonly #copy: Copy;
  readonly #isolates = new Map<number, ScriptIsolate>();
  /** Where scripts have a context each. */
  #shared: SharedIsolate | undefined;

  /** @param bundle the path of the bundled bindings */
  constructor(bundle: string, ask: Ask, copy: Copy) {
    compileInterruptibleLoops();
    this.#bundle = bundle;
    this.#ask = ask;
    this.#copy = copy;
  }

  /** Makes the snapshot, so that the first script does not wait for it. */
  warmUp(): void {
    bindingsSnapshot(this.#bundle);
  }

  /** Makes an isolate for a script. Throws where V8 cannot. */
  create(script: number, settings: IsolateSettings): void {
    const ask = (commands: FlatBatch, question: FlatBatch): string[] => this.#ask(script, commands, question);
    const copy = (line: FlatBatch): void => this.#copy(script, line);
    const snapshot = bindingsSnapshot(this.#bundle);
    if (settings.shared) {
      // One that ran out of memory is gone; the host lets all who shared it begin again.
      if (this.#shared === undefined || this.#shared.isDisposed) {
        this.#shared = new SharedIsolate(settings.memory, snapshot);
      }
      this.#isolates.set(script, new ScriptIsolate(settings, snapshot, ask, copy, this.#shared));
    } else {
      this.#isolates.set(script, new ScriptIsolate(settings, snapshot, ask, copy));
    }
  }

  /** Runs a turn of so many events. If its status is `sliced`, `resume` goes on with it. */
  turn(script: number, count: number, events: FlatBatch): TurnResult {
    return this.#isolates.get(script)?.turn(count, events) ?? NO_ISOLATE;
  }

  /** Runs the events that the last slice of the script's turn has left. */
  resume(script: number): TurnResult {
    return this.#isolates.get(script)?.resume() ?? NO_ISOLATE;
  }

  destroy(script: number): void {
    this.#isolates.get(script)?.dispose();
    this.#isolates.delete(script);
  }
}
