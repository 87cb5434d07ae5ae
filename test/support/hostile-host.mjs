/**
 * A host process for one attack: an echo server as the neighbour, then the attacker. Its parent says when to attack, and
 * takes what became of both. Given the path of the package whose host is to be run, and the attack as JSON.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [, , packageFolder, text] = process.argv;
const attack = JSON.parse(text);
const { ScriptHost } = await import(pathToFileURL(`${packageFolder}/dist/host/index.js`).href);

/** How long an attacker may take to end, or to say that it has survived, in milliseconds. */
const PATIENCE = 25_000;

/** How long memory and descriptors may take to come back, in milliseconds. */
const SETTLE = 6000;

/** How much of what an attacker could read is kept for the search: lines, and characters of each. */
const MOST_KEPT = 200;
const LONGEST_KEPT = 500_000;

const host = await ScriptHost.start();
const log = [];
host.on('log', ({ message }) => log.push(message));

const neighbour = await host.run({
  name: 'neighbour.js',
  ...attack.neighbour,
  type: 'assignment-client',
  permissions: { listen: ['127.0.0.1'] },
});
let port;
neighbour.on('print', ({ text: line }) => {
  port = Number(line);
  process.send({ type: 'ready', port });
});
let neighbourEnd;
void neighbour.ended.then(({ error, reason }) => {
  neighbourEnd = `${reason}: ${error?.message}`;
});

/** The most processor time that a round of the event loop has taken, in milliseconds. */
let longestRound = 0;
let watchesRounds = false;
function watchRounds(last) {
  const { system, user } = process.threadCpuUsage();
  const now = (system + user) / 1000;
  longestRound = Math.max(longestRound, now - last);
  if (watchesRounds) {
    setImmediate(() => watchRounds(now));
  }
}

process.once('message', async () => {
  const before = sample();
  const read = [];
  const keep = (line) => {
    // A flood is searched as well, but what is kept of it is bounded: it counts for the host's memory.
    if (read.length < MOST_KEPT) {
      read.push(copyOf(line));
    }
  };
  const script = await host.run({
    name: 'hostile.js',
    type: 'assignment-client',
    permissions: { listen: ['127.0.0.1'], connect: ['127.0.0.1'] },
    ...attack.options,
    source: attack.source.replaceAll('NEIGHBOUR_PORT', String(port)),
    limits: attack.limits,
  });
  if (attack.watchesRounds) {
    watchesRounds = true;
    watchRounds(Infinity);
  }
  const survived = new Promise((resolve) => {
    script.on('print', ({ text: line }) => {
      keep(line);
      if (line === 'survived') {
        resolve('survived');
      }
    });
  });
  const errors = [];
  script.on('error', ({ code, message, stack }) => {
    if (errors.length < MOST_KEPT) {
      errors.push({ code, message: copyOf(message), stack: copyOf(stack) });
    }
  });
  const first = await Promise.race([survived, script.ended, sleep(PATIENCE, 'still there', { ref: false })]);
  if (typeof first === 'string') {
    void script.stop();
  }
  const { error, reason } = await script.ended;
  watchesRounds = false;
  const after = await settled(before);
  const next = await host.run({ name: 'next.js', ...attack.neighbour, source: "print('fine'); setTimeout(() => {}, 1e6)" });
  const nextSaid = await Promise.race([
    new Promise((resolve) => next.on('print', ({ text: line }) => resolve(line))),
    next.ended.then((end) => `${end.reason}: ${end.error?.message}`),
  ]);
  process.send({
    type: 'done',
    outcome: {
      survived: first === 'survived',
      reason: first === 'still there' ? first : reason,
      code: error?.code,
      message: error?.message,
      read,
      errors,
      log: log.slice(0, 1000),
      before,
      after,
      neighbour: neighbourEnd ?? 'runs',
      next: nextSaid,
      longestRound,
    },
  });
  process.once('message', async () => {
    await host.stop();
    process.disconnect();
  });
});

/** A part of a string would keep all of it alive. */
function copyOf(text) {
  return Buffer.from(text.slice(0, LONGEST_KEPT)).toString();
}

function sample() {
  globalThis.gc();
  const { external, heapUsed } = process.memoryUsage();
  return {
    held: heapUsed + external,
    resident: process.memoryUsage.rss(),
    descriptors: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
  };
}

/** What the host has when it has come back to what it had, or when it has had its time for that. */
async function settled(before) {
  const deadline = Date.now() + SETTLE;
  for (;;) {
    const now = sample();
    const isBack = Object.entries(attack.bounds).every(([name, bound]) => now[name] <= before[name] + bound);
    if (isBack || Date.now() > deadline) {
      return now;
    }
    await sleep(50);
  }
}
