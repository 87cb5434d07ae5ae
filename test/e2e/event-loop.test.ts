import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import WebSocket, { WebSocketServer } from 'ws';
import { ISOLATIONS, type Isolation } from '../../host/index.ts';
import { folderWith } from '../support/command.ts';
import { LOOPBACK, runServer, startHost } from '../support/host.ts';
import { afterThisTest } from '../support/sockets.ts';

/** A server of ws that sends these messages as soon as somebody connects. */
async function greeter(...messages: readonly string[]): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => messages.forEach((message) => socket.send(message)));
  afterThisTest(() => {
    server.clients.forEach((client) => client.terminate());
    server.close();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const BUSY = 'const busy = (ms) => { for (const end = Date.now() + ms; Date.now() < end;); };';

describe.each(Object.keys(ISOLATIONS) as Isolation[])('isolation %s', (isolation) => {
  test('a handler that is set behind the awaited opening misses no greeting', async () => {
    const port = await greeter('welcome', 'second');
    const host = await startHost(isolation);
    const { lines, line } = await host.run({
      dialect: 'web',
      source: `(async () => {
        for (let i = 0; i < 20; i++) {
          const ws = new WebSocket('ws://127.0.0.1:${port}');
          await new Promise((resolve) => { ws.onopen = resolve; });
          const { data } = await new Promise((resolve) => { ws.onmessage = resolve; });
          print(data);
          ws.close();
          await new Promise((resolve) => { ws.onclose = resolve; });
        }
        print('end');
      })();`,
    });
    await line('end');
    expect(lines).toEqual([...Array<string>(20).fill('welcome'), 'end']);
  });

  test('each of three messages that come together can be awaited, and closing in a microtask stops those behind it', async () => {
    const port = await greeter('1', '2', '3');
    const host = await startHost(isolation);
    const { lines, line } = await host.run({
      dialect: 'web',
      source: `
        const ws = new WebSocket('ws://127.0.0.1:${port}');
        const next = (name) => new Promise((resolve) => { ws.addEventListener(name, resolve, { once: true }); });
        (async () => {
          for (let got = 0; got < 3; got++) print((await next('message')).data);
          const other = new WebSocket('ws://127.0.0.1:${port}');
          other.onmessage = async ({ data }) => { print('other', data); await null; other.close(); };
          other.onclose = () => print('end');
        })();`,
    });
    await line('end');
    expect(lines).toEqual(['1', '2', '3', 'other 1', 'end']);
  });

  test('a server that sets its handlers behind an await misses no first message, however busy it is', async () => {
    const host = await startHost(isolation);
    const { port, line } = await runServer(host, `${BUSY}
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
      let messages = 0;
      server.onconnection = async ({ socket }) => {
        await null;
        socket.onmessage = () => { if (++messages === 20) print('all', messages); };
      };
      setInterval(() => busy(30), 1);
      print('port', server.port);`);
    for (let client = 0; client < 20; client++) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`);
      afterThisTest(() => socket.terminate());
      socket.on('open', () => socket.send('hello'));
    }
    await line('all 20');
  });

  test('microtasks run between two timers that are due together', async () => {
    const host = await startHost(isolation);
    const { lines, line } = await host.run({
      source: `${BUSY}
        setTimeout(() => { print('a'); Promise.resolve().then(() => clearTimeout(b)); }, 1);
        const b = setTimeout(() => print('never'), 1);
        setTimeout(() => print('end'), 2);
        busy(10);`,
    });
    await line('end');
    expect(lines).toEqual(['a', 'end']);
  });

  test('a burst of messages and of timers, each with a short callback, does not end a script', async () => {
    const port = await greeter(...Array.from({ length: 300 }, (_, index) => `m${index}`));
    const host = await startHost(isolation);
    const { lines, line, errors } = await host.run({
      limits: { turnTimeout: 1000 },
      source: `${BUSY}
        let messages = 0;
        let timers = 0;
        const told = () => messages === 300 && timers === 300 && print('all');
        const ws = new WebSocket('ws://127.0.0.1:${port}');
        ws.onmessage = () => { busy(5); messages++; told(); };
        for (let i = 0; i < 300; i++) setTimeout(() => { busy(5); timers++; told(); }, 20);`,
    });
    await line('all');
    expect({ lines, errors }).toEqual({ lines: ['all'], errors: [] });
  });

  test('each rejection of a handler is reported by itself, and the first of the others', async () => {
    const host = await startHost(isolation);
    const script = await host.run({
      source: `
        Promise.reject(new Error('first'));
        for (const name of ['second', 'third', 'fourth']) setTimeout(async () => { await null; throw new Error(name); }, 20);
        setTimeout(() => Script.stop(), 40);`,
    });
    await script.script.ended;
    expect(script.errors.map(({ message }) => message)).toEqual([
      'Unhandled rejection: Error: first',
      ...['second', 'third', 'fourth'].map((name) => `Unhandled rejection (the callback of setTimeout): Error: ${name}`),
    ]);
    expect(script.script.statistics.errors).toBe(4);
  });

  test('an include shares the scope of the script, in both directions, in strict mode too', async () => {
    const folder = folderWith({
      'main.js': `"use strict";
        const LIMIT = 5;
        class Room {}
        Script.include('helper.js');
        print('main sees', typeof Settings, typeof Player, typeof title, typeof Counter, typeof report);
        function showInMain(text) { print('main shows', text); }
        report();
        print('end');`,
      'helper.js': `"use strict";
        const Settings = { loud: true };
        class Player {}
        let title = 'x';
        var Counter = function () {};
        function report() { showInMain('from the helper'); }
        print('helper sees', typeof LIMIT, typeof Room);`,
    });
    const host = await startHost(isolation);
    const { lines, line } = await host.run({ file: join(folder, 'main.js'), permissions: { ...LOOPBACK, read: [folder] } });
    await line('end');
    expect(lines).toEqual(['helper sees number function', 'main sees object function string function function', 'main shows from the helper', 'end']);
  });

  test('a syntax error in an included or required file names that file, its line and its column', async () => {
    const folder = folderWith({
      'main.js': `Script.include('broken.js');
        try { require('./broken.js'); } catch (error) { print(error.name, error.message); }
        Script.stop();`,
      'broken.js': '// line 1\n// line 2\nvar x = ;\n',
    });
    const host = await startHost(isolation);
    const { lines, script, errors } = await host.run({ file: join(folder, 'main.js'), permissions: { ...LOOPBACK, read: [folder] } });
    await script.ended;
    expect(lines).toEqual(["SyntaxError broken.js:3:9: Unexpected token ';'"]);
    expect(errors.map(({ message, position }) => [message, position])).toEqual([["SyntaxError: Unexpected token ';'", { file: 'broken.js', line: 3, column: 9 }]]);
  });
});

test.each(['owner', 'context', 'in-process'] as const)('a script whose inbox is full does not starve its neighbour: %s', async (isolation) => {
  const host = await startHost(isolation);
  const flooded = await runServer(host, `${BUSY}
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    let left = 1000;
    server.onconnection = ({ socket }) => { socket.onmessage = () => { busy(10); if (--left === 0) print('done'); }; };
    print('port', server.port);`, { name: 'flooded.js' });
  const { port } = await runServer(host, undefined, { name: 'neighbour.js' });
  const flood = new WebSocket(`ws://127.0.0.1:${flooded.port}`);
  const neighbour = new WebSocket(`ws://127.0.0.1:${port}`);
  afterThisTest(() => [flood, neighbour].forEach((socket) => socket.terminate()));
  await Promise.all([once(flood, 'open'), once(neighbour, 'open')]);
  for (let message = 0; message < 1000; message++) {
    flood.send('x');
  }
  // Ten seconds of work wait there. Twenty answers of the neighbour come before it is done.
  for (let echo = 0; echo < 20; echo++) {
    neighbour.send(String(echo));
    await once(neighbour, 'message');
  }
  expect(flooded.lines).not.toContain('done');
  await host.host.stop();
});
