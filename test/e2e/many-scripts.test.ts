import { describe, expect, test } from '@jest/globals';
import { inSpawnedHost } from '../support/spawned-host.ts';

/**
 * Runs scripts one after another, each with some memory and timers of its own and every tenth with a server, and tells
 * the memory of the host and of its cells (the bytes that are resident) after some of them.
 */
const PROGRAM = `
  import { readFileSync, readdirSync } from 'node:fs';
  const PAGE = 4096;
  const resident = (pid) => Number(readFileSync('/proc/' + pid + '/statm', 'utf8').split(' ')[1]) * PAGE;
  const cells = () => readdirSync('/proc').filter((name) => {
    try { return /^\\d+$/.test(name) && readFileSync('/proc/' + name + '/stat', 'utf8').split(') ')[1].split(' ')[1] === String(process.pid); } catch { return false; }
  });
  const host = await ScriptHost.start({ isolation: ARGUMENT.isolation });
  const source = \`
    const kept = [];
    for (let index = 0; index < 1000; index++) kept.push({ index, text: 'item ' + index });
    setTimeout(() => { print(kept.length); Script.stop(); }, 0);
    setInterval(() => {}, 1000);
    if (Script.args[0] === 'server') {
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    }
  \`;
  // A process ends with its last script: this one keeps it.
  await host.run({ source: 'setInterval(() => {}, 1e6)' });
  const samples = [];
  let lines = 0;
  for (let number = 1; number <= ARGUMENT.scripts; number++) {
    const script = await host.run({ source, type: 'assignment-client', args: number % 10 === 0 ? ['server'] : [], permissions: { listen: true } });
    script.on('print', () => lines++);
    const { reason } = await script.ended;
    if (reason !== 'stopped') throw new Error('script ' + number + ' ended by a fault');
    if (ARGUMENT.samples.includes(number)) {
      samples.push({ host: resident(process.pid), cells: cells().map(resident) });
    }
  }
  const left = host.scripts.length - 1;
  await host.stop();
  console.log(JSON.stringify({ samples, lines, left }));
`;

interface Sample {
  readonly host: number;
  readonly cells: readonly number[];
}

const MEGABYTE = 1024 * 1024;

/** What the allocator may keep by chance; 700 isolates that were not let go would be ten times as much. */
const SLACK = 20 * MEGABYTE;
const onLinux = process.platform === 'linux';

(onLinux ? describe : describe.skip)(`1,000 scripts one after another in one host leave no memory behind${onLinux ? '' : ' (skipped: it reads /proc, which Linux has)'}`, () => {
  test.concurrent.each([
    // The one with the scripts, and the spare one.
    ['owner', 2],
    ['context', 2],
    ['in-process', 0],
  ])('isolation: %s', async (isolation, processes) => {
    const { left, lines, samples } = (await inSpawnedHost(PROGRAM, { isolation, scripts: 1000, samples: [300, 1000] })) as {
      samples: [Sample, Sample];
      lines: number;
      left: number;
    };
    expect({ left, lines }).toEqual({ left: 0, lines: 1000 });
    const [early, late] = samples;
    expect(late.host).toBeLessThan(early.host * 1.35 + SLACK);
    expect(late.cells).toHaveLength(processes);
    for (const [index, size] of late.cells.entries()) {
      expect(size).toBeLessThan((early.cells[index] as number) * 1.35 + SLACK);
    }
  }, 60_000);
});
