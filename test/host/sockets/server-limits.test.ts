import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextLoop } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ListenOptions, Server } from '../../../host/sockets/server.ts';
import type { RefusalReason } from '../../../host/sockets/server-statistics.ts';
import { LARGEST, violations } from '../../support/violations.ts';
import { handshakeRequest, openClient, openServer, openTcp, readUntilHungUp, send } from '../../support/sockets.ts';

/** What a client by hand gets, which never closes by itself. */
async function answerTo(port: number, text: string): Promise<string> {
  const socket = await openTcp(port, true);
  socket.write(text, 'latin1');
  return readUntilHungUp(socket);
}

/** A handshake that is let in: its socket. */
async function upgraded(port: number): Promise<Socket> {
  const socket = await openTcp(port);
  socket.write(handshakeRequest());
  const [data] = (await once(socket, 'data')) as [Buffer];
  expect(data.toString()).toMatch(/^HTTP\/1\.1 101 /);
  return socket;
}

/** Resolves when a connection is made and reset. */
async function dropped(port: number): Promise<void> {
  return new Promise((resolve) => connect(port, '127.0.0.1').on('error', () => {}).on('close', () => resolve()));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await nextLoop();
  }
}

/** What was refused, without what never was. */
function refusals({ statistics: { refused } }: Server): Partial<Record<RefusalReason, number>> {
  return Object.fromEntries(Object.entries(refused).filter(([, count]) => count > 0));
}

describe('each refusal is answered, counted, and bothers no other client:', () => {
  const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n';
  test.each<[string, Partial<ListenOptions>, string, RegExp, Partial<Record<RefusalReason, number>>]>([
    ['garbage', {}, '\x16\x03\x01\0\xa5garbage\r\n\r\n', /^HTTP\/1\.1 400 [^]*This is no HTTP request/, { malformed: 1 }],
    ['a plain request without a Host', {}, 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 [^]*one Host header/, { malformed: 1 }],
    ['a plain request with two', {}, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', /^HTTP\/1\.1 400 [^]*one Host header/, { malformed: 1 }],
    ['a Host that is none', {}, handshakeRequest({ Host: 'a b/<script>' }), /^HTTP\/1\.1 400 [^]*not a host/, { malformed: 1 }],
    ['a body in chunks that are none', {}, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', /^HTTP\/1\.1 400 /, { malformed: 1 }],
    ['a body of two lengths', {}, `${post.slice(0, -2)}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, /^HTTP\/1\.1 400 /, { malformed: 1 }],
    ['a body in another coding', {}, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n', /^HTTP\/1\.1 400 [^]*only Transfer-Encoding/, { malformed: 1 }],
    ['a tunnel', {}, 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 405 [^]*Allow: GET/, { method: 1 }],
    ['a bad key', {}, handshakeRequest({ 'Sec-WebSocket-Key': 'c2hvcnQ=' }), /^HTTP\/1\.1 400 [^]*16 bytes/, { malformed: 1 }],
    ['a body', {}, handshakeRequest({ 'Content-Length': '5' }), /^HTTP\/1\.1 400 [^]*no body/, { malformed: 1 }],
    ['a wrong version', {}, handshakeRequest({ 'Sec-WebSocket-Version': '14' }), /^HTTP\/1\.1 426 [^]*\r\nSec-WebSocket-Version: 13\r\n/, { version: 1 }],
    ['another method', {}, handshakeRequest().replace('GET', 'POST'), /^HTTP\/1\.1 405 [^]*Allow: GET/, { method: 1 }],
    ['too large headers', { headerBytes: 1024 }, handshakeRequest({ X: 'a'.repeat(1024) }), /^HTTP\/1\.1 431 /, { headers: 1 }],
    ['too large a body', { requestBytes: 8 }, post, /^HTTP\/1\.1 413 /, { body: 1 }],
    ['half a handshake', { handshakeTimeout: 200 }, handshakeRequest().slice(0, 60), /^HTTP\/1\.1 408 /, { timeout: 1 }],
    ['nothing at all', { handshakeTimeout: 200 }, '', /^HTTP\/1\.1 408 /, { timeout: 1 }],
    ['half a body', { handshakeTimeout: 200 }, post, /^HTTP\/1\.1 408 /, { timeout: 1 }],
    ['another path', { path: '/chat' }, handshakeRequest(), /^HTTP\/1\.1 404 /, { path: 1 }],
    ['another origin', { origins: ['https://a.example'] }, handshakeRequest({ Origin: 'https://b.example' }), /^HTTP\/1\.1 403 /, { origin: 1 }],
    ['no common subprotocol', { protocols: ['v2'] }, handshakeRequest({ 'Sec-WebSocket-Protocol': 'v1, v3' }), /^HTTP\/1\.1 400 /, { protocol: 1 }],
    ['plain HTTP, which is only told to upgrade', {}, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 426 [^]*Upgrade: websocket/, {}],
  ])('%s', async (_what, options, text, answer, refused) => {
    const { client, server, url } = openServer(options);
    const { connection, owner } = openClient(`${url}${options.path ?? '/'}`);
    const accepted = await client(0);
    await owner.first('opened');
    expect(await answerTo(server.port, text)).toMatch(answer);
    expect(refusals(server)).toEqual(refused);
    send(connection, { type: 'sendText', data: 'untouched' });
    connection.flush();
    expect(await accepted.owner.first('text')).toEqual(['text', 'untouched']);
  });

  test('what comes behind a request with Connection: close takes nothing from its answer', async () => {
    const { server } = openServer();
    const get = 'GET / HTTP/1.1\r\nHost: a\r\n';
    expect(await answerTo(server.port, `${get}Connection: close\r\n\r\n${get}\r\n`)).toMatch(/^HTTP\/1\.1 426 /);
    expect(refusals(server)).toEqual({});
  });

  test('a client that sends its handshake byte by byte is not given more time', async () => {
    const { server } = openServer({ handshakeTimeout: 300 });
    const socket = await openTcp(server.port, true);
    const text = handshakeRequest();
    let sent = 0;
    const timer = setInterval(() => socket.write(text[sent++] ?? ''), 20);
    try {
      expect(await readUntilHungUp(socket)).toMatch(/^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(timer);
    }
    expect(sent).toBeLessThan(text.length);
  });

  test('one that leaves before its handshake', async () => {
    const { server } = openServer();
    const socket = await openTcp(server.port);
    await until(() => server.statistics.pending === 1);
    socket.resetAndDestroy();
    await until(() => server.statistics.pending === 0);
    expect(refusals(server)).toEqual({ gone: 1 });
  });

  test.each(violations(true))('a violation of the protocol: %s', async (_what, bytes, code) => {
    const { server } = openServer({ maxPayload: LARGEST });
    const socket = await upgraded(server.port);
    socket.write(bytes);
    socket.resume();
    await once(socket, 'close');
    await until(() => server.statistics.open === 0);
    const { open, tooLarge, violations } = server.statistics;
    expect({ open, tooLarge, violations }).toEqual({ open: 0, tooLarge: code === 1009 ? 1 : 0, violations: code === 1009 ? 0 : 1 });
  });
});

describe('connections are bounded:', () => {
  test('maxConnections, with 503; one that closes makes room', async () => {
    const { server } = openServer({ maxConnections: 2 });
    const first = await upgraded(server.port);
    await upgraded(server.port);
    expect(await answerTo(server.port, handshakeRequest())).toMatch(/^HTTP\/1\.1 503 [^]*as many connections as it takes/);
    expect(server.statistics).toMatchObject({ open: 2, accepted: 2 });
    first.destroy();
    await until(() => server.statistics.open === 1);
    await upgraded(server.port);
    expect(refusals(server)).toEqual({ connections: 1 });
  });

  test('maxConnectionsPerAddress, with 429', async () => {
    const { server } = openServer({ maxConnectionsPerAddress: 1, host: '' });
    const first = await upgraded(server.port);
    expect(await answerTo(server.port, handshakeRequest())).toMatch(/^HTTP\/1\.1 429 [^]*from this address/);
    first.destroy();
    await until(() => server.statistics.open === 0);
    await upgraded(server.port);
    expect(refusals(server)).toEqual({ address: 1 });
  });

  test('those that are not open yet: the rest is dropped, and the open ones do not count', async () => {
    const { server } = openServer({ maxPendingConnections: 2 });
    await upgraded(server.port);
    const waiting = [await openTcp(server.port), await openTcp(server.port)];
    await until(() => server.statistics.pending === 2);
    await dropped(server.port);
    expect(refusals(server)).toEqual({ flood: 1 });
    waiting.forEach((socket) => socket.destroy());
    await until(() => server.statistics.pending === 0);
    await upgraded(server.port);
  });

  test('a flood from one address, too, where its number is bounded', async () => {
    const { server } = openServer({ maxConnectionsPerAddress: 1 });
    // One more than may be open, so that it can be told.
    await openTcp(server.port);
    await openTcp(server.port);
    await until(() => server.statistics.pending === 2);
    await dropped(server.port);
    expect(refusals(server)).toEqual({ flood: 1 });
  });
});

describe('the subprotocol', () => {
  test.each<[readonly string[], string | undefined, string | undefined]>([
    [[], 'v1, v2', 'v1'],
    [['v2', 'v3'], 'v1, v2, v3', 'v2'],
    [['v3', 'v2'], 'v1, v2, v3', 'v2'],
    [['v2'], undefined, undefined],
  ])('of a server for %j, where %s is offered, is %s', async (protocols, offered, expected) => {
    const { server } = openServer({ protocols });
    const socket = await openTcp(server.port);
    socket.write(handshakeRequest({ 'Sec-WebSocket-Protocol': offered }));
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(/\r\nSec-WebSocket-Protocol: (.*)\r\n/.exec(data.toString())?.[1]).toBe(expected);
  });
});

describe('the origins', () => {
  test.each<[readonly string[], string | undefined, number]>([
    [['*'], 'http://evil.example', 101],
    [['*'], 'null', 101],
    [[], undefined, 101],
    [[], 'http://127.0.0.1', 403],
    [['self', 'https://a.example'], 'http://127.0.0.1', 101],
    [['self', 'https://a.example'], 'https://a.example', 101],
    [['self', 'https://a.example'], 'https://A.example:443', 101],
    [['https://a.example'], 'http://a.example', 403],
    [['https://a.example'], 'https://a.example:444', 403],
    [['https://a.example'], 'https://b.a.example', 403],
    [['https://a.example'], 'https://a.example, https://b.example', 403],
    [['https://a.example'], 'null', 403],
    [['null'], 'null', 101],
    [['chrome-extension://abc'], 'chrome-extension://abc', 101],
    [['chrome-extension://abc'], 'chrome-extension://abd', 403],
  ])('%j, of a page of %s: %d', async (origins, origin, status) => {
    const { server } = openServer({ origins });
    const socket = await openTcp(server.port);
    socket.write(handshakeRequest({ Origin: origin }));
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

test('whatever bytes come in the place of a handshake are answered or cut, and nothing stays of them', async () => {
  const { client, server, url } = openServer({ handshakeTimeout: 200, protocols: ['v1'], path: '/' });
  const { connection, owner } = openClient(`${url}/`);
  const accepted = await client(0);
  await owner.first('opened');
  const text = handshakeRequest({ 'Sec-WebSocket-Protocol': 'v1', 'Origin': 'http://127.0.0.1' });
  const mutated = fc
    .array(fc.tuple(fc.nat(text.length), fc.nat(6), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 4 })
    .map((edits) => edits.reduce((all, [at, cut, insert]) => `${all.slice(0, at)}${insert}${all.slice(at + cut)}`, text));
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, fc.string({ unit: 'binary', maxLength: 200 })), async (sent) => {
      const socket = await openTcp(server.port, true);
      let answer = '';
      socket.setEncoding('latin1').on('data', (data: string) => (answer += data));
      socket.write(Buffer.from(sent, 'latin1'));
      await Promise.race([once(socket, 'data').catch(() => {}), new Promise((resolve) => socket.once('close', resolve))]);
      socket.destroy();
      expect(answer).toMatch(/^(?:HTTP\/1\.1 (?:100|101|400|403|404|405|408|413|417|426|431) |$)/);
    }),
    { numRuns: 150 },
  );
  await until(() => server.statistics.pending === 0 && server.statistics.open === 1);
  send(connection, { type: 'sendText', data: 'untouched' });
  connection.flush();
  expect(await accepted.owner.first('text')).toEqual(['text', 'untouched']);
});
