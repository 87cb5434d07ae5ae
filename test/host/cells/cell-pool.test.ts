import { setImmediate as nextLoop } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Place } from '../../../host/cells/cell.ts';
import { CellPool } from '../../../host/cells/cell-pool.ts';
import { InProcessCell } from '../../../host/cells/in-process-cell.ts';
import { ProcessCell } from '../../../host/cells/process-cell.ts';
import { processCellClient, settingsOf } from '../../support/cells.ts';
import { childProcesses } from '../../support/processes.ts';
import { turnOf } from '../../support/wire.ts';
import { inSpawnedHost } from '../../support/spawned-host.ts';

const pools: CellPool[] = [];

async function startPool(keepsSpares = false, emptyKept?: number): Promise<CellPool> {
  const pool = new CellPool(keepsSpares, emptyKept);
  pools.push(pool);
  await pool.start();
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

const processOf = ({ cell }: Place): ProcessCell => {
  expect(cell).toBeInstanceOf(ProcessCell);
  return cell as ProcessCell;
};

/** Ends a cell's process from outside, and waits until the host knows. */
async function kill(place: Place): Promise<void> {
  const client = processCellClient();
  place.cell.create(place.number, settingsOf('watcher.js'), client);
  process.kill(processOf(place).pid as number, 'SIGKILL');
  await client.ended;
}

describe('a place in a cell', () => {
  test('is in one process for the scripts of an owner, also when they come at once, and has a number of its own', async () => {
    const pool = await startPool();
    const places = await Promise.all([pool.place('owner', 'ann'), pool.place('owner', 'ann'), pool.place('context', 'ann')]);
    expect(new Set(places.map(processOf)).size).toBe(1);
    expect(new Set(places.map(({ number }) => number)).size).toBe(3);
  });

  test('is never in a process that another owner has, or has had', async () => {
    const pool = await startPool(true);
    const places = await Promise.all(['ann', 'bob', 'carol'].map((owner) => pool.place('owner', owner)));
    expect(new Set(places.map(processOf)).size).toBe(3);
    const used = places.map(processOf);
    places.forEach(({ leave }) => leave());
    expect(used).not.toContain(processOf(await pool.place('owner', 'dan')));
  });

  test('is in a process of its own where it is asked for', async () => {
    const pool = await startPool();
    const places = await Promise.all([pool.place('script', 'ann'), pool.place('owner', 'ann'), pool.place('script', 'ann')]);
    expect(new Set(places.map(processOf)).size).toBe(3);
  });

  test('is in this process where it is asked for', async () => {
    const pool = await startPool();
    const [first, second] = await Promise.all([pool.place('in-process', 'ann'), pool.place('in-process', 'bob')]);
    expect(first.cell).toBeInstanceOf(InProcessCell);
    expect(second.cell).toBe(first.cell);
  });

  test('is in a new process where the one before has died, in the same one however many ask for it', async () => {
    const pool = await startPool();
    const dead = await pool.place('owner', 'ann');
    await kill(dead);
    const places = await Promise.all([1, 2, 3].map(() => pool.place('owner', 'ann')));
    expect(new Set(places.map(processOf)).size).toBe(1);
    expect(processOf(places[0] as Place)).not.toBe(dead.cell);
    // Leaving what is dead does not touch what is alive.
    dead.leave();
    expect(processOf(places[0] as Place).dead).toBe(false);
  });

  test('keeps its process until the last one is left, and for a while longer', async () => {
    const pool = await startPool(false, 100);
    const [first, second] = await Promise.all([pool.place('owner', 'ann'), pool.place('owner', 'ann')]);
    first.leave();
    first.leave();
    expect(processOf(second).dead).toBe(false);
    second.leave();
    expect(processOf(second).dead).toBe(false);
    await processOf(second).exited;
    expect(() => process.kill(processOf(second).pid as number, 0)).toThrow('ESRCH');
    const later = await pool.place('owner', 'ann');
    expect(processOf(later)).not.toBe(processOf(second));
  });

  test('is in the process of the last script of its owner, if that is still kept, which then stays', async () => {
    const pool = await startPool(false, 50);
    for (const before of [await pool.place('owner', 'ann')]) {
      before.leave();
      const after = await pool.place('context', 'ann');
      expect(processOf(after)).toBe(processOf(before));
      // Another empty process is ended meanwhile, and this one is not.
      const other = await pool.place('owner', 'bob');
      other.leave();
      await processOf(other).exited;
      expect(processOf(after).dead).toBe(false);
    }
  });

  test('keeps no process of a script that is to be alone in it', async () => {
    const pool = await startPool();
    const alone = await pool.place('script', 'ann');
    alone.leave();
    await processOf(alone).exited;
  });

  test('keeps no process whose script was cut off in a turn', async () => {
    const pool = await startPool();
    const place = await pool.place('owner', 'ann');
    place.cell.create(place.number, settingsOf('cut.js', 60_000), processCellClient());
    place.cell.turn(place.number, turnOf({ type: 'evaluate', source: 'for (;;);' }));
    place.leave();
    await processOf(place).exited;
    expect(processOf(await pool.place('owner', 'ann'))).not.toBe(processOf(place));
  });

  test('keeps few processes without scripts, whosoever they are: the one that is longest without is ended', async () => {
    const pool = await startPool();
    const places: Place[] = [];
    for (const owner of ['ann', 'bob', 'carol', 'dan', 'eve', 'fay']) {
      places.push(await pool.place('owner', owner));
    }
    places.forEach(({ leave }) => leave());
    await Promise.all(places.slice(0, 2).map((place) => processOf(place).exited));
    expect(places.map((place) => processOf(place).dead)).toEqual([true, true, false, false, false, false]);
    expect(processOf(await pool.place('owner', 'fay'))).toBe(processOf(places[5] as Place));
  });

  test('is not to be had after the pool was closed, which may be done twice; nothing is left behind', async () => {
    const pool = await startPool(true);
    await pool.place('owner', 'ann');
    await pool.close();
    await pool.close();
    for (const isolation of ['owner', 'script', 'context', 'in-process'] as const) {
      await expect(pool.place(isolation, 'ann')).rejects.toMatchObject({ code: 'ERR_AIRLOCK_HOST_STOPPED' });
    }
    expect(childProcesses()).toEqual([]);
  });

  test('that is on its way when the pool is closed comes to nothing', async () => {
    const pool = await startPool();
    const placed = pool.place('owner', 'ann');
    const refused = expect(placed).rejects.toMatchObject({ code: 'ERR_AIRLOCK_HOST_STOPPED' });
    await pool.close();
    await refused;
    expect(childProcesses()).toEqual([]);
  });
});

describe('a spare process', () => {
  test('is started before it is needed, taken by the next script, and replaced', async () => {
    const pool = await startPool(true);
    const [spare, ...none] = childProcesses();
    expect(none).toEqual([]);
    const place = await pool.place('owner', 'ann');
    expect(processOf(place).pid).toBe(spare);
    // Not at once, so that it does not hold up the script.
    while (childProcesses().length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(childProcesses()).toHaveLength(2);
  });

  test('is not the only one, if starts come together', async () => {
    const pool = await startPool(true);
    const places = await Promise.all(['ann', 'bob', 'carol'].map((owner) => pool.place('owner', owner)));
    const used = places.map(({ cell }) => cell.pid);
    const spares = (): number[] => childProcesses().filter((pid) => !used.includes(pid));
    while (spares().length < 3) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const next = await Promise.all(['dan', 'eve', 'fay'].map((owner) => pool.place('owner', owner)));
    expect(next.map(({ cell }) => cell.pid).filter((pid) => used.includes(pid))).toEqual([]);
  });

  test('that is ended while it starts costs no script its start', async () => {
    const pool = await startPool(true);
    await pool.place('owner', 'ann');
    while (childProcesses().length < 2) {
      await nextLoop();
    }
    const before = childProcesses();
    before.forEach((pid) => process.kill(pid, 'SIGKILL'));
    const places = await Promise.all([pool.place('owner', 'bob'), pool.place('owner', 'bob'), pool.place('script', 'carol')]);
    expect(processOf(places[0] as Place)).toBe(processOf(places[1] as Place));
    for (const place of places) {
      expect(processOf(place).dead).toBe(false);
      expect(before).not.toContain(processOf(place).pid);
    }
  });

  test('does not keep the process of its host alive, and ends with it', async () => {
    const spare = (await inSpawnedHost(
      `
        import { execFileSync } from 'node:child_process';
        const host = await ScriptHost.start();
        const children = () => execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
          .split('\\n').filter((line) => line.includes('--allow-addons')).map((line) => Number.parseInt(line));
        const script = await host.run({ source: 'Script.stop()' });
        const [first] = children();
        await script.ended;
        // The spare process comes after a while, which this one would not wait for.
        while (children().every((pid) => pid === first)) await new Promise((resolve) => setTimeout(resolve, 10));
        // The host is not stopped: it ends because nothing is left to wait for.
        console.log(JSON.stringify({ first, spare: children() }));
      `,
      {},
    )) as { first: number; spare: number[] };
    expect(spare.spare.length).toBeGreaterThan(0);
    const deadline = Date.now() + 5000;
    const isGone = (pid: number): boolean => !childProcesses(undefined).includes(pid);
    while (!spare.spare.every(isGone) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(spare.spare.filter((pid) => !isGone(pid))).toEqual([]);
  });
});
