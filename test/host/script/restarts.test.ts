import { describe, expect, test } from '@jest/globals';
import { resolveLimits } from '../../../host/policy/limits.ts';
import { Restarts } from '../../../host/script/restarts.ts';

const MINUTE = 60_000;

describe('restarts', () => {
  test('come later each time, up to 30 seconds', () => {
    const restarts = new Restarts(resolveLimits({ restartDelay: 100 }));
    expect(Array.from({ length: 10 }, () => restarts.next(0))).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000]);
    expect(restarts.count).toBe(10);
  });

  test('are so many within ten minutes and no more', () => {
    const restarts = new Restarts(resolveLimits({ restarts: 2, restartDelay: 100 }));
    expect([restarts.next(0), restarts.next(MINUTE), restarts.next(2 * MINUTE), restarts.next(9 * MINUTE)]).toEqual([100, 200, undefined, undefined]);
    // The first one does not count any more.
    expect([restarts.next(10 * MINUTE), restarts.next(10 * MINUTE)]).toEqual([200, undefined]);
    expect(restarts.next(60 * MINUTE)).toBe(100);
    expect(restarts.count).toBe(4);
  });

  test('can be none', () => {
    expect(new Restarts(resolveLimits({ restarts: 0 })).next()).toBe(undefined);
  });
});
