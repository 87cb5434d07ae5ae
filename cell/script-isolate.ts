import ivm from 'isolated-vm';
import { COMMANDS } from '../wire/commands.ts';
import { EVENTS } from '../wire/events.ts';
import type { FlatBatch, Primitive } from '../wire/fields.ts';
import type { TurnStatus } from '../wire/frames.ts';
import type { IsolateSettings } from '../wire/settings.ts';
import { Arena } from './arena.ts';
import { isTimeout, rejectionText, syntaxErrorText, timeoutText } from './isolate-errors.ts';

/** Gives the host the commands so far and a question, and waits for the answer. It does not throw. */
export type Ask = (commands: FlatBatch, question: FlatBatch) => FlatBatch;

export interface TurnResult {
  readonly status: TurnStatus;
  /** What went wrong, where the status is not `done`. */
  readonly message: string;
  readonly commands: FlatBatch;
}

const COPY = { arguments: { copy: true }, result: { copy: true } } as const;

/** One script's isolate. Only primitives in flat arrays, and bytes through the arena, go in and out. */
export class ScriptIsolate {
  readonly #settings: IsolateSettings;
  readonly #isolate: ivm.Isolate;
  readonly #arena = new Arena();
  readonly #turn: ivm.Reference;
  readonly #collect: ivm.Reference;

  constructor(settings: IsolateSettings, snapshot: ivm.ExternalCopy<ArrayBuffer>, ask: Ask) {
    this.#settings = settings;
    this.#isolate = new ivm.Isolate({ memoryLimit: settings.memory, snapshot });
    const context = this.#isolate.createContextSync();
    const guest = context.global.getSync('__airlock', { reference: true }) as ivm.Reference;
    context.global.deleteSync('__airlock');
    const method = (name: string): ivm.Reference => guest.getSync(name, { reference: true }) as ivm.Reference;
    this.#turn = method('turn');
    this.#collect = method('collect');
    method('boot').applySync(undefined, [
      JSON.stringify(settings.guest),
      settings.name,
      sourceName(settings.name),
      new ivm.ExternalCopy(this.#arena.shared).copyInto(),
      () => this.#arena.spill(),
      () => this.#arena.refill(),
      (values: Primitive[]) => this.#ask(values, ask),
      parseURL,
    ]);
  }

  /** Runs one turn: a crossing in with the events, a crossing out with the commands, microtasks included. */
  turn(events: FlatBatch): TurnResult {
    const syntaxError = this.#checkSyntax(events);
    if (syntaxError !== undefined) {
      return syntaxError;
    }
    this.#arena.begin(events.bytes);
    try {
      const values = this.#turn.applySync(undefined, [events.values], {
        ...COPY,
        timeout: this.#settings.turnTimeout,
      }) as Primitive[];
      return { status: 'done', message: '', commands: { values, bytes: this.#arena.take() } };
    } catch (error) {
      return this.#failedTurn(error);
    }
  }

  dispose(): void {
    if (!this.#isolate.isDisposed) {
      this.#isolate.dispose();
    }
  }

  /**
   * A syntax error that `eval` throws does not say where it is; the compiler does. Nothing of the script has run yet, so
   * the error that crosses here is V8's own.
   */
  #checkSyntax({ values }: FlatBatch): TurnResult | undefined {
    if (values[0] !== EVENTS.evaluate.code) {
      return undefined;
    }
    try {
      this.#isolate.compileScriptSync(values[1] as string, { filename: sourceName(this.#settings.name) }).release();
      return undefined;
    } catch (error) {
      if (this.#isolate.isDisposed) {
        return this.#failedTurn(error);
      }
      const { text, stack } = syntaxErrorText(error, sourceName(this.#settings.name), this.#settings.name);
      return {
        status: 'done',
        message: '',
        commands: { values: [COMMANDS.loadFailed.code, text, stack], bytes: [] },
      };
    }
  }

  /** The crossing failed; the guest itself catches what the script throws. */
  #failedTurn(error: unknown): TurnResult {
    if (this.#isolate.isDisposed) {
      return {
        status: 'memory',
        message: `used more than its ${this.#settings.memory} MiB of memory`,
        commands: { values: [], bytes: [] },
      };
    }
    const commands = this.#collectCommands();
    if (commands === undefined) {
      return { status: 'broken', message: 'its isolate does not answer', commands: { values: [], bytes: [] } };
    }
    if (isTimeout(error)) {
      const { turnTimeout, name } = this.#settings;
      const place = timeoutText(error, sourceName(name), name);
      return { status: 'timeout', message: `ran for more than ${turnTimeout} ms in one turn${place}`, commands };
    }
    const { text, stack } = rejectionText(error, sourceName(this.#settings.name), this.#settings.name);
    commands.values.push(COMMANDS.reportError.code, text, stack);
    return { status: 'done', message: '', commands };
  }

  #collectCommands(): FlatBatch | undefined {
    try {
      const values = this.#collect.applySync(undefined, [], {
        ...COPY,
        timeout: this.#settings.turnTimeout,
      }) as Primitive[];
      return { values, bytes: this.#arena.take() };
    } catch {
      return undefined;
    }
  }

  /** The last value says where in the others the question begins. */
  #ask(values: Primitive[], ask: Ask): Primitive[] {
    const split = values.pop() as number;
    const commands = { values: values.slice(0, split), bytes: this.#arena.take() };
    return ask(commands, { values: values.slice(split), bytes: [] }).values;
  }
}

/** A script's name as `sourceURL` can hold it. */
function sourceName(name: string): string {
  return encodeURI(name.toWellFormed()).replaceAll("'", '%27');
}

function parseURL(url: unknown, base: unknown): string {
  return URL.parse(String(url), base === '' ? undefined : String(base))?.href ?? '';
}
