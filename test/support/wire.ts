import { UncheckedCommands, type CommandBatch, type CommandReceiver } from '../../host/cells/command-batch.ts';
import { ALL_TIME } from '../../host/policy/loop-share.ts';
import { decodeTexts, encode, type EncodedBatch } from '../../wire/encoded.ts';
import { COMMAND_SCHEMA, type Command } from '../../wire/commands.ts';
import { EVENT_SCHEMA, type Event } from '../../wire/events.ts';
import type { AnyItem, FlatBatch, ItemTable, Schema } from '../../wire/fields.ts';
import { flatToItems } from '../../wire/flat-reader.ts';
import { FlatWriter } from '../../wire/flat-writer.ts';

/** Items in the form that goes over a pipe. */
export function itemsToEncoded<Table extends ItemTable>(schema: Schema<Table>, items: readonly AnyItem<Table>[]): EncodedBatch {
  const writer = new FlatWriter();
  items.forEach((item) => writer.item(schema, item));
  return writer.finish();
}

/** Items in the form that enters an isolate. */
export function itemsToFlat<Table extends ItemTable>(schema: Schema<Table>, items: readonly AnyItem<Table>[]): FlatBatch {
  return decodeTexts(itemsToEncoded(schema, items));
}

/** A batch as the bytes of a pipe. */
export function toBytes(batch: EncodedBatch): Buffer {
  return Buffer.concat(encode(batch));
}

/** Events, as a cell takes them. */
export function turnOf(...events: readonly Event[]): FlatWriter {
  const writer = new FlatWriter();
  events.forEach((event) => writer.item(EVENT_SCHEMA, event));
  return writer;
}

/** The events that a cell was given. */
export function eventsOf(turn: FlatWriter | undefined): Event[] {
  return turn === undefined ? [] : flatToItems(EVENT_SCHEMA, turn.finish());
}

/** Commands, as a cell gives them. */
export function batchOf(commands: readonly Command[]): CommandBatch {
  return new UncheckedCommands(itemsToEncoded(COMMAND_SCHEMA, commands), (message) => {
    throw new Error(message);
  });
}

/** The commands of a batch, as objects. */
export function commandsOf(batch: CommandBatch): Command[] {
  const commands: Command[] = [];
  const receiver: CommandReceiver = {
    send(type, socket, data, start, end) {
      const part = typeof data === 'string' ? data.slice(start, end) : data.subarray(start, end);
      commands.push(type === 'sendText' ? { type, socket, data: part.toString() } : { type, socket, data: part as Buffer });
      return true;
    },
    command: (command) => void commands.push(command),
  };
  batch.some(receiver, ALL_TIME);
  return commands;
}
