import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import type { Resolve } from '../../../host/policy/address-guard.ts';
import { isPublicAddress } from '../../../host/policy/addresses.ts';
import { Permissions } from '../../../host/policy/permissions.ts';
import { ProxySettings } from '../../../host/policy/proxy-options.ts';
import { AddressQueue } from '../../../host/sockets/address-queue.ts';
import { hostPort } from '../../../host/sockets/client.ts';
import { TlsSettings } from '../../../host/sockets/tls-settings.ts';
import { SOCKET_ERRORS } from '../../../wire/socket-codes.ts';
import { afterThisTest, openClient, openServer, openTcpServer, send } from '../../support/sockets.ts';
import { testWhere } from '../../support/skip.ts';

/** Failed with this number, then closed as RFC 6455 has it for a connection without a closing handshake. */
function failure(error: number, reason: string, url: string): unknown[] {
  return [
    ['failed', error, `WebSocket connection to '${url}' failed: ${reason}`],
    ['closed', 1006, '', false],
  ];
}

/** A port of 127.0.0.1 that nobody listens on. */
async function unusedPort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('a client connection', () => {
  test('opens, with the subprotocol that the server chose', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'beta' });
    afterThisTest(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { connection, owner } = openClient(`ws://127.0.0.1:${port}/`, { protocols: ['alpha', 'beta'] });
    await owner.first('opened');
    expect(owner.told).toEqual([['opened', 'beta', '']]);
    connection.close(1000, '');
    await owner.first('closed');
  });

  test('asks for neither an extension nor an Origin', async () => {
    const headers: string[] = [];
    const server = createServer();
    server.on('upgrade', (request, socket) => {
      headers.push(...Object.keys(request.headers));
      socket.destroy();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    afterThisTest(() => server.close());
    const { owner } = openClient(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await owner.first('closed');
    expect(headers).toContain('sec-websocket-key');
    expect(headers).not.toContain('origin');
    expect(headers).not.toContain('sec-websocket-extensions');
  });

  test('is refused where nobody listens', async () => {
    const url = `ws://127.0.0.1:${await unusedPort()}/`;
    const { owner } = openClient(url);
    await owner.first('closed');
    expect(owner.told).toEqual(failure(SOCKET_ERRORS.ConnectionRefusedError, 'connection refused', url));
  });

  test.each<[string, (socket: Socket) => void]>([
    ['is never answered', () => {}],
    [
      'is answered letter by letter without an end',
      (socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nX: ');
        const drip = setInterval(() => socket.write('x'), 5);
        socket.on('close', () => clearInterval(drip));
      },
    ],
  ])('times out where the handshake %s', async (_what, onSocket) => {
    const { port } = await openTcpServer(onSocket);
    const url = `ws://127.0.0.1:${port}/`;
    const { owner } = openClient(url, { handshakeTimeout: 500 });
    await owner.first('closed');
    expect(owner.told).toEqual(failure(SOCKET_ERRORS.SocketTimeoutError, 'the server did not answer the handshake in time', url));
  });

  test('fails with RemoteHostClosedError where the server drops TCP after it was open', async () => {
    const { client, url } = openServer();
    const { owner } = openClient(`${url}/`);
    await owner.first('opened');
    (await client(0)).connection.terminate();
    await owner.first('closed');
    expect(owner.told).toEqual([
      ['opened', '', ''],
      ...failure(SOCKET_ERRORS.RemoteHostClosedError, 'the remote host closed the connection', `${url}/`),
    ]);
  });

  test('is closed with 1006 where it is closed before it is open', async () => {
    const { port } = await openTcpServer(() => {});
    const { connection, owner } = openClient(`ws://127.0.0.1:${port}/`);
    connection.close(0, '');
    await owner.first('closed');
    expect(owner.told).toEqual(
      failure(SOCKET_ERRORS.UnfinishedSocketOperationError, 'it was closed before it was open', `ws://127.0.0.1:${port}/`),
    );
  });

  test('fails with a message that is larger than it may be, and tells the server 1009', async () => {
    const { client, url } = openServer();
    const { owner } = openClient(`${url}/`, { maxPayload: 125 });
    await owner.first('opened');
    const peer = await client(0);
    send(peer.connection, { type: 'sendBinary', data: Buffer.alloc(126) });
    peer.connection.flush();
    await owner.first('closed');
    expect(owner.order).toEqual(['opened', 'failed', 'closed']);
    expect(await peer.owner.first('closed')).toEqual(['closed', 1009, '', true]);
  });
});

describe('the way to a name', () => {
  test('leads to what localhost is, where localhost is permitted', async () => {
    const { server } = openServer();
    const { owner } = openClient(`ws://localhost:${server.port}/`, {
      permissions: new Permissions({ connect: ['localhost'] }),
    });
    await owner.first('opened');
    expect(owner.order).toEqual(['opened']);
  });

  test('is denied where it leads to loopback and any name is permitted, but not this address', async () => {
    const { clients, server } = openServer();
    const url = `ws://localhost:${server.port}/`;
    const { owner } = openClient(url, { permissions: new Permissions({ connect: ['*'] }) });
    await owner.first('closed');
    expect(owner.told).toEqual(
      failure(
        SOCKET_ERRORS.SocketAccessError,
        'localhost leads to an address that is not public; permit that address itself (permission connect)',
        url,
      ),
    );
    expect(clients).toEqual([]);
  });

  test('is open where a rule names the address that it leads to', async () => {
    const { server } = openServer();
    const { owner } = openClient(`ws://localhost:${server.port}/`, {
      permissions: new Permissions({ connect: ['*', `127.0.0.1:${server.port}`] }),
    });
    await owner.first('opened');
    expect(owner.order).toEqual(['opened']);
  });
});

describe('a name whose answer changes', () => {
  test('leads to the address that was checked: it is resolved once', async () => {
    const { server } = openServer();
    const asked: string[] = [];
    const resolve: Resolve = (host, _options, callback) => {
      asked.push(host);
      callback(null, [{ address: asked.length === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
    };
    const { owner } = openClient(`ws://rebinding.example:${server.port}/`, {
      permissions: new Permissions({ connect: ['rebinding.example', '127.0.0.1'] }),
      network: { proxies: new ProxySettings(), tls: await TlsSettings.load(undefined), queue: new AddressQueue(), resolve },
    });
    await owner.first('opened');
    expect(asked).toEqual(['rebinding.example']);
  });

  test('leads nowhere, where the address that it has when it is asked for is private', async () => {
    const { clients, server } = openServer();
    const url = `ws://rebinding.example:${server.port}/`;
    const { owner } = openClient(url, {
      permissions: new Permissions({ connect: ['*'] }),
      network: {
        proxies: new ProxySettings(),
        tls: await TlsSettings.load(undefined),
        queue: new AddressQueue(),
        resolve: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
      },
    });
    await owner.first('closed');
    expect(owner.told[0]?.slice(0, 2)).toEqual(['failed', SOCKET_ERRORS.SocketAccessError]);
    expect(clients).toEqual([]);
  });
});

const ownName = hostname().toLowerCase();
const ownAddresses = await lookup(ownName, { all: true }).catch(() => []);
const ownNameIsPrivate = ownAddresses.length > 0 && ownAddresses.every(({ address }) => !isPublicAddress(address));

testWhere(ownNameIsPrivate, 'this machine has no name that leads to a private address')("a permitted name (this machine's) does not open a private address", async () => {
  const { owner } = openClient(`ws://${ownName}:8009/`, { permissions: new Permissions({ connect: [ownName] }) });
  await owner.first('closed');
  expect(owner.told[0]?.slice(0, 2)).toEqual(['failed', SOCKET_ERRORS.SocketAccessError]);
});

describe('a client connection is denied at once', () => {
  test.each([
    ['without a rule', [], 'ws://example.com/', 'ERR_AIRLOCK_CONNECT_DENIED', 'connecting to example.com:80 is not permitted (permission connect)'],
    ['with a rule for another port', ['127.0.0.1:80'], 'wss://127.0.0.1/', 'ERR_AIRLOCK_CONNECT_DENIED', 'connecting to 127.0.0.1:443 is not permitted'],
    ['to a private address under a rule for any host', ['*'], 'ws://[::1]:8080/', 'ERR_AIRLOCK_ADDRESS_DENIED', '::1 is an address that is not public'],
    ['to a port of another protocol', ['127.0.0.1'], 'ws://127.0.0.1:6667/', 'ERR_AIRLOCK_PORT_BLOCKED', 'port 6667 belongs to another protocol'],
    ['to a number that is a private address', ['*'], 'ws://2130706433/', 'ERR_AIRLOCK_ADDRESS_DENIED', '127.0.0.1 is an address that is not public'],
  ])('%s', (_what, connect, url, code, message) => {
    let thrown: unknown;
    try {
      openClient(url, { permissions: new Permissions({ connect }) });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

test('hostPort writes it as it stands in a rule', () => {
  expect([hostPort('example.com', 80), hostPort('127.0.0.1', 1), hostPort('::1', 2)]).toEqual(['example.com:80', '127.0.0.1:1', '[::1]:2']);
});
