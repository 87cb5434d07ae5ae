import { describe, expect, test } from '@jest/globals';
import { inSpawnedHost } from '../support/spawned-host.ts';
import { openRawClient } from '../support/raw-peer.ts';
import { startHost } from '../support/host.ts';

const MIB = 1024 * 1024;

/**
 * A server whose script publishes 400 MiB, as fast as the fast readers take it, to four raw clients that read and two that
 * do not. Gives what each of the fast ones has got, by how much the host has grown, and what the script has seen.
 */
const HOST = `
  import { connect } from 'node:net';
  const { options, source } = ARGUMENT;
  const BLOCK = 65_536;
  const COUNT = 6400;
  const host = await ScriptHost.start();
  const script = await host.run({ name: 'feed.js', type: 'assignment-client', source, args: [options, String(COUNT)], permissions: { listen: ['127.0.0.1'] } });
  const lines = [];
  const waiting = new Map();
  script.on('print', ({ text }) => { lines.push(text); waiting.get(text.split(' ')[0])?.(text); });
  const line = (word) => new Promise((resolve) => waiting.set(word, resolve));
  const port = Number((await line('port')).slice(5));
  const open = () => new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write('GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n');
    socket.on('error', () => {});
    socket.once('data', () => resolve(socket));
  });
  const slow = [await open(), await open()];
  slow.forEach((socket) => socket.pause());
  const fast = await Promise.all([open(), open(), open(), open()]);
  const got = fast.map(() => 0);
  const all = COUNT * (BLOCK + 10);
  const started = performance.now();
  const before = process.memoryUsage.rss();
  let most = 0;
  const timer = setInterval(() => { most = Math.max(most, process.memoryUsage.rss() - before); }, 5);
  const done = fast.map((socket, index) => new Promise((resolve) => socket.on('data', (data) => {
    got[index] += data.length;
    // One says how far all are, and the script goes on by it.
    while (acknowledged < Math.floor(Math.min(...got) / (BLOCK + 10))) { acknowledged++; fast[0].write(Buffer.from([0x81, 0x80, 0, 0, 0, 0])); }
    if (got[index] === all) { resolve(); }
  })));
  let acknowledged = 0;
  fast[0].write(Buffer.from([0x81, 0x80, 0, 0, 0, 0]));
  await Promise.all(done);
  clearInterval(timer);
  const { statistics } = script;
  const closed = script.statistics.sockets < 6 ? null : 'open';
  console.log(JSON.stringify({ got: got.map((bytes) => bytes === all), most, statistics, lines: lines.slice(1), closed, seconds: (performance.now() - started) / 1000 }));
  fast.concat(slow).forEach((socket) => socket.destroy());
  await host.stop();
`;

const SCRIPT = `
  const [options, count] = [JSON.parse(Script.args[0]), Number(Script.args[1])];
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  let published = 0;
  server.newConnection.connect((socket) => {
    // An empty message asks for more: 16 are under way.
    let asked = 0;
    socket.onmessage = () => {
      asked++;
      while (published < count && published < asked + 16) { published++; server.broadcast(new Uint8Array(65_536)); }
    };
    socket.onerror = (error, { message }) => print('error', error, message);
    socket.onclose = ({ code, reason }) => print('closed', code, reason);
  });
  print('port ' + server.port);
`;

interface Result {
  readonly got: readonly boolean[];
  readonly most: number;
  readonly lines: readonly string[];
  readonly statistics: { readonly messagesDropped: number; readonly slowReadersClosed: number; readonly backpressured: number };
}

describe('clients that do not read', () => {
  test.each([
    ['close', 0, 2],
    ['drop', 2, 0],
    ['drop-oldest', 2, 0],
  ])('hold up no other, and the host does not grow: slowReaders %p', async (slowReaders, backpressured, slowReadersClosed) => {
    const options = JSON.stringify({ slowReaders, maxBufferedAmount: 4 * MIB });
    const { got, lines, most, statistics } = (await inSpawnedHost(HOST, { options, source: SCRIPT })) as Result;
    expect(got).toEqual([true, true, true, true]);
    expect(most).toBeLessThan(200 * MIB);
    expect(statistics).toMatchObject({ slowReadersClosed, messagesDropped: backpressured === 0 ? 0 : expect.any(Number) });
    if (backpressured > 0) {
      expect(statistics.messagesDropped).toBeGreaterThan(5000);
      expect(statistics.backpressured).toBeGreaterThanOrEqual(backpressured);
    }
    expect(lines.filter((line) => line.startsWith('error 4'))).toHaveLength(slowReadersClosed);
  });
});

test('a script hears by `drain` that a slow reader has taken all', async () => {
  const host = await startHost('owner');
  const server = await host.run({
    type: 'assignment-client',
    source: `
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
      server.newConnection.connect((socket) => {
        let sent = 0;
        let drains = 0;
        // As long as there is room, and on when there is some again.
        const fill = () => {
          while (sent < 200 && socket.bufferedAmount < 1_000_000) { socket.send(new Uint8Array(100_000)); sent++; }
          if (sent === 200) { print('drained', drains > 0, socket.bufferedAmount < 1_100_000); }
        };
        socket.addEventListener('drain', () => { drains++; print(socket.bufferedAmount === 0); fill(); });
        fill();
      });
      print('port', server.port);
    `,
  });
  const port = Number((await server.line(/^port/)).slice(5));
  const peer = await openRawClient(port);
  let bytes = 0;
  peer.socket.removeAllListeners('data').on('data', (data: Buffer) => (bytes += data.length));
  await server.line('drained true true');
  expect(server.lines.filter((line) => line === 'false')).toEqual([]);
  expect(bytes).toBeGreaterThan(0);
});
