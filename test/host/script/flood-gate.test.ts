import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { Statistics } from '../../../host/observe/statistics.ts';
import { resolveLimits } from '../../../host/policy/limits.ts';
import { Rate } from '../../../host/policy/rate.ts';
import { FloodGate } from '../../../host/script/flood-gate.ts';

/** A gate for so many lines, and so many bytes, in a second, by a clock that stands still. */
function gateOf(lines: number, bytes: number): { readonly gate: FloodGate; readonly told: number[]; readonly hits: () => string[]; readonly emitter: EventEmitter } {
  const told: number[] = [];
  const emitter = new EventEmitter();
  const statistics = new Statistics(resolveLimits(), () => {});
  const still = (): number => 0;
  const gate = new FloodGate(
    [['printsPerSecond', new Rate(lines, still)], ['printBytesPerSecond', new Rate(bytes, still)]],
    statistics,
    (count) => {
      told.push(count);
      emitter.emit('told');
    },
  );
  return { gate, told, hits: () => statistics.snapshot().limits.map(({ name }) => name), emitter };
}

describe('a flood gate', () => {
  test('lets as many pass as the limit allows, and tells once, a second later, how many did not', async () => {
    const { emitter, gate, hits, told } = gateOf(3, 1000);
    const passed = Array.from({ length: 10 }, () => gate.passes(1));
    expect(passed.filter((each) => each)).toHaveLength(3);
    expect([hits(), told]).toEqual([['printsPerSecond'], []]);
    await once(emitter, 'told');
    expect(told).toEqual([7]);
  });

  test('goes by size too; what does not pass takes nothing from the other limit', () => {
    const { gate, hits, told } = gateOf(3, 1000);
    expect([gate.passes(900), gate.passes(200), gate.passes(100), gate.passes(0)]).toEqual([true, false, true, true]);
    expect(hits()).toEqual(['printBytesPerSecond']);
    gate.flush();
    gate.flush();
    expect(told).toEqual([1]);
  });

  test('lets a single large one pass where nothing was before it', () => {
    const { gate } = gateOf(3, 1000);
    expect([gate.passes(5000), gate.passes(1)]).toEqual([true, false]);
    gate.flush();
  });
});
