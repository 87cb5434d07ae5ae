import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { Server } from '../../../host/sockets/server.ts';
import { handshakeRequest, openClient, openServer, openTcp, readUntilHungUp, send } from '../../support/sockets.ts';
import { testWhere } from '../../support/skip.ts';

async function request(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url), 'response')) as [IncomingMessage];
  response.resume();
  return response;
}

/** The whole answer to a handshake by hand, from a peer that never closes by itself. */
async function answerTo(port: number, text: string): Promise<string> {
  const socket = await openTcp(port, true);
  socket.write(text);
  return readUntilHungUp(socket);
}

describe('a server', () => {
  test('on port 0 takes a free one, and has a URL as Overte writes it', () => {
    const { server } = openServer();
    expect(server.port).toBeGreaterThan(0);
    expect(server.url).toBe(`ws://127.0.0.1:${server.port}`);
    expect(openServer().server.port).not.toBe(server.port);
  });

  test('on all interfaces tells 127.0.0.1, and is reached there', async () => {
    const { client, server, url } = openServer({ host: '' });
    expect(url).toBe(`ws://127.0.0.1:${server.port}`);
    openClient(`${url}/`);
    await client(0);
  });

  test("on 'localhost' is on 127.0.0.1", () => {
    const { server, url } = openServer({ host: 'localhost' });
    expect(url).toBe(`ws://127.0.0.1:${server.port}`);
  });

  test('tells the address that a client asked for, made of Host and path, or in full', async () => {
    const urls: string[] = [];
    const server = new Server(1, { host: '127.0.0.1', port: 0, serverName: '', maxPayload: 1000, closeTimeout: 5000 }, {
      accepted: (_server, { refuse, url }) => {
        urls.push(url);
        refuse(1001, 'seen');
      },
      serverFailed: () => {},
    });
    const { owner } = openClient(`ws://localhost:${server.port}/chat?room=1`);
    await owner.first('closed');
    // In full, as to a proxy.
    const socket = await openTcp(server.port);
    socket.write(handshakeRequest().replace('/', 'http://name.example:81/x?y'));
    await once(socket, 'data');
    server.close();
    expect(urls).toEqual([`ws://localhost:${server.port}/chat?room=1`, 'ws://name.example:81/x?y']);
  });

  test('may refuse a connection whose handshake is done, with a code and a reason', async () => {
    const server = new Server(1, { host: '127.0.0.1', port: 0, serverName: '', maxPayload: 1000, closeTimeout: 5000 }, {
      accepted: (_server, handshake) => handshake.refuse(1013, 'Too many sockets.'),
      serverFailed: () => {},
    });
    const { owner } = openClient(`${server.url}/`);
    expect(await owner.first('closed')).toEqual(['closed', 1013, 'Too many sockets.', true]);
    server.close();
  });

  test('that is closed leaves its connections open, takes no new ones, and frees its port at once', async () => {
    const { client, server, url } = openServer();
    const { connection, owner } = openClient(`${url}/`);
    const accepted = await client(0);
    await owner.first('opened');
    server.close();
    const late = openClient(`${url}/`);
    await late.owner.first('closed');
    expect(late.owner.order).toEqual(['failed', 'closed']);
    const { port } = openServer({ port: server.port }).server;
    expect(port).toBe(server.port);
    send(connection, { type: 'sendText', data: 'still here' });
    connection.flush();
    expect(await accepted.owner.first('text')).toEqual(['text', 'still here']);
  });

  test('closes a connection with 1009 whose message is larger than it may be', async () => {
    const { client, url } = openServer({ maxPayload: 125 });
    const { connection, owner } = openClient(`${url}/`);
    await owner.first('opened');
    send(connection, { type: 'sendBinary', data: Buffer.alloc(126) });
    connection.flush();
    expect(await owner.first('closed')).toEqual(['closed', 1009, '', true]);
    expect((await client(0)).owner.messages).toEqual([]);
  });
});

describe('the Server header of a handshake', () => {
  test.each([
    ['the default name', '', 'Airlock - Scripted WebSocket Listener'],
    ["the script's name", 'My Server/1.0 (test)', 'My Server/1.0 (test)'],
    ['a name without what a header may not hold', 'a\r\nX-Evil: 1\0€', 'aX-Evil: 1'],
    ['the default name where nothing of it is left', '\r\n€', 'Airlock - Scripted WebSocket Listener'],
  ])('is %s', async (_what, serverName, expected) => {
    const { server, url } = openServer({ serverName });
    const webSocket = new WebSocket(`${url}/`);
    const [response] = (await once(webSocket, 'upgrade')) as [IncomingMessage];
    expect(response.headers.server).toBe(expected);
    expect(response.headers['x-evil']).toBeUndefined();
    webSocket.terminate();
    expect((await request(`http://127.0.0.1:${server.port}/`)).headers.server).toBe(expected);
  });
});

describe('what is no WebSocket handshake', () => {
  test('plain HTTP is told to upgrade: 426', async () => {
    const { server } = openServer();
    const response = await request(`http://127.0.0.1:${server.port}/any/path`);
    expect(response.statusCode).toBe(426);
    expect(response.headers).toMatchObject({ upgrade: 'websocket', connection: 'close' });
  });

  test.each([
    ['a wrong version', handshakeRequest({ 'Sec-WebSocket-Version': '12' }), /^HTTP\/1\.1 426 [^]*\r\nSec-WebSocket-Version: 13\r\n/],
    ['an older version', handshakeRequest({ 'Sec-WebSocket-Version': '8' }), /^HTTP\/1\.1 426 /],
    ['no version', handshakeRequest({ 'Sec-WebSocket-Version': undefined }), /^HTTP\/1\.1 426 /],
    ['HTTP/1.0', handshakeRequest().replace('HTTP/1.1', 'HTTP/1.0'), /^HTTP\/1\.1 426 /],
    ['no Host', handshakeRequest({ Host: undefined }), /^HTTP\/1\.1 400 /],
    ['two Hosts', handshakeRequest({ host: 'localhost' }), /^HTTP\/1\.1 400 /],
    ['a target of another scheme', handshakeRequest().replace('/', 'ftp://127.0.0.1/'), /^HTTP\/1\.1 400 /],
    ['an extension that is none', handshakeRequest({ 'Sec-WebSocket-Extensions': 'permessage-deflate; a b' }), /^HTTP\/1\.1 400 /],
    ['no key', handshakeRequest({ 'Sec-WebSocket-Key': undefined }), /^HTTP\/1\.1 400 /],
    ['a key of the wrong length', handshakeRequest({ 'Sec-WebSocket-Key': 'c2hvcnQ=' }), /^HTTP\/1\.1 400 /],
    ['another upgrade', handshakeRequest({ Upgrade: 'h2c' }), /^HTTP\/1\.1 426 /],
    ['another method', handshakeRequest().replace('GET', 'POST'), /^HTTP\/1\.1 405 /],
    ['a subprotocol that is none', handshakeRequest({ 'Sec-WebSocket-Protocol': 'a b,,' }), /^HTTP\/1\.1 400 /],
    ['garbage', '\x16\x03\x01\0\xa5garbage\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a header without an end', `GET / HTTP/1.1\r\nX: ${'a'.repeat(100_000)}`, /^HTTP\/1\.1 431 /],
  ])('%s gets a refusal and is hung up on, and no other client notices', async (_what, text, answer) => {
    const { client, server, url } = openServer();
    const { connection, owner } = openClient(`${url}/`);
    const accepted = await client(0);
    await owner.first('opened');
    expect(await answerTo(server.port, text)).toMatch(answer);
    send(connection, { type: 'sendText', data: 'untouched' });
    connection.flush();
    expect(await accepted.owner.first('text')).toEqual(['text', 'untouched']);
    expect(owner.order).toEqual(['opened']);
  });

  test.each([
    ['half a handshake', handshakeRequest().slice(0, 60)],
    ['nothing', ''],
    ['a handshake and half a frame', `${handshakeRequest()}\x81`],
  ])('%s, then a reset: no other client notices', async (_what, text) => {
    const { client, server, url } = openServer();
    const { connection, owner } = openClient(`${url}/`);
    const accepted = await client(0);
    const socket = await openTcp(server.port);
    socket.write(Buffer.from(text, 'latin1'), () => socket.resetAndDestroy());
    await once(socket, 'close');
    send(connection, { type: 'sendText', data: 'untouched' });
    connection.flush();
    expect(await accepted.owner.first('text')).toEqual(['text', 'untouched']);
    expect(owner.order).toEqual(['opened']);
  });
});

describe('a handshake may also', () => {
  test.each([
    ['ask for other protocols beside', handshakeRequest({ Upgrade: 'h2c, WebSocket' })],
    ['offer extensions that nobody knows', handshakeRequest({ 'Sec-WebSocket-Extensions': 'a;b="c" ; d = e, permessage-deflate' })],
    ['name its target in full', handshakeRequest().replace('/', 'http://127.0.0.1/')],
  ])('%s', async (_what, text) => {
    const { server } = openServer();
    const socket = await openTcp(server.port);
    socket.write(text);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 101 /);
  });
});

describe('a handshake of a page (with an Origin) is accepted', () => {
  const accepts = async (headers: Record<string, string | undefined>): Promise<boolean> => {
    const { server } = openServer();
    const socket = await openTcp(server.port, true);
    socket.write(handshakeRequest(headers));
    const [data] = (await once(socket, 'data')) as [Buffer];
    const status = data.toString().slice(0, 'HTTP/1.1 101'.length);
    if (status !== 'HTTP/1.1 101') {
      expect(status).toBe('HTTP/1.1 403');
      await readUntilHungUp(socket);
    }
    return status === 'HTTP/1.1 101';
  };

  test.each<[string, Record<string, string | undefined>, boolean]>([
    ['without an Origin', {}, true],
    ['from the same host', { Host: 'example.com', Origin: 'https://example.com' }, true],
    ['from the same host and port', { Host: 'example.com:8080', Origin: 'http://example.com:8080' }, true],
    ['from the same host, written in capitals', { Host: 'EXAMPLE.com', Origin: 'http://Example.COM' }, true],
    ['from another host', { Host: 'example.com', Origin: 'http://evil.example' }, false],
    ['from another port', { Host: 'example.com:8080', Origin: 'http://example.com:8081' }, false],
    ['from a longer name', { Host: 'example.com', Origin: 'http://example.com.evil.example' }, false],
    ['from a page without an origin', { Origin: 'null' }, false],
    ['from what is no origin', { Origin: 'example.com' }, false],
  ])('%s: %j is %s', async (_what, headers, expected) => {
    expect(await accepts(headers)).toBe(expected);
  });
});

/** Whether this user may take the port 80 of 127.0.0.1, as root may. */
function mayTakePort80(): boolean {
  try {
    const server = new Server(1, { host: '127.0.0.1', port: 80, serverName: '', maxPayload: 1000, closeTimeout: 5000 }, { accepted() {}, serverFailed() {} });
    server.close();
    return true;
  } catch {
    return false;
  }
}

describe('a server that cannot listen says so in its constructor:', () => {
  const errorOf = (options: { host: string; port: number }): unknown => {
    try {
      openServer(options);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test('the port is in use, by one of ours or by all interfaces', () => {
    const { server } = openServer();
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(errorOf({ host, port: server.port })).toMatchObject({
        code: 'ERR_AIRLOCK_LISTEN_FAILED',
        message: `cannot listen on 127.0.0.1:${server.port}: the port is in use (EADDRINUSE)`,
      });
    }
    expect(errorOf({ host: '', port: server.port })).toMatchObject({
      message: `cannot listen on port ${server.port}: the port is in use (EADDRINUSE)`,
    });
  });

  test.each(['example.com', '127.0.0.1:80', '*', '127.1', '::1%'])("the host '%s' is no address", (host) => {
    expect(errorOf({ host, port: 0 })).toMatchObject({
      code: 'ERR_AIRLOCK_LISTEN_FAILED',
      message: `cannot listen on '${host}': host must be an IP address or 'localhost'`,
    });
  });

  test('the address is not one of this machine', () => {
    // 192.0.2.0/24 is for documentation (RFC 5737): nobody has it.
    expect(errorOf({ host: '192.0.2.1', port: 0 })).toMatchObject({
      code: 'ERR_AIRLOCK_LISTEN_FAILED',
      message: 'cannot listen on 192.0.2.1:0: the address is not one of this machine (EADDRNOTAVAIL)',
    });
  });

  testWhere(!mayTakePort80(), 'this user may take port 80')('the port is privileged, or taken', () => {
    expect(errorOf({ host: '127.0.0.1', port: 80 })).toMatchObject({
      code: 'ERR_AIRLOCK_LISTEN_FAILED',
      message: expect.stringMatching(/: the port (needs a privilege that the host does not have \(EACCES\)|is in use \(EADDRINUSE\))$/),
    });
  });
});
