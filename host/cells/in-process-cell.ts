import { Cell as IsolateCell, type TurnResult } from '../../cell/cell.ts';
import { decodeTexts } from '../../wire/encoded.ts';
import { WireError, type FlatBatch } from '../../wire/fields.ts';
import { flatToItems } from '../../wire/flat-reader.ts';
import type { FlatWriter } from '../../wire/flat-writer.ts';
import { QUESTION_SCHEMA, answerFields, failedAnswer, type QuestionType } from '../../wire/questions.ts';
import type { Cell, CellClient, CellSettings } from './cell.ts';
import { UncheckedCommands } from './command-batch.ts';
import { LineCopies } from './line-copies.ts';
import { BINDINGS_BUNDLE } from './paths.ts';

/** A script that lives here. */
interface Tenant {
  readonly client: CellClient;
  readonly copies: LineCopies;
}

/**
 * The cell's code in the host's own process: the lowest latency, and no wall but V8's. For scripts that are trusted.
 */
export class InProcessCell implements Cell {
  readonly pid = process.pid;
  readonly #tenants = new Map<number, Tenant>();
  readonly #cell = new IsolateCell(BINDINGS_BUNDLE, (script, commands, question) =>
    this.#ask(script, commands, question),
    (script, line) => this.#tenants.get(script)?.copies.take(line, 0),
  );
  /** The script whose turn is under way, or whose commands are being carried out: these lie in its isolate's arena. */
  #underWay: number | undefined;

  create(script: number, settings: CellSettings, client: CellClient): void {
    this.#tenants.set(script, { client, copies: new LineCopies(settings) });
    try {
      this.#cell.create(script, settings);
    } catch {
      // The script's first turn finds no isolate and says so.
    }
  }

  turn(script: number, events: FlatWriter): void {
    this.#run(script, () => {
      const result = this.#cell.turn(script, events.count, decodeTexts(events.finish()));
      events.release();
      return result;
    });
  }

  resume(script: number): void {
    this.#run(script, () => this.#cell.resume(script));
  }

  #run(script: number, turn: () => TurnResult): void {
    this.#underWay = script;
    this.#tenants.get(script)?.copies.begin();
    const { status, message, usage, commands } = turn();
    const tenant = this.#tenants.get(script);
    const batch = new UncheckedCommands(commands, (problem) => tenant?.client.malformed(problem));
    try {
      tenant?.copies.turned(status, commands, tenant.client);
      tenant?.client.turned(status, message, batch, usage);
    } finally {
      // What is carried out later lies in its isolate's arena.
      batch.detach();
      this.#underWay = undefined;
      if (!this.#tenants.has(script)) {
        // Its script ended while it asked a question, or by one of its commands.
        this.#cell.destroy(script);
      }
    }
  }

  destroy(script: number): void {
    this.#tenants.delete(script);
    // An isolate cannot be thrown away while it runs, and its arena is not to be written over while it is read.
    if (this.#underWay !== script) {
      this.#cell.destroy(script);
    }
  }

  /** A turn is over before anything else can happen here. */
  tellLost(): void {}

  async close(): Promise<void> {
    for (const script of [...this.#tenants.keys()]) {
      this.destroy(script);
    }
  }

  /** Called from inside the isolate: nothing may be thrown into it. */
  #ask(script: number, commands: FlatBatch, question: FlatBatch): string[] {
    let asked: QuestionType | undefined;
    try {
      const [item] = flatToItems(QUESTION_SCHEMA, question);
      const tenant = this.#tenants.get(script);
      if (item === undefined || tenant === undefined) {
        return noAnswer(item?.type, 'the script has ended');
      }
      asked = item.type;
      tenant.copies.clear();
      let problem: string | undefined;
      const answer = tenant.client.answer(new UncheckedCommands(commands, (message) => (problem = message)), item);
      if (problem !== undefined) {
        return noAnswer(asked, problem);
      }
      // What takes time would have to be waited for in the very process that is to bring it.
      return answer instanceof Promise
        ? failedAnswer(item.type, 'ERR_AIRLOCK_MODULE_NOT_LOADED', 'a script in the process of its host can load modules from files only')
        : answerFields(answer);
    } catch (error) {
      if (error instanceof WireError) {
        return noAnswer(asked, error.message);
      }
      setImmediate(() => {
        throw error;
      });
      return noAnswer(asked, 'the host could not answer');
    }
  }
}

function noAnswer(type: QuestionType = 'listen', error: string): string[] {
  return failedAnswer(type, 'ERR_AIRLOCK_MALFORMED_COMMAND', error);
}
