import ivm from 'isolated-vm';
import { EMPTY_BATCH, type FlatBatch } from '../wire/fields.ts';
import type { TurnStatus, TurnUsage } from '../wire/frames.ts';
import type { IsolateSettings } from '../wire/settings.ts';
import { Arena } from './arena.ts';
import { changeURL, parseURL, randomBytes, startClock } from './guest-services.ts';
import { LineCopies } from './line-copies.ts';
import { UsageMeter } from './usage-meter.ts';
import type { SharedIsolate } from './shared-isolate.ts';
import { copyOfThrown, isTimeout, timeoutStack } from './isolate-errors.ts';
import { ProgramRunner } from './program-runner.ts';
import { sourceName } from './source-name.ts';

/** Gives the host the commands so far and a question, and waits for the answer: its fields, as text. */
export type Ask = (commands: FlatBatch, question: FlatBatch) => string[];

/** Gives the host a copy of a line that the turn under way gives back; an empty batch where there are too many of them. */
export type Copy = (line: FlatBatch) => void;

export interface TurnResult {
  readonly status: TurnStatus;
  /** What went wrong, where the status is not `done`; for `timeout`, the frames of the script. */
  readonly message: string;
  readonly usage: TurnUsage;
  readonly commands: FlatBatch;
}

type TurnOutcome = Omit<TurnResult, 'usage'>;

const CROSSING: ivm.ReferenceApplyOptions = { arguments: { copy: true }, result: { copy: true } };

/**
 * How long telling of a rejection may take if the turn has used its time, and how long the collecting of the commands of a turn
 * that has failed, in milliseconds. The turn's limit does not count: a short one would lose the commands on a busy machine.
 * Code that the script has left may run as well, so there has to be a limit, below what the host waits for a turn to end.
 */
const AFTER_TURN = 1000;

/** One script's isolate, or its context in a shared one. Only primitives in flat arrays, and bytes through the arena, go in and out. */
export class ScriptIsolate {
  readonly #settings: IsolateSettings;
  readonly #isolate: ivm.Isolate;
  readonly #context: ivm.Context;
  readonly #shared: SharedIsolate | undefined;
  readonly #arena = new Arena();
  readonly #turn: ivm.Reference;
  readonly #resume: ivm.Reference;
  readonly #rejected: ivm.Reference;
  readonly #collect: ivm.Reference;
  readonly #limit: number;
  readonly #meter: UsageMeter;
  readonly #programs: ProgramRunner;
  /** When the time of the turn that is under way is over. */
  #deadline = 0;
  readonly #copies: LineCopies;

  constructor(settings: IsolateSettings, snapshot: ivm.ExternalCopy<ArrayBuffer>, ask: Ask, copy: Copy, shared?: SharedIsolate) {
    this.#copies = new LineCopies(settings.copies, copy);
    this.#settings = settings;
    this.#limit = turnLimit(settings);
    this.#isolate = shared?.isolate ?? new ivm.Isolate({ memoryLimit: settings.memory, snapshot });
    this.#meter = new UsageMeter(this.#isolate, this.#arena);
    const context = this.#isolate.createContextSync();
    this.#context = context;
    this.#shared = shared;
    const guest = context.global.getSync('__airlock', { reference: true }) as ivm.Reference;
    context.global.deleteSync('__airlock');
    const method = (name: string): ivm.Reference => guest.getSync(name, { reference: true }) as ivm.Reference;
    this.#turn = method('turn');
    this.#resume = method('resume');
    this.#rejected = method('rejected');
    this.#collect = method('collect');
    const programs = new ProgramRunner(this.#isolate, context, () => this.#deadline - performance.now());
    this.#programs = programs;
    const boot = method('boot');
    boot.applySync(undefined, [
      JSON.stringify(settings.guest),
      settings.name,
      sourceName(settings.name),
      new ivm.ExternalCopy(this.#arena.shared).copyInto(),
      () => this.#arena.refillNumbers(),
      () => this.#arena.refillBytes(),
      () => this.#arena.spillNumbers(),
      () => this.#arena.spillBytes(),
      (texts: string[], firstNumber: number, firstText: number) =>
        programs.isTimeOver() ? undefined : this.#ask(ask, texts, firstNumber, firstText),
      parseURL,
      changeURL,
      randomBytes,
      startClock(),
      (source: unknown, filename: unknown, columnOffset: unknown, keepsValue: unknown) => programs.run(source, filename, columnOffset, keepsValue),
      () => programs.takeValue(),
      () => programs.takeThrown(),
      (code: number, level: number, text: unknown, stack: unknown) => this.#copies.line(code, level, text, stack),
    ]);
    // What refers to a context keeps it, until Node happens to collect the reference.
    boot.release();
    guest.release();
    shared?.enter();
  }

  /**
   * Runs one turn: a crossing in with the events, a crossing out with the commands, microtasks included. If its status is
   * `sliced`, `resume` goes on with it.
   */
  turn(count: number, events: FlatBatch): TurnResult {
    return this.#measured(() => {
      this.#arena.begin(events);
      // A string crosses faster than a list of one.
      return this.#cross(this.#turn, [count, events.texts.length === 1 ? events.texts[0] : events.texts]);
    });
  }

  /** Goes on with the events that the last slice has left. */
  resume(): TurnResult {
    return this.#measured(() => {
      const left = this.#arena.eventsLeft;
      if (left === 0) {
        return { status: 'broken', message: 'no events of its turn were left', commands: EMPTY_BATCH };
      }
      this.#arena.resume();
      return this.#cross(this.#resume, [left]);
    });
  }

  #measured(run: () => TurnOutcome): TurnResult {
    this.#meter.begin();
    this.#copies.begin();
    const { status, message, commands } = run();
    if (status === 'sliced') {
      this.#arena.suspend();
    } else {
      this.#arena.end();
    }
    return { status, message, commands, usage: this.#meter.end() };
  }

  #cross(method: ivm.Reference, given: unknown[]): TurnOutcome {
    this.#programs.begin();
    let texts: string[];
    try {
      texts = this.#call(method, given, this.#limit);
    } catch (error) {
      const failed = this.#failedTurn(error);
      if (failed !== undefined) {
        return failed;
      }
      return this.#crossRejection(error);
    }
    return this.#ended(texts);
  }

  /** @param time how long it may take, in milliseconds, with the programs that it runs */
  #call(method: ivm.Reference, given: unknown[], time: number): string[] {
    this.#deadline = performance.now() + time;
    return method.applySync(undefined, given, { ...CROSSING, timeout: Math.ceil(time) }) as unknown as string[];
  }

  #ended(texts: readonly string[]): TurnOutcome {
    const status = this.#arena.eventsLeft > 0 ? 'sliced' : 'done';
    return { status, message: '', commands: this.#arena.take(texts) };
  }

  dispose(): void {
    if (this.#isolate.isDisposed) {
      return;
    }
    if (this.#shared === undefined) {
      this.#isolate.dispose();
      return this.#arena.release();
    }
    // What a script has left behind in a shared isolate may still run there, and holds its arena.
    this.#turn.release();
    this.#resume.release();
    this.#rejected.release();
    this.#collect.release();
    this.#context.release();
    this.#shared.leave();
  }

  /** Why the turn is the script's last one. Undefined if a rejection came out of it that nothing has handled. */
  #failedTurn(error: unknown): TurnOutcome | undefined {
    if (this.#isolate.isDisposed) {
      return {
        status: 'memory',
        message:
          this.#shared === undefined
            ? `used more than its ${this.#settings.memory} MiB of memory`
            : `used up the ${this.#shared.memory} MiB of memory of the isolate that it shares`,
        commands: EMPTY_BATCH,
      };
    }
    const timeout = this.#programs.timeout ?? (isTimeout(error) ? error : undefined);
    if (timeout !== undefined) {
      const { name } = this.#settings;
      return { status: 'timeout', message: timeoutStack(timeout, sourceName(name), name), commands: this.#collectCommands() ?? EMPTY_BATCH };
    }
    return undefined;
  }

  /**
   * isolated-vm throws the first rejection of a turn that nothing has handled, and drops the others and the turn's result. The
   * bindings are told of it, and give the result once more.
   */
  #crossRejection(rejection: unknown): TurnOutcome {
    const { kind, message, name, stack, value } = copyOfThrown(rejection);
    try {
      const time = Math.max(this.#deadline - performance.now(), Math.min(AFTER_TURN, this.#limit));
      return this.#ended(this.#call(this.#rejected, [kind, value, name, message, stack], time));
    } catch (error) {
      const failed = this.#failedTurn(error);
      if (failed !== undefined) {
        return failed;
      }
      // A listener of the event has rejected a promise in turn: that one is not told.
      const commands = this.#collectCommands();
      return commands === undefined
        ? { status: 'broken', message: 'its isolate does not answer', commands: EMPTY_BATCH }
        : { status: this.#arena.eventsLeft > 0 ? 'sliced' : 'done', message: '', commands };
    }
  }

  #collectCommands(): FlatBatch | undefined {
    try {
      return this.#arena.take(this.#call(this.#collect, [], AFTER_TURN));
    } catch {
      return undefined;
    }
  }

  /**
   * The question begins with the number and the text of these indexes; what is before it are commands. Nothing is
   * thrown into the isolate, where a script would read this process's stack: without an answer, there are no fields.
   */
  #ask(ask: Ask, texts: string[], firstNumber: number, firstText: number): string[] {
    try {
      const { bytes, numbers } = this.#arena.take([]);
      const commands = { numbers: numbers.subarray(0, firstNumber), texts: texts.slice(0, firstText), bytes };
      return ask(commands, { numbers: numbers.subarray(firstNumber), texts: texts.slice(firstText), bytes: [] });
    } catch {
      return [];
    }
  }
}

/** What a turn may take, in milliseconds: its slice, and one callback that begins at the end of it. */
function turnLimit({ guest, turnTimeout }: IsolateSettings): number {
  return turnTimeout + Math.min(guest.turnSlice, turnTimeout);
}
