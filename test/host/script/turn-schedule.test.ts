import { setImmediate as nextLoop } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { TurnSchedule } from '../../../host/script/turn-schedule.ts';

/** After how many phases of the event loop the next turn begins, when the last one had so many events. */
async function phasesAfter(lastEvents: number | undefined): Promise<number> {
  let turns = 0;
  const schedule = new TurnSchedule(() => turns++);
  if (lastEvents !== undefined) {
    schedule.begun(lastEvents);
  }
  schedule.request();
  let phases = 0;
  while (turns === 0) {
    await nextLoop();
    phases++;
  }
  return phases;
}

describe('a turn begins', () => {
  test('at the end of the I/O phase, not before', async () => {
    expect(await phasesAfter(undefined)).toBe(1);
  });

  test('without a wait where few events come', async () => {
    expect(await phasesAfter(1)).toBe(1);
  });

  test('some phases later where they come in crowds', async () => {
    expect(await phasesAfter(50)).toBeGreaterThan(1);
  });

  test('at once where so many events wait that they are worth a turn of their own, and then not again by itself', async () => {
    let turns = 0;
    const schedule = new TurnSchedule(() => turns++);
    schedule.request(255);
    expect(turns).toBe(0);
    schedule.request(256);
    expect(turns).toBe(1);
    await nextLoop();
    // The first request was for events that this turn has taken; it finds none.
    expect(turns).toBe(2);
    await nextLoop();
    expect(turns).toBe(2);
  });

  test('once, however often it was asked for', async () => {
    let turns = 0;
    const schedule = new TurnSchedule(() => turns++);
    schedule.request();
    schedule.request();
    await nextLoop();
    await nextLoop();
    expect(turns).toBe(1);
  });

  test('again when it is asked for in a turn', async () => {
    let turns = 0;
    const schedule = new TurnSchedule(() => {
      turns++;
      if (turns === 1) {
        schedule.request();
      }
    });
    schedule.request();
    await nextLoop();
    await nextLoop();
    expect(turns).toBe(2);
  });
});

describe('a turn that has to wait', () => {
  test('begins when there is nothing to wait for any more, and only once', async () => {
    const waits = [5, 3, 0];
    const { promise, resolve } = Promise.withResolvers<void>();
    let turns = 0;
    const schedule = new TurnSchedule(
      () => {
        turns++;
        resolve();
      },
      () => waits.shift() ?? 0,
    );
    const before = performance.now();
    schedule.request();
    await nextLoop();
    schedule.request();
    await promise;
    await nextLoop();
    expect([turns, waits]).toEqual([1, []]);
    expect(performance.now() - before).toBeGreaterThan(7);
  });

  test('waits, however many events there are', async () => {
    let wait = 1e6;
    let turns = 0;
    const schedule = new TurnSchedule(() => turns++, () => wait);
    schedule.request(256);
    await nextLoop();
    schedule.request(256);
    expect(turns).toBe(0);
    wait = 0;
    schedule.hurry();
    await nextLoop();
    expect(turns).toBe(1);
  });

  test('can be hurried, and stopped', async () => {
    let wait = 1e6;
    let turns = 0;
    const schedule = new TurnSchedule(() => turns++, () => wait);
    schedule.request();
    await nextLoop();
    wait = 0;
    schedule.hurry();
    await nextLoop();
    expect(turns).toBe(1);
    wait = 1e6;
    schedule.request();
    await nextLoop();
    schedule.stop();
    wait = 0;
    schedule.hurry();
    await nextLoop();
    expect(turns).toBe(1);
    schedule.request();
    await nextLoop();
    expect(turns).toBe(2);
  });
});
