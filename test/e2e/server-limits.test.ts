import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { WebSocket, type ClientOptions } from 'ws';
import type { Limits, RunOptions } from '../../host/index.ts';
import { runServer, startHost, type ObservedHost, type ObservedScript } from '../support/host.ts';
import { LIMITS_OF_SERVERS, hits } from '../support/limits.ts';
import { afterThisTest, handshakeRequest, openTcp } from '../support/sockets.ts';

type Name = (typeof LIMITS_OF_SERVERS)[number];

interface Served extends ObservedScript {
  readonly host: ObservedHost;
  readonly port: number;
}

/** A server script in a cell process of its own, with these limits. `serve` knows the `server`. */
async function serve(limits: Partial<Limits>, source = '', listen = '', options: Omit<RunOptions, 'source'> = {}): Promise<Served> {
  const host = await startHost('owner');
  const whole = `const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ${listen} }); ${source}; print('port', server.port);`;
  return { ...(await runServer(host, whole, { name: 'limited.js', limits, ...options })), host };
}

/** Calls code with the `socket` of each client. What it throws is printed. */
const each = (code: string): string => `server.newConnection.connect((socket) => { try { ${code} } catch ({ message }) { print(message); } })`;

async function connect(port: number, options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, options);
  afterThisTest(() => socket.terminate());
  socket.on('error', () => {});
  await new Promise((resolve) => socket.on('open', resolve).on('close', resolve));
  return socket;
}

async function ask(port: number, text: string): Promise<void> {
  // It may be reset at once.
  const socket = await openTcp(port).catch(() => undefined);
  socket?.resume().write(text);
}

const request = (more = '', method = 'GET'): string => `${method} / HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n`;

/** A limit that the script's call for each client is over. */
async function hitsByCall(name: Name, value: number, code: string): Promise<void> {
  const seen = await serve({ [name]: value }, each(code));
  await connect(seen.port);
  await hits(name, value, seen);
  expect(seen.lines).toHaveLength(2);
}

const HELD = { onFault: 'hold' } as const;
/** Ends with a fault when it is told to, and holds what it has accepted. */
const FAILING = each("socket.onmessage = ({ data }) => { for (;;); }");

const SHOWN: { readonly [Shown in Name]: () => Promise<void> } = {
  async requestsPerTurn() {
    const seen = await serve({ requestsPerTurn: 1 }, "server.onrequest = () => { for (const end = Date.now() + 300; Date.now() < end;); return { status: 200 }; }");
    await Promise.all([1, 2, 3, 4].map(() => ask(seen.port, request())));
    await hits('requestsPerTurn', 1, seen);
  },
  async compressedSockets() {
    const seen = await serve({ compressedSockets: 0 }, '', 'perMessageDeflate: true');
    expect((await connect(seen.port)).extensions).toBe('');
    await hits('compressedSockets', 0, seen);
  },
  async serverConnections() {
    const seen = await serve({ serverConnections: 1 });
    await connect(seen.port);
    await connect(seen.port);
    await hits('serverConnections', 1, seen);
  },
  async connectionsPerAddress() {
    const seen = await serve({ connectionsPerAddress: 1 });
    await connect(seen.port);
    await connect(seen.port);
    await hits('connectionsPerAddress', 1, seen);
  },
  async pendingConnections() {
    const seen = await serve({ pendingConnections: 1 });
    await ask(seen.port, '');
    await ask(seen.port, '');
    await hits('pendingConnections', 1, seen);
  },
  async pendingHandshakes() {
    const seen = await serve({ pendingHandshakes: 1 }, 'server.onupgrade = () => new Promise(() => {})');
    await ask(seen.port, handshakeRequest());
    await ask(seen.port, handshakeRequest());
    await hits('pendingHandshakes', 1, seen);
  },
  async serverHandshakeTimeout() {
    const seen = await serve({ serverHandshakeTimeout: 100 });
    await ask(seen.port, 'GET');
    await hits('serverHandshakeTimeout', 100, seen);
  },
  async headerBytes() {
    const seen = await serve({ headerBytes: 1024 });
    await ask(seen.port, request(`X: ${'x'.repeat(2000)}\r\n`));
    await hits('headerBytes', 1024, seen);
  },
  async requestBytes() {
    const seen = await serve({ requestBytes: 3 }, "server.onrequest = () => ({ status: 200 })");
    await ask(seen.port, `${request('Content-Length: 4\r\n', 'POST')}1234`);
    await hits('requestBytes', 3, seen);
  },
  async answerBytes() {
    const seen = await serve({ answerBytes: 3 }, "server.onrequest = () => ({ status: 200, body: '1234' })");
    await ask(seen.port, request());
    await hits('answerBytes', 3, seen);
  },
  async unsentAnswerBytes() {
    const seen = await serve({ unsentAnswerBytes: 1024 }, "server.onrequest = () => ({ status: 200, body: 'x'.repeat(1025) })");
    await ask(seen.port, request());
    await hits('unsentAnswerBytes', 1024, seen);
  },
  async holdTimeout() {
    const seen = await serve({ holdTimeout: 100, turnTimeout: 100 }, FAILING, '', HELD);
    const client = await connect(seen.port);
    const closed = once(client, 'close');
    client.send('fail');
    expect((await seen.script.ended).limit?.name).toBe('turnTimeout');
    await hits('holdTimeout', 100, seen);
    expect(await closed).toMatchObject([1011, {}]);
  },
  async heldBytes() {
    const seen = await serve({ heldBytes: 1000, turnTimeout: 100 }, FAILING, '', HELD);
    const client = await connect(seen.port);
    client.send('fail');
    await seen.script.ended;
    client.send('x'.repeat(1001));
    await hits('heldBytes', 1000, seen);
  },
  async heldConnections() {
    const seen = await serve({ heldConnections: 1, turnTimeout: 100 }, FAILING, '', HELD);
    const [first] = [await connect(seen.port), await connect(seen.port)];
    first?.send('fail');
    await hits('heldConnections', 1, seen);
  },
  async bufferedBytes() {
    const seen = await serve({ bufferedBytes: 1024 }, each("const piece = 'x'.repeat(1024 * 1024); const timer = setInterval(() => socket.readyState === 1 ? socket.send(piece) : clearInterval(timer), 1)"));
    const client = await connect(seen.port);
    client.pause();
    await hits('bufferedBytes', 1024, seen);
    expect(seen.script.statistics.slowReadersClosed).toBe(1);
  },
  attachmentBytes: () => hitsByCall('attachmentBytes', 10, "socket.attachment = 'x'.repeat(11)"),
  topicLength: () => hitsByCall('topicLength', 3, "socket.subscribe('long')"),
  topicsPerSocket: () => hitsByCall('topicsPerSocket', 1, "socket.subscribe('a'); socket.subscribe('b')"),
  subscriptions: () => hitsByCall('subscriptions', 1, "socket.subscribe('a'); socket.subscribe('b')"),
  deliveriesPerTurn: () => hitsByCall('deliveriesPerTurn', 2, "socket.subscribe('a'); for (let i = 0; i < 3; i++) server.publish('a', 'x')"),
};

describe('every limit of servers, and of what a fault leaves, is brought about, and told in the same words everywhere:', () => {
  test('each of them is shown', () => {
    expect(Object.keys(SHOWN)).toEqual(LIMITS_OF_SERVERS);
  });

  test.each(LIMITS_OF_SERVERS)('%s', async (name) => {
    await SHOWN[name]();
  });

  test('a bound that a script has set for its server itself is no limit of it', async () => {
    const seen = await serve({}, '', 'maxConnections: 1');
    await connect(seen.port);
    await connect(seen.port);
    const [server] = seen.script.statistics.servers;
    expect(server?.refused.connections).toBe(1);
    expect(seen.script.statistics.limits).toEqual([]);
  });
});
