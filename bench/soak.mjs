/**
 * `npm run soak -- --minutes N [--seed N]`: echo servers as scripts of several owners come and go; their sockets are cut by
 * both ends; their cells are killed at random. Meanwhile clients check that every message to a script that lives comes back
 * once and in order. Ends with a table, and with exit code 1 where that was not so, or where the host keeps what it must not.
 */
import { fork, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CheckedClient, PATIENCE } from './soak/client.mjs';
import { seededRandom } from './soak/random.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    scripts: { type: 'string', default: '10' },
    connections: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
const minutes = Number(options.minutes);
const seed = Number(options.seed);
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('--minutes must be a number above 0, and --seed a whole one.');
  process.exit(2);
}

const OWNERS = 5;
/**
 * How long the news of a death may take, in milliseconds: that of one whose connections were closed comes when the script
 * runs again.
 */
const NEWS = 8000;
/** A connection may be told of its end so much later than this process of the death. */
const LATE = 1000;
/** What the host may have more at the end than at the start, when all scripts have ended. */
const MOST_GROWN = { descriptors: 8, handles: 8, held: 32 * 1024 * 1024 };

const random = seededRandom(seed);
const counts = {
  'scripts started': 0, 'scripts ended': 0, 'scripts restarted': 0, 'scripts not started': 0, 'cells killed': 0, 'connections': 0,
  'messages sent': 0, 'messages echoed': 0, 'messages lost to kills and cuts': 0, 'violations': 0,
};
const ends = {};
const violations = [];
/** The scripts that run, by their names: `{ port, clients }`; and when each died or ended last. */
const scripts = new Map();
const died = new Map();
let lastScript = 0;
let lastClient = 0;
let isOver = false;

const host = fork(fileURLToPath(new URL('soak/host.mjs', import.meta.url)), {
  execArgv: ['--no-node-snapshot', '--expose-gc'],
});
const waiters = new Map();
const next = (type) => new Promise((resolve) => waiters.set(type, resolve));
host.on('message', (message) => {
  handlers[message.type]?.(message);
  waiters.get(message.type)?.(message);
});
host.on('exit', (code, signal) => {
  if (!isOver) {
    console.error(`The host has ended (${signal ?? code}); seed ${seed}.`);
    process.exit(1);
  }
});

const handlers = {
  listening({ id, port }) {
    const script = scripts.get(id);
    if (script !== undefined) {
      script.port = port;
    }
  },
  restarted({ id }) {
    counts['scripts restarted']++;
    died.set(id, Date.now());
  },
  ended({ id, reason, code }) {
    counts[reason === 'not started' ? 'scripts not started' : 'scripts ended']++;
    const how = code ?? reason;
    ends[how] = (ends[how] ?? 0) + 1;
    died.set(id, Date.now());
    scripts.delete(id);
  },
};

await next('ready');
// What the first scripts bring is there before it is measured.
await warmUp();
const start = await measure();
const deadline = Date.now() + minutes * 60_000;
const loops = [comeAndGo(), connectAndCut(), send(), kill(), check()];
if (process.stderr.isTTY) {
  loops.push(showProgress());
}
await Promise.all(loops);
for (const id of scripts.keys()) {
  host.send({ type: 'stop', id });
}
await until(() => scripts.size === 0, 'the scripts to end');
// News of the last deaths, and judgements that wait for it.
await sleep(NEWS + 500);
const end = await settled();
isOver = true;
host.send({ type: 'end' });
report();

async function warmUp() {
  startScript();
  await until(() => [...scripts.values()].some(({ port }) => port !== undefined), 'the first script');
  connect(scripts.keys().next().value);
  await sleep(300);
}

/** Starts scripts up to their number, and ends some: by the host, by themselves, by a fault. */
async function comeAndGo() {
  while (Date.now() < deadline) {
    if (scripts.size < Number(options.scripts)) {
      startScript();
    } else if (random.chance(0.5)) {
      const id = random.pick([...scripts.keys()]);
      const [client] = [...scripts.get(id).clients].filter((each) => each.isOpen);
      const how = random.pick(['stop by the host', 'stop', 'loop']);
      if (how === 'stop by the host' || client === undefined) {
        died.set(id, Date.now());
        host.send({ type: 'stop', id });
      } else {
        died.set(id, Date.now());
        client.command(how);
      }
    }
    await sleep(random.integer(100, 700));
  }
}

async function connectAndCut() {
  while (Date.now() < deadline) {
    for (const [id, { clients, port }] of scripts) {
      if (port !== undefined && clients.size < Number(options.connections)) {
        connect(id);
      }
    }
    const all = allClients();
    if (all.length > 0 && random.chance(0.5)) {
      const client = random.pick(all);
      const how = random.pick(['reset', 'destroy', 'close', 'close me']);
      if (how === 'close me') {
        client.command(how);
      } else {
        client.cut(how);
      }
    }
    await sleep(random.integer(10, 100));
  }
}

async function send() {
  while (Date.now() < deadline) {
    for (const client of allClients()) {
      if (random.chance(0.5)) {
        client.sendSome();
      }
    }
    await sleep(random.integer(5, 30));
  }
  // What is under way comes back; then each closes.
  for (const client of allClients()) {
    client.cut('close');
  }
  await until(() => allClients().length === 0, 'the last echoes');
}

async function kill() {
  while (Date.now() < deadline) {
    await sleep(random.integer(1500, 5000));
    const cells = cellsOf(host.pid);
    if (cells.length > 0 && Date.now() < deadline) {
      try {
        process.kill(random.pick(cells), 'SIGKILL');
        counts['cells killed']++;
      } catch {
        // It has just ended by itself.
      }
    }
  }
}

/** No client waits for an echo longer than it must. */
async function check() {
  while (Date.now() < deadline) {
    for (const [id, { clients }] of scripts) {
      for (const client of clients) {
        if (client.waitingFor > PATIENCE && !(await hasDiedSince(id, Date.now() - client.waitingFor))) {
          violation(`${id}: no echo for ${PATIENCE} ms`);
          client.cut('destroy');
        }
      }
    }
    await sleep(1000);
  }
}

function startScript() {
  const id = `script-${++lastScript}`;
  counts['scripts started']++;
  scripts.set(id, { port: undefined, clients: new Set() });
  host.send({ type: 'start', id, options: { owner: `owner-${random.integer(1, OWNERS)}` } });
}

function connect(id) {
  const { clients, port } = scripts.get(id);
  const since = Date.now();
  const client = new CheckedClient({
    id: `connection-${++lastClient}`,
    port,
    random,
    violation,
    hasDiedSince: (time, isOver) => (isOver ? hasDiedSince(id, time - LATE) : hasDiedSince(id, time, LATE)),
  });
  counts.connections++;
  clients.add(client);
  void client.opened.then(async (isOpened) => {
    if (!isOpened && !(await hasDiedSince(id, since - LATE))) {
      violation(`${id} has not accepted a connection`);
    }
  });
  void client.closed.then(() => {
    clients.delete(client);
    counts['messages sent'] += client.sent;
    counts['messages echoed'] += client.echoed;
    counts['messages lost to kills and cuts'] += client.lost;
  });
}

/** Whether a script has died or ended since a time, or does so in the next milliseconds, as news take time. */
async function hasDiedSince(id, time, within = NEWS) {
  const deadlineOfNews = Date.now() + within;
  while (!((died.get(id) ?? 0) >= time)) {
    if (Date.now() > deadlineOfNews) {
      return false;
    }
    await sleep(50);
  }
  return true;
}

function allClients() {
  return [...scripts.values()].flatMap(({ clients }) => [...clients]).filter((client) => client.isOpen);
}

function violation(what) {
  counts.violations++;
  if (violations.length < 20) {
    violations.push(what);
  }
}

function cellsOf(pid) {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  return [...stdout.matchAll(/^ *(\d+) +(\d+) +([A-Z])/gm)]
    .filter(([, , parent, state]) => Number(parent) === pid && state !== 'Z')
    .map(([, child]) => Number(child));
}

async function measure() {
  const measured = next('measured');
  host.send({ type: 'measure' });
  return (await measured).measures;
}

/** What the host has when it is back at what it had, or after some seconds. */
async function settled() {
  for (let left = 20; ; left--) {
    const now = await measure();
    if (left === 0 || grown(now).length === 0) {
      return now;
    }
    await sleep(500);
  }
}

function grown(now) {
  return Object.entries(MOST_GROWN).filter(([name, most]) => now[name] > start[name] + most);
}

async function until(condition, what) {
  for (const last = Date.now() + 2 * PATIENCE; !condition(); await sleep(50)) {
    if (Date.now() > last) {
      violation(`waited in vain for ${what}`);
      return;
    }
  }
}

async function showProgress() {
  while (Date.now() < deadline) {
    const left = Math.ceil((deadline - Date.now()) / 1000);
    const { connections, violations: wrong } = counts;
    process.stderr.write(`\r\x1b[K${left} s left; ${scripts.size} scripts, ${connections} connections, ${counts['cells killed']} cells killed, ${wrong} violations`);
    await sleep(500);
  }
  process.stderr.write('\r\x1b[K');
}

function report() {
  const told = counts['messages echoed'] + counts['messages lost to kills and cuts'];
  if (told !== counts['messages sent']) {
    violation(`${counts['messages sent']} messages were sent, and of ${told} it is known what became of them`);
  }
  for (const [name, most] of grown(end)) {
    violation(`the host has more ${name} than at the start: ${end[name]} after ${start[name]}, where ${most} more are allowed`);
  }
  const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const rows = [
    ...Object.entries(counts).map(([name, count]) => [name, count.toLocaleString('en-US')]),
    ['resident memory of the host, start and end', `${mebibytes(start.resident)}, ${mebibytes(end.resident)}`],
    ['heap and external memory, start and end', `${mebibytes(start.held)}, ${mebibytes(end.held)}`],
    ['open descriptors, start and end', `${start.descriptors}, ${end.descriptors}`],
    ['handles, start and end', `${start.handles}, ${end.handles}`],
  ];
  if (options.json) {
    console.log(JSON.stringify({ seed, minutes, counts, ends, start, end, violations }, null, 2));
  } else {
    console.log(`| soak of ${minutes} minutes, seed ${seed} | |\n| --- | ---: |`);
    console.log(rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n'));
    console.log(`\nScripts ended: ${Object.entries(ends).map(([how, count]) => `${how} ${count}`).join(', ')}.`);
  }
  for (const what of violations) {
    console.error(`violation: ${what}`);
  }
  process.exitCode = counts.violations === 0 ? 0 : 1;
}
