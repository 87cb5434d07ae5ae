/**
 * `npm run bench`: echo of 64-byte text through a sandboxed server script against plain `ws`.
 *
 * The servers stay up and are measured in turns, so that what else the machine does meets all alike. What counts are the
 * ratios of the medians, in one run.
 *
 *     npm run bench -- [--rounds N] [--milliseconds N] [--json]
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    milliseconds: { type: 'string', default: '1500' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const milliseconds = Number(options.milliseconds);

const SERVERS = {
  'ws': ['servers/ws.mjs'],
  'process cell': ['servers/airlock.mjs', 'owner'],
  'in-process': ['servers/airlock.mjs', 'in-process'],
};

const SHAPES = [
  { name: '50 connections x 16 in flight, per s', connections: 50, inFlight: 16, measure: 'rate' },
  { name: '50 connections x 1 in flight, per s', connections: 50, inFlight: 1, measure: 'rate' },
  { name: '1 connection x 1 in flight, median us', connections: 1, inFlight: 1, measure: 'latency' },
];

/** How long each measurement runs before it counts, in milliseconds. */
const WARM_UP = 500;

/** What is to be reached: at least so many times the rate of `ws`, at most so many times its latency. */
const TARGETS = {
  'process cell': [3.0, 0.75, 3.0],
  'in-process': [3.0, 0.85, 1.7],
};

const servers = {};
for (const [name, args] of Object.entries(SERVERS)) {
  servers[name] = await startServer(args);
}
const load = startLoad();

const results = [];
for (const shape of SHAPES) {
  const samples = Object.fromEntries(Object.keys(servers).map((name) => [name, []]));
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { port }] of Object.entries(servers)) {
      if (!options.json && process.stderr.isTTY) {
        process.stderr.write(`\r\x1b[K${shape.name}: round ${round} of ${rounds}, ${name}`);
      }
      const { messages, seconds, median } = await load.run({ ...shape, port, size: 64, warmUp: WARM_UP, milliseconds });
      if (round > 0) {
        samples[name].push(shape.measure === 'rate' ? messages / seconds : median);
      }
    }
  }
  results.push({ shape, medians: Object.fromEntries(Object.entries(samples).map(([name, each]) => [name, medianOf(each)])) });
}
if (process.stderr.isTTY) {
  process.stderr.write('\r\x1b[K');
}
load.stop();
for (const server of Object.values(servers)) {
  server.stop();
}
report();

function report() {
  const rows = results.map(({ shape, medians }, index) => ({
    shape: shape.name,
    medians,
    ratios: Object.fromEntries(Object.keys(TARGETS).map((name) => [name, medians[name] / medians.ws])),
    targets: Object.fromEntries(Object.entries(TARGETS).map(([name, targets]) => [name, targets[index]])),
  }));
  if (options.json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  console.log('| 64-byte text echo | ws | process cell | ratio (to reach) | in-process | ratio (to reach) |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const { shape, medians, ratios, targets } of rows) {
    const number = (value) => Math.round(value).toLocaleString('en-US');
    const sign = shape.endsWith('us') ? '<=' : '>=';
    const cells = Object.keys(TARGETS).map(
      (name) => `${number(medians[name])} | ${ratios[name].toFixed(2)} (${sign} ${targets[name].toFixed(2)})`,
    );
    console.log(`| ${shape} | ${number(medians.ws)} | ${cells.join(' | ')} |`);
  }
  console.log(`\nNode ${process.version}, ${rounds} rounds of ${milliseconds} ms each, medians.`);
}

function medianOf(values) {
  return values.toSorted((left, right) => left - right)[values.length >> 1];
}

function start(args) {
  const [script, ...rest] = args;
  return spawn(process.execPath, ['--no-node-snapshot', fileURLToPath(new URL(script, import.meta.url)), ...rest], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function startServer(args) {
  const child = start(args);
  const port = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(Number(text)));
    child.once('exit', () => reject(new Error(`${args.join(' ')} did not start`)));
  });
  return { port, stop: () => child.stdin.end() };
}

function startLoad() {
  const child = start(['load.mjs']);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async run(job) {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const { done, value } = await lines.next();
      if (done) {
        throw new Error('the load has ended; what came back was wrong');
      }
      return JSON.parse(value);
    },
    stop: () => child.stdin.end(),
  };
}
