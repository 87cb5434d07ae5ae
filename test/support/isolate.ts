import { join, resolve } from 'node:path';
import { afterEach } from '@jest/globals';
import { ScriptIsolate, type TurnResult } from '../../cell/script-isolate.ts';
import { bindingsSnapshot } from '../../cell/snapshot.ts';
import { flatToItems } from '../../wire/flat-reader.ts';
import { GUEST_SETTINGS } from './guest-settings.ts';
import { itemsToFlat } from './wire.ts';
import { COMMAND_SCHEMA, type Command, type CommandOf, type CommandType } from '../../wire/commands.ts';
import { EVENT_SCHEMA, type Event } from '../../wire/events.ts';
import type { FlatBatch, ItemOf } from '../../wire/fields.ts';
import { QUESTION_SCHEMA, answerFields, type AnswerOf, type QuestionOf } from '../../wire/questions.ts';
import type { GuestSettings, IsolateSettings } from '../../wire/settings.ts';

/** The bundled bindings, as `tools/build.mjs` makes them. */
export const BUNDLE = join(resolve(import.meta.dirname, '../..'), 'dist/bindings/guest.js');

/** Answers `listen`. It is given the commands that the script gave before it. */
export type Listen = (question: QuestionOf<'listen'>, commands: readonly Command[]) => Omit<AnswerOf<'listen'>, 'type'>;

export interface IsolateOptions extends Partial<GuestSettings> {
  readonly name?: string;
  readonly memory?: number;
  readonly turnTimeout?: number;
  readonly listen?: Listen;
  /** Answers `latency`. */
  readonly latency?: (socket: number) => number;
}

export interface ItemResult extends Omit<TurnResult, 'commands'> {
  readonly commands: readonly Command[];
}

const alive = new Set<IsolatedScript>();
afterEach(() => {
  for (const script of alive) {
    script.dispose();
  }
  alive.clear();
});

export function isolateSettings({ latency: _latency, listen: _listen, memory = 64, name = 'chat.js', turnTimeout = 2000, ...guest }: IsolateOptions): IsolateSettings {
  return {
    name,
    memory,
    turnTimeout,
    shared: false,
    copies: { lines: 0, units: 0 },
    guest: {
      ...GUEST_SETTINGS,
      dialect: 'web',
      url: 'https://scripts.example/chat/chat.js',
      baseUrl: 'https://scripts.example/chat/chat.js',
      ...guest,
    },
  };
}

/**
 * A script in a real isolate, in this very process: for benign scripts only. The test is the host: it gives events and
 * gets commands.
 */
export class IsolatedScript {
  readonly #isolate: ScriptIsolate;
  /** What the evaluation of the source gave. */
  readonly first: ItemResult;

  constructor(source: string, options: IsolateOptions = {}) {
    this.#isolate = new ScriptIsolate(isolateSettings(options), bindingsSnapshot(BUNDLE), (commands, question) =>
      answer(options, commands, question),
    () => {});
    alive.add(this);
    this.first = this.result({ type: 'evaluate', source });
  }

  /** Runs a turn, however it ends. */
  result(...events: readonly Event[]): ItemResult {
    const { commands, ...rest } = this.#isolate.turn(events.length, itemsToFlat(EVENT_SCHEMA, events));
    return { ...rest, commands: flatToItems(COMMAND_SCHEMA, commands) };
  }

  /** Goes on with a turn that has ended with its slice. */
  resume(): ItemResult {
    const { commands, ...rest } = this.#isolate.resume();
    return { ...rest, commands: flatToItems(COMMAND_SCHEMA, commands) };
  }

  /** Runs a turn that must end well, and gives its commands. */
  turn(...events: readonly Event[]): readonly Command[] {
    const { commands, message, status } = this.result(...events);
    if (status !== 'done') {
      throw new Error(`the turn ended as ${status}: ${message}`);
    }
    return commands;
  }

  /** Runs more code in the script's global scope, in a turn of its own, and gives what it commanded. */
  run(code: string): readonly Command[] {
    const commands = this.turn({ type: 'evaluate', source: code });
    const failed = commands.find(({ type }) => type === 'loadFailed');
    if (failed !== undefined) {
      throw new Error((failed as CommandOf<'loadFailed'>).text);
    }
    return commands.filter(({ type }) => type !== 'loaded');
  }

  /** The value of an expression, as JSON can hold it. */
  value(expression: string): unknown {
    const lines = printed(this.run(`print(JSON.stringify((${expression})) ?? 'null')`));
    return JSON.parse(lines.at(-1) ?? 'null') as unknown;
  }

  /** What the code throws: whether it is of its class, its name and its message; undefined where it does not throw. */
  thrown(code: string): Thrown | undefined {
    const thrown = this.value(
      `(() => { try { ${code}; return null; } catch (e) {
        return { class: e?.constructor?.name, name: String(e?.name), message: String(e?.message), code: e?.code };
      } })()`,
    );
    return (thrown as Thrown | null) ?? undefined;
  }

  dispose(): void {
    this.#isolate.dispose();
  }
}

export interface Thrown {
  readonly class: string;
  readonly name: string;
  readonly message: string;
  readonly code?: number | string;
}

/** Starts a script and expects that it ran to its end. */
export function startScript(source: string, options?: IsolateOptions): IsolatedScript {
  const script = new IsolatedScript(source, options);
  const failed = script.first.commands.find(({ type }) => type === 'loadFailed') as CommandOf<'loadFailed'> | undefined;
  if (failed !== undefined) {
    throw new Error(`${failed.text}\n${failed.stack}`);
  }
  return script;
}

/** The lines that were printed. */
export function printed(commands: readonly Command[]): string[] {
  return ofType(commands, 'print').map(({ text }) => text);
}

/** The texts of the exceptions that were reported. */
export function reported(commands: readonly Command[]): string[] {
  return ofType(commands, 'reportError').map(({ text }) => text);
}

/** The commands of one type. */
export function ofType<Type extends CommandType>(commands: readonly Command[], type: Type): CommandOf<Type>[] {
  return commands.filter((command) => command.type === type) as unknown as CommandOf<Type>[];
}

/** The first socket that a script opens. */
export const FIRST = 2;

export function opened(socket = FIRST, fields: Partial<ItemOf<typeof import('../../wire/events.ts').EVENTS, 'opened'>> = {}): Event {
  return { type: 'opened', socket, protocol: '', extensions: '', ...fields };
}

export function closed(socket = FIRST, code = 1000, reason = '', wasClean = true): Event {
  return { type: 'closed', socket, code, reason, wasClean };
}

export function text(data: string, socket = FIRST): Event {
  return { type: 'text', socket, data };
}

export function binary(data: Uint8Array, socket = FIRST): Event {
  return { type: 'binary', socket, data };
}

function answer({ latency, listen }: IsolateOptions, commands: FlatBatch, question: FlatBatch): string[] {
  const [asked] = flatToItems(QUESTION_SCHEMA, question);
  if (asked?.type === 'listen' && listen !== undefined) {
    return answerFields({ type: 'listen', ...listen(asked, flatToItems(COMMAND_SCHEMA, commands)) });
  }
  if (asked?.type === 'latency' && latency !== undefined) {
    return answerFields({ type: 'latency', milliseconds: latency(asked.socket) });
  }
  throw new Error('the test expects no question');
}
