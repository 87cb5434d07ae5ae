import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import type { CellDeath } from '../../../host/cells/cell.ts';
import { AirlockError } from '../../../host/index.ts';
import type { Restart } from '../../../host/script/script-setup.ts';
import type { QuestionOf } from '../../../wire/questions.ts';
import { startFakeScript, type FakeCell, type FakeScript, type FakeScriptOptions } from '../../support/fake-cell.ts';
import { listenQuestion } from '../../support/server-items.ts';
import { openClient } from '../../support/sockets.ts';

const DEATH: CellDeath = { what: 'process', message: 'was ended by SIGKILL', blamed: 'other.js' };

const listen = (port: number): QuestionOf<'listen'> => listenQuestion({ port });

async function loadedScript(options?: FakeScriptOptions): Promise<FakeScript> {
  const script = startFakeScript({ ...options, limits: { restartDelay: 1, ...options?.limits } });
  await script.cell.endTurn([{ type: 'loaded' }]);
  return script;
}

/** Lets the cell die without the script's doing, and gives the cell that the script is placed in then. */
async function restarted({ cell, laterCells, script }: FakeScript): Promise<{ readonly next: FakeCell; readonly restart: Restart }> {
  const event = once(script, 'restarted');
  (laterCells.at(-1) ?? cell).client.died(DEATH);
  const [restart] = (await event) as [Restart];
  return { next: laterCells.at(-1) as FakeCell, restart };
}

describe('a script whose cell has died', () => {
  test('begins again with its source in another cell, and says why', async () => {
    const script = await loadedScript();
    const { next, restart } = await restarted(script);
    expect(restart).toMatchObject({ cause: 'the process that ran fake.js was ended by SIGKILL', blamed: 'other.js', count: 1 });
    expect(script.log).toEqual([{ level: 'warning', script: 'fake.js', message: `started again: ${restart.cause}` }]);
    await next.turnBegins();
    expect(next.events).toEqual([{ type: 'evaluate', source: 'a source' }]);
    expect(script.cell.destroyed).toBe(true);
    expect(script.errors).toEqual([]);
    expect((await restarted(script)).restart.count).toBe(2);
  });

  test('also where it had not run yet, or a turn was under way', async () => {
    for (const begins of [false, true]) {
      const script = startFakeScript({ limits: { restartDelay: 1 } });
      if (begins) {
        await script.cell.turnBegins();
      }
      const { next } = await restarted(script);
      await next.turnBegins();
      expect(next.events).toEqual([{ type: 'evaluate', source: 'a source' }]);
    }
  });

  test('has lost its sockets, timers and what waited for it; its port is free', async () => {
    const script = await loadedScript();
    const { port } = script.cell.client.answer([{ type: 'timer', delay: 20 }], listen(0));
    const peer = openClient(`ws://127.0.0.1:${port}/`);
    await script.cell.given('accepted');
    const { next } = await restarted(script);
    expect(await peer.owner.first('closed')).toEqual(['closed', 1011, '', true]);
    await next.turnBegins();
    expect(next.client.answer([], listen(port)).port).toBe(port);
    await next.endTurn([{ type: 'loaded' }]);
    const again = openClient(`ws://127.0.0.1:${port}/`);
    await next.given('accepted');
    expect(next.events.map(({ type }) => type)).toEqual(['evaluate', 'listening', 'accepted']);
    again.connection.terminate();
  });

  test('is not idle until it has run again', async () => {
    const script = await loadedScript();
    expect(script.script.idle).toBe(true);
    const { next } = await restarted(script);
    expect(script.script.idle).toBe(false);
    await next.endTurn([{ type: 'loaded' }]);
    expect(script.script.idle).toBe(true);
  });

  test('ends at once where it is stopped before that', async () => {
    const script = await loadedScript({ limits: { restartDelay: 30_000 } });
    script.cell.client.died(DEATH);
    expect(await script.script.stop()).toMatchObject({ reason: 'stopped' });
    expect(script.laterCells).toEqual([]);
  });

  test('leaves the place that comes when it has ended', async () => {
    const placing = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const script = await loadedScript({
      beforePlace: () => {
        asked.resolve();
        return placing.promise;
      },
    });
    script.cell.client.died(DEATH);
    await asked.promise;
    await script.script.stop();
    placing.resolve();
    await placing.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(script.laterCells.map(({ destroyed, turns }) => ({ destroyed, turns }))).toEqual([{ destroyed: true, turns: 0 }]);
  });

  test('ends as stopped where it was about to end anyway', async () => {
    const script = await loadedScript();
    const end = script.script.stop();
    await script.cell.turnBegins();
    script.cell.client.died(DEATH);
    expect(await end).toMatchObject({ reason: 'stopped' });
  });

  test('ends by a fault where there is no place for it', async () => {
    const script = await loadedScript({
      beforePlace: () => Promise.reject(new AirlockError('ERR_AIRLOCK_CELL_START_FAILED', 'no process today')),
    });
    script.cell.client.died(DEATH);
    expect(await script.script.ended).toMatchObject({
      reason: 'fault',
      error: { code: 'ERR_AIRLOCK_CELL_START_FAILED', message: 'no process today', script: 'fake.js' },
    });
  });

  test('ends by a fault where it was started again as often as it may be', async () => {
    const script = await loadedScript({ limits: { restarts: 1 } });
    const { next } = await restarted(script);
    next.client.died(DEATH);
    expect(await script.script.ended).toMatchObject({
      reason: 'fault',
      error: {
        code: 'ERR_AIRLOCK_RESTARTED_TOO_OFTEN',
        message: 'the process that ran fake.js was ended by SIGKILL; the limit of 1 restarts within ten minutes is reached; raise it with --limit restarts=2',
      },
    });
  });
});
