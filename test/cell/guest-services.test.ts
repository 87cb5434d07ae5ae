import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { changeURL, parseURL, randomBytes, startClock } from '../../cell/guest-services.ts';

/** What an isolate may hand over, whatever the bindings do. */
const anything = fc.oneof(fc.constant(undefined), fc.constant(null), fc.boolean(), fc.double(), fc.bigInt(), fc.string(), fc.constantFrom('http://a/', 'href', 'search', '__proto__', 'origin', 'toString', 'searchParams'));

describe('what the cell answers a script', () => {
  test('is never an exception, and only primitives', () => {
    fc.assert(
      fc.property(anything, anything, anything, (first, second, third) => {
        for (const answer of [parseURL(first, second), changeURL(first, second, third)]) {
          expect(answer.length === 0 || answer.length === 11).toBe(true);
          expect(answer.every((part) => typeof part === 'string')).toBe(true);
        }
        expect(typeof randomBytes(first)).toBe('string');
      }),
      { numRuns: 2000 },
    );
  });

  test('a URL’s parts, or nothing', () => {
    expect(parseURL('../b?c#d', 'wss://u:p@h.example:81/x/y')).toEqual(['wss://u:p@h.example:81/b?c#d', 'wss://h.example:81', 'wss:', 'u', 'p', 'h.example:81', 'h.example', '81', '/b', '?c', '#d']);
    expect(parseURL('x', '')).toEqual([]);
    expect(changeURL('http://a/', 'port', '81')[0]).toBe('http://a:81/');
    expect(changeURL('http://a/', 'href', 'x')).toEqual([]);
    expect(changeURL('http://a/', 'origin', 'http://b')).toEqual([]);
  });

  test('no URL of more than two million characters', () => {
    const long = 'x'.repeat(2 ** 21);
    expect(parseURL(`http://a/${long}`, '')).toEqual([]);
    expect(changeURL('http://a/', 'hash', long)[0]).toBe('http://a/');
  });

  test('as many random bytes as asked for, up to 65,536', () => {
    expect([randomBytes(0).length, randomBytes(65_536).length]).toEqual([0, 65_536]);
    for (const count of [65_537, -1, 1.5, NaN, Infinity, '5', { valueOf: () => 5 }]) {
      expect(randomBytes(count)).toBe('');
    }
    expect(randomBytes(32)).not.toBe(randomBytes(32));
  });

  test('a clock that begins at nothing', () => {
    const now = startClock();
    const first = now();
    expect(first).toBeGreaterThanOrEqual(0);
    expect(now()).toBeGreaterThanOrEqual(first);
  });
});
