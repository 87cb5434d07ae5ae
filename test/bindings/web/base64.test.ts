import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { atob as decode, btoa as encode } from '../../../bindings/web/base64.ts';
import { startScript } from '../../support/isolate.ts';

const byteText = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

/** What a function gives, or that it throws an InvalidCharacterError. */
function outcome(work: () => string): string | undefined {
  try {
    return work();
  } catch (error) {
    expect((error as Error).name).toBe('InvalidCharacterError');
    return undefined;
  }
}

describe('btoa', () => {
  test('encodes as Node.js does', () => {
    fc.assert(fc.property(byteText, (text) => encode(text) === Buffer.from(text, 'latin1').toString('base64')), { numRuns: 1000 });
  });

  test('however long the text is', () => {
    const text = 'x\xff\0'.repeat(30_000);
    expect(encode(text)).toBe(Buffer.from(text, 'latin1').toString('base64'));
    expect(decode(encode(text))).toBe(text);
  });

  test('takes characters up to U+00FF', () => {
    expect(startScript('').thrown("btoa('\\u0100')")).toMatchObject({ class: 'DOMException', name: 'InvalidCharacterError', code: 5 });
    expect(startScript('').thrown('btoa()')).toMatchObject({ class: 'TypeError' });
    expect(startScript('').value('[btoa(null), btoa(12), btoa("")]')).toEqual(['bnVsbA==', 'MTI=', '']);
  });
});

describe('atob', () => {
  test('gives back what was encoded', () => {
    fc.assert(fc.property(byteText, (text) => decode(encode(text)) === text), { numRuns: 1000 });
  });

  test('forgives and refuses what Node.js does', () => {
    const nearly = fc.array(fc.constantFrom('a', 'B', '9', '+', '/', '=', '==', ' ', '\n', '\f', '\v', '-', '_', 'ab', 'abcd', 'é', '\0'), { maxLength: 9 }).map((parts) => parts.join(''));
    fc.assert(fc.property(nearly, (text) => expect(outcome(() => decode(text))).toBe(outcome(() => atob(text)))), { numRuns: 5000 });
  });

  test.each([['ab', 'i'], ['ab==', 'i'], ['ab=', undefined], ['a', undefined], ['abc=', 'i·'], ['abcd=', undefined], ['ab\t= =', 'i'], ['====', undefined], ['', '']])('%j', (text, expected) => {
    expect(outcome(() => decode(text))).toBe(expected);
  });
});
