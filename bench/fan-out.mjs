/**
 * `npm run bench:fan-out`: one message to 1,000 clients, by `server.broadcast` of a sandboxed script against a loop over the
 * clients of plain `ws`.
 *
 * One of the clients says what all get, so many messages ahead. Servers are measured in turns, as in `echo.mjs`.
 *
 *     npm run bench:fan-out -- [--rounds N] [--milliseconds N] [--clients N]
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    milliseconds: { type: 'string', default: '2000' },
    clients: { type: 'string', default: '1000' },
  },
});
const rounds = Number(options.rounds);
const milliseconds = Number(options.milliseconds);
const clients = Number(options.clients);

const SERVERS = {
  'ws': ['servers/ws-fan-out.mjs'],
  'process cell': ['servers/airlock-fan-out.mjs', 'owner'],
  'in-process': ['servers/airlock-fan-out.mjs', 'in-process'],
};

const servers = {};
for (const [name, args] of Object.entries(SERVERS)) {
  const child = start(args);
  const port = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(Number(text)));
    child.once('exit', () => reject(new Error(`${name} did not start`)));
  });
  servers[name] = { port, stop: () => child.stdin.end() };
}
const load = start(['load-fan-out.mjs']);
const answers = createInterface({ input: load.stdout })[Symbol.asyncIterator]();

console.log('| messages to all, per s | ws | process cell | ratio | in-process | ratio |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const inFlight of [1, 16]) {
  const samples = Object.fromEntries(Object.keys(servers).map((name) => [name, []]));
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { port }] of Object.entries(servers)) {
      load.stdin.write(`${JSON.stringify({ port, clients, inFlight, milliseconds })}\n`);
      const { done, value } = await answers.next();
      if (done) {
        throw new Error('the load has ended; what came was wrong');
      }
      if (round > 0) {
        samples[name].push(JSON.parse(value).rate / clients);
      }
    }
  }
  const medians = Object.fromEntries(Object.entries(samples).map(([name, each]) => [name, each.toSorted((a, b) => a - b)[each.length >> 1]]));
  const cells = ['process cell', 'in-process'].map((name) => `${medians[name].toFixed(0)} | ${(medians[name] / medians.ws).toFixed(2)}`);
  console.log(`| ${clients.toLocaleString('en-US')} clients, ${inFlight} in flight | ${medians.ws.toFixed(0)} | ${cells.join(' | ')} |`);
}
console.log(`\nNode ${process.version}, ${rounds} rounds of ${milliseconds} ms each, medians.`);
load.stdin.end();
Object.values(servers).forEach((server) => server.stop());

function start([script, ...rest]) {
  return spawn(process.execPath, ['--no-node-snapshot', fileURLToPath(new URL(script, import.meta.url)), ...rest], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
