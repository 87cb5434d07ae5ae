import ivm from 'isolated-vm';
import { COMMANDS } from '../wire/commands.ts';
import { EVENTS } from '../wire/events.ts';
import { EMPTY_BATCH, WHOLE_TEXT, type FlatBatch } from '../wire/fields.ts';
import type { TurnStatus, TurnUsage } from '../wire/frames.ts';
import type { IsolateSettings } from '../wire/settings.ts';
import { Arena } from './arena.ts';
import { changeURL, parseURL, randomBytes, startClock } from './guest-services.ts';
import { UsageMeter } from './usage-meter.ts';
import type { SharedIsolate } from './shared-isolate.ts';
import { isTimeout, rejectionText, syntaxErrorText, timeoutText } from './isolate-errors.ts';

/** Gives the host the commands so far and a question, and waits for the answer: its fields, as text. */
export type Ask = (commands: FlatBatch, question: FlatBatch) => string[];

export interface TurnResult {
  readonly status: TurnStatus;
  /** What went wrong, where the status is not `done`. */
  readonly message: string;
  readonly usage: TurnUsage;
  readonly commands: FlatBatch;
}

type TurnOutcome = Omit<TurnResult, 'usage'>;

/**
 * How the commands of a turn that has failed are collected. Its time limit does not count: a short one would lose them on a busy
 * machine. Microtasks that the script has left may run as well, so there has to be one, in milliseconds, below what the
 * host waits for a turn to be acknowledged.
 */
const COLLECTING: ivm.ReferenceApplyOptions = { result: { copy: true }, timeout: 1000 };

/** One script's isolate, or its context in a shared one. Only primitives in flat arrays, and bytes through the arena, go in and out. */
export class ScriptIsolate {
  readonly #settings: IsolateSettings;
  readonly #isolate: ivm.Isolate;
  readonly #context: ivm.Context;
  readonly #shared: SharedIsolate | undefined;
  readonly #arena = new Arena();
  readonly #turn: ivm.Reference;
  readonly #collect: ivm.Reference;
  readonly #crossing: ivm.ReferenceApplyOptions;
  readonly #meter: UsageMeter;

  constructor(settings: IsolateSettings, snapshot: ivm.ExternalCopy<ArrayBuffer>, ask: Ask, shared?: SharedIsolate) {
    this.#settings = settings;
    this.#crossing = { arguments: { copy: true }, result: { copy: true }, timeout: settings.turnTimeout };
    this.#isolate = shared?.isolate ?? new ivm.Isolate({ memoryLimit: settings.memory, snapshot });
    this.#meter = new UsageMeter(this.#isolate, this.#arena);
    const context = this.#isolate.createContextSync();
    this.#context = context;
    this.#shared = shared;
    const guest = context.global.getSync('__airlock', { reference: true }) as ivm.Reference;
    context.global.deleteSync('__airlock');
    const method = (name: string): ivm.Reference => guest.getSync(name, { reference: true }) as ivm.Reference;
    this.#turn = method('turn');
    this.#collect = method('collect');
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
      (texts: string[], firstNumber: number, firstText: number) => this.#ask(ask, texts, firstNumber, firstText),
      parseURL,
      changeURL,
      randomBytes,
      startClock(),
    ]);
    // What refers to a context keeps it, until Node happens to collect the reference.
    boot.release();
    guest.release();
    shared?.enter();
  }

  /** Runs one turn: a crossing in with the events, a crossing out with the commands, microtasks included. */
  turn(count: number, events: FlatBatch): TurnResult {
    this.#meter.begin();
    const { status, message, commands } = this.#run(count, events);
    this.#arena.end();
    return { status, message, commands, usage: this.#meter.end() };
  }

  #run(count: number, events: FlatBatch): TurnOutcome {
    const syntaxError = this.#checkSyntax(events);
    if (syntaxError !== undefined) {
      return syntaxError;
    }
    this.#arena.begin(events);
    try {
      // A string crosses faster than a list of one.
      const given = events.texts.length === 1 ? events.texts[0] : events.texts;
      const texts = this.#turn.applySync(undefined, [count, given], this.#crossing) as unknown as string[];
      return { status: 'done', message: '', commands: this.#arena.take(texts) };
    } catch (error) {
      return this.#failedTurn(error);
    }
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
    this.#collect.release();
    this.#context.release();
    this.#shared.leave();
  }

  /**
   * A syntax error that `eval` throws does not say where it is; the compiler does. Nothing of the script has run yet, so
   * the error that crosses here is V8's own.
   */
  #checkSyntax({ numbers, texts }: FlatBatch): TurnOutcome | undefined {
    if (numbers[0] !== EVENTS.evaluate.code) {
      return undefined;
    }
    try {
      this.#isolate.compileScriptSync(texts[0] as string, { filename: sourceName(this.#settings.name) }).release();
      return undefined;
    } catch (error) {
      if (this.#isolate.isDisposed) {
        return this.#failedTurn(error);
      }
      const { text, stack } = syntaxErrorText(error, sourceName(this.#settings.name), this.#settings.name);
      return {
        status: 'done',
        message: '',
        commands: { numbers: Float64Array.of(COMMANDS.loadFailed.code, WHOLE_TEXT, WHOLE_TEXT), texts: [text, stack], bytes: [] },
      };
    }
  }

  /** The crossing failed; the guest itself catches what the script throws. */
  #failedTurn(error: unknown): TurnOutcome {
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
    const commands = this.#collectCommands();
    if (isTimeout(error)) {
      const { turnTimeout, name } = this.#settings;
      const place = timeoutText(error, sourceName(name), name);
      const message = `ran for more than ${turnTimeout} ms in one turn${place}`;
      return { status: 'timeout', message, commands: commands ?? EMPTY_BATCH };
    }
    if (commands === undefined) {
      return { status: 'broken', message: 'its isolate does not answer', commands: EMPTY_BATCH };
    }
    const { text, stack } = rejectionText(error, sourceName(this.#settings.name), this.#settings.name);
    return {
      status: 'done',
      message: '',
      commands: {
        numbers: Float64Array.of(...commands.numbers, COMMANDS.reportError.code, WHOLE_TEXT, WHOLE_TEXT),
        texts: [...commands.texts, text, stack],
        bytes: commands.bytes,
      },
    };
  }

  #collectCommands(): FlatBatch | undefined {
    try {
      return this.#arena.take(this.#collect.applySync(undefined, [], COLLECTING) as unknown as string[]);
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

/** A script's name as `sourceURL` can hold it. */
function sourceName(name: string): string {
  return encodeURI(name.toWellFormed()).replaceAll("'", '%27');
}
