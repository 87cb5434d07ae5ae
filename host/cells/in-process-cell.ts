import { Cell as IsolateCell } from '../../cell/cell.ts';
import { flatToItems, itemsToFlat, recycle } from '../../wire/codec.ts';
import { COMMAND_SCHEMA } from '../../wire/commands.ts';
import { EVENT_SCHEMA, type Event } from '../../wire/events.ts';
import { WireError, type FlatBatch } from '../../wire/fields.ts';
import { QUESTION_SCHEMA, answerFields } from '../../wire/questions.ts';
import type { IsolateSettings } from '../../wire/settings.ts';
import type { Cell, CellClient } from './cell.ts';
import { BINDINGS_BUNDLE } from './paths.ts';

/**
 * The cell's code in the host's own process: the lowest latency, and no wall but V8's. For scripts that are trusted.
 */
export class InProcessCell implements Cell {
  readonly #clients = new Map<number, CellClient>();
  readonly #cell = new IsolateCell(BINDINGS_BUNDLE, (script, commands, question) =>
    this.#ask(script, commands, question),
  );
  /** The script whose turn is under way. */
  #underWay: number | undefined;

  create(script: number, settings: IsolateSettings, client: CellClient): void {
    this.#clients.set(script, client);
    try {
      this.#cell.create(script, settings);
    } catch {
      // The script's first turn finds no isolate and says so.
    }
  }

  turn(script: number, events: readonly Event[]): void {
    this.#underWay = script;
    const batch = itemsToFlat(EVENT_SCHEMA, events);
    const { status, message, commands } = this.#cell.turn(script, events.length, batch);
    recycle(batch);
    this.#underWay = undefined;
    const client = this.#clients.get(script);
    if (client === undefined) {
      // Its script ended while it asked a question.
      return this.#cell.destroy(script);
    }
    let items;
    try {
      items = flatToItems(COMMAND_SCHEMA, commands);
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      return client.malformed(error.message);
    }
    client.turned(status, message, items);
  }

  destroy(script: number): void {
    this.#clients.delete(script);
    // An isolate cannot be thrown away while it runs.
    if (this.#underWay !== script) {
      this.#cell.destroy(script);
    }
  }

  async close(): Promise<void> {
    for (const script of [...this.#clients.keys()]) {
      this.destroy(script);
    }
  }

  /** Called from inside the isolate: nothing may be thrown into it. */
  #ask(script: number, commands: FlatBatch, question: FlatBatch): string[] {
    try {
      const [item] = flatToItems(QUESTION_SCHEMA, question);
      const client = this.#clients.get(script);
      if (item === undefined || client === undefined) {
        return noAnswer('the script has ended');
      }
      return answerFields(client.answer(flatToItems(COMMAND_SCHEMA, commands), item));
    } catch (error) {
      if (error instanceof WireError) {
        return noAnswer(error.message);
      }
      setImmediate(() => {
        throw error;
      });
      return noAnswer('the host could not answer');
    }
  }
}

function noAnswer(error: string): string[] {
  return answerFields({ type: 'listen', port: 0, url: '', code: 'ERR_AIRLOCK_MALFORMED_COMMAND', error });
}
