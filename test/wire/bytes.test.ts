import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { WireError } from '../../wire/fields.ts';
import { anyBytes, anyText } from '../support/wire-arbitraries.ts';

type Primitive =
  | readonly ['uint8' | 'uint32' | 'int32' | 'float64', number]
  | readonly ['string', string]
  | readonly ['bytes', Uint8Array];

const primitive: fc.Arbitrary<Primitive> = fc.oneof(
  fc.tuple(fc.constant('uint8' as const), fc.nat(255)),
  fc.tuple(fc.constant('uint32' as const), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  fc.tuple(fc.constant('int32' as const), fc.integer()),
  fc.tuple(fc.constant('float64' as const), fc.double()),
  fc.tuple(fc.constant('string' as const), anyText),
  fc.tuple(fc.constant('bytes' as const), anyBytes),
);

function write(writer: ByteWriter, [kind, value]: Primitive): void {
  if (kind === 'string') {
    writer.string(value);
  } else if (kind === 'bytes') {
    writer.bytes(value);
  } else {
    writer[kind](value);
  }
}

describe('ByteWriter and ByteReader', () => {
  test('what is read is what was written, in order, batch after batch of the same writer', () => {
    fc.assert(
      fc.property(fc.array(fc.array(primitive, { maxLength: 20 }), { maxLength: 4 }), (batches) => {
        const writer = new ByteWriter();
        const written = batches.map((batch) => {
          batch.forEach((each) => write(writer, each));
          const { length } = writer;
          const chunks = writer.finish();
          expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(length);
          expect(writer.length).toBe(0);
          return chunks;
        });
        // Only now, so that a later batch that wrote over an earlier one would show.
        for (const [index, batch] of batches.entries()) {
          const reader = new ByteReader(Buffer.concat(written[index] ?? []));
          for (const [kind, value] of batch) {
            const expected = kind === 'string' ? value.toWellFormed() : kind === 'bytes' ? Buffer.from(value) : value;
            const read = reader[kind]();
            expect(read instanceof Uint8Array ? Buffer.from(read) : read).toEqual(expected);
          }
          expect(reader.done).toBe(true);
        }
      }),
    );
  });

  test('large bytes are handed on, small ones are copied', () => {
    const writer = new ByteWriter();
    const large = new Uint8Array(8 * 1024);
    const small = new Uint8Array(8 * 1024 - 1);
    writer.bytes(large);
    writer.bytes(small);
    const chunks = writer.finish();
    expect(chunks).toContain(large);
    expect(chunks.some((chunk) => chunk.buffer === small.buffer)).toBe(false);
  });

  test('a number that is known later is written where room was left for it', () => {
    const writer = new ByteWriter();
    writer.uint8(1);
    const later = writer.reserveUint32();
    // Enough to fill the chunk in which the room is.
    writer.bytes(new Uint8Array(100_000));
    writer.string('x'.repeat(2000));
    later(writer.length);
    const joined = Buffer.concat(writer.finish());
    expect(joined.readUInt32LE(1)).toBe(joined.length);
  });

  test('nothing written is nothing', () => {
    expect(new ByteWriter().finish()).toEqual([]);
    expect(new ByteReader(Buffer.alloc(0)).done).toBe(true);
  });
});

describe('ByteReader', () => {
  test.each(['uint8', 'uint32', 'int32', 'float64', 'string', 'bytes'] as const)('%s: nothing is left', (kind) => {
    expect(() => new ByteReader(Buffer.alloc(0))[kind]()).toThrow(WireError);
  });

  test('it does not read past the end that it was given, though the buffer goes on', () => {
    const buffer = Buffer.from([9, 2, 0, 0, 0, 65, 66, 67]);
    expect(new ByteReader(buffer, 1, 7).string()).toBe('AB');
    expect(() => new ByteReader(buffer, 1, 6).string()).toThrow('2 bytes were expected where 1 are left');
  });

  test('bytes are a view', () => {
    const buffer = Buffer.from([1, 0, 0, 0, 65]);
    const bytes = new ByteReader(buffer).bytes();
    buffer[4] = 66;
    expect([...bytes]).toEqual([66]);
  });
});
