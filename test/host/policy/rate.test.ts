import { describe, expect, test } from '@jest/globals';
import { Rate } from '../../../host/policy/rate.ts';

/** A rate whose clock the test moves. */
function rateOf(perSecond: number): { readonly rate: Rate; readonly pass: (milliseconds: number) => void } {
  let now = 0;
  return { rate: new Rate(perSecond, () => now), pass: (milliseconds) => (now += milliseconds) };
}

describe('a rate', () => {
  test('gives a second\'s worth at once, and then says how long to wait for the rest', () => {
    const { pass, rate } = rateOf(100);
    expect([rate.take(100), rate.wait]).toEqual([0, 0]);
    expect([rate.take(50), rate.wait]).toEqual([-50, 500]);
    pass(200);
    expect(rate.wait).toBe(300);
    pass(300);
    expect(rate.wait).toBe(0);
  });

  test('saves up no more than a second\'s worth', () => {
    const { pass, rate } = rateOf(100);
    pass(60_000);
    expect([rate.take(100), rate.take(1)]).toEqual([0, -1]);
    expect(rate.wait).toBe(10);
  });

  test('holds a large amount against the next seconds', () => {
    const { pass, rate } = rateOf(100);
    rate.take(1100);
    expect(rate.wait).toBe(10_000);
    pass(9990);
    expect(rate.take(0)).toBeLessThan(0);
    pass(11);
    expect(rate.take(0)).toBeGreaterThan(0);
  });

  test('says whether so much is there; what is more than all of it needs all', () => {
    const { pass, rate } = rateOf(10);
    expect([rate.has(10), rate.has(1000)]).toEqual([true, true]);
    rate.take(4);
    expect([rate.has(6), rate.has(7), rate.has(1000)]).toEqual([true, false, false]);
    pass(400);
    expect(rate.has(1000)).toBe(true);
  });

  test('of nothing gives nothing, one without end gives all', () => {
    expect(rateOf(0).rate.has(0)).toBe(false);
    const { rate } = rateOf(Infinity);
    expect([rate.take(1e300), rate.wait]).toEqual([Infinity, 0]);
  });
});
