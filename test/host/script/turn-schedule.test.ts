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
