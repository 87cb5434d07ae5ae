import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { WireError } from '../../wire/fields.ts';
import { anyBytes } from '../support/wire-arbitraries.ts';

describe('ByteWriter', () => {
  test('joins what was written, in order, batch after batch of the same writer', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyBytes, { maxLength: 20 }), { maxLength: 4 }), (batches) => {
        const writer = new ByteWriter();
        const written = batches.map((batch) => {
          batch.forEach((bytes) => writer.write(Buffer.concat([Buffer.from('x'), bytes]), 1, bytes.length + 1));
          return writer.finish();
        });
        // Only now, so that a later batch that wrote over an earlier one would show.
        for (const [index, batch] of batches.entries()) {
          expect(Buffer.concat(written[index] ?? []).equals(Buffer.concat(batch))).toBe(true);
        }
      }),
    );
  });

  test('large bytes are handed on, small ones are copied', () => {
    const writer = new ByteWriter();
    const large = Buffer.alloc(8 * 1024);
    const small = Buffer.alloc(8 * 1024 - 1);
    writer.write(large);
    writer.write(small);
    const chunks = writer.finish();
    expect(chunks.map(({ buffer }) => buffer === large.buffer)).toEqual([true, false]);
    expect(chunks.some((chunk) => chunk.buffer === small.buffer)).toBe(false);
  });

  test('nothing written is nothing', () => {
    expect(new ByteWriter().finish()).toEqual([]);
  });
});

describe('ByteReader', () => {
  const stream = Buffer.from([7, 2, 0, 0, 0, 65, 66, 9, 0, 0, 0, 67]);

  test('reads numbers and strings one after another', () => {
    const reader = new ByteReader(stream);
    expect([reader.uint8(), reader.string(), reader.uint32(), reader.left]).toEqual([7, 'AB', 9, 1]);
    expect([reader.skip(1), reader.left]).toEqual([11, 0]);
  });

  test.each(['uint8', 'uint32', 'string'] as const)('%s: nothing is left', (kind) => {
    expect(() => new ByteReader(Buffer.alloc(0))[kind]()).toThrow(WireError);
  });

  test('it does not read past the end that it was given, though the buffer goes on', () => {
    expect(new ByteReader(stream, 1, 7).string()).toBe('AB');
    expect(() => new ByteReader(stream, 1, 6).string()).toThrow('2 bytes were expected where 1 are left');
  });
});
