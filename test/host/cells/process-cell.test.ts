import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { cellProcessFlags } from '../../../host/cells/cell-flags.ts';
import { ProcessCell } from '../../../host/cells/process-cell.ts';
import { COMMAND_SCHEMA, type Command } from '../../../wire/commands.ts';
import type { EncodedBatch } from '../../../wire/encoded.ts';
import { TO_HOST, frame } from '../../../wire/frames.ts';
import { processCellClient, settingsOf } from '../../support/cells.ts';
import { folderWith } from '../../support/command.ts';
import { afterThisTest } from '../../support/sockets.ts';
import { itemsToEncoded, toBytes, turnOf } from '../../support/wire.ts';
import { testWhere } from '../../support/skip.ts';

async function startCell(...args: Parameters<typeof ProcessCell.start>): Promise<ProcessCell> {
  const cell = await ProcessCell.start(...args);
  afterThisTest(() => void cell.close());
  return cell;
}

/** A process that takes the place of a cell: with a cell's flags, but for the file that it runs. */
function fakeCell(source: string): Promise<ProcessCell> {
  const folder = folderWith({ 'cell.mjs': source });
  return startCell([...cellProcessFlags(), `--allow-fs-read=${join(folder, '*')}`], join(folder, 'cell.mjs'));
}

/** The frame that says that a cell is ready. */
const READY = [5, 0, 0, 0, 1, 0, 0, 0, 0];
/** The frame that says that a turn of script 1 has ended well, without commands. */
const TURNED = [38, 0, 0, 0, 2, 1, 0, 0, 0, ...Array.from({ length: 33 }, () => 0)];

describe('a cell process', () => {
  test('runs the turns of its scripts', async () => {
    const cell = await startCell();
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    cell.turn(1, turnOf({ type: 'evaluate', source: `print('in the cell')` }));
    expect(await client.turnEnds()).toEqual({
      status: 'done',
      message: '',
      commands: [{ type: 'print', level: 0, text: 'in the cell' }, { type: 'loaded' }],
    });
  });

  test('writes over a turn that was given only when the kernel has a copy of it', async () => {
    const cell = await startCell();
    cell.create(1, settingsOf('a.js'), processCellClient());
    const isReused = ({ numbers }: EncodedBatch): boolean => turnOf({ type: 'timer' }).finish().numbers.buffer === numbers.buffer;

    const small = turnOf({ type: 'evaluate', source: '1' });
    cell.turn(1, small);
    expect(isReused(small.finish())).toBe(true);
    // More than a pipe holds.
    const large = turnOf(...Array.from({ length: 1000 }, () => ({ type: 'preload', entityID: 'e'.repeat(1000) }) as const));
    cell.turn(1, large);
    expect(isReused(large.finish())).toBe(false);
  });

  test('tells nothing of a script that was thrown away', async () => {
    const cell = await startCell();
    const [gone, other] = [processCellClient(), processCellClient()];
    cell.create(1, settingsOf('gone.js'), gone);
    cell.create(2, settingsOf('other.js'), other);
    let told = false;
    gone.turnEnds().then(() => (told = true), () => {});
    cell.turn(1, turnOf({ type: 'evaluate', source: '1' }));
    cell.destroy(1);
    cell.turn(2, turnOf({ type: 'evaluate', source: '1' }));
    expect((await other.turnEnds()).status).toBe('done');
    expect(told).toBe(false);
  });

  test('goes on where its group is told to end: that is the business of the host', async () => {
    const cell = await startCell();
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.kill(cell.pid as number, signal);
    }
    cell.turn(1, turnOf({ type: 'evaluate', source: `print('still here')` }));
    expect((await client.turnEnds()).status).toBe('done');
  });

  test('that is killed ends all its scripts, each with the reason', async () => {
    const cell = await startCell();
    const clients = [1, 2, 3].map((number) => {
      const client = processCellClient();
      cell.create(number, settingsOf(`${number}.js`), client);
      return client;
    });
    process.kill(cell.pid as number, 'SIGKILL');
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual(Array(3).fill('was ended by SIGKILL'));
    expect(cell.dead).toBe(true);
    // A script that was placed there before anybody knew is told as well.
    const late = processCellClient();
    cell.create(4, settingsOf('late.js'), late);
    expect(await late.ended).toBe('has ended');
    cell.turn(4, turnOf({ type: 'timer' }));
    cell.destroy(4);
  });

  test('is gone when close() resolves, and tells no script', async () => {
    const cell = await startCell();
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    const { pid } = cell;
    await cell.close();
    expect(() => process.kill(pid as number, 0)).toThrow('ESRCH');
    expect(await Promise.race([client.ended, 'nothing'])).toBe('nothing');
  });

  testWhere(process.platform === 'linux', 'it reads /proc, which Linux has')('is started with the flags that deny, and with no environment', async () => {
    const cell = await startCell();
    expect(readFileSync(`/proc/${cell.pid}/environ`, 'utf8')).toBe('');
    const command = readFileSync(`/proc/${cell.pid}/cmdline`, 'utf8').split('\0');
    expect(command.slice(1, -2)).toEqual(cellProcessFlags());
  });
});

describe('what a cell process may', () => {
  const PROBE = `
    import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
    import { spawnSync } from 'node:child_process';
    import { Worker } from 'node:worker_threads';
    import { connect, createServer } from 'node:net';
    import { createSocket } from 'node:dgram';
    import { lookup } from 'node:dns/promises';
    const [own, port] = process.argv.slice(2);
    const attempts = {
      'read its own code': () => readFileSync(own),
      'read /etc/passwd': () => readFileSync('/etc/passwd'),
      'read /proc/self/environ': () => readFileSync('/proc/self/environ'),
      'list a folder': () => readdirSync('/'),
      'write a file': () => writeFileSync(own + '.new', 'x'),
      'start a child': () => { const { error } = spawnSync(process.execPath, ['-v']); if (error) throw error; },
      'start a worker': () => new Worker('1', { eval: true }).terminate(),
      'connect': () => new Promise((resolve, reject) => connect(Number(port), '127.0.0.1').on('connect', resolve).on('error', reject)),
      'listen': () => new Promise((resolve, reject) => createServer().listen(0, '127.0.0.1', resolve).on('error', reject)),
      'send a datagram': () => new Promise((resolve, reject) => createSocket('udp4').on('error', reject).send('x', 9, '127.0.0.1', (error) => error ? reject(error) : resolve())),
      'look up a name': () => lookup('localhost'),
    };
    const results = {};
    for (const [name, attempt] of Object.entries(attempts)) {
      // Node throws some denials where nobody can catch them.
      const uncaught = new Promise((_, reject) => process.once('uncaughtException', reject));
      try { await Promise.race([attempt(), uncaught]); results[name] = 'done'; } catch (error) { results[name] = error.code ?? String(error); }
    }
    console.log(JSON.stringify({ results, environment: Object.keys(process.env) }));
    process.exit();
  `;

  test('is to read its own code; files, children, workers and the network are denied', async () => {
    const server = createServer((socket) => socket.destroy());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    afterThisTest(() => server.close());
    const folder = folderWith({ 'probe.mjs': PROBE });
    const probe = join(folder, 'probe.mjs');
    const { port } = server.address() as AddressInfo;
    const { stdout } = spawnSync(
      process.execPath,
      [...cellProcessFlags(), `--allow-fs-read=${probe}`, probe, probe, String(port)],
      { env: {}, encoding: 'utf8' },
    );
    const { environment, results } = JSON.parse(stdout) as { environment: string[]; results: Record<string, string> };
    expect(environment).toEqual([]);
    const { 'read its own code': own, ...others } = results;
    expect(own).toBe('done');
    // Node 24 has no permission for the network.
    const network = ['connect', 'listen', 'send a datagram', 'look up a name'];
    const denied = Number(process.versions.node.split('.')[0]) >= 26 ? Object.entries(others) : Object.entries(others).filter(([name]) => !network.includes(name));
    expect(denied.filter(([, result]) => result !== 'ERR_ACCESS_DENIED')).toEqual([]);
    expect(denied.length).toBeGreaterThan(5);
  });
});

describe('a cell that is not to be trusted', () => {
  test.each([
    ['garbage', '[255, 255, 255, 255, 1, 2, 3]', /^sent what is not of the protocol \(a frame of \d+ bytes/],
    ['a frame without a header', '[1, 0, 0, 0, 2, 2, 2, 2, 2]', /^sent what is not of the protocol \(a frame of 5 bytes/],
    ['a turn with an unknown status', '[6, 0, 0, 0, 2, 1, 0, 0, 0, 77]', /there is no turn status 77/],
    ['a turn with an unknown command', '[46, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, ...Array(20).fill(0), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 88, 64]', /there is no command with the code 99/],
    ['a turn that is cut off', '[8, 0, 0, 0, 2, 1, 0, 0, 0, 0, 9, 9]', /4 bytes were expected where 2 are left/],
    ['a question that is none', '[33, 0, 0, 0, 3, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 86, 64]', /there is no question with the code 88/],
    ['a frame of an unknown kind', '[5, 0, 0, 0, 66, 1, 0, 0, 0]', /there is no frame of the kind 66/],
  ])('is killed for %s, and its scripts are told why', async (_what, bytes, reason) => {
    // It answers the first frame that it gets.
    const cell = await fakeCell(`
      import { readSync, writeSync } from 'node:fs';
      process.on('SIGTERM', () => {});
      writeSync(4, Uint8Array.from(${JSON.stringify(READY)}));
      readSync(3, new Uint8Array(1000));
      writeSync(4, Uint8Array.from(${bytes}));
      setInterval(() => {}, 1000);
    `);
    const clients = [processCellClient(), processCellClient()];
    clients.forEach((client, index) => cell.create(index + 1, settingsOf('a.js'), client));
    cell.turn(1, turnOf({ type: 'timer' }));
    for (const client of clients) {
      expect(await client.ended).toMatch(reason);
    }
    expect(cell.dead).toBe(true);
    await cell.close();
    expect(() => process.kill(cell.pid as number, 0)).toThrow('ESRCH');
  });

  test('is killed also for what comes in pieces, and nothing is read that is in the pipe behind it', async () => {
    // With the end of its first turn comes half of a length; with the second turn, the host has read that.
    const cell = await fakeCell(`
      import { readSync, writeSync } from 'node:fs';
      writeSync(4, Uint8Array.from(${JSON.stringify(READY)}));
      const into = Buffer.alloc(65_536);
      const given = (text) => { while (!into.toString('latin1', 0, readSync(3, into)).includes(text)); };
      given('first');
      writeSync(4, Uint8Array.from([...${JSON.stringify(TURNED)}, 0xff, 0xff]));
      given('second');
      writeSync(4, new Uint8Array(150_000).fill(0xff));
      setInterval(() => {}, 1000);
    `);
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    cell.turn(1, turnOf({ type: 'evaluate', source: 'first' }));
    expect((await client.turnEnds()).status).toBe('done');
    cell.turn(1, turnOf({ type: 'evaluate', source: 'second' }));
    expect((await client.isBlamed).message).toMatch(/^sent what is not of the protocol \(a frame of 4294967299 bytes/);
    await cell.exited;
  });

  test('changes nothing by frames for scripts that it does not have', async () => {
    const cell = await fakeCell(`
      import { readSync, writeSync } from 'node:fs';
      writeSync(4, Uint8Array.from(${JSON.stringify(READY)}));
      readSync(3, new Uint8Array(1000));
      writeSync(4, Uint8Array.from([38, 0, 0, 0, 2, 77, 0, 0, 0, ...Array(33).fill(0), ...${JSON.stringify(TURNED)}]));
      setInterval(() => {}, 1000);
    `);
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    cell.turn(1, turnOf({ type: 'timer' }));
    expect(await client.turnEnds()).toEqual({ status: 'done', message: '', commands: [] });
  });

  test.each([
    ['the end of a turn', '[18, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]'],
    ['a question', '[33, 0, 0, 0, 3, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 86, 64]'],
  ])('%s that comes where the script has no turn is malformed: it would be outside of every limit on turns', async (_what, bytes) => {
    const cell = await fakeCell(`
      import { readSync, writeSync } from 'node:fs';
      writeSync(4, Uint8Array.from(${JSON.stringify(READY)}));
      readSync(3, new Uint8Array(1000));
      writeSync(4, Uint8Array.from(${bytes}));
      setInterval(() => {}, 1000);
    `);
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    expect(await client.ended).toBe('malformed: it came outside of its turns');
  });

  test.each([
    ['that ends at once', 'process.exit(7)', 'exited with code 7'],
    ['that throws', 'throw new Error("no good")', 'Error: no good'],
    ['that says something else first', 'import { writeSync } from "node:fs"; writeSync(4, "HTTP/1.1 200 OK"); setInterval(() => {}, 1000);', 'is not of the protocol'],
  ])('%s cannot be started', async (_what, source, reason) => {
    await expect(fakeCell(source)).rejects.toMatchObject({
      code: 'ERR_AIRLOCK_CELL_START_FAILED',
      message: expect.stringContaining(reason),
    });
  });

  test('whose program is missing cannot be started', async () => {
    await expect(startCell(cellProcessFlags(), '/no/such/cell.mjs')).rejects.toMatchObject({
      code: 'ERR_AIRLOCK_CELL_START_FAILED',
    });
  });
});

/** The source of a cell that answers its first turn with these bytes. */
const says = (bytes: readonly number[], then = 'setInterval(() => {}, 1000);'): string => `
  import { readSync, writeSync } from 'node:fs';
  process.on('SIGTERM', () => {});
  writeSync(4, Uint8Array.from(${JSON.stringify(READY)}));
  const into = Buffer.alloc(65_536);
  while (!into.toString('latin1', 0, readSync(3, into)).includes('go!'));
  const bytes = Uint8Array.from(${JSON.stringify(bytes)});
  for (let at = 0; at < bytes.length;) {
    try { at += writeSync(4, bytes, at); } catch (error) { if (error.code !== 'EAGAIN') throw error; }
  }
  ${then}
`;

const copy = (script: number, ...commands: readonly Command[]): number[] => [
  ...Buffer.concat(frame(TO_HOST.copy, script, [toBytes(itemsToEncoded(COMMAND_SCHEMA, commands))])),
];
const go = (): ReturnType<typeof turnOf> => turnOf({ type: 'evaluate', source: 'go!' });

describe('copies of lines', () => {
  const line = (text: string): Command => ({ type: 'print', level: 0, text });

  test.each([
    ['by itself', "process.kill(process.pid, 'SIGABRT')"],
    ['with an exit code', 'process.exit(3)'],
  ])('are told before the death of a cell that ends %s', async (_, end) => {
    const cell = await fakeCell(says([...copy(1, line('a')), ...copy(1, { type: 'reportError', text: 'b', stack: 'c' })], end));
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    cell.turn(1, go());
    await client.isBlamed;
    expect(client.lostLines).toEqual([line('a'), { type: 'reportError', text: 'b', stack: 'c' }]);
  });

  test('are told before the death of a cell that is killed for what came behind them', async () => {
    const cell = await fakeCell(says([...copy(1, line('a')), 1, 0, 0, 0, 0]));
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    cell.turn(1, go());
    await client.isBlamed;
    expect(client.lostLines).toEqual([line('a')]);
  });

  test('are forgotten when their turn has ended', async () => {
    const cell = await fakeCell(says([...copy(1, line('a')), ...TURNED]));
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    cell.turn(1, go());
    await client.turnEnds();
    cell.tellLost(1);
    process.kill(cell.pid as number, 'SIGKILL');
    await client.ended;
    expect(client.lostLines).toEqual([]);
  });

  test.each([
    ['that are other commands', copy(1, { type: 'stop' }), /a copy of a line holds the command stop/],
    ['that are messages', copy(1, { type: 'sendText', socket: 2, data: 'x' }), /a copy of a line holds the command sendText/],
    ['that are two', copy(1, line('a'), line('b')), /more than 1 commands in one batch/],
    ['that are cut off', copy(1, line('a')).with(0, 20).slice(0, 24), /bytes were expected/],
    ['of another script', copy(2, line('a')), /a copy of a line from outside of a turn/],
    ['behind the end of their turn', [...TURNED, ...copy(1, line('a'))], /a copy of a line from outside of a turn/],
    // 100 are allowed in a second, and with its grace, a turn has four of them.
    ['without end', Array.from({ length: 700 }, () => copy(1)).flat(), /more copies of lines than are sent in a turn/],
    ['of too many bytes', Array.from({ length: 35 }, () => copy(1, line('x'.repeat(100_000)))).flat(), /more copies of lines than are sent in a turn/],
  ])('%s cost the cell its life', async (_what, bytes, reason) => {
    const cell = await fakeCell(says(bytes));
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    cell.create(2, settingsOf('b.js'), processCellClient());
    cell.turn(1, go());
    expect(await client.ended).toMatch(reason);
  });

  test('no more are kept than the script may print in a second, whatever the cell says', async () => {
    const cell = await fakeCell(says(Array.from({ length: 500 }, (_, index) => copy(1, line(String(index)))).flat(), 'process.exit(3)'));
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    cell.turn(1, go());
    await client.isBlamed;
    expect(client.lostLines).toHaveLength(100);
  });
});

describe('who is to blame for the end of a cell', () => {
  /** Takes all frames and answers none. */
  const SILENT = `
    import { readSync, writeSync } from 'node:fs';
    writeSync(4, Uint8Array.from(${JSON.stringify(READY)}));
    for (;;) if (readSync(3, new Uint8Array(1000)) === 0) process.exit();
  `;
  const turn = turnOf({ type: 'timer' });

  test('is the script whose turn was given first of those that have not ended; the others are told its name', async () => {
    const cell = await fakeCell(SILENT);
    const clients = ['first.js', 'second.js', 'third.js'].map((name, index) => {
      const client = processCellClient();
      cell.create(index + 1, settingsOf(name), client);
      return client;
    });
    cell.turn(2, turn);
    cell.turn(1, turn);
    process.kill(cell.pid as number, 'SIGKILL');
    const message = 'was ended by SIGKILL while a turn of second.js was under way';
    expect(await clients[1]?.isBlamed).toEqual({ what: 'process', message, blamed: 'second.js' });
    for (const index of [0, 2]) {
      expect(await clients[index]?.death).toEqual({ what: 'process', message, blamed: 'second.js' });
    }
  });

  test('is nobody where no turn was under way', async () => {
    const cell = await startCell();
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    cell.turn(1, turnOf({ type: 'evaluate', source: '1' }));
    await client.turnEnds();
    process.kill(cell.pid as number, 'SIGKILL');
    expect(await client.death).toEqual({ what: 'process', message: 'was ended by SIGKILL', blamed: undefined });
  });

  test('is a script also that has left meanwhile', async () => {
    const cell = await fakeCell(SILENT);
    const [left, other] = [processCellClient(), processCellClient()];
    cell.create(1, settingsOf('left.js'), left);
    cell.create(2, settingsOf('other.js'), other);
    cell.turn(1, turn);
    cell.destroy(1);
    process.kill(cell.pid as number, 'SIGKILL');
    expect((await left.isBlamed).blamed).toBe('left.js');
    expect((await other.death).blamed).toBe('left.js');
  });

  test('is the script whose turn ended with what is not of the protocol', async () => {
    const cell = await fakeCell(`
      import { readSync, writeSync } from 'node:fs';
      writeSync(4, Uint8Array.from(${JSON.stringify(READY)}));
      readSync(3, new Uint8Array(1000));
      writeSync(4, Uint8Array.from([6, 0, 0, 0, 2, 1, 0, 0, 0, 77]));
      setInterval(() => {}, 1000);
    `);
    const [forger, other] = [processCellClient(), processCellClient()];
    cell.create(1, settingsOf('forger.js'), forger);
    cell.create(2, settingsOf('other.js'), other);
    cell.turn(1, turn);
    expect((await forger.isBlamed).message).toMatch(/^sent what is not of the protocol/);
    expect((await other.death).blamed).toBe('forger.js');
  });

  test('is nobody where the host ends it', async () => {
    const cell = await fakeCell(SILENT);
    const client = processCellClient();
    cell.create(1, settingsOf('a.js'), client);
    cell.turn(1, turn);
    await cell.close();
    expect(await Promise.race([client.ended, 'nothing'])).toBe('nothing');
  });
});
