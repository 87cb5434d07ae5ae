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

const host = await ScriptHost.start();
const log = [];
host.on('log', ({ message }) => log.push(message));

const neighbour = await host.run({
  name: 'neighbour.js',
  ...attack.neighbour,
  type: 'assignment-client',
  permissions: { listen: ['127.0.0.1'] },
});
neighbour.on('print', ({ text: port }) => process.send({ type: 'ready', port: Number(port) }));
let neighbourEnd;
void neighbour.ended.then(({ error, reason }) => {
  neighbourEnd = `${reason}: ${error?.message}`;
});

process.once('message', async () => {
  const before = sample();
  const read = [];
  const keep = (line) => {
    // A flood is searched as well, but what is kept of it is bounded: it counts for the host's memory.
    if (read.length < 2000) {
      read.push(line.slice(0, 200_000));
    }
  };
  const script = await host.run({
    name: 'hostile.js',
    type: 'assignment-client',
    permissions: { listen: ['127.0.0.1'], connect: ['127.0.0.1'] },
    ...attack.options,
    source: attack.source.replaceAll('NEIGHBOUR_PORT', attack.port),
    limits: attack.limits,
  });
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
    if (errors.length < 2000) {
      errors.push({ code, message, stack });
    }
  });
  const first = await Promise.race([survived, script.ended, sleep(PATIENCE, 'still there', { ref: false })]);
  if (typeof first === 'string') {
    void script.stop();
  }
  const { error, reason } = await script.ended;
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
      memory: { before: before.resident, after: after.resident },
      descriptors: { before: before.descriptors, after: after.descriptors },
      neighbour: neighbourEnd ?? 'runs',
      next: nextSaid,
    },
  });
  process.once('message', async () => {
    await host.stop();
    process.disconnect();
  });
});

function sample() {
  globalThis.gc();
  return {
    resident: process.memoryUsage.rss(),
    descriptors: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
  };
}

/** What the host has when it has come back to what it had, or when it has had its time for that. */
async function settled(before) {
  const deadline = Date.now() + SETTLE;
  for (;;) {
    const now = sample();
    const isBack =
      now.resident <= before.resident + attack.memoryBound && now.descriptors <= before.descriptors + attack.descriptorBound;
    if (isBack || Date.now() > deadline) {
      return now;
    }
    await sleep(50);
  }
}
