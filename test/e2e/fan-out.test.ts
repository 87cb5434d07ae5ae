import { execFileSync } from 'node:child_process';
import { describe, expect } from '@jest/globals';
import { inSpawnedHost } from '../support/spawned-host.ts';
import { testWhere } from '../support/skip.ts';

const CLIENTS = 10_000;
const MESSAGES = 100;
const MIB = 1024 * 1024;

/** So much of the host's memory may be in use after all clients have gone that was not before: less than 3 KiB for each. */
const MOST_LEFT = 24 * MIB;

/** Open files that a process may have: each client is one, in the host and in the process of the clients. Node raises its own limit to it. */
const openFiles = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).replace('unlimited', 'Infinity'));
const needed = CLIENTS + 200;
const tooFew = `a process may open ${openFiles} files (ulimit -Hn), and the test needs ${needed}`;

/**
 * Clients in a process of their own, as raw TCP sockets. Each compares every byte with what must come: in order, all of it
 * and nothing else.
 */
const CLIENT_PROGRAM = `
  import { connect } from 'node:net';
  const { clients, messages, port } = JSON.parse(process.env.LOAD);
  const request = [
    'GET /news HTTP/1.1', 'Host: 127.0.0.1:' + port, 'Connection: Upgrade', 'Upgrade: websocket',
    'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', '',
  ].join('\\r\\n');
  const expected = Buffer.concat(Array.from({ length: messages }, (_, number) => {
    const text = Buffer.from('message ' + number);
    return Buffer.concat([Buffer.from([0x81, text.length]), text]);
  }));
  const wrong = [];
  let started = 0;
  let complete = 0;
  let closed = 0;
  function start() {
    started++;
    const socket = connect({ port, host: '127.0.0.1' });
    let head = '';
    let at = -1;
    socket.write(request);
    socket.on('data', (data) => {
      if (at === -1) {
        head += data.toString('latin1');
        const end = head.indexOf('\\r\\n\\r\\n');
        if (end === -1) { return; }
        at = 0;
        data = Buffer.from(head.slice(end + 4), 'latin1');
        head = '';
        if (started < clients) { start(); }
      }
      if (!data.equals(expected.subarray(at, at + data.length))) {
        wrong.push(data.toString('latin1').slice(0, 50));
      }
      at += data.length;
      if (data.length > 0 && at === expected.length && ++complete === clients) {
        process.stdin.on('end', () => sockets.forEach((each) => each.destroy())).resume();
        console.log('complete');
      }
    });
    socket.on('error', (error) => wrong.push(String(error)));
    socket.on('close', () => { if (++closed === clients) { console.log(JSON.stringify(wrong.slice(0, 5))); } });
    sockets.push(socket);
  }
  const sockets = [];
  for (let first = 0; first < 100; first++) { start(); }
`;

const HOST_PROGRAM = `
  import { spawn } from 'node:child_process';
  import { createInterface } from 'node:readline';
  import { setFlagsFromString } from 'node:v8';
  import { runInNewContext } from 'node:vm';
  const { clients, clientProgram, messages, source } = ARGUMENT;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const used = async () => {
    for (let round = 0; round < 5; round++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { arrayBuffers, external, heapUsed } = process.memoryUsage();
    return heapUsed + external + arrayBuffers;
  };
  const host = await ScriptHost.start();
  const errors = [];
  const script = await host.run({
    name: 'news.js', type: 'assignment-client', source, args: [String(clients), String(messages)], permissions: { listen: ['127.0.0.1'] },
  });
  script.on('error', (error) => errors.push(error.message));
  const lines = [];
  const waiting = new Map();
  script.on('print', ({ text }) => { lines.push(text); waiting.get(text.split(' ')[0])?.(text); });
  const line = (word) => new Promise((resolve) => waiting.set(word, resolve));
  const port = Number((await line('port')).slice(5));
  const before = await used();
  const load = spawn(process.execPath, ['--input-type=module', '-e', clientProgram], {
    env: { LOAD: JSON.stringify({ clients, messages, port }) }, stdio: ['pipe', 'pipe', 'inherit'],
  });
  const gone = line('gone');
  const told = createInterface({ input: load.stdout })[Symbol.asyncIterator]();
  const started = performance.now();
  const first = (await told.next()).value;
  const seconds = (performance.now() - started) / 1000;
  const { statistics } = script;
  load.stdin.end();
  const wrong = (await told.next()).value;
  await gone;
  const left = (await used()) - before;
  console.log(JSON.stringify({ first, wrong, errors, lines: lines.slice(1), left, seconds, statistics, after: script.statistics }));
  await host.stop();
`;

const SCRIPT = `
  const [clients, messages] = Script.args.map(Number);
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  let left = 0;
  server.newConnection.connect((socket) => {
    socket.subscribe('news');
    socket.onclose = () => {
      if (++left === clients) { print('gone', server.subscriberCount('news')); }
    };
    if (server.subscriberCount('news') === clients) { publish(0); }
  });
  // Some in the same turn, as a script may have it.
  function publish(from) {
    for (let number = from; number < from + 10; number++) { server.publish('news', 'message ' + number); }
    if (from + 10 < messages) { Script.setTimeout(() => publish(from + 10), 0); }
  }
  print('port ' + server.port);
`;

describe('ten thousand clients', () => {
  testWhere(openFiles >= needed, tooFew)(
    'connect, subscribe, and get every message in order; and the memory that they took is given back',
    async () => {
      const result = (await inSpawnedHost(HOST_PROGRAM, {
        clients: CLIENTS,
        clientProgram: CLIENT_PROGRAM,
        messages: MESSAGES,
        source: SCRIPT,
      })) as { readonly left: number };
      expect(result).toMatchObject({
        first: 'complete',
        wrong: '[]',
        errors: [],
        lines: ['gone 0'],
        statistics: { sockets: CLIENTS, messagesDropped: 0, slowReadersClosed: 0 },
        after: { sockets: 0, backpressured: 0 },
      });
      expect(result.left).toBeLessThan(MOST_LEFT);
    },
  );
});
