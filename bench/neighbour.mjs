/**
 * `npm run bench:neighbour -- [--rounds N] [--milliseconds N] [--json]`: the latency of echoes through a script, alone and
 * while a script of another owner spins in its cell as much as it may, in turns. What counts is the ratio in one run.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    milliseconds: { type: 'string', default: '2000' },
    json: { type: 'boolean', default: false },
    host: { type: 'boolean', default: false },
  },
});

/** What is to be reached: so many times the 99th percentile alone. */
const TARGET = 2;

/** Each turn ends just before its limit, and the next one begins at once. */
const SPINS = 'setInterval(() => { for (const end = Date.now() + 1500; Date.now() < end;); }, 1)';
const ECHOES = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.newConnection.connect((socket) => { socket.onmessage = ({ data }) => socket.send(data); });
  print(server.port);
`;

if (options.host) {
  await runHost();
} else {
  await measure();
}

/** The host, in a process of its own, as in use. */
async function runHost() {
  const { ScriptHost } = await import('../dist/host/index.js');
  const host = await ScriptHost.start();
  const echo = await host.run({ source: ECHOES, owner: 'neighbour', type: 'assignment-client', permissions: { listen: ['127.0.0.1'] } });
  echo.on('print', ({ text }) => process.send(Number(text)));
  let attacker;
  process.on('message', async (wanted) => {
    if (wanted === 'attack') {
      attacker = await host.run({ source: SPINS, owner: 'attacker', limits: { turnTimeout: 5000 } });
      void attacker.ended.then(({ error, reason }) => {
        if (reason !== 'stopped') {
          console.error(`The script that spins has ended: ${error?.message}.`);
          process.exit(1);
        }
      });
    } else {
      await attacker.stop();
    }
    process.send(wanted);
  });
}

async function measure() {
  const host = fork(new URL(import.meta.url), ['--host'], { execArgv: ['--no-node-snapshot'] });
  host.on('exit', () => process.exit(1));
  const [port] = await once(host, 'message');
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  const rounds = { alone: [], attacked: [] };
  // The first round warms up and does not count.
  for (let round = 0; round <= Number(options.rounds); round++) {
    const alone = await latencies(socket);
    await tell(host, 'attack');
    const attacked = await latencies(socket);
    await tell(host, 'stop');
    if (round > 0) {
      rounds.alone.push(alone);
      rounds.attacked.push(attacked);
    }
  }
  socket.terminate();
  host.removeAllListeners('exit');
  host.kill();
  report(rounds);
}

async function tell(host, wanted) {
  const done = once(host, 'message');
  host.send(wanted);
  await done;
  await sleep(300);
}

/** One echo after another, in microseconds each. */
async function latencies(socket) {
  const times = [];
  for (const end = performance.now() + Number(options.milliseconds); performance.now() < end; ) {
    const since = performance.now();
    const answer = new Promise((resolve) => socket.once('message', resolve));
    socket.send('an echo of some bytes');
    await answer;
    times.push((performance.now() - since) * 1000);
  }
  return times;
}

function report({ alone, attacked }) {
  const figures = [50, 99].map((percent) => {
    const [before, during] = [alone, attacked].map((each) => median(each.map((times) => percentile(times, percent))));
    return { percent, before, during, ratio: during / before };
  });
  if (options.json) {
    console.log(JSON.stringify({ figures, cores: availableParallelism(), node: process.version }, null, 2));
  } else {
    console.log('| echo latency, us | alone | while another owner\'s script spins | ratio |\n| --- | ---: | ---: | ---: |');
    for (const { before, during, percent, ratio } of figures) {
      console.log(`| ${percent}th percentile | ${before.toFixed(0)} | ${during.toFixed(0)} | ${ratio.toFixed(2)} |`);
    }
    console.log(`\nNode ${process.version}, ${availableParallelism()} cores, medians of ${options.rounds} rounds; to reach: ${TARGET} at the 99th.`);
  }
  process.exitCode = figures[1].ratio <= TARGET ? 0 : 1;
}

function percentile(values, percent) {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * (percent / 100))];
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
