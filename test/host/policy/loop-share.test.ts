import { expect, test } from '@jest/globals';
import { LoopShare } from '../../../host/policy/loop-share.ts';

/** A loop whose clock goes on by one millisecond for each 256 units, and whose rounds the test begins. */
function loopOf(): { readonly share: LoopShare; readonly pass: (milliseconds: number) => void; readonly round: () => boolean } {
  let now = 0;
  const rounds: (() => void)[] = [];
  const share = new LoopShare(
    () => now,
    (callback) => void rounds.push(callback),
  );
  return {
    share,
    pass: (milliseconds) => {
      now += milliseconds;
    },
    round: () => {
      const next = rounds.shift();
      next?.();
      return next !== undefined;
    },
  };
}

test('a little work is done at once, however late it is', () => {
  const { pass, share } = loopOf();
  pass(1000);
  for (let unit = 0; unit < 255; unit++) {
    expect(share.isOver(1)).toBe(false);
  }
});

test('much work is interrupted when the time of the round is over, whoever has used it', () => {
  const { pass, share } = loopOf();
  expect(share.isOver(256)).toBe(false);
  pass(10);
  expect(share.isOver(256)).toBe(true);
  expect(share.isOver(256)).toBe(true);
});

test('a new round has time again', () => {
  const { pass, round, share } = loopOf();
  share.isOver(256);
  pass(10);
  expect(share.isOver(256)).toBe(true);
  round();
  expect(share.isOver(256)).toBe(false);
});

test('work that is left goes on in later rounds, in turns, and all of it in the end', () => {
  const { pass, round, share } = loopOf();
  const done: string[] = [];
  const work = (name: string, slices: number): void => {
    let left = slices;
    share.later({
      goOn: () => {
        while (left > 0) {
          left--;
          done.push(name);
          pass(1);
          if (share.isOver(256)) {
            return left === 0;
          }
        }
        return true;
      },
    });
  };
  work('a', 20);
  work('b', 20);
  while (done.length < 12) {
    expect(round()).toBe(true);
  }
  // Who comes now does not wait until the others are done.
  work('c', 1);
  round();
  const early = done.slice(0, 12);
  expect(Math.abs(early.filter((name) => name === 'a').length - 6)).toBeLessThanOrEqual(1);
  expect(done).toContain('c');
  while (round()) {
    // Until nothing is left.
  }
  expect(done.length).toBe(41);
  expect(round()).toBe(false);
});

test('something is done with each of many, and with no one twice', () => {
  const { pass, round, share } = loopOf();
  const seen: number[] = [];
  share.each(Array.from({ length: 100 }, (_, index) => index), 256, (index) => {
    seen.push(index);
    pass(1);
  });
  expect(seen.length).toBeLessThan(10);
  while (round()) {
    // Until nothing is left.
  }
  expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index));
});
