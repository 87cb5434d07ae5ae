import { afterEach, describe, expect, test } from '@jest/globals';
import { CellPool, type CellKind } from '../../../host/cells/cell-pool.ts';
import { InProcessCell } from '../../../host/cells/in-process-cell.ts';
import { ProcessCell } from '../../../host/cells/process-cell.ts';
import { processCellClient, settingsOf } from '../../support/cells.ts';

const pools: CellPool[] = [];

function poolOf(kind: CellKind): CellPool {
  const pool = new CellPool(kind);
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

/** Ends a cell's process from outside, and waits until the host knows. */
async function kill(cell: ProcessCell): Promise<void> {
  const client = processCellClient();
  cell.create(99, settingsOf('watcher.js'), client);
  process.kill(cell.pid as number, 'SIGKILL');
  await client.ended;
}

describe.each([
  ['process', ProcessCell],
  ['in-process', InProcessCell],
] as const)('a pool of %s cells', (kind, type) => {
  test('places scripts in one cell, also when they come at once', async () => {
    const pool = poolOf(kind);
    const [first, second] = await Promise.all([pool.place(), pool.place()]);
    expect(first).toBeInstanceOf(type);
    expect(second).toBe(first);
    expect(await pool.place()).toBe(first);
  });

  test('places none after it was closed, which may be done twice', async () => {
    const pool = poolOf(kind);
    await pool.place();
    await pool.close();
    await pool.close();
    await expect(pool.place()).rejects.toMatchObject({ code: 'ERR_AIRLOCK_HOST_STOPPED' });
  });
});

describe('a pool of process cells', () => {
  test('replaces a cell that has died by one, however many ask for it', async () => {
    const pool = poolOf('process');
    const dead = (await pool.place()) as ProcessCell;
    await kill(dead);
    const placed = (await Promise.all([pool.place(), pool.place(), pool.place()])) as ProcessCell[];
    expect(new Set(placed).size).toBe(1);
    expect(placed[0]).not.toBe(dead);
    expect(placed[0]?.dead).toBe(false);
  });

  test('that is closed while a cell starts leaves no process behind', async () => {
    const pool = poolOf('process');
    const starting = pool.place();
    const closed = pool.close();
    const cell = (await starting) as ProcessCell;
    await closed;
    expect(() => process.kill(cell.pid as number, 0)).toThrow('ESRCH');
  });
});
