import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../../wire/byte-reader.ts';
import { COMMANDS, COMMAND_SCHEMA } from '../../wire/commands.ts';
import { decode, decodeTexts, encodeTexts } from '../../wire/encoded.ts';
import { EVENTS, EVENT_SCHEMA, type Event } from '../../wire/events.ts';
import { WHOLE_TEXT, compileSchema, type AnyItem, type FlatBatch, type ItemTable, type Schema } from '../../wire/fields.ts';
import { flatToItems } from '../../wire/flat-reader.ts';
import { FlatWriter } from '../../wire/flat-writer.ts';
import { ANSWERS, ANSWER_SCHEMA, QUESTIONS, QUESTION_SCHEMA } from '../../wire/questions.ts';
import { itemsToEncoded, itemsToFlat, toBytes } from '../support/wire.ts';
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

/** Items with what the way may change made equal: bytes as one kind of array; texts as strings, well-formed. */
function comparable(table: ItemTable, items: readonly Item[]): unknown {
  return items.map((item) => {
    const fields = Object.entries(table[item.type]?.fields ?? {}).map(([name, type]) => {
      const value = (item as unknown as Record<string, unknown>)[name];
      switch (type) {
        case 'bytes':
          return [name, Buffer.from(value as Uint8Array).toString('latin1')];
        case 'text':
          return [name, typeof value === 'string' ? value.toWellFormed() : Buffer.from(value as Uint8Array).toString('utf8')];
        case 'string':
          return [name, (value as string).toWellFormed()];
        case 'strings':
          return [name, (value as readonly string[]).map((text) => text.toWellFormed())];
        default:
          // What is not a number at all is one, and there are two zeros.
          return [name, value];
      }
    });
    return { type: item.type, ...Object.fromEntries(fields) };
  });
}

/** The same bytes of a flat batch, cut elsewhere; a cut may leave an empty chunk. */
function recut<Batch extends Pick<FlatBatch, 'bytes'>>(batch: Batch, cuts: readonly number[]): Batch {
  const joined = Buffer.concat(batch.bytes);
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const size of cuts) {
    chunks.push(joined.subarray(offset, offset + size));
    offset = Math.min(joined.length, offset + size);
  }
  return { ...batch, bytes: [...chunks, joined.subarray(offset)] };
}

describe.each(TABLES)('%s', (_, table, schema) => {
  const batch = anyBatch(table);
  const cuts = fc.array(fc.oneof(fc.nat(5), fc.nat(9000)), { maxLength: 12 });

  test('over a pipe: the same', () => {
    fc.assert(
      fc.property(batch, (items) => {
        const bytes = toBytes(itemsToEncoded(schema, items));
        const read = flatToItems(schema, decode(new ByteReader(bytes)));
        expect(comparable(table, read)).toEqual(comparable(table, items));
      }),
    );
  });

  test('into an isolate, and out of it wherever the bytes are cut: the same', () => {
    fc.assert(
      fc.property(batch, cuts, (items, sizes) => {
        const read = flatToItems(schema, recut(itemsToFlat(schema, items), sizes));
        expect(comparable(table, read)).toEqual(comparable(table, items));
      }),
    );
  });

  test('over one pipe, through an isolate and over the other: the same', () => {
    fc.assert(
      fc.property(batch, cuts, (items, sizes) => {
        const there = decodeTexts(decode(new ByteReader(toBytes(itemsToEncoded(schema, items)))));
        const back = decode(new ByteReader(toBytes(encodeTexts(recut(there, sizes)))));
        expect(comparable(table, flatToItems(schema, back))).toEqual(comparable(table, items));
      }),
    );
  });
});

describe('messages on the fast way', () => {
  const message = fc.oneof(
    fc.record({ kind: fc.constant('ascii' as const), data: fc.string({ unit: 'binary-ascii', maxLength: 1500 }) }),
    fc.record({ kind: fc.constant('text' as const), data: fc.string({ unit: 'grapheme', maxLength: 1500 }) }),
    fc.record({ kind: fc.constant('binary' as const), data: fc.oneof(fc.string({ maxLength: 40 }), fc.nat({ max: 20_000 }).map((length) => 'b'.repeat(length))) }),
    fc.constant('timer' as const),
  );

  test('are the same as on the general one, between all others', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 30 }), (messages) => {
        const writer = new FlatWriter();
        const items: Event[] = [];
        let payload = 0;
        for (const [index, each] of messages.entries()) {
          if (each === 'timer') {
            items.push({ type: 'timer' });
            writer.item(EVENT_SCHEMA, { type: 'timer' });
            continue;
          }
          const { data, kind } = each;
          const bytes = Buffer.from(`<${data}>`);
          const type = kind === 'binary' ? 'binary' : 'text';
          writer.message(EVENTS[type].code, index, kind, bytes, 1, bytes.length - 1);
          items.push({ type, socket: index, data: Buffer.from(data) });
          payload += bytes.length - 2;
        }
        expect([writer.count, writer.payload]).toEqual([messages.length, payload]);
        const batch = writer.finish();
        const read = flatToItems(EVENT_SCHEMA, decode(new ByteReader(toBytes(batch))));
        expect(comparable(EVENTS, read as Item[])).toEqual(comparable(EVENTS, items as Item[]));
        expect(comparable(EVENTS, flatToItems(EVENT_SCHEMA, decodeTexts(batch)) as Item[])).toEqual(comparable(EVENTS, items as Item[]));
        // The next one is written where this one was.
        writer.release();
      }),
      { numRuns: 300 },
    );
  });

  test('a batch that was not released stays what it is, whatever is written after it', () => {
    const written = (data: string): FlatWriter => {
      const writer = new FlatWriter();
      const bytes = Buffer.from(data);
      writer.message(EVENTS.text.code, 1, 'ascii', bytes, 0, bytes.length);
      writer.message(EVENTS.binary.code, 2, 'binary', bytes, 0, bytes.length);
      return writer;
    };
    written('released').release();
    const kept = written('kept').finish();
    for (let count = 0; count < 10; count++) {
      const other = written('other');
      other.finish();
      other.release();
    }
    expect(flatToItems(EVENT_SCHEMA, kept)).toEqual([
      { type: 'text', socket: 1, data: 'kept' },
      { type: 'binary', socket: 2, data: Buffer.from('kept') },
    ]);
  });

  test('the next batch is written where the last one was, once that is released', () => {
    const writer = new FlatWriter();
    writer.item(EVENT_SCHEMA, { type: 'timer' });
    const { buffer } = writer.finish().numbers;
    writer.release();
    const next = new FlatWriter();
    next.item(EVENT_SCHEMA, { type: 'timer' });
    expect(next.finish().numbers.buffer).toBe(buffer);
  });

  test('small ones of ASCII are joined to texts of 1 KiB at most, as what a script keeps of one keeps all of it', () => {
    const writer = new FlatWriter();
    const data = Buffer.alloc(64, 97);
    for (let count = 0; count < 100; count++) {
      writer.message(EVENTS.text.code, 1, 'ascii', data, 0, 64);
    }
    const { texts } = decodeTexts(writer.finish());
    expect(texts).toEqual([...Array.from({ length: 6 }, () => 'a'.repeat(1024)), 'a'.repeat(256)]);
  });

  test('the payload of items counts too', () => {
    const writer = new FlatWriter();
    writer.item(EVENT_SCHEMA, { type: 'ping', socket: 1, data: Buffer.alloc(9) });
    writer.item(EVENT_SCHEMA, { type: 'timer' });
    expect([writer.count, writer.payload]).toEqual([2, 9]);
  });

  test('what is put before them is read before them', () => {
    const writer = new FlatWriter();
    writer.message(EVENTS.text.code, 1, 'ascii', Buffer.from('after'), 0, 5);
    writer.prepend(EVENT_SCHEMA, [{ type: 'buffered', socket: 3, bytes: 5 }, { type: 'timer' }]);
    for (let count = 0; count < 50; count++) {
      writer.item(EVENT_SCHEMA, { type: 'timer' });
    }
    expect(writer.count).toBe(53);
    const items = flatToItems(EVENT_SCHEMA, writer.finish());
    expect(items.slice(0, 3)).toEqual([{ type: 'buffered', socket: 3, bytes: 5 }, { type: 'timer' }, { type: 'text', socket: 1, data: 'after' }]);
    expect(items).toHaveLength(53);
  });
});

describe('what the forms are', () => {
  test('the numbers, texts and bytes of a batch, each in order', () => {
    const flat = itemsToFlat(COMMAND_SCHEMA, [
      {
        type: 'connect', socket: 2, url: 'ws://a/', protocols: ['x', 'y'], headers: ['a', 'b'],
        handshakeTimeout: 3, heartbeatInterval: 4, heartbeatTimeout: 5, maxMessageSize: 6, perMessageDeflate: true,
      },
      { type: 'sendBinary', socket: 2, data: Uint8Array.of(5, 6) },
      { type: 'loaded' },
    ]);
    const W = WHOLE_TEXT;
    expect([...flat.numbers]).toEqual([3, 2, W, 2, W, W, 2, W, W, 3, 4, 5, 6, 1, 2, 2, 2, 9]);
    expect(flat.texts).toEqual(['ws://a/', 'x', 'y', 'a', 'b']);
    expect(Buffer.concat(flat.bytes)).toEqual(Buffer.from([5, 6]));
  });

  test('many strings may be one text, told apart by their lengths', () => {
    const text = [COMMANDS.sendText.code, 2];
    const batch = { numbers: Float64Array.of(...text, 1, ...text, 0, ...text, 3, ...text, 2), texts: ['aé\u20acz', '', 'in'], bytes: [] };
    const expected = ['a', '', 'é€z', 'in'].map((data) => ({ type: 'sendText', socket: 2, data }));
    expect(flatToItems(COMMAND_SCHEMA, batch)).toEqual(expected);
    expect(flatToItems(COMMAND_SCHEMA, decode(new ByteReader(toBytes(encodeTexts(batch)))))).toEqual(expected);
  });

  test('a lone surrogate is U+FFFD once it was bytes', () => {
    const flat = { numbers: Float64Array.of(COMMANDS.sendText.code, 2, 3), texts: ['a\ud800b'], bytes: [] };
    const [command] = flatToItems(COMMAND_SCHEMA, decode(new ByteReader(toBytes(encodeTexts(flat)))));
    expect(command).toEqual({ type: 'sendText', socket: 2, data: 'a\ufffdb' });
  });
});
