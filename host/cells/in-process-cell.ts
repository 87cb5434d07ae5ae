import { Cell as IsolateCell } from '../../cell/cell.ts';
import { flatToItems, itemsToFlat } from '../../wire/codec.ts';
import { COMMAND_SCHEMA } from '../../wire/commands.ts';
import { EVENT_SCHEMA, type Event } from '../../wire/events.ts';
import { WireError, type FlatBatch } from '../../wire/fields.ts';
import { QUESTION_SCHEMA, answerFields } from '../../wire/questions.ts';
import type { IsolateSettings } from '../../wire/settings.ts';
import { messageOf } from '../errors.ts';
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

  create(script: number, settings: IsolateSettings, client: CellClient): void {
    this.#clients.set(script, client);
    try {
      this.#cell.create(script, settings);
    } catch {
      // The script's first turn finds no isolate and says so.
    }
  }

  turn(script: number, events: readonly Event[]): void {
    const { status, message, commands } = this.#cell.turn(script, events.length, itemsToFlat(EVENT_SCHEMA, events));
    const client = this.#clients.get(script);
    let items;
    try {
      items = flatToItems(COMMAND_SCHEMA, commands);
    } catch (error) {
      return client?.malformed(wireMessage(error));
    }
    client?.turned(status, message, items);
  }

  destroy(script: number): void {
    this.#clients.delete(script);
    this.#cell.destroy(script);
  }

  async close(): Promise<void> {
    for (const script of [...this.#clients.keys()]) {
      this.destroy(script);
    }
  }

  #ask(script: number, commands: FlatBatch, question: FlatBatch): string[] {
    try {
      const client = this.#clients.get(script) as CellClient;
      const [item] = flatToItems(QUESTION_SCHEMA, question);
      const answer = client.answer(flatToItems(COMMAND_SCHEMA, commands), item as NonNullable<typeof item>);
      return answerFields(answer);
    } catch (error) {
      const failure = { type: 'listen', port: 0, url: '', code: '', error: wireMessage(error) } as const;
      return answerFields(failure);
    }
  }
}

function wireMessage(error: unknown): string {
  if (error instanceof WireError) {
    return error.message;
  }
  throw error instanceof Error ? error : new Error(messageOf(error));
}
