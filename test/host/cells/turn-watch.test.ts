import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { TurnWatch } from '../../../host/cells/turn-watch.ts';

/** What a turn has beyond its own limit before it is overdue, and what passes between two looks, in milliseconds. */
const GRACE = 3000;
const CHECK = 500;

const overdue: [script: number, milliseconds: number][] = [];
let watch: TurnWatch;

beforeEach(() => {
  jest.useFakeTimers();
  overdue.length = 0;
  watch = new TurnWatch((script, milliseconds) => overdue.push([script, milliseconds]));
});

afterEach(() => {
  watch.stop();
  jest.useRealTimers();
});

describe('a turn', () => {
  test('that does not end is told with its script and the time that it had', () => {
    watch.given(7, 2000);
    jest.advanceTimersByTime(2000 + GRACE - 1);
    expect(overdue).toEqual([]);
    jest.advanceTimersByTime(2 * CHECK + 1);
    expect(overdue[0]).toEqual([7, 2000 + GRACE]);
  });

  test('that ends in time is never told', () => {
    watch.given(7, 2000);
    jest.advanceTimersByTime(2000 + GRACE - 1);
    watch.ended(7);
    jest.advanceTimersByTime(60_000);
    expect(overdue).toEqual([]);
  });

  test('that waits for another counts from when that one has ended', () => {
    watch.given(1, 1000);
    watch.given(2, 1000);
    jest.advanceTimersByTime(1000 + GRACE - 1);
    watch.ended(1);
    jest.advanceTimersByTime(1000 + GRACE - 1);
    watch.ended(2);
    jest.advanceTimersByTime(60_000);
    expect(overdue).toEqual([]);
  });

  test('that is under way is the first that has not ended, whichever others wait', () => {
    watch.given(1, 1000);
    watch.given(2, 10);
    watch.given(3, 10);
    watch.ended(1);
    jest.advanceTimersByTime(10 + GRACE + 2 * CHECK);
    expect(overdue[0]).toEqual([2, 10 + GRACE]);
  });

  test('is told only at the second look: were this process held up, its end is read between the two', () => {
    watch.given(7, 1000);
    // The process stood still: the clock went on, and no look was taken.
    jest.setSystemTime(Date.now() + 60_000);
    jest.advanceTimersByTime(CHECK);
    expect(overdue).toEqual([]);
    watch.ended(7);
    jest.advanceTimersByTime(CHECK);
    expect(overdue).toEqual([]);
  });

  test('and a suspect that has ended makes no suspect of the next', () => {
    watch.given(1, 1000);
    jest.setSystemTime(Date.now() + 60_000);
    jest.advanceTimersByTime(CHECK);
    watch.ended(1);
    watch.given(2, 1000);
    jest.advanceTimersByTime(1000 + GRACE - CHECK);
    expect(overdue).toEqual([]);
  });
});

test('an end that no turn belongs to changes nothing', () => {
  watch.ended(5);
  watch.given(1, 1000);
  watch.ended(5);
  jest.advanceTimersByTime(1000 + GRACE + 2 * CHECK);
  expect(overdue[0]).toEqual([1, 1000 + GRACE]);
});

test('after stop() nothing is told', () => {
  watch.given(1, 1000);
  watch.stop();
  jest.advanceTimersByTime(60_000);
  expect(overdue).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});
