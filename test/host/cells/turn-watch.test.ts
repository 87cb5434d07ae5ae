import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { TurnWatch, type WatchedTurn } from '../../../host/cells/turn-watch.ts';

/** What passes between two looks, in milliseconds. */
const LOOK = 50;

const overdue: [script: number, milliseconds: number][] = [];
const looks: (number | undefined)[] = [];
/** What a look finds: whether to look again. */
let lookAgain = false;
let watch: TurnWatch<WatchedTurn>;
/** For how long this process stood still: the clock went on, and no look was taken. */
let stoodStill = 0;

beforeEach(() => {
  jest.useFakeTimers();
  overdue.length = 0;
  looks.length = 0;
  lookAgain = false;
  stoodStill = 0;
  watch = new TurnWatch(
    {
      overdue: ({ limit, script }) => overdue.push([script, limit]),
      look(turn) {
        looks.push(turn?.script);
        return lookAgain;
      },
    },
    () => Date.now() + stoodStill,
  );
});

afterEach(() => {
  watch.stop();
  jest.useRealTimers();
});

describe('a turn', () => {
  test('that does not end is told with its script and the time that it had', () => {
    watch.given({ script: 7, limit: 2000 });
    jest.advanceTimersByTime(2000 - 1);
    expect(overdue).toEqual([]);
    jest.advanceTimersByTime(2 * LOOK + 1);
    expect(overdue[0]).toEqual([7, 2000]);
  });

  test('that ends in time is never told', () => {
    watch.given({ script: 7, limit: 2000 });
    jest.advanceTimersByTime(2000 - 1);
    watch.ended(7);
    jest.advanceTimersByTime(60_000);
    expect(overdue).toEqual([]);
  });

  test('that waits for another counts from when that one has ended', () => {
    watch.given({ script: 1, limit: 1000 });
    watch.given({ script: 2, limit: 1000 });
    jest.advanceTimersByTime(1000 - 1);
    watch.ended(1);
    jest.advanceTimersByTime(1000 - 1);
    watch.ended(2);
    jest.advanceTimersByTime(60_000);
    expect(overdue).toEqual([]);
  });

  test('that is under way is the first that has not ended, whichever others wait', () => {
    watch.given({ script: 1, limit: 1000 });
    watch.given({ script: 2, limit: 10 });
    watch.given({ script: 3, limit: 10 });
    watch.ended(1);
    jest.advanceTimersByTime(10 + 2 * LOOK);
    expect(overdue[0]).toEqual([2, 10]);
  });

  test('is told only at the second look: were this process held up, its end is read between the two', () => {
    watch.given({ script: 7, limit: 1000 });
    stoodStill = 60_000;
    jest.advanceTimersByTime(LOOK);
    expect(overdue).toEqual([]);
    watch.ended(7);
    jest.advanceTimersByTime(LOOK);
    expect(overdue).toEqual([]);
  });

  test('and a suspect that has ended makes no suspect of the next', () => {
    watch.given({ script: 1, limit: 1000 });
    stoodStill = 60_000;
    jest.advanceTimersByTime(LOOK);
    watch.ended(1);
    watch.given({ script: 2, limit: 1000 });
    jest.advanceTimersByTime(1000 - LOOK);
    expect(overdue).toEqual([]);
  });
});

describe('it looks', () => {
  test('while turns are under way, once after them, and then sleeps', () => {
    jest.advanceTimersByTime(10 * LOOK);
    expect(looks).toEqual([]);
    watch.given({ script: 1, limit: 1000 });
    jest.advanceTimersByTime(2 * LOOK);
    watch.ended(1);
    jest.advanceTimersByTime(10 * LOOK);
    expect(looks).toEqual([1, 1, undefined]);
    expect(jest.getTimerCount()).toBe(0);
    watch.given({ script: 2, limit: 1000 });
    jest.advanceTimersByTime(LOOK);
    expect(looks).toEqual([1, 1, undefined, 2]);
  });

  test('on after them as long as there is something to see', () => {
    lookAgain = true;
    watch.given({ script: 1, limit: 1000 });
    watch.ended(1);
    jest.advanceTimersByTime(3 * LOOK);
    lookAgain = false;
    jest.advanceTimersByTime(3 * LOOK);
    expect(looks).toEqual([undefined, undefined, undefined, undefined]);
  });
});

test('an end that no turn belongs to changes nothing', () => {
  watch.ended(5);
  watch.given({ script: 1, limit: 1000 });
  watch.ended(5);
  jest.advanceTimersByTime(1000 + 2 * LOOK);
  expect(overdue[0]).toEqual([1, 1000]);
});

test('after stop() nothing is told', () => {
  watch.given({ script: 1, limit: 1000 });
  watch.stop();
  jest.advanceTimersByTime(60_000);
  expect(overdue).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});
