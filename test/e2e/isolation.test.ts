import { describe, expect, test } from '@jest/globals';
import type { Isolation } from '../../host/index.ts';
import { airlock, folderWith } from '../support/command.ts';
import { startHost, type ObservedHost, type ObservedScript } from '../support/host.ts';
import { childProcesses } from '../support/processes.ts';
import { inSpawnedHost } from '../support/spawned-host.ts';

const STAYS = "print('up'); setInterval(() => {}, 100_000);";

/** Runs scripts of these owners, each as it says, and waits until each has run. */
function runAll(host: ObservedHost, ...scripts: readonly (readonly [owner: string, isolation?: Isolation])[]): Promise<ObservedScript[]> {
  return Promise.all(
    scripts.map(async ([owner, isolation]) => {
      const script = await host.run({ source: STAYS, owner, isolation });
      await script.line('up');
      return script;
    }),
  );
}

const processesOf = (scripts: readonly ObservedScript[]): number => new Set(scripts.map(({ script }) => script.processId)).size;

describe('scripts are in', () => {
  test('one process for each owner', async () => {
    const host = await startHost('owner');
    expect(processesOf(await runAll(host, ['ann'], ['bob'], ['ann'], ['ann']))).toBe(2);
  });

  test('one process each, where the host or the script says so', async () => {
    const host = await startHost('script');
    expect(processesOf(await runAll(host, ['ann'], ['ann'], ['bob', 'owner'], ['bob', 'owner']))).toBe(3);
  });

  test("one process for an owner's contexts and isolates, and never one with another owner's", async () => {
    const host = await startHost('context');
    expect(processesOf(await runAll(host, ['ann'], ['ann'], ['ann', 'owner'], ['bob']))).toBe(2);
  });

  test('this process, without another one, where they are trusted', async () => {
    const host = await startHost('in-process');
    for (const { script } of await runAll(host, ['ann'], ['bob'])) {
      expect(script.processId).toBe(process.pid);
    }
    expect(childProcesses()).toEqual([]);
    const [apart] = (await runAll(host, ['ann', 'owner'])) as [ObservedScript];
    expect(childProcesses()).toEqual([apart.script.processId]);
  });

  test('a process that ends with the last of them', async () => {
    const host = await startHost('owner');
    const [first, second] = (await runAll(host, ['ann'], ['ann'])) as [ObservedScript, ObservedScript];
    const { processId } = second.script;
    await first.script.stop();
    expect(first.script.processId).toBe(undefined);
    expect(childProcesses()).toContain(processId);
    await second.script.stop();
    while (childProcesses().includes(processId as number)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test('what they say of themselves', async () => {
    const host = await startHost('owner');
    const [script, other] = (await runAll(host, ['ann'], ['ann', 'script'])) as [ObservedScript, ObservedScript];
    expect(script.script).toMatchObject({ owner: 'ann', isolation: 'owner' });
    expect(other.script).toMatchObject({ owner: 'ann', isolation: 'script' });
    expect((await host.run({ source: '1' })).script.owner).toBe('default');
  });
});

describe('scripts that share an isolate', () => {
  test('have global objects of their own: neither sees or spoils what the other has', async () => {
    const host = await startHost('context');
    const first = await host.run({
      source: `
        globalThis.secret = 1; Array.prototype.push = () => { throw 1; }; Object.prototype.spoiled = true;
        JSON.stringify = () => 'spoiled'; print('done'); setInterval(() => {}, 1e6);
      `,
    });
    await first.line('done');
    const second = await host.run({
      source: `const list = []; list.push(typeof secret, JSON.stringify({ spoiled: {}.spoiled })); print(list.join(' ')); setInterval(() => {}, 1e6)`,
    });
    await second.line('undefined {}');
    expect(second.errors).toEqual([]);
  });

  test('have errors, rejections and turns of their own', async () => {
    const host = await startHost('context');
    const neighbour = await host.run({ source: `let count = 0; setInterval(() => print('tick', ++count), 5)`, name: 'neighbour.js' });
    await neighbour.line('tick 1');
    const throws = await host.run({ source: `Promise.reject(new Error('mine')); setTimeout(() => { throw new Error('mine too') }); setTimeout(() => Script.stop())` });
    await throws.script.ended;
    expect(throws.errors.map(({ message }) => message)).toEqual(['Unhandled rejection: Error: mine', 'Error: mine too']);
    // It leaves a microtask behind whenever it is stopped.
    const loops = await host.run({ source: `function again() { Promise.resolve().then(again); for (;;); } setTimeout(() => { again(); }, 1)`, limits: { turnTimeout: 50 } });
    expect((await loops.script.ended).error?.code).toBe('ERR_AIRLOCK_TURN_TIMEOUT');
    const ticks = neighbour.lines.length;
    await neighbour.line(`tick ${ticks + 2}`);
    expect(neighbour.errors).toEqual([]);
    // It has never been started again.
    expect(neighbour.lines.filter((line) => line === 'tick 1')).toHaveLength(1);
  });

  /** A script keeps so many MiB of numbers, and says so; the host tells what became of it and of its neighbours. */
  const MEMORY = `
    const host = await ScriptHost.start({ isolation: 'context' });
    const run = (name, source, options) => host.run({ name, source, ...options });
    const restarts = [];
    const start = async (name, source, options) => {
      const script = await host.run({ name, source, ...options });
      script.on('restarted', ({ blamed, cause }) => restarts.push([name, blamed, cause]));
      await new Promise((resolve) => { script.once('print', resolve); script.ended.then(resolve); });
      return script;
    };
    const KEEP = (mebibytes) => 'globalThis.kept = []; for (let i = 0; i < ' + mebibytes + '; i++) kept.push(new Array(2 ** 17).fill(i + 0.5)); print("kept"); setInterval(() => {}, 1e6);';
    const first = await start('first.js', KEEP(16), { limits: { memory: 48 } });
    const alone = await start('alone.js', KEEP(1), { isolation: 'owner' });
    const restarted = once(first, 'restarted');
    const keptAgain = once(first, 'print');
    const greedy = await start('greedy.js', KEEP(1000), { limits: { memory: 512, turnTimeout: 20_000 } });
    const { error, reason } = await greedy.ended;
    await restarted;
    await keptAgain;
    await host.stop();
    console.log(JSON.stringify({ reason, code: error?.code, message: error?.message, restarts, first: (await first.ended).reason }));
  `;

  test('share its memory, which is that of the first; one that uses it up ends, and the others start again', async () => {
    expect(await inSpawnedHost(MEMORY, {})).toEqual({
      reason: 'fault',
      code: 'ERR_AIRLOCK_OUT_OF_MEMORY',
      message: 'used up the 48 MiB of memory of the isolate that it shares',
      restarts: [['first.js', 'greedy.js', 'the isolate that ran first.js ran out of memory while a turn of greedy.js was under way']],
      first: 'stopped',
    });
  }, 30_000);
});

describe('airlock run --isolation', () => {
  test.each(['owner', 'script', 'context', 'in-process'])('%s', async (isolation) => {
    const folder = folderWith({ 'a.js': `print('one')`, 'b.js': `print('two')` });
    const { code, stderr, stdout } = await airlock(folder, 'run', 'a.js', 'b.js', '--isolation', isolation, '--owner', 'ann', '--exit-when-idle');
    expect({ code, stderr, lines: stdout.split('\n').sort() }).toEqual({ code: 0, stderr: '', lines: ['', 'a.js: one', 'b.js: two'] });
  });

  test('knows no other word', async () => {
    const { code, stderr } = await airlock(folderWith({ 'a.js': '1' }), 'run', 'a.js', '--isolation', 'paper');
    expect(code).toBe(1);
    expect(stderr).toContain("argument 'paper' is invalid. Allowed choices are owner, script, context, in-process.");
  });
});
