/**
 * `npm run bench:isolation` (Linux): what a cell process, an isolate and a context cost, in
 * time to the script's first line and in memory. The figures of `docs/limits.md` are its.
 */
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { ProcessCell } from '../dist/host/cells/process-cell.js';
import { ScriptHost } from '../dist/host/index.js';

const SCRIPTS = 50;
const SOURCE = "print('up'); setInterval(() => {}, 1e6)";

/** The memory of this process's children that no other process has, in MiB. */
function privateMemory() {
  let sum = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${process.pid}\n`)) {
        const maps = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
        sum += [...maps.matchAll(/^Private_\w+: +(\d+) kB$/gm)].reduce((total, [, size]) => total + Number(size), 0);
      }
    } catch {
      // It has ended meanwhile.
    }
  }
  return sum / 1024;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** What the start of each of some scripts takes, and what one more of them adds to the memory. */
async function measure(isolation, count, pause = 0) {
  const host = await ScriptHost.start({ isolation });
  const times = [];
  let first;
  for (let number = 0; number < count; number++) {
    // So that the spare process is ready.
    await setTimeout(pause);
    const begin = performance.now();
    const script = await host.run({ source: SOURCE });
    await once(script, 'print');
    times.push(performance.now() - begin);
    first ??= isolation === 'in-process' ? process.memoryUsage.rss() / 2 ** 20 : privateMemory();
  }
  const last = isolation === 'in-process' ? process.memoryUsage.rss() / 2 ** 20 : privateMemory();
  await host.stop();
  return { time: median(times.slice(1)), memory: (last - first) / (count - 1) };
}

const starts = [];
for (let round = 0; round < 7; round++) {
  const begin = performance.now();
  const cell = await ProcessCell.start();
  starts.push(performance.now() - begin);
  await cell.close();
}
console.log('| what | ms until it runs | MiB more |\n| --- | ---: | ---: |');
const cell = await ProcessCell.start();
console.log(`| a process | ${median(starts).toFixed(0)} | ${privateMemory().toFixed(1)} |`);
await cell.close();
for (const isolation of ['owner', 'context', 'in-process']) {
  const { memory, time } = await measure(isolation, SCRIPTS);
  console.log(`| a further script, isolation "${isolation}" | ${time.toFixed(1)} | ${memory.toFixed(2)} |`);
}
for (const [how, pause] of [['at once after another', 0], ['the spare process being ready', 1000]]) {
  const { memory, time } = await measure('script', 8, pause);
  console.log(`| a further script, isolation "script", ${how} | ${time.toFixed(1)} | ${memory.toFixed(2)} |`);
}
console.log(`\nNode ${process.version}`);
process.exit();
