import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { LimitName } from '../../host/index.ts';
import { LIMIT_WORDS, limitWords } from '../../host/policy/limit-words.ts';
import { folderWith } from '../support/command.ts';
import { LIMITS_OF_SERVERS, hits, limited, logged, served } from '../support/limits.ts';
import { openServer, openTcpServer, send, type TestClient } from '../support/sockets.ts';

/** How long it takes, in milliseconds. */
async function duration(promise: Promise<unknown>): Promise<number> {
  const before = performance.now();
  await promise;
  return performance.now() - before;
}

function flood({ connection }: TestClient, count: number, bytes = 1): void {
  for (let index = 0; index < count; index++) {
    send(connection, { type: 'sendText', data: String(index).padEnd(bytes) });
  }
  connection.flush();
}

/** Counts what comes and checks that it is in order. */
const COUNT = "(socket) => { let next = 0; socket.onmessage = ({ data }) => { if (Number(data) !== next++) print('lost'); if (next === 250) print('all'); }; }";

/** Brings each limit about, in the order of the table. */
const SHOWN: { readonly [Name in LimitName]?: () => Promise<void> } = {
  async memory() {
    const seen = await limited({ memory: 16 }, 'const kept = new Map(); for (let i = 0; ; i++) kept.set(i, { i });');
    const end = await seen.script.ended;
    await hits('memory', 16, seen);
    expect(end).toMatchObject({ reason: 'fault', error: { code: 'ERR_AIRLOCK_OUT_OF_MEMORY', message: 'used more than its 16 MiB of memory; raise it with --limit memory=32' } });
    expect(end.limit).toEqual({ name: 'memory', value: 16, message: 'used more than its 16 MiB of memory', count: 1 });
  },
  async resizableMemory() {
    const seen = await limited(
      { resizableMemory: 2 },
      'const make = () => new ArrayBuffer(1, { maxByteLength: 1024 * 1024 }); const kept = [make(), make()]; try { make(); } catch ({ name, message }) { print(name, message); } setInterval(() => {}, 1e6)',
    );
    await hits('resizableMemory', 2, seen);
    expect(seen.lines).toEqual(['RangeError Array buffer allocation failed']);
  },
  async turnTimeout() {
    const seen = await limited({ turnTimeout: 100 }, 'for (;;);');
    const end = await seen.script.ended;
    await hits('turnTimeout', 100, seen);
    expect(end).toMatchObject({ reason: 'fault', error: { code: 'ERR_AIRLOCK_TURN_TIMEOUT', message: 'ran for more than 100 ms in one turn, at limited.js:1:1; raise it with --limit turnTimeout=200', position: { file: 'limited.js', line: 1, column: 1 } } });
    expect(end.limit?.message).toBe('ran for more than 100 ms in one turn');
    expect(seen.script.statistics.cpuTime).toBeGreaterThan(50);
  },
  async turnSlice() {
    const seen = await limited({ turnSlice: 1 }, "addEventListener('x', () => {}); const busy = () => { for (const end = Date.now() + 5; Date.now() < end;); }; for (let i = 0; i < 3; i++) { const ws = new WebSocket('ws://127.0.0.1:1'); ws.onerror = ws.onclose = busy; } setInterval(() => {}, 1e6)", { permissions: { connect: ['127.0.0.1'] } });
    await hits('turnSlice', 1, seen);
  },
  async cpuShare() {
    const seen = await limited({ cpuShare: 20 }, "let n = 0; setInterval(() => { for (const end = Date.now() + 20; Date.now() < end;); if (++n === 20) print('done'); }, 1)");
    const took = await duration(seen.line('done'));
    await hits('cpuShare', 20, seen);
    // 400 ms, of which 200 may come at once, and the rest at 200 in a second.
    expect(took).toBeGreaterThan(700);
    const { cpuTime, turns, waitTime } = seen.script.statistics;
    expect(waitTime).toBeGreaterThan(300);
    expect(cpuTime).toBeGreaterThan(200);
    expect(turns).toBeGreaterThanOrEqual(20);
  },
  async lifetime() {
    const seen = await limited({ lifetime: 200 }, "Script.scriptEnding.connect(() => print('in order')); setInterval(() => {}, 10)");
    const end = await seen.script.ended;
    await hits('lifetime', 200, seen);
    expect(end).toMatchObject({ reason: 'limit', limit: { name: 'lifetime', value: 200, message: 'has run for its lifetime of 200 ms', count: 1 } });
    expect(seen.lines).toEqual(['in order']);
  },
  async scriptBytes() {
    await expect(limited({ scriptBytes: 9 }, "print('hi')")).rejects.toMatchObject({
      code: 'ERR_AIRLOCK_SCRIPT_TOO_LARGE',
      message: expect.stringContaining(limitWords('scriptBytes', 9)),
    });
  },
  async messageBytes() {
    const seen = await served({ messageBytes: 1000 }, '(socket) => { socket.onclose = ({ code }) => print(code); }');
    flood(seen.peer, 1, 1001);
    await hits('messageBytes', 1000, seen);
    expect(await seen.peer.owner.first('closed')).toMatchObject(['closed', 1009, expect.any(String), true]);
    await seen.line('1006');
  },
  async sockets() {
    const seen = await limited({ sockets: 0 }, "const ws = new WebSocket('ws://127.0.0.1:1'); ws.onerror = (error) => print(error === WebSocket.SocketError.SocketResourceError)");
    await hits('sockets', 0, seen);
    await seen.line('true');
  },
  async connectsPerSecond() {
    const { url } = openServer();
    const source = `let open = 0; for (let i = 0; i < 10; i++) new WebSocket('${url}').onopen = () => { if (++open === 10) print('all'); };`;
    const seen = await limited({ connectsPerSecond: 5 }, source);
    expect(await duration(seen.line('all'))).toBeGreaterThan(700);
    await hits('connectsPerSecond', 5, seen);
    expect(seen.script.statistics).toMatchObject({ connects: 10, sockets: 10 });
  },
  async servers() {
    const listen = "new WebSocketServer({ host: '127.0.0.1', port: 0 })";
    const seen = await limited({ servers: 1 }, `const kept = ${listen}; try { ${listen}; } catch ({ code, message }) { print(code, message); }`, { dialect: 'web' });
    await hits('servers', 1, seen);
    await seen.line(/^ERR/);
    expect(seen.lines).toEqual(["ERR_AIRLOCK_TOO_MANY_SOCKETS Failed to construct 'WebSocketServer': the limit of 1 servers is reached"]);
    expect(seen.script.statistics.servers).toHaveLength(1);
  },
  async timers() {
    const seen = await limited({ timers: 2 }, 'const set = () => setTimeout(() => {}, 1e6); set(); const second = set(); try { set(); } catch ({ message }) { print(message); } clearTimeout(second); set();');
    await hits('timers', 2, seen);
    expect(seen.lines).toEqual(['setTimeout: the limit of 2 timers is reached']);
    expect(seen.script.statistics.timers).toBe(2);
  },
  async timerInterval() {
    const seen = await limited({ timerInterval: 100 }, "let n = 0; setInterval(() => { if (++n === 6) print('six'); }, 10)");
    expect(await duration(seen.line('six'))).toBeGreaterThan(400);
    await hits('timerInterval', 100, seen);
  },
  async inboxBytes() {
    const seen = await served({ inboxBytes: 1024 }, COUNT);
    flood(seen.peer, 250);
    await seen.line('all');
    await hits('inboxBytes', 1024, seen);
    expect(seen.lines).not.toContain('lost');
  },
  async outboxBytes() {
    const seen = await served(
      { outboxBytes: 1024 * 1024 },
      "(socket) => { let n = 0; const block = 'x'.repeat(1024 * 1024); const timer = setInterval(() => { socket.send(block); if (++n === 40) { clearInterval(timer); print('all'); } }, 1); }",
    );
    seen.peer.connection.pause();
    await hits('outboxBytes', 1024 * 1024, seen);
    // Time enough to send all, were it not held up.
    const neighbour = await seen.host.run({ source: "let n = 0; setInterval(() => { if (++n === 100) print('later'); }, 1)" });
    await neighbour.line('later');
    const { outboxBytes } = seen.script.statistics;
    expect(outboxBytes).toBeGreaterThan(1024 * 1024);
    expect(outboxBytes).toBeLessThan(4 * 1024 * 1024);
    expect(seen.lines).not.toContain('all');
    seen.peer.connection.resume();
    await seen.peer.owner.received(40);
    await seen.line('all');
    expect(seen.script.statistics.waitTime).toBeGreaterThan(0);
  },
  async outboxTimeout() {
    const seen = await served(
      { outboxBytes: 1024 * 1024, outboxTimeout: 200 },
      "(socket) => { const block = 'x'.repeat(1024 * 1024); const timer = setInterval(() => socket.send(block), 1); socket.onclose = ({ code }) => { clearInterval(timer); print(code); }; }",
    );
    seen.peer.connection.pause();
    await hits('outboxTimeout', 200, seen);
    await seen.line('1006');
    expect(seen.script.statistics.outboxBytes).toBe(0);
  },
  async messagesReceivedPerSecond() {
    const seen = await served({ messagesReceivedPerSecond: 100 }, COUNT);
    flood(seen.peer, 250);
    expect(await duration(seen.line('all'))).toBeGreaterThan(1200);
    await hits('messagesReceivedPerSecond', 100, seen);
    expect(seen.lines).not.toContain('lost');
    expect(seen.script.statistics.messagesReceived).toBe(250);
  },
  async bytesReceivedPerSecond() {
    const seen = await served({ bytesReceivedPerSecond: 100_000 }, COUNT);
    flood(seen.peer, 250, 1000);
    expect(await duration(seen.line('all'))).toBeGreaterThan(1200);
    await hits('bytesReceivedPerSecond', 100_000, seen);
    expect(seen.lines).not.toContain('lost');
    expect(seen.script.statistics.bytesReceived).toBe(250_000);
  },
  async messagesSentPerSecond() {
    const seen = await served({ messagesSentPerSecond: 100 }, "(socket) => { let n = 0; const timer = setInterval(() => { for (let i = 0; i < 50; i++) socket.send(String(n++)); if (n === 250) clearInterval(timer); }, 1); }");
    expect(await duration(seen.peer.owner.received(250))).toBeGreaterThan(700);
    await hits('messagesSentPerSecond', 100, seen);
    expect(seen.peer.owner.messages.map(Number)).toEqual(Array.from({ length: 250 }, (_, index) => index));
    expect(seen.script.statistics.messagesSent).toBe(250);
  },
  async bytesSentPerSecond() {
    const seen = await served({ bytesSentPerSecond: 100_000 }, "(socket) => { let n = 0; const timer = setInterval(() => { for (let i = 0; i < 50; i++) socket.send(String(n++).padEnd(1000)); if (n === 250) clearInterval(timer); }, 1); }");
    expect(await duration(seen.peer.owner.received(250))).toBeGreaterThan(700);
    await hits('bytesSentPerSecond', 100_000, seen);
    expect(seen.script.statistics.bytesSent).toBe(250_000);
  },
  async printsPerSecond() {
    const seen = await limited({ printsPerSecond: 10 }, 'for (let i = 0; i < 30; i++) print(i);');
    await hits('printsPerSecond', 10, seen);
    expect((await logged(seen.host, ({ message }) => message.includes('not printed'))).message).toMatch(/^20 more lines were not printed/);
    expect(seen.lines).toEqual(Array.from({ length: 10 }, (_, index) => String(index)));
    expect(seen.script.statistics).toMatchObject({ prints: 10, printsDropped: 20 });
  },
  async printBytesPerSecond() {
    const seen = await limited({ printBytesPerSecond: 1024 }, "for (let i = 0; i < 5; i++) print('x'.repeat(500));");
    await hits('printBytesPerSecond', 1024, seen);
    expect((await logged(seen.host, ({ message }) => message.includes('not printed'))).message).toMatch(/^3 more lines were not printed/);
    expect(seen.lines).toHaveLength(2);
  },
  async errorsPerSecond() {
    const seen = await limited({ errorsPerSecond: 5 }, "const target = new EventTarget(); target.addEventListener('x', () => { throw new Error('oh'); }); setTimeout(() => { for (let i = 0; i < 20; i++) target.dispatchEvent(new Event('x')); }, 1); setInterval(() => {}, 1e6)");
    await hits('errorsPerSecond', 5, seen);
    expect((await logged(seen.host, ({ message }) => message.includes('not reported'))).message).toMatch(/^15 more errors were not reported/);
    expect(seen.errors).toHaveLength(5);
    expect(seen.script.statistics).toMatchObject({ errors: 5, errorsDropped: 15 });
  },
  async logsPerSecond() {
    const seen = await limited({ logsPerSecond: 3 }, "for (let i = 1; i <= 10; i++) new WebSocket('ws://10.0.0.1:' + (8000 + i))", { permissions: {} });
    await hits('logsPerSecond', 3, seen);
    expect((await logged(seen.host, ({ message }) => message.includes('not logged'))).message).toMatch(/^7 more lines were not logged/);
    expect(seen.host.log.filter(({ message }) => message.includes('is not permitted'))).toHaveLength(3);
    expect(seen.script.statistics).toMatchObject({ logs: 3, logsDropped: 7 });
  },
  async eventsPerTurn() {
    const seen = await served({ eventsPerTurn: 10 }, COUNT);
    flood(seen.peer, 250);
    await seen.line('all');
    await hits('eventsPerTurn', 10, seen);
    expect(seen.script.statistics.turns).toBeGreaterThanOrEqual(25);
  },
  async eventBytesPerTurn() {
    const seen = await served({ eventBytesPerTurn: 1000 }, COUNT);
    flood(seen.peer, 250, 100);
    await seen.line('all');
    await hits('eventBytesPerTurn', 1000, seen);
    expect(seen.script.statistics.turns).toBeGreaterThanOrEqual(25);
  },
  async commandsPerTurn() {
    const seen = await limited({ commandsPerTurn: 20 }, "try { for (;;) print('x'); } catch { setTimeout(() => print('goes on'), 1); }");
    await hits('commandsPerTurn', 20, seen);
    expect(seen.lines.filter((line) => line === 'x')).toHaveLength(20);
    expect(seen.errors).toMatchObject([{ message: expect.stringContaining('More than 20 calls in one turn') }]);
  },
  async commandBytesPerTurn() {
    const seen = await limited({ commandBytesPerTurn: 1024 }, "try { for (;;) print('x'.repeat(400)); } catch { setTimeout(() => print('goes on'), 1); }");
    await hits('commandBytesPerTurn', 1024, seen);
    await seen.line('goes on');
  },
  async stopTimeout() {
    const seen = await limited({ stopTimeout: 100, turnTimeout: 10_000 }, "Script.scriptEnding.connect(() => { for (;;); }); print('up'); setInterval(() => {}, 1e6)");
    await seen.line('up');
    const end = await seen.script.stop();
    await hits('stopTimeout', 100, seen);
    expect(end).toMatchObject({ reason: 'stopped', limit: { name: 'stopTimeout', value: 100, message: 'took more than 100 ms to end', count: 1 } });
  },
  async handshakeTimeout() {
    const { port } = await openTcpServer(() => {});
    const seen = await limited({ handshakeTimeout: 100 }, `new WebSocket('ws://127.0.0.1:${port}').onclose = ({ code }) => print(code)`);
    await hits('handshakeTimeout', 100, seen);
    await seen.line('1006');
  },
  async turnGrace() {
    const seen = await limited({ turnTimeout: 100, turnGrace: 100 }, 'const list = []; list.length = 2 ** 32 - 1; list.sort();');
    const end = await seen.script.ended;
    await hits('turnGrace', 100, seen);
    expect(end).toMatchObject({ reason: 'fault', error: { code: 'ERR_AIRLOCK_CELL_DIED' }, limit: { name: 'turnGrace', message: 'a turn took 100 ms beyond its time limit' } });
  },
  async processMemory() {
    if (process.platform !== 'linux') {
      return;
    }
    const seen = await limited({ processMemory: 128, turnTimeout: 20_000 }, 'new Array(1e9).fill(1);');
    const end = await seen.script.ended;
    await hits('processMemory', 128, seen);
    expect(end).toMatchObject({ reason: 'fault', error: { code: 'ERR_AIRLOCK_CELL_DIED' }, limit: { name: 'processMemory', value: 128 } });
  },
  async moduleBytes() {
    const folder = folderWith({ 'large.js': 'module.exports = 1;' });
    const source = "try { require('./large.js'); } catch (error) { print(error.message); }";
    const seen = await limited({ moduleBytes: 9 }, '', { source: undefined, file: writeScript(folder, source), permissions: { read: [folder] } });
    await hits('moduleBytes', 9, seen);
    await seen.line(/the limit moduleBytes is 9/);
  },
  async restarts() {
    const seen = await limited({ restarts: 0 }, "print('up'); setInterval(() => {}, 1e6)");
    await seen.line('up');
    process.kill(seen.script.processId as number, 'SIGKILL');
    const end = await seen.script.ended;
    await hits('restarts', 0, seen);
    expect(end).toMatchObject({ error: { code: 'ERR_AIRLOCK_RESTARTED_TOO_OFTEN', message: expect.stringContaining('the limit of 0 restarts within ten minutes is reached') }, limit: { name: 'restarts' } });
  },
};

function writeScript(folder: string, source: string): string {
  const file = join(folder, 'limited.js');
  writeFileSync(file, source);
  return file;
}

describe('every limit that is told is brought about by a script in a cell process, and told in the same words everywhere:', () => {
  test('each row of the table is shown', () => {
    const servers: readonly string[] = LIMITS_OF_SERVERS;
    expect(Object.keys(SHOWN)).toEqual(Object.keys(LIMIT_WORDS).filter((name) => !servers.includes(name)));
  });

  test.each(Object.keys(SHOWN) as LimitName[])('%s', async (name) => {
    await SHOWN[name]?.();
  });
});

describe('memory outside of the heap', () => {
  test('counts with the heap: ArrayBuffers that are kept end the script, or are refused to it', async () => {
    const source = "const kept = []; try { for (;;) kept.push(new Uint8Array(1024 * 1024).fill(1)); } catch ({ name }) { print(name, kept.length < 16); setInterval(() => {}, 1e6); }";
    const { line, script } = await limited({ memory: 16 }, source);
    const end = await Promise.race([line('RangeError true').catch(() => script.ended), script.ended]);
    expect(typeof end === 'string' ? end : end.limit?.name).toMatch(/^(RangeError true|memory)$/);
  });

  test('is in the statistics beside the heap', async () => {
    const { line, script } = await limited({}, "const kept = new Uint8Array(8 * 1024 * 1024); let turns = 0; setInterval(() => print('turn', ++turns, kept.length), 5)");
    // Memory is measured now and then.
    for (let turn = 1; script.statistics.externalBytes < 1024 * 1024; turn++) {
      await line(new RegExp(`^turn ${turn} `));
    }
    const { externalBytes, heapBytes } = script.statistics;
    expect(externalBytes).toBeGreaterThan(8 * 1024 * 1024 - 1);
    expect(externalBytes).toBeLessThan(9 * 1024 * 1024);
    expect(heapBytes).toBeGreaterThan(100_000);
    expect(heapBytes).toBeLessThan(16 * 1024 * 1024);
  });
});

describe('a script whose turns wait', () => {
  // A second of one percent is a wait of a minute and more: longer than a test may take.
  const WAITS = { cpuShare: 1, turnTimeout: 10_000 };
  const BUSY = 'setInterval(() => { for (const end = Date.now() + 1000; Date.now() < end;); }, 1)';

  test('is stopped at once all the same', async () => {
    const seen = await limited(WAITS, `Script.scriptEnding.connect(() => print('in order')); ${BUSY}`);
    await hits('cpuShare', 1, seen);
    await seen.script.stop();
    expect(seen.lines).toEqual(['in order']);
  });

  test('holds up nobody else', async () => {
    const seen = await limited(WAITS, BUSY);
    await hits('cpuShare', 1, seen);
    const neighbour = await seen.host.run({ source: "setInterval(() => print('tick'), 1)" });
    await neighbour.line('tick');
  });
});
