import { setTimeout as passed } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { TimingWheel, type Timed } from '../../../host/sockets/timing-wheel.ts';

/** Called after so many milliseconds, and again after the next ones. */
class Caller implements Timed {
  slot: number | undefined;
  readonly calls: number[] = [];
  readonly done = Promise.withResolvers<void>();
  readonly #again: number[];

  constructor(again: number[] = []) {
    this.#again = again;
  }

  due(): number | undefined {
    this.calls.push(performance.now());
    const again = this.#again.shift();
    if (again === undefined) {
      this.done.resolve();
    }
    return again;
  }
}

test('each is called at its time or a little later, never earlier, and again if it wants', async () => {
  const wheel = new TimingWheel(5);
  const began = performance.now();
  const callers = [40, 0, 20, 20].map((delay) => {
    const caller = new Caller([30]);
    wheel.add(caller, delay);
    return { caller, delay };
  });
  expect(wheel.count).toBe(4);
  await Promise.all(callers.map(({ caller }) => caller.done.promise));
  for (const { caller, delay } of callers) {
    const [first = 0, second = 0] = caller.calls;
    expect(first - began).toBeGreaterThanOrEqual(delay);
    expect(second - first).toBeGreaterThanOrEqual(29);
  }
  expect(wheel.count).toBe(0);
});

test('one that is taken off is not called; one that is given another time is called then only', async () => {
  const wheel = new TimingWheel(5);
  const [off, moved, last] = [new Caller(), new Caller(), new Caller()];
  wheel.add(off, 10);
  wheel.add(moved, 10);
  wheel.add(last, 60);
  wheel.delete(off);
  wheel.delete(off);
  const began = performance.now();
  wheel.add(moved, 40);
  await last.done.promise;
  expect(off.calls).toEqual([]);
  expect(moved.calls).toHaveLength(1);
  expect((moved.calls[0] as number) - began).toBeGreaterThanOrEqual(40);
});

test('after a standstill nothing is called before what came meanwhile was read', async () => {
  const wheel = new TimingWheel(5);
  const caller = new Caller();
  wheel.add(caller, 20);
  await passed(5);
  let hasRead = false;
  const until = performance.now() + 100;
  while (performance.now() < until) {
    // The process stands still.
  }
  setImmediate(() => (hasRead = true));
  caller.due = () => {
    caller.done.resolve();
    return void expect(hasRead).toBe(true);
  };
  await caller.done.promise;
  expect(hasRead).toBe(true);
});

test('of ten thousand, each is called once', async () => {
  const wheel = new TimingWheel(5);
  const callers = Array.from({ length: 10_000 }, (_, index) => {
    const caller = new Caller();
    wheel.add(caller, index % 100);
    return caller;
  });
  await Promise.all(callers.map(({ done }) => done.promise));
  expect(callers.every(({ calls }) => calls.length === 1)).toBe(true);
  expect(wheel.count).toBe(0);
});
