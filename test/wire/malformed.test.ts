import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { flatToItems, itemsToFlat, readFlat, readItems, writeFlat, writeItem } from '../../wire/codec.ts';
import { COMMANDS, COMMAND_SCHEMA, type Command } from '../../wire/commands.ts';
import { EVENTS, EVENT_SCHEMA } from '../../wire/events.ts';
import { WireError, compileSchema, type AnyItem, type FlatBatch, type ItemTable, type Schema } from '../../wire/fields.ts';
import { QUESTIONS, QUESTION_SCHEMA } from '../../wire/questions.ts';
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

/** Reads bytes both ways. Both must come to the same judgement. */
function judge(schema: Schema<ItemTable>, bytes: Uint8Array): void {
  const buffer = Buffer.from(bytes);
  const asItems = wireErrorOf(() => readItems(schema, new ByteReader(buffer)));
  const asFlat = wireErrorOf(() => readFlat(schema, new ByteReader(buffer)));
  expect(asFlat?.message).toBe(asItems?.message);
}

function encode(schema: Schema<ItemTable>, items: readonly AnyItem<ItemTable>[]): Buffer {
  const writer = new ByteWriter();
  for (const item of items) {
    writeItem(schema, writer, item);
  }
  return Buffer.concat(writer.finish());
}

describe.each(TABLES)('bytes of %s', (_, table, schema) => {
  test('garbage gives items or a WireError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => judge(schema, bytes)), { numRuns: 500 });
  });

  test('garbage that begins with a code of the table gives items or a WireError', () => {
    const codes = fc.constantFrom(...Object.values(table).map(({ code }) => code));
    fc.assert(
      fc.property(codes, fc.uint8Array({ maxLength: 60 }), (code, rest) => judge(schema, Uint8Array.of(code, ...rest))),
      { numRuns: 500 },
    );
  });

  test('a batch that was cut off gives items or a WireError', () => {
    fc.assert(
      fc.property(anyBatch(table), fc.double({ min: 0, max: 1, noNaN: true }), (items, where) => {
        const bytes = encode(schema, items);
        judge(schema, bytes.subarray(0, Math.floor(bytes.length * where)));
      }),
    );
  });

  test('a batch in which bytes were changed gives items or a WireError', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 127, 128, 255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(anyBatch(table), changes, (items, places) => {
        const bytes = encode(schema, items);
        fc.pre(bytes.length > 0);
        for (const [at, value] of places) {
          bytes[at % bytes.length] = value;
        }
        judge(schema, bytes);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a frame that promises more than it holds', () => {
  const most = [0xff, 0xff, 0xff, 0xff];

  test('2^32 - 1 strings fail at the first one that is missing', () => {
    const connect = Buffer.from([COMMANDS.connect.code, 2, 0, 0, 0, 0, 0, 0, 0, ...most, 0, 0, 0, 0]);
    expect(() => readItems(COMMAND_SCHEMA, new ByteReader(connect))).toThrow(
      new WireError('4 bytes were expected where 0 are left'),
    );
    expect(() => readFlat(COMMAND_SCHEMA, new ByteReader(connect))).toThrow(WireError);
  });

  test('2^32 - 1 bytes fail before any are reserved', () => {
    const sendBinary = Buffer.from([COMMANDS.sendBinary.code, 2, 0, 0, 0, ...most, 1]);
    expect(() => readItems(COMMAND_SCHEMA, new ByteReader(sendBinary))).toThrow(
      new WireError('4294967295 bytes were expected where 1 are left'),
    );
  });

  test('the same in a flat batch', () => {
    const connect = { numbers: Float64Array.of(COMMANDS.connect.code, 2, 2 ** 32 - 1), strings: ['ws://a/', 'x'], bytes: [] };
    expect(() => flatToItems(COMMAND_SCHEMA, connect)).toThrow(
      new WireError('connect.protocols is missing, where a strings is expected'),
    );
    const sendBinary = {
      numbers: Float64Array.of(COMMANDS.sendBinary.code, 2, 2 ** 32 - 1),
      strings: [],
      bytes: [new Uint8Array(5), new Uint8Array(0), new Uint8Array(5)],
    };
    expect(() => flatToItems(COMMAND_SCHEMA, sendBinary)).toThrow(
      new WireError('sendBinary.data lacks 4294967285 of its 4294967295 bytes'),
    );
  });
});

describe('flat batches', () => {
  const ALL = {
    thing: { code: 1, fields: { uint: 'uint', int: 'int', boolean: 'boolean', string: 'string', strings: 'strings', text: 'text', bytes: 'bytes', number: 'number' } },
  } as const;
  const schema = compileSchema('item', ALL);
  const whole = (): { numbers: number[]; strings: unknown[]; bytes: Uint8Array[] } => {
    const thing = { type: 'thing', uint: 1, int: -1, boolean: true, string: 's', strings: ['t'], text: 'u', bytes: Uint8Array.of(1), number: 0.5 } as const;
    const { bytes, numbers, strings } = itemsToFlat(schema, [thing]);
    return { numbers: [...numbers], strings: [...strings], bytes: [...bytes] };
  };
  const read = ({ bytes, numbers, strings }: ReturnType<typeof whole>): readonly unknown[] => {
    const batch: FlatBatch = { numbers: Float64Array.from(numbers), strings: strings as string[], bytes };
    // To objects and to bytes, what is refused is the same.
    const error = wireErrorOf(() => writeFlat(schema, new ByteWriter(), batch));
    expect(wireErrorOf(() => flatToItems(schema, batch))?.message).toBe(error?.message);
    if (error !== undefined) {
      throw error;
    }
    return flatToItems(schema, batch);
  };

  test('a whole one is read', () => {
    expect(read(whole())).toHaveLength(1);
  });

  // The places of the fields in `numbers`, after the code.
  test.each([
    ['uint', 1, [NaN, -1, 0.5, 2 ** 32, Infinity]],
    ['int', 2, [NaN, 0.5, 2 ** 31, -(2 ** 31) - 1, -Infinity]],
    ['boolean', 3, [NaN, -1, 2, 0.5]],
    ['strings', 4, [NaN, -1, 0.5, 2 ** 32]],
    ['bytes', 5, [NaN, -1, 0.5, 2 ** 32]],
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
      batch.strings[at] = value;
      expect(() => read(batch)).toThrow(new WireError(`thing.${field} is ${found}, where a ${field} is expected`));
    }
  });

  test.each([
    ['uint', 1], ['int', 2], ['boolean', 3], ['strings', 4], ['bytes', 5], ['number', 6],
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
      fc.property(fc.array(number, { maxLength: 30 }), fc.array(text, { maxLength: 12 }), fc.array(fc.uint8Array({ maxLength: 9 })), (numbers, strings, bytes) => {
        let commands: Command[] = [];
        wireErrorOf(() => {
          commands = flatToItems(COMMAND_SCHEMA, { numbers: Float64Array.from(numbers), strings, bytes });
        });
        expect(commands.every(({ type }) => type in COMMANDS)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
