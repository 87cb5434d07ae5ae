import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { flatToItems, itemsToFlat, readFlat, readItem, readItems, writeFlat, writeItem } from '../../wire/codec.ts';
import { COMMANDS, COMMAND_SCHEMA } from '../../wire/commands.ts';
import { EVENTS, EVENT_SCHEMA } from '../../wire/events.ts';
import { compileSchema, type AnyItem, type FlatBatch, type ItemTable, type Schema } from '../../wire/fields.ts';
import { ANSWERS, ANSWER_SCHEMA, QUESTIONS, QUESTION_SCHEMA } from '../../wire/questions.ts';
import { anyBatch } from '../support/wire-arbitraries.ts';

/** A table of everything, so that also what no table of ours uses yet is held to the rules. */
const ALL_FIELDS = {
  everything: {
    code: 7,
    fields: {
      uint: 'uint', int: 'int', number: 'number', boolean: 'boolean', string: 'string', strings: 'strings', text: 'text', bytes: 'bytes',
    },
  },
} as const;

const TABLES: readonly (readonly [string, ItemTable, Schema<ItemTable>])[] = [
  ['events', EVENTS, EVENT_SCHEMA],
  ['commands', COMMANDS, COMMAND_SCHEMA],
  ['questions', QUESTIONS, QUESTION_SCHEMA],
  ['answers', ANSWERS, ANSWER_SCHEMA],
  ['a table of every type', ALL_FIELDS, compileSchema('thing', ALL_FIELDS)],
];

type Item = AnyItem<ItemTable>;

function toBytes(schema: Schema<ItemTable>, items: readonly Item[]): Buffer {
  const writer = new ByteWriter();
  for (const item of items) {
    writeItem(schema, writer, item);
  }
  return Buffer.concat(writer.finish());
}

function flatToBytes(schema: Schema<ItemTable>, batch: FlatBatch): Buffer {
  const writer = new ByteWriter();
  writeFlat(schema, writer, batch);
  return Buffer.concat(writer.finish());
}

/** Items with what each way may change made equal: bytes as one kind of array; text as the string or the bytes it is. */
function comparable(table: ItemTable, items: readonly Item[], textAs: 'string' | 'bytes', wellFormed: boolean): unknown {
  return items.map((item) => {
    const fields = Object.entries(table[item.type]?.fields ?? {}).map(([name, type]) => {
      const value = (item as unknown as Record<string, unknown>)[name];
      const form = (text: string): string => (wellFormed ? text.toWellFormed() : text);
      switch (type) {
        case 'bytes':
          return [name, Buffer.from(value as Uint8Array).toString('latin1')];
        case 'text': {
          const text = typeof value === 'string' ? form(value) : Buffer.from(value as Uint8Array).toString('utf8');
          const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array);
          return [name, textAs === 'string' ? text : bytes.toString('latin1')];
        }
        case 'string':
          return [name, form(value as string)];
        case 'strings':
          return [name, (value as readonly string[]).map(form)];
        default:
          return [name, value];
      }
    });
    return { type: item.type, ...Object.fromEntries(fields) };
  });
}

/** The same bytes of a flat batch, cut elsewhere; a cut may leave an empty chunk. */
function recut({ bytes, numbers, strings }: FlatBatch, cuts: readonly number[]): FlatBatch {
  const joined = Buffer.concat(bytes);
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const size of cuts) {
    chunks.push(joined.subarray(offset, offset + size));
    offset = Math.min(joined.length, offset + size);
  }
  return { numbers, strings, bytes: [...chunks, joined.subarray(offset)] };
}

describe.each(TABLES)('%s', (_, table, schema) => {
  const batch = anyBatch(table);
  const cuts = fc.array(fc.oneof(fc.nat(5), fc.nat(9000)), { maxLength: 12 });

  test('objects to bytes to objects: the same, texts as their UTF-8', () => {
    fc.assert(
      fc.property(batch, (items) => {
        const read = readItems(schema, new ByteReader(toBytes(schema, items)));
        expect(comparable(table, read, 'bytes', false)).toEqual(comparable(table, items, 'bytes', true));
      }),
    );
  });

  test('objects to flat to objects: the same, texts as strings, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(batch, cuts, (items, sizes) => {
        const read = flatToItems(schema, recut(itemsToFlat(schema, items), sizes));
        expect(comparable(table, read, 'string', false)).toEqual(comparable(table, items, 'string', false));
      }),
    );
  });

  test('objects to bytes to flat to bytes: what text is not UTF-8 apart, the same bytes', () => {
    fc.assert(
      fc.property(batch, cuts, (items, sizes) => {
        const bytes = toBytes(schema, items);
        const again = flatToBytes(schema, recut(readFlat(schema, new ByteReader(bytes)), sizes));
        const wellFormed = comparable(table, items, 'string', true);
        expect(comparable(table, readItems(schema, new ByteReader(again)), 'string', false)).toEqual(wellFormed);
        if (again.length === bytes.length) {
          expect(again.equals(bytes)).toBe(true);
        }
      }),
    );
  });

  test('one item is read, and what follows it is left', () => {
    fc.assert(
      fc.property(batch, (items) => {
        fc.pre(items.length > 0);
        const reader = new ByteReader(toBytes(schema, items));
        const read = items.map(() => readItem(schema, reader));
        expect(reader.done).toBe(true);
        expect(comparable(table, read, 'bytes', false)).toEqual(comparable(table, items, 'bytes', true));
      }),
      { numRuns: 30 },
    );
  });
});

describe('what the forms are', () => {
  test('a text is a string where it enters an isolate, and bytes where the host reads it', () => {
    const items = [{ type: 'text', socket: 1, data: Buffer.from('grüß') }] as const;
    expect(itemsToFlat(EVENT_SCHEMA, items).strings).toEqual(['grüß']);
    const writer = new ByteWriter();
    writeItem(EVENT_SCHEMA, writer, { type: 'text', socket: 1, data: 'grüß' });
    const [event] = readItems(EVENT_SCHEMA, new ByteReader(Buffer.concat(writer.finish())));
    expect(event).toEqual({ type: 'text', socket: 1, data: Buffer.from('grüß') });
  });

  test('a lone surrogate is U+FFFD in bytes', () => {
    const flat = { numbers: Float64Array.of(COMMANDS.sendText.code, 2), strings: ['a\ud800b'], bytes: [] };
    const [command] = readItems(COMMAND_SCHEMA, new ByteReader(flatToBytes(COMMAND_SCHEMA, flat)));
    expect(command).toEqual({ type: 'sendText', socket: 2, data: Buffer.from('a\ufffdb') });
  });

  test('flat: the numbers, strings and bytes of a batch, each in order', () => {
    const flat = itemsToFlat(COMMAND_SCHEMA, [
      {
        type: 'connect',
        socket: 2,
        url: 'ws://a/',
        protocols: ['x', 'y'],
        headers: ['a', 'b'],
        handshakeTimeout: 3,
        heartbeatInterval: 4,
        heartbeatTimeout: 5,
        maxMessageSize: 6,
        perMessageDeflate: true,
      },
      { type: 'sendBinary', socket: 2, data: Uint8Array.of(5, 6) },
      { type: 'loaded' },
    ]);
    expect([...flat.numbers]).toEqual([3, 2, 2, 2, 3, 4, 5, 6, 1, 2, 2, 2, 9]);
    expect(flat.strings).toEqual(['ws://a/', 'x', 'y', 'a', 'b']);
    expect(flat.bytes).toEqual([Uint8Array.of(5, 6)]);
  });

  test('byte fields are views into what was read, not copies', () => {
    const bytes = toBytes(COMMAND_SCHEMA, [{ type: 'sendBinary', socket: 2, data: Uint8Array.of(1, 2, 3) } as Item]);
    const [command] = readItems(COMMAND_SCHEMA, new ByteReader(bytes));
    bytes.fill(9);
    expect(command).toEqual({ type: 'sendBinary', socket: expect.anything(), data: Buffer.from([9, 9, 9]) });
  });
});
