import { describe, expect, test } from '@jest/globals';
import { Statistics } from '../../../host/observe/statistics.ts';
import { resolveLimits } from '../../../host/policy/limits.ts';

function statistics(): { readonly counted: Statistics; readonly log: unknown[][] } {
  const log: unknown[][] = [];
  return { counted: new Statistics(resolveLimits({ sockets: 3 }), (...entry) => log.push(entry)), log };
}

describe('statistics', () => {
  test('are a plain object that JSON can hold, and does not change', () => {
    const { counted } = statistics();
    counted.messagesSent = 5;
    const before = counted.snapshot();
    counted.messagesSent = 6;
    counted.turn(2.5);
    expect(before).toMatchObject({ messagesSent: 5, turns: 0, limits: [] });
    expect(counted.snapshot()).toMatchObject({ messagesSent: 6, turns: 1, cpuTime: 2.5 });
    expect(JSON.parse(JSON.stringify(before))).toEqual(before);
  });

  test('count each hit of a limit, which is logged the first time', () => {
    const { counted, log } = statistics();
    for (let times = 0; times < 100; times++) {
      expect(counted.hit('sockets')).toBe('the limit of 3 sockets is reached');
    }
    expect(log).toEqual([['warning', 'the limit of 3 sockets is reached', undefined, 'sockets']]);
    expect(counted.snapshot().limits).toEqual([{ name: 'sockets', value: 3, message: 'the limit of 3 sockets is reached', count: 100 }]);
  });

  test('count a hit that somebody else logs', () => {
    const { counted, log } = statistics();
    counted.hitUntold('sockets');
    counted.hitUntold('servers');
    expect(log).toEqual([]);
    expect(counted.snapshot().limits.map(({ name }) => name)).toEqual(['sockets', 'servers']);
  });
});
