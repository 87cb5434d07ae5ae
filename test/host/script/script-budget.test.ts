import { describe, expect, test } from '@jest/globals';
import { NO_USAGE } from '../../../wire/frames.ts';
import { startFakeScript } from '../../support/fake-cell.ts';

const MIB_IN_KIB = 1024;

describe('what a cell says that its isolate has used', () => {
  test('is in the statistics', async () => {
    const { cell, script } = startFakeScript();
    await cell.endTurn([{ type: 'loaded' }], 'done', '', { cpuTime: 1500, heap: 3, external: 4, timers: 5, refused: 0 });
    expect(script.statistics).toMatchObject({ turns: 1, cpuTime: 1.5, heapBytes: 3072, externalBytes: 4096, timers: 5, limits: [] });
  });

  test('ends the script where it is far beyond the memory limit, which V8 should have held', async () => {
    const { cell, log, script } = startFakeScript({ limits: { memory: 8 } });
    await cell.endTurn([], 'done', '', { ...NO_USAGE, heap: 10 * MIB_IN_KIB, external: 7 * MIB_IN_KIB });
    const message = 'used more than its 8 MiB of memory';
    expect(await script.ended).toMatchObject({ reason: 'fault', error: { code: 'ERR_AIRLOCK_OUT_OF_MEMORY', message: `${message}; raise it with --limit memory=16` }, limit: { name: 'memory', message } });
    expect(log).toEqual([{ level: 'error', script: 'fake.js', message, limit: 'memory' }]);
  });

  test('ends the script where it has more timers than its bindings give it', async () => {
    const { cell, script } = startFakeScript({ limits: { timers: 2 } });
    await cell.endTurn([], 'done', '', { ...NO_USAGE, timers: 3 });
    expect(await script.ended).toMatchObject({ reason: 'fault', error: { code: 'ERR_AIRLOCK_MALFORMED_COMMAND', message: 'the limit of 2 timers is reached; raise it with --limit timers=4' } });
  });

  test('names what the bindings have refused something for, and no more limits than there are', async () => {
    const { cell, script } = startFakeScript();
    await cell.endTurn([{ type: 'timer', delay: 0 }], 'done', '', { ...NO_USAGE, refused: 0b1001 });
    await cell.endTurn([], 'done', '', { ...NO_USAGE, refused: 2 ** 32 - 1 });
    const named = script.statistics.limits.map(({ count, name }) => [name, count]);
    expect(named.slice(0, 4)).toEqual([
      ['commandsPerTurn', 2],
      ['resizableMemory', 2],
      ['commandBytesPerTurn', 1],
      ['timers', 1],
    ]);
  });

  test('makes the next turn wait where it is over the share of a core', async () => {
    const { cell, script } = startFakeScript({ limits: { cpuShare: 50 } });
    const before = performance.now();
    await cell.endTurn([{ type: 'timer', delay: 0 }], 'done', '', { ...NO_USAGE, cpuTime: 600_000 });
    await cell.turnBegins();
    // 500 ms were there; 100 ms of half a core are 200 ms.
    expect(performance.now() - before).toBeGreaterThan(190);
    expect(script.statistics.waitTime).toBeGreaterThan(150);
  });
});

test('what was dropped last is told when the script ends', async () => {
  const { cell, lines, log, script } = startFakeScript({ limits: { printsPerSecond: 1 } });
  await cell.endTurn(['a', 'b', 'c'].map((text) => ({ type: 'print', level: 0, text })));
  const stopped = script.stop();
  await cell.endTurn();
  await stopped;
  expect(lines).toEqual(['a']);
  expect(log.map(({ message }) => message)).toEqual(['printed more than 1 lines in a second', '2 more lines were not printed']);
});

test('a script that is stopped before its first turn, or has a lifetime of months, leaves no timer behind', async () => {
  const { script } = startFakeScript({ limits: { lifetime: 90 * 24 * 3600 * 1000 } });
  expect(await script.stop()).toMatchObject({ reason: 'stopped' });
});
