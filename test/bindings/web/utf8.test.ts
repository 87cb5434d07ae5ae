import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8Decode, utf8Encode, utf8Length } from '../../../bindings/web/utf8.ts';
import { anyText } from '../../support/wire-arbitraries.ts';

/** Bytes that are nearly UTF-8: pieces of characters, whole ones, and wrong ones. */
const nearlyUtf8 = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      anyText.map((text) => new TextEncoder().encode(text.slice(0, 5))),
      fc.constantFrom([0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf8], [0xe2, 0x82], [0xf0, 0x9f, 0x91], [0xef, 0xbb, 0xbf]),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece])));

describe('UTF-8', () => {
  test('is encoded as by TextEncoder', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(Buffer.from(utf8Encode(text)).toString('latin1')).toBe(Buffer.from(new TextEncoder().encode(text)).toString('latin1'));
      }),
      { numRuns: 500 },
    );
  });

  test('is measured as long as it is', () => {
    fc.assert(fc.property(anyText, (text) => utf8Length(text) === new TextEncoder().encode(text).length), { numRuns: 500 });
  });

  test('is decoded as by TextDecoder, whatever the bytes', () => {
    fc.assert(fc.property(nearlyUtf8, (bytes) => expect(utf8Decode(bytes)).toBe(new TextDecoder().decode(bytes))), { numRuns: 2000 });
  });

  test('however long it is', () => {
    const text = 'a€👋é'.repeat(10_000);
    expect(utf8Decode(new TextEncoder().encode(text))).toBe(text);
  });
});
