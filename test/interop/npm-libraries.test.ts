import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { Server as SocketIoServer } from 'socket.io';
import { WebSocketServer, type WebSocket } from 'ws';
import { temporaryFolder } from '../support/folders.ts';
import { startHost, type ObservedScript } from '../support/host.ts';
import { bundle } from '../support/npm-bundle.ts';
import { startPhoenixServer } from '../support/phoenix-server.ts';
import { afterThisTest } from '../support/sockets.ts';

/** A server of ws on a free port, which is gone after the test. */
async function serve(onSocket: (socket: WebSocket, count: number) => void, options: { readonly handleProtocols?: () => string } = {}): Promise<{ readonly server: WebSocketServer; readonly port: number }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  let count = 0;
  server.on('connection', (socket) => onSocket(socket, ++count));
  afterThisTest(() => {
    server.clients.forEach((socket) => socket.terminate());
    server.close();
  });
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

const bundles = new Map<string, string>();

/** An author's program, which has the port of its server, and says `end` when all is done. */
function program(source: string): string {
  const known = bundles.get(source) ?? bundle(source);
  bundles.set(source, known);
  return known;
}

/** Everything that the script printed before `end`, with the uncaught errors it should not have. */
async function said({ lines, errors, line }: ObservedScript): Promise<readonly string[]> {
  await line('end');
  expect(errors).toEqual([]);
  return lines.slice(0, lines.indexOf('end'));
}

const WEBSOCKET_AS_PROMISED = `
  import WebSocketAsPromised from 'websocket-as-promised';
  const wsp = new WebSocketAsPromised('ws://127.0.0.1:' + Script.args[0] + '/', {
    packMessage: (data) => JSON.stringify(data),
    unpackMessage: (data) => JSON.parse(data),
    attachRequestId: (data, requestId) => ({ id: requestId, ...data }),
    extractRequestId: (data) => data && data.id,
  });
  (async () => {
    await wsp.open();
    // The server greets at once: nothing may come between the opening and this.
    print((await wsp.waitUnpackedMessage((data) => data && data.greeting)).greeting);
    const [six, nine] = await Promise.all([wsp.sendRequest({ square: 2.5 }), wsp.sendRequest({ square: 3 }, { requestId: 'mine' })]);
    print(six.answer, nine.answer, nine.id, wsp.isOpened);
    await wsp.sendRequest({ silent: true }, { timeout: 1 }).catch((error) => print(error instanceof Error, error.message));
    const { code, reason, wasClean } = await wsp.close(4000, 'enough');
    print(code, reason, wasClean, wsp.isClosed);
    await wsp.open();
    print((await wsp.waitUnpackedMessage((data) => data && data.greeting)).greeting);
    wsp.onClose.addListener(({ code, reason }) => print('server closed', code, reason) || print('end'));
    wsp.sendPacked({ close: true });
  })();`;

const RECONNECTING_WEBSOCKET = (imported: string): string => `
  ${imported}
  let tries = 0;
  // An address of a function is asked for again at each try.
  const rws = new ReconnectingWebSocket(() => 'ws://127.0.0.1:' + Script.args[0] + '/' + ++tries, ['chat'], {
    minReconnectionDelay: 1, maxReconnectionDelay: 20, minUptime: 1,
  });
  rws.binaryType = 'arraybuffer';
  rws.send('before open');
  rws.addEventListener('open', () => print('open', tries, rws.protocol));
  rws.addEventListener('close', ({ code }) => {
    print('close', code);
    // The code 1000 is the library's own, at a socket's error. Nothing is open now: these wait for the next connection.
    if (tries === 1) {
      rws.send('while away');
      rws.send(new Uint8Array([1, 2, 3]));
      print('buffered', rws.bufferedAmount);
    }
  });
  rws.addEventListener('message', ({ data }) => {
    print('message', typeof data === 'string' ? data : new Uint8Array(data).join());
    if (data === 'before open') rws.send('cut');
    if (typeof data !== 'string') {
      rws.addEventListener('close', () => print('end'));
      rws.close(4001, 'enough');
    }
  });`;

const GRAPHQL_WS = `
  import { createClient } from 'graphql-ws';
  const client = createClient({
    url: 'ws://127.0.0.1:' + Script.args[0] + '/graphql',
    connectionParams: async () => ({ token: 'secret' }),
    keepAlive: 0,
    retryAttempts: 5,
    retryWait: async () => {},
    on: { connected: (socket, payload, wasRetry) => print('connected', payload.hello, wasRetry, socket.protocol) },
  });
  const run = async (query, variables) => {
    for await (const { data, errors } of client.iterate({ query, variables })) print(JSON.stringify(data ?? errors.map(({ message }) => message)));
  };
  (async () => {
    await run('query ($name: String!) { hello(name: $name), token }', { name: 'Anna' });
    await run('subscription { count(to: 3) }');
    await run('{ nothing }').catch((errors) => print('refused', errors[0].message));
    // The server cuts this one off after its first value, and answers in full at the second try.
    await run('subscription { flaky }');
    // An end before the end tells the server so.
    for await (const { data } of client.iterate({ query: 'subscription { forever }' })) {
      print(JSON.stringify(data));
      break;
    }
    // The server forgets a subscription when its complete message has come.
    await run('{ left }');
    await client.dispose();
    print('end');
  })();`;

const SOCKET_IO = `
  import { io } from 'socket.io-client';
  const socket = io('http://127.0.0.1:' + Script.args[0] + '/', {
    transports: ['websocket'], auth: { token: 'secret' }, reconnectionDelay: 1, reconnectionDelayMax: 20,
  });
  const other = io('http://127.0.0.1:' + Script.args[0] + '/', { transports: ['websocket'], forceNew: true });
  const next = (emitter, name) => new Promise((resolve) => emitter.once(name, (...values) => resolve(values)));
  (async () => {
    const [welcome] = await next(socket, 'welcome');
    print(welcome, socket.connected, socket.io.engine.transport.name);
    print(await socket.emitWithAck('add', 1, 2));
    print(await other.emitWithAck('join', 'room'), await socket.emitWithAck('join', 'room'));
    const heard = next(other, 'told');
    socket.emit('tell', 'room', 'hello, room');
    print(...await heard);
    const bytes = await socket.timeout(20000).emitWithAck('reverse', { bytes: new Uint8Array([1, 2, 3]).buffer, name: 'b' });
    print(bytes.name, bytes.bytes instanceof ArrayBuffer, new Uint8Array(bytes.bytes).join());
    // The server asks, the client acknowledges.
    socket.on('question', (number, answer) => answer(number * 2));
    print(await socket.emitWithAck('ask me'));
    // The engine is cut: the client comes back by itself, and what was sent meanwhile arrives.
    const lost = next(socket, 'disconnect');
    socket.emit('cut');
    print(...(await lost).slice(0, 1), socket.connected, socket.active);
    const late = socket.emitWithAck('add', 3, 4);
    await next(socket, 'connect');
    print('again', await late);
    // The server disconnects: then it is for the client to come back.
    const sent = next(socket, 'disconnect');
    socket.emit('send me away');
    print(...(await sent).slice(0, 1), socket.active);
    socket.connect();
    print(...await next(socket, 'welcome'));
    socket.close();
    other.close();
    print(socket.connected, 'closed');
    // A namespace that refuses.
    const refused = io('http://127.0.0.1:' + Script.args[0] + '/private', { transports: ['websocket'], forceNew: true });
    print((await next(refused, 'connect_error'))[0].message);
    refused.close();
    print('end');
  })();`;

const PHOENIX = (imported: string): string => `
  ${imported}
  const socket = new Socket('ws://127.0.0.1:' + Script.args[0] + '/socket', {
    params: { user: 'anna' }, heartbeatIntervalMs: 20, reconnectAfterMs: () => 1, rejoinAfterMs: () => 1,
  });
  const replied = (push) => new Promise((resolve) => {
    for (const status of ['ok', 'error', 'timeout']) push.receive(status, (response) => resolve([status, response]));
  });
  let beats = 0;
  let beat;
  const beaten = new Promise((resolve) => { beat = resolve; });
  socket.onMessage(({ topic, event }) => topic === 'phoenix' && event === 'phx_reply' && ++beats === 2 && beat());
  socket.onOpen(() => print('open'));
  socket.connect();
  (async () => {
    const room = socket.channel('room:1', { name: 'Anna' });
    let joins = 0;
    let rejoin;
    const rejoined = new Promise((resolve) => { rejoin = resolve; });
    print(JSON.stringify(await replied(room.join().receive('ok', () => ++joins === 2 && rejoin()))));
    print(JSON.stringify(await replied(room.push('ask', { text: 'grüße 😀' }))));
    const heard = new Promise((resolve) => room.on('shout', resolve));
    room.push('shout', { text: 'hello, room' });
    print(JSON.stringify(await heard));
    const [status, bytes] = await replied(room.push('bytes', new Uint8Array([1, 2, 3]).buffer));
    print(status, new Uint8Array(bytes).join());
    const lobby = socket.channel('lobby');
    print(JSON.stringify(await replied(lobby.join())));
    // It would try again and again.
    lobby.leave();
    await beaten;
    const failed = new Promise((resolve) => room.onError(resolve));
    room.push('cut', {});
    await failed;
    print(room.state);
    await rejoined;
    print('rejoined', room.state, JSON.stringify(await replied(room.push('ask', { again: true }))));
    const closed = new Promise((resolve) => room.onClose(resolve));
    room.leave();
    await closed;
    print(room.state);
    await new Promise((resolve) => socket.disconnect(resolve, 1000, 'enough'));
    print('end');
  })();`;

/** How authors have a package in a script: bundled with it, or as a file of CommonJS beside it. */
const WAYS = {
  bundled: { phoenix: "import { Socket } from 'phoenix';", reconnecting: "import ReconnectingWebSocket from 'reconnecting-websocket';" },
  required: {
    phoenix: "const { Socket } = require('./phoenix.cjs.js');",
    reconnecting: "const ReconnectingWebSocket = require('./reconnecting-websocket-cjs.js');",
  },
} as const;
const MODULES = join(import.meta.dirname, '../../node_modules');

/** A folder with an author's file, and the files of packages that it requires. */
function folderOf(source: string): string {
  const folder = temporaryFolder();
  for (const file of ['phoenix/priv/static/phoenix.cjs.js', 'reconnecting-websocket/dist/reconnecting-websocket-cjs.js']) {
    copyFileSync(join(MODULES, file), join(folder, basename(file)));
  }
  writeFileSync(join(folder, 'author.js'), source);
  return folder;
}

describe.each(['owner', 'in-process'] as const)('isolation %s', (isolation) => {
  async function runProgram(source: string, port: number, way: keyof typeof WAYS = 'bundled'): Promise<ObservedScript> {
    const host = await startHost(isolation);
    const options = { dialect: 'web', args: [`${port}`] } as const;
    if (way === 'bundled') {
      return host.run({ ...options, source: program(source), permissions: { connect: ['127.0.0.1'] } });
    }
    const folder = folderOf(source);
    return host.run({ ...options, file: join(folder, 'author.js'), permissions: { connect: ['127.0.0.1'], read: [folder] } });
  }

  test('websocket-as-promised: opens, misses no greeting, matches requests and answers, and closes', async () => {
    const { port } = await serve((socket) => {
      socket.send('{"greeting":"welcome"}');
      socket.on('message', (data: Buffer) => {
        const { id, square, close } = JSON.parse(String(data)) as { readonly id?: string; readonly square?: number; readonly close?: true };
        if (close) {
          socket.close(4010, 'as you like');
        } else if (square !== undefined) {
          socket.send(JSON.stringify({ id, answer: square ** 2 }));
        }
      });
    });
    expect(await said(await runProgram(WEBSOCKET_AS_PROMISED, port))).toEqual([
      'welcome', '6.25 9 mine true',
      expect.stringMatching(/^true .*1 ms/),
      '4000 enough true true',
      'welcome', 'server closed 4010 as you like',
    ]);
  });

  test.each(['bundled', 'required'] as const)('reconnecting-websocket, %s: comes back when it is cut off, and what waited arrives', async (way) => {
    const { port, server } = await serve((socket) => socket.on('message', (data: Buffer, isBinary) => (String(data) === 'cut' ? socket.terminate() : socket.send(data, { binary: isBinary }))), { handleProtocols: () => 'chat' });
    const paths: (string | undefined)[] = [];
    server.on('connection', (_socket, { url }) => paths.push(url));
    expect(await said(await runProgram(RECONNECTING_WEBSOCKET(WAYS[way].reconnecting), port, way))).toEqual([
      'open 1 chat', 'message before open',
      'close 1000', 'buffered 13',
      'open 2 chat', 'message while away', 'message 1,2,3', 'close 4001',
    ]);
    expect(paths).toEqual(['/1', '/2']);
  });

  test('graphql-ws: queries, subscriptions, an end of either side, and a retry after the server has cut it off', async () => {
    const { port } = await serveGraphql();
    const connected = (wasRetry: boolean): string => `connected you ${wasRetry} graphql-transport-ws`;
    expect(await said(await runProgram(GRAPHQL_WS, port))).toEqual([
      connected(false), '{"hello":"Hello, Anna","token":"secret"}',
      connected(false), '{"count":1}', '{"count":2}', '{"count":3}',
      connected(false), 'refused Cannot query field "nothing" on type "Query".',
      connected(false), '{"flaky":"run 1"}',
      connected(true), '{"flaky":"run 2"}',
      connected(false), '{"forever":1}',
      connected(false), '{"left":"yes"}',
    ]);
  });

  test('socket.io-client: acknowledgements, rooms, bytes, and its ways back', async () => {
    const port = await serveSocketIo();
    expect(await said(await runProgram(SOCKET_IO, port))).toEqual([
      'token secret true websocket',
      '3',
      '1 2',
      'hello, room',
      'b true 3,2,1',
      '42',
      'transport error false true',
      'again 7',
      'io server disconnect false',
      'token secret',
      'false closed',
      'not for you',
    ]);
  });

  test.each(['bundled', 'required'] as const)('phoenix, %s: joins, pushes, broadcasts, beats, and joins again', async (way) => {
    const { port, received, requested } = await startPhoenixServer();
    expect(await said(await runProgram(PHOENIX(WAYS[way].phoenix), port, way))).toEqual([
      'open',
      '["ok",{"joined":{"name":"Anna"}}]',
      '["ok",{"event":"ask","payload":{"text":"grüße 😀"}}]',
      '{"text":"hello, room"}',
      'ok 3,2,1',
      '["error",{"reason":"unmatched topic"}]',
      'errored',
      'open',
      'rejoined joined ["ok",{"event":"ask","payload":{"again":true}}]',
      'closed',
    ]);
    expect(requested).toEqual(Array(2).fill('/socket/websocket?user=anna&vsn=2.0.0'));
    expect(received.filter((message) => message === 'phoenix heartbeat').length).toBeGreaterThanOrEqual(2);
  });
});

/** A schema whose resolvers are the root value's; `flaky` cuts its connection off, the first time. */
async function serveGraphql(): Promise<{ readonly port: number }> {
  let flakyRuns = 0;
  let left: () => void = () => {};
  const leaving = new Promise<string>((resolve) => (left = () => resolve('yes')));
  const schema = buildSchema(`
    type Query { hello(name: String!): String!, token: String, left: String! }
    type Subscription { count(to: Int!): Int!, flaky: String!, forever: Int! }`);
  interface Context { readonly connectionParams?: Readonly<Record<string, unknown>>; readonly extra: { readonly socket: WebSocket } }
  const roots = {
    query: {
      hello: ({ name }: { readonly name: string }) => `Hello, ${name}`,
      token: (_args: unknown, { connectionParams }: Context) => connectionParams?.['token'],
      left: () => leaving,
    },
    subscription: {
      count: async function* ({ to }: { readonly to: number }) {
        for (let count = 1; count <= to; count++) {
          yield { count };
        }
      },
      flaky: async function* (_args: unknown, { extra }: Context) {
        const run = ++flakyRuns;
        yield { flaky: `run ${run}` };
        if (run === 1) {
          extra.socket.close(1012, 'restart');
          // Nothing more comes of this one.
          await new Promise(() => {});
        }
      },
      forever: async function* () {
        try {
          for (let forever = 1; ; forever++) {
            yield { forever };
            await new Promise(setImmediate);
          }
        } finally {
          left();
        }
      },
    },
  };
  const { server, port } = await serve(() => {}, { handleProtocols: () => 'graphql-transport-ws' });
  useServer({ schema, roots, context: (context) => context, onConnect: ({ connectionParams }) => (connectionParams?.['token'] === 'secret' ? { hello: 'you' } : false) }, server);
  return { port };
}

async function serveSocketIo(): Promise<number> {
  const server = createServer();
  const io = new SocketIoServer(server, { transports: ['websocket'] });
  io.on('connection', (socket) => {
    socket.emit('welcome', `token ${String((socket.handshake.auth as { readonly token?: string }).token)}`);
    socket.on('add', (a: number, b: number, answer: (sum: number) => void) => answer(a + b));
    socket.on('join', (room: string, answer: (rooms: number) => void) => {
      void socket.join(room);
      answer(io.sockets.adapter.rooms.get(room)?.size ?? 0);
    });
    socket.on('tell', (room: string, text: string) => socket.to(room).emit('told', text));
    socket.on('reverse', ({ bytes, name }: { readonly bytes: Buffer; readonly name: string }, answer: (value: unknown) => void) => answer({ bytes: Buffer.from(bytes).reverse(), name }));
    socket.on('ask me', (answer: (value: number) => void) => void socket.emitWithAck('question', 21).then(answer as (value: unknown) => void));
    // The connection beneath, without a closing handshake.
    socket.on('cut', () => (socket.conn.transport as unknown as { readonly socket: WebSocket }).socket.terminate());
    socket.on('send me away', () => socket.disconnect());
  });
  io.of('/private').use((_socket, next) => next(new Error('not for you')));
  afterThisTest(() => void io.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}
