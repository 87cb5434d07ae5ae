import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Permissions } from '../../../host/policy/permissions.ts';
import { ProxySettings, type ProxyOptions } from '../../../host/policy/proxy-options.ts';
import { AddressQueue } from '../../../host/sockets/address-queue.ts';
import type { ConnectOptions } from '../../../host/sockets/client.ts';
import { TlsSettings } from '../../../host/sockets/tls-settings.ts';
import type { TlsOptions, TlsRule } from '../../../host/policy/tls-options.ts';
import { SOCKET_ERRORS, type SocketErrorName } from '../../../wire/socket-codes.ts';
import { certificateAuthority } from '../../support/certificates.ts';
import { openProxy } from '../../support/proxy.ts';
import { openClient, openServer, openTcpServer, type TestClient, type Told, send } from '../../support/sockets.ts';
import { openWssServer } from '../../support/wss-server.ts';

interface Ways extends Partial<ConnectOptions> {
  readonly proxy: ProxyOptions;
  readonly tls?: TlsOptions | readonly TlsRule[];
}

async function openThrough(url: string, { proxy, tls, ...options }: Ways): Promise<TestClient> {
  const network = { proxies: new ProxySettings(proxy), tls: await TlsSettings.load(tls), queue: new AddressQueue() };
  return openClient(url, { permissions: new Permissions({ connect: true }), network, ...options });
}

async function outcome(url: string, ways: Ways): Promise<Told[]> {
  const { connection, owner } = await openThrough(url, ways);
  await Promise.race([owner.first('opened'), owner.first('closed')]);
  connection.close(1000, '');
  await owner.first('closed');
  return owner.told;
}

const OPENED = [['opened', '', ''], ['closed', 1000, '', true]];
const authority = certificateAuthority();
const certificate = authority.issue();

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function failed(name: SocketErrorName, reason: string, url: string): unknown[] {
  return [['failed', SOCKET_ERRORS[name], `WebSocket connection to '${url}' failed: ${reason}`], ['closed', 1006, '', false]];
}

describe('a proxy', () => {
  test('is asked for a tunnel, through which the connection goes', async () => {
    const proxy = await openProxy();
    const { server, url } = openServer();
    expect(await outcome(`${url}/`, { proxy: { http: proxy.url } })).toEqual(OPENED);
    expect(proxy.requests).toEqual([{ target: `127.0.0.1:${server.port}`, headers: expect.objectContaining({ host: `127.0.0.1:${server.port}` }) }]);
    expect(Object.keys(proxy.requests[0]?.headers ?? {})).not.toContain('sec-websocket-key');
  });

  test('carries messages of any size both ways', async () => {
    const proxy = await openProxy();
    const { client, url } = openServer();
    const { connection, owner } = await openThrough(`${url}/`, { proxy: { http: proxy.url } });
    await owner.first('opened');
    const peer = await client(0);
    const data = Buffer.alloc(1_000_000, 'airlock');
    send(connection, { type: 'sendBinary', data });
    connection.flush();
    await peer.owner.received(1);
    send(peer.connection, { type: 'sendBinary', data: peer.owner.messages[0] as Buffer });
    peer.connection.flush();
    await owner.received(1);
    expect(owner.messages[0]?.equals(data)).toBe(true);
  });

  test('is given its password, as Basic', async () => {
    const proxy = await openProxy({ password: 'user:p@ss wörd' });
    const { url } = openServer();
    const address = proxy.url.replace('//', '//user:p%40ss%20w%C3%B6rd@');
    expect(await outcome(`${url}/`, { proxy: { http: address } })).toEqual(OPENED);
  });

  test('carries TLS, with the checks of the server that is meant', async () => {
    const proxy = await openProxy();
    const server = await openWssServer(certificate);
    const ways = { proxy: { https: proxy.url }, tls: { ca: authority.cert } };
    expect(await outcome(server.url, ways)).toEqual(OPENED);
    expect(await outcome(server.url, { proxy: ways.proxy })).toEqual(
      failed('SslHandshakeFailedError', "the TLS handshake failed: the server's certificate is signed by an unknown authority", server.url),
    );
    expect(proxy.requests.map(({ target }) => target)).toEqual([`127.0.0.1:${server.port}`, `127.0.0.1:${server.port}`]);
  });

  test('can be spoken to in TLS itself, and carry TLS in that', async () => {
    const proxy = await openProxy({ certificate, password: 'a:b' });
    const server = await openWssServer(authority.issue());
    const { url } = openServer();
    const address = proxy.url.replace('//', '//a:b@');
    const ways = { proxy: { http: address }, tls: { ca: authority.cert } };
    expect(await outcome(`${url}/`, ways)).toEqual(OPENED);
    expect(await outcome(server.url, ways)).toEqual(OPENED);
    expect(await outcome(server.url, { proxy: ways.proxy })).toEqual(
      failed('SslHandshakeFailedError', 'the TLS handshake with the proxy failed', server.url),
    );
  });

  test.each([
    ['in HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n'],
    ['with another status of success', 'HTTP/1.1 204 Fine\r\n\r\n'],
    ['with a length, which means nothing there (RFC 9110, 9.3.6)', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
    ['with an encoding, which means nothing there', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ])('may answer %s', async (_what, established) => {
    const proxy = await openProxy({ established });
    const { url } = openServer();
    expect(await outcome(`${url}/`, { proxy: { http: proxy.url } })).toEqual(OPENED);
  });

  test('is not asked for what noProxy names', async () => {
    const proxy = await openProxy();
    const { url } = openServer();
    expect(await outcome(`${url}/`, { proxy: { http: proxy.url, noProxy: ['127.0.0.0/8'] } })).toEqual(OPENED);
    expect(proxy.requests).toEqual([]);
  });
});

describe('a proxy is asked for', () => {
  const NAME = 'ws://localhost:8080/';
  const refusing = () => openProxy({ answer: (socket) => socket.end('HTTP/1.1 403 No\r\n\r\n') });

  test.each([
    ['the name, where the script may connect anywhere', { connect: true }, {}, 'localhost:8080'],
    ['the address that was checked, where the name leads to one that is permitted', { connect: ['*', '127.0.0.1'] }, {}, '127.0.0.1:8080'],
    ['the name unresolved, where that is left to the proxy', { connect: ['*'] }, { resolve: 'proxy' as const }, 'chat.example:8080'],
  ])('%s', async (_what, permissions, options, target) => {
    const proxy = await refusing();
    await outcome(target.startsWith('chat') ? 'ws://chat.example:8080/' : NAME, { proxy: { http: proxy.url, ...options }, permissions: new Permissions(permissions) });
    expect(proxy.requests.map((request) => request.target)).toEqual([target]);
  });

  test('an IPv6 address in brackets', async () => {
    const proxy = await refusing();
    await outcome('ws://[2001:db8::1]/', { proxy: { http: proxy.url } });
    expect(proxy.requests[0]?.target).toBe('[2001:db8::1]:80');
  });

  test.each(['host', 'proxy'] as const)('nothing where a permitted name leads to a private address, though the %s resolves', async (resolve) => {
    const proxy = await refusing();
    const denied: string[] = [];
    const told = await outcome(NAME, {
      proxy: { http: proxy.url, resolve },
      permissions: new Permissions({ connect: ['*'] }),
      warn: (message) => denied.push(message),
    });
    expect(told[0]?.slice(0, 2)).toEqual(['failed', SOCKET_ERRORS.SocketAccessError]);
    expect(denied).toEqual([expect.stringMatching(/^localhost leads to \S+, which is not public; allow it with --allow-connect=/)]);
    expect(proxy.requests).toEqual([]);
  });

  test('nothing where a name leads to an address that a deny list has, though the script may connect anywhere else', async () => {
    const proxy = await refusing();
    const permissions = new Permissions({ connect: true, deny: { connect: ['127.0.0.0/8', '::1'] } });
    const told = await outcome(NAME, { proxy: { http: proxy.url }, permissions });
    expect(told[0]?.slice(0, 2)).toEqual(['failed', SOCKET_ERRORS.SocketAccessError]);
    expect(proxy.requests).toEqual([]);
  });

  test('nothing for this host itself with a dot behind its name, though the proxy resolves', async () => {
    const proxy = await refusing();
    const ways = { proxy: { http: proxy.url, resolve: 'proxy' as const }, permissions: new Permissions({ connect: ['*'] }) };
    await outcome('ws://localhost.:8080/', ways);
    await outcome('ws://a.localhost.:8080/', ways);
    expect(proxy.requests).toEqual([]);
  });

  test.each([['127.0.0.1'], ['[::1]'], ['169.254.169.254'], ['[::ffff:10.0.0.1]']])('nothing where %s itself is not permitted', async (host) => {
    const proxy = await refusing();
    const permissions = new Permissions({ connect: ['*'] });
    await expect(openThrough(`ws://${host}/`, { proxy: { http: proxy.url, resolve: 'proxy' }, permissions })).rejects.toMatchObject({
      code: 'ERR_AIRLOCK_ADDRESS_DENIED',
    });
    expect(proxy.requests).toEqual([]);
  });

  test('nothing where the name cannot be resolved here; the operator is told what would help', async () => {
    const proxy = await refusing();
    const warnings: string[] = [];
    const told = await outcome('ws://no-such-host.invalid/', {
      proxy: { http: proxy.url },
      permissions: new Permissions({ connect: ['*'] }),
      warn: (message) => warnings.push(message),
    });
    expect([SOCKET_ERRORS.HostNotFoundError, SOCKET_ERRORS.TemporaryError]).toContain(told[0]?.[1]);
    expect(warnings).toEqual([
      'no-such-host.invalid could not be resolved here, and so not be checked; where only the proxy can, see --proxy-resolve',
    ]);
    expect(proxy.requests).toEqual([]);
  });
});

describe('a proxy that fails is told to the script', () => {
  const URL_TEXT = 'ws://127.0.0.1:8080/';

  test.each<[string, string, SocketErrorName, string]>([
    ['asks for a password', 'HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n', 'ProxyAuthenticationRequiredError', 'the proxy requires authentication, or does not take the one given (HTTP status 407)'],
    ['does not take the password, as tinyproxy', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n', 'ProxyAuthenticationRequiredError', 'the proxy requires authentication, or does not take the one given (HTTP status 401)'],
    ['refuses', 'HTTP/1.1 403 x\r\nContent-Length: 4\r\n\r\nevil', 'ProxyConnectionRefusedError', 'the proxy answered with the HTTP status 403 and refused the connection'],
    ['takes no CONNECT', 'HTTP/1.1 405 x\r\n\r\n', 'ProxyConnectionRefusedError', 'the proxy answered with the HTTP status 405 and refused the connection'],
    ['does not find the host', 'HTTP/1.1 404 x\r\n\r\n', 'HostNotFoundError', 'the proxy answered with the HTTP status 404: it did not find the host'],
    ['cannot connect', 'HTTP/1.1 502 x\r\n\r\n', 'ConnectionRefusedError', 'the proxy answered with the HTTP status 502: it could not connect to the host'],
    ['cannot connect in time', 'HTTP/1.1 504 x\r\n\r\n', 'SocketTimeoutError', 'the proxy answered with the HTTP status 504: the host did not answer it in time'],
    ['redirects', 'HTTP/1.1 302 x\r\nLocation: http://127.0.0.1/\r\n\r\n', 'ProxyProtocolError', 'the proxy answered with the HTTP status 302, which opens no tunnel'],
    ['answers nonsense', 'SSH-2.0-OpenSSH_9.6\r\n', 'ProxyProtocolError', 'the proxy did not answer as a proxy does'],
    ['answers without an end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`, 'ProxyProtocolError', 'the proxy did not answer as a proxy does'],
    ['dies', '', 'ProxyConnectionClosedError', 'the proxy closed the connection'],
    ['dies in the midst of its answer', 'HTTP/1.1 200 O', 'ProxyConnectionClosedError', 'the proxy closed the connection'],
  ])('where it %s', async (_what, answer, name, reason) => {
    const proxy = await openProxy({ answer: (socket) => socket.end(answer) });
    expect(await outcome(URL_TEXT, { proxy: { http: proxy.url } })).toEqual(failed(name, reason, URL_TEXT));
    expect(proxy.requests).toHaveLength(1);
  });

  test('where it is reset', async () => {
    const { port } = await openTcpServer((socket) => socket.on('data', () => socket.resetAndDestroy()));
    expect(await outcome(URL_TEXT, { proxy: { http: `http://127.0.0.1:${port}` } })).toEqual(
      failed('ProxyConnectionClosedError', 'the proxy closed the connection', URL_TEXT),
    );
  });

  test('where it hangs', async () => {
    const proxy = await openProxy({ answer: () => {} });
    expect(await outcome(URL_TEXT, { proxy: { http: proxy.url }, handshakeTimeout: 500 })).toEqual(
      failed('ProxyConnectionTimeoutError', 'the proxy did not answer in time', URL_TEXT),
    );
  });

  test('where nobody listens', async () => {
    const proxy = `http://user:secret@127.0.0.1:${await unusedPort()}`;
    expect(await outcome(URL_TEXT, { proxy: { http: proxy } })).toEqual(
      failed('ProxyConnectionRefusedError', 'the proxy refused the connection', URL_TEXT),
    );
  });

  test('where it speaks no TLS', async () => {
    const proxy = await openProxy();
    expect(await outcome(URL_TEXT, { proxy: { http: proxy.url.replace('http', 'https') } })).toEqual(
      failed('SslHandshakeFailedError', 'the TLS handshake with the proxy failed', URL_TEXT),
    );
  });

  test('where the tunnel ends before the handshake is done', async () => {
    const proxy = await openProxy({ answer: (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n') });
    expect(await outcome(URL_TEXT, { proxy: { http: proxy.url } })).toEqual(
      failed('RemoteHostClosedError', 'the remote host closed the connection', URL_TEXT),
    );
  });

  test('where the connection is closed while the tunnel is opened', async () => {
    const proxy = await openProxy({ answer: () => {} });
    const { connection, owner } = await openThrough(URL_TEXT, { proxy: { http: proxy.url } });
    await proxy.asked(1);
    connection.close(1000, '');
    await owner.first('closed');
    expect(owner.told).toEqual(failed('UnfinishedSocketOperationError', 'it was closed before it was open', URL_TEXT));
  });
});

test('whatever is made of a right answer of a proxy, the connection opens or fails once', async () => {
  const { url } = openServer();
  const right = 'HTTP/1.1 200 Connection established\r\nX-Proxy: test\r\n\r\n';
  const change = fc.record({ at: fc.nat(60), remove: fc.nat(3), insert: fc.oneof(fc.constantFrom('\r\n', '\n', ':', '\0'), fc.string({ maxLength: 3 })) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const established = changes.reduce((text, { at, insert, remove }) => text.slice(0, at) + insert + text.slice(at + remove), right);
      const proxy = await openProxy({ established });
      // Half an answer hangs.
      const told = await outcome(`${url}/`, { proxy: { http: proxy.url }, handshakeTimeout: 200 });
      const [first] = told[0] ?? [];
      expect(told.map(([name]) => name)).toEqual(first === 'opened' ? ['opened', 'closed'] : ['failed', 'closed']);
    }),
    { numRuns: 50 },
  );
});
