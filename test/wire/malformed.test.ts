import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../../wire/byte-reader.ts';
import { COMMANDS, COMMAND_SCHEMA, type Command } from '../../wire/commands.ts';
import { decode } from '../../wire/encoded.ts';
import { EVENTS, EVENT_SCHEMA } from '../../wire/events.ts';
import { WHOLE_TEXT, WireError, compileSchema, type ItemTable, type Schema } from '../../wire/fields.ts';
import { flatToItems, type UncheckedBatch } from '../../wire/flat-reader.ts';
import { QUESTIONS, QUESTION_SCHEMA } from '../../wire/questions.ts';
import { itemsToEncoded, itemsToFlat, toBytes } from '../support/wire.ts';
import { anyBatch } from '../support/wire-arbitraries.ts';

/** Both ends take the other for hostile: whatever comes in is items, or a WireError. */

const TABLES: readonly (readonly [string, ItemTable, Schema<ItemTable>])[] = [
  ['events', EVENTS, EVENT_SCHEMA],
  ['commands', COMMANDS, COMMAND_SCHEMA],
  ['questions', QUESTIONS, QUESTION_SCHEMA],
];

/** The WireError that it throws, or undefined where it throws nothing. Anything else that it throws, it throws. */
function wireErrorOf(read: () => unknown): WireError | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof WireError) {
      return error;
    }
    throw error;
  }
}

/** Reads bytes as a batch. Whatever they are, it gives items of the table or a WireError. */
function judge(table: ItemTable, schema: Schema<ItemTable>, bytes: Uint8Array): void {
  wireErrorOf(() => {
    const items = flatToItems(schema, decode(new ByteReader(Buffer.from(bytes))));
    expect(items.every(({ type }) => type in table)).toBe(true);
  });
}

describe.each(TABLES)('bytes of %s', (_, table, schema) => {
  test('garbage gives items or a WireError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => judge(table, schema, bytes)), { numRuns: 500 });
  });

  test('garbage with the sizes of a batch gives items or a WireError', () => {
    const codes = fc.constantFrom(...Object.values(table).map(({ code }) => code));
    const number = fc.oneof(codes, fc.nat(9), fc.constant(WHOLE_TEXT), fc.double());
    fc.assert(
      fc.property(fc.array(number, { maxLength: 12 }), fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 4 }), (numbers, texts) => {
        const buffers = texts.map((text) => Buffer.from(text));
        const batch = {
          numbers: Float64Array.from(numbers),
          texts: buffers.map((buffer) => ({ buffer, start: 0, end: buffer.length })),
          bytes: [],
        };
        judge(table, schema, toBytes(batch));
      }),
      { numRuns: 500 },
    );
  });

  test('a batch that was cut off gives items or a WireError', () => {
    fc.assert(
      fc.property(anyBatch(table), fc.double({ min: 0, max: 1, noNaN: true }), (items, where) => {
        const bytes = toBytes(itemsToEncoded(schema, items));
        judge(table, schema, bytes.subarray(0, Math.floor(bytes.length * where)));
      }),
    );
  });

  test('a batch in which bytes were changed gives items or a WireError', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 127, 128, 255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(anyBatch(table), changes, (items, places) => {
        const bytes = toBytes(itemsToEncoded(schema, items));
        fc.pre(bytes.length > 0);
        for (const [at, value] of places) {
          bytes[at % bytes.length] = value;
        }
        judge(table, schema, bytes);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a batch that promises more than it holds', () => {
  const most = [0xff, 0xff, 0xff, 0xff];

  test.each([
    ['numbers', [...most, 0, 0, 0, 0]],
    ['texts', [0, 0, 0, 0, ...most]],
    ['bytes of a text', [0, 0, 0, 0, 1, 0, 0, 0, ...most]],
  ])('2^32 - 1 %s fail before anything is reserved for them', (_what, bytes) => {
    expect(() => decode(new ByteReader(Buffer.from(bytes)))).toThrow(/^\d+ bytes were expected where 0 are left$/);
  });

  test('2^32 - 1 strings fail at the first one that is missing, and as many bytes too', () => {
    const connect = { numbers: Float64Array.of(COMMANDS.connect.code, 2, WHOLE_TEXT, 2 ** 32 - 1, 1), texts: ['ws://a/', 'x'], bytes: [] };
    expect(() => flatToItems(COMMAND_SCHEMA, connect)).toThrow(
      new WireError('connect.protocols is missing, where a strings is expected'),
    );
    const sendBinary = {
      numbers: Float64Array.of(COMMANDS.sendBinary.code, 2, 2 ** 32 - 1),
      texts: [],
      bytes: [new Uint8Array(5), new Uint8Array(0), new Uint8Array(5)],
    };
    expect(() => flatToItems(COMMAND_SCHEMA, sendBinary)).toThrow(
      new WireError('sendBinary.data lacks 4294967285 of its 4294967295 bytes'),
    );
  });

  test('a text shorter than its string fails', () => {
    const send = { numbers: Float64Array.of(COMMANDS.sendText.code, 2, 9), texts: ['short'], bytes: [] };
    expect(() => flatToItems(COMMAND_SCHEMA, send)).toThrow(new WireError('sendText.data has 9 characters, where 5 are left'));
  });

  test('a text that is not UTF-8 is made it', () => {
    const buffer = Buffer.from([0x61, 0xff, 0xc3]);
    const send = { numbers: Float64Array.of(COMMANDS.sendText.code, 2, WHOLE_TEXT), texts: [{ buffer, start: 0, end: 3 }], bytes: [] };
    expect(flatToItems(COMMAND_SCHEMA, send)).toEqual([{ type: 'sendText', socket: 2, data: 'a\ufffd\ufffd' }]);
  });
});

describe('flat batches', () => {
  const ALL = {
    thing: { code: 1, fields: { uint: 'uint', int: 'int', boolean: 'boolean', string: 'string', strings: 'strings', text: 'text', bytes: 'bytes', number: 'number' } },
  } as const;
  const schema = compileSchema('item', ALL);
  const whole = (): { numbers: number[]; texts: unknown[]; bytes: Uint8Array[] } => {
    const thing = { type: 'thing', uint: 1, int: -1, boolean: true, string: 's', strings: ['t'], text: 'u', bytes: Uint8Array.of(1), number: 0.5 } as const;
    const { bytes, numbers, texts } = itemsToFlat(schema, [thing]);
    return { numbers: [...numbers], texts: [...texts], bytes: [...bytes] };
  };
  const read = ({ bytes, numbers, texts }: ReturnType<typeof whole>): readonly unknown[] =>
    flatToItems(schema, { numbers: Float64Array.from(numbers), texts: texts as UncheckedBatch['texts'], bytes });

  test('a whole one is read', () => {
    expect(read(whole())).toHaveLength(1);
  });

  // The places of the fields in `numbers`, after the code.
  test.each([
    ['uint', 1, [NaN, -1, 0.5, 2 ** 32, Infinity]],
    ['int', 2, [NaN, 0.5, 2 ** 31, -(2 ** 31) - 1, -Infinity]],
    ['boolean', 3, [NaN, -1, 2, 0.5]],
    ['string', 4, [NaN, -2, 0.5, 2 ** 32]],
    ['strings', 5, [NaN, -1, 0.5, 2 ** 32]],
    ['text', 7, [NaN, -2, 0.5, 2 ** 32]],
    ['bytes', 8, [NaN, -1, 0.5, 2 ** 32]],
  ])('%s: a wrong number is refused, by the name of its field', (field, at, values) => {
    for (const value of values) {
      const batch = whole();
      batch.numbers[at] = value;
      expect(() => read(batch)).toThrow(new WireError(`thing.${field} is the number ${value}, where a ${field} is expected`));
    }
  });

  test.each([
    ['string', 0],
    ['strings', 1],
    ['text', 2],
  ])('%s: what is not a string is refused, by the name of its field', (field, at) => {
    for (const [value, found] of [[1, 'the number 1'], [null, 'a object'], [true, 'a boolean'], [undefined, 'missing']] as const) {
      const batch = whole();
      batch.texts[at] = value;
      expect(() => read(batch)).toThrow(new WireError(`thing.${field} is ${found}, where a ${field} is expected`));
    }
  });

  test.each([
    ['uint', 1], ['int', 2], ['boolean', 3], ['string', 4], ['strings', 5], ['strings', 6], ['text', 7], ['bytes', 8], ['number', 9],
  ])('%s: a batch that ends before it is refused, by the name of the field', (field, length) => {
    const batch = whole();
    expect(() => read({ ...batch, numbers: batch.numbers.slice(0, length) })).toThrow(
      new WireError(`thing.${field} is missing, where a ${field} is expected`),
    );
  });

  test('bytes that are missing are told, with their field', () => {
    expect(() => read({ ...whole(), bytes: [] })).toThrow(new WireError('thing.bytes lacks 1 of its 1 bytes'));
  });

  test.each([NaN, -1, 0, 1.5, 99, 2 ** 40])('the code %d is refused', (code) => {
    const batch = whole();
    batch.numbers[0] = code;
    expect(() => read(batch)).toThrow(new WireError(`there is no item with the code ${code}`));
  });

  test('negative zero is zero', () => {
    const batch = whole();
    batch.numbers[1] = -0;
    batch.numbers[2] = -0;
    expect(read(batch)).toEqual([expect.objectContaining({ uint: 0, int: 0 })]);
  });

  test('whatever numbers and strings there are, it gives commands or a WireError', () => {
    const code = fc.constantFrom(...Object.values(COMMANDS).map((definition) => definition.code));
    const number = fc.oneof({ weight: 3, arbitrary: code }, fc.nat(20), fc.double());
    const text = fc.oneof(fc.string(), fc.constant(1 as unknown as string));
    fc.assert(
      fc.property(fc.array(number, { maxLength: 30 }), fc.array(text, { maxLength: 12 }), fc.array(fc.uint8Array({ maxLength: 9 })), (numbers, texts, bytes) => {
        let commands: Command[] = [];
        wireErrorOf(() => {
          commands = flatToItems(COMMAND_SCHEMA, { numbers: Float64Array.from(numbers), texts, bytes });
        });
        expect(commands.every(({ type }) => type in COMMANDS)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
