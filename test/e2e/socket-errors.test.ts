import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { HostOptions, RunOptions } from '../../host/index.ts';
import { socketFailure } from '../../host/sockets/socket-errors.ts';
import { SOCKET_ERRORS, type SocketErrorName } from '../../wire/socket-codes.ts';
import { certificateAuthority } from '../support/certificates.ts';
import { startHost } from '../support/host.ts';
import { LOCAL_NAME_SERVER, LOOPBACK_UP, hasNetworkNamespaces, inNetwork } from '../support/network-namespace.ts';
import { openProxy, type TestProxyOptions } from '../support/proxy.ts';
import { afterThisTest, openTcpServer } from '../support/sockets.ts';
import { testWhere } from '../support/skip.ts';
import { inSpawnedHost } from '../support/spawned-host.ts';
import { openWssServer } from '../support/wss-server.ts';

/** What a script is told: the number, the message behind the URL, and the close code. */
type Told = readonly [error: number, message: string, code: number];

const PROBE = `
  const socket = new WebSocket(Script.args[0]);
  let told;
  socket.onerror = (error, event) => (told = [error, event.message.replace(/^WebSocket connection to '[^']*' failed: /, '')]);
  socket.onclose = ({ code }) => { print(JSON.stringify([...told, code])); Script.stop(); };
`;

async function probe(url: string, options: Partial<RunOptions> = {}, hostOptions: HostOptions = {}): Promise<Told> {
  const host = await startHost('in-process', hostOptions);
  const { line } = await host.run({ source: PROBE, args: [url], permissions: { connect: true }, ...options });
  return JSON.parse(await line(/^\[/)) as Told;
}

/** The same in a process of its own, in other circumstances. `prepare` runs there first, `started` when the script is loaded. */
async function probeWithin(within: readonly string[], url: string, prepare = '', started = ''): Promise<Told> {
  return (await inSpawnedHost(
    `
      ${prepare}
      const host = await ScriptHost.start({ isolation: 'in-process' });
      const script = await host.run({ source: ARGUMENT.source, args: [ARGUMENT.url], permissions: { connect: true } });
      script.on('print', ({ text }) => { console.log(text); process.exit(); });
      ${started}
    `,
    { source: PROBE, url },
    within,
  )) as Told;
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function throughProxy(options: TestProxyOptions, limits?: RunOptions['limits']): Promise<Told> {
  const proxy = await openProxy(options);
  return probe('ws://127.0.0.1:8080/', { limits }, { proxy: { http: proxy.url } });
}

const authority = certificateAuthority();

/** A name server that knows no name, and none of those with `later` in them for now: RFC 1035, 4.1.1. */
const NAME_SERVER = `
  const { createSocket } = await import('node:dgram');
  const names = createSocket('udp4');
  names.on('message', (question, { address, port }) => {
    const answer = Buffer.from(question);
    answer[2] = 0x81;
    answer[3] = question.includes('later') ? 0x82 : 0x83;
    names.send(answer, port, address);
  });
  await once(names.bind(53, '127.0.0.1'), 'listening');
`;

interface Condition {
  readonly when: string;
  readonly cause: () => Promise<Told>;
  readonly told: readonly [message: string, code: number];
  /** Whether it needs a network of its own. */
  readonly namespace?: true;
}

/** Every value with a condition that really brings it about, as a script is told it. */
const REAL: Partial<Record<SocketErrorName, readonly Condition[]>> = {
  ConnectionRefusedError: [
    {
      when: 'nobody listens',
      cause: async () => probe(`ws://127.0.0.1:${await unusedPort()}/`),
      told: ['connection refused', 1006],
    },
    {
      when: 'the server answers with another status than 101',
      cause: async () => {
        const { port } = await openTcpServer((socket) => socket.on('data', () => socket.end('HTTP/1.1 403 No\r\n\r\n')));
        return probe(`ws://127.0.0.1:${port}/`);
      },
      told: ['the server answered with 403 Forbidden instead of 101', 1006],
    },
  ],
  RemoteHostClosedError: [
    {
      when: 'the server hangs up',
      cause: async () => probe(`ws://127.0.0.1:${(await openTcpServer((socket) => socket.destroy())).port}/`),
      told: ['the remote host closed the connection', 1006],
    },
  ],
  HostNotFoundError: [
    {
      when: 'the name does not exist',
      cause: () => probeWithin(inNetwork(`${LOOPBACK_UP} && ${LOCAL_NAME_SERVER}`), 'ws://nobody.example/', NAME_SERVER),
      told: ['host not found', 1006],
      namespace: true,
    },
  ],
  SocketAccessError: [
    {
      when: 'the script has no permission',
      cause: () => probe('ws://127.0.0.1:8080/', { permissions: {} }),
      told: ['connecting to 127.0.0.1:8080 is not permitted (permission connect)', 1006],
    },
    {
      when: 'the address is not a public one',
      cause: () => probe('ws://10.0.0.1/', { permissions: { connect: ['*'] } }),
      told: ['10.0.0.1 is an address that is not public; permit that address itself (permission connect)', 1006],
    },
    {
      when: 'the port is blocked',
      cause: () => probe('ws://127.0.0.1:25/'),
      told: ['port 25 belongs to another protocol and is blocked, as in browsers', 1006],
    },
  ],
  SocketResourceError: [
    {
      when: "the script's quota is used up",
      cause: () => probe('ws://127.0.0.1:8080/', { limits: { sockets: 0 } }),
      told: ['the limit of 0 sockets is reached', 1006],
    },
    {
      when: 'the process has no descriptor left',
      cause: () =>
        probeWithin(
          ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh'],
          'ws://127.0.0.1:8080/',
          // Once all that runs is loaded, and before the script's first turn.
          '',
          "const { openSync } = await import('node:fs'); try { for (;;) openSync('/dev/null'); } catch {}",
        ),
      told: ['no more sockets are available', 1006],
    },
  ],
  SocketTimeoutError: [
    {
      when: 'the handshake is never answered',
      cause: async () => probe(`ws://127.0.0.1:${(await openTcpServer(() => {})).port}/`, { limits: { handshakeTimeout: 1000 } }),
      told: ['the server did not answer the handshake in time', 1006],
    },
    {
      when: 'the handshake of TLS is never answered',
      cause: async () => probe(`wss://127.0.0.1:${(await openTcpServer(() => {})).port}/`, { limits: { handshakeTimeout: 1000 } }),
      told: ['the TLS handshake timed out', 1006],
    },
  ],
  NetworkError: [
    {
      when: 'there is no way to the network',
      cause: () => probeWithin(inNetwork('true'), 'ws://203.0.113.1/'),
      told: ['the network cannot be reached', 1006],
      namespace: true,
    },
  ],
  SocketAddressNotAvailableError: [
    {
      when: 'the machine has no port left to connect from',
      cause: () =>
        probeWithin(
          inNetwork(`${LOOPBACK_UP} && echo "50000 50000" > /proc/sys/net/ipv4/ip_local_port_range`),
          'ws://127.0.0.1:8080/',
          `
            const net = await import('node:net');
            await once(net.createServer().listen(8080, '127.0.0.1'), 'listening');
            await once(net.connect(8080, '127.0.0.1'), 'connect');
          `,
        ),
      told: ['the address is not available', 1006],
      namespace: true,
    },
  ],
  ProxyAuthenticationRequiredError: [
    {
      when: 'the proxy asks for a password',
      cause: () => throughProxy({ password: 'user:password' }),
      told: ['the proxy requires authentication, or does not take the one given (HTTP status 407)', 1006],
    },
  ],
  SslHandshakeFailedError: [
    {
      when: 'the certificate is of an unknown authority',
      cause: async () => probe((await openWssServer(authority.issue())).url),
      told: ["the TLS handshake failed: the server's certificate is signed by an unknown authority", 1015],
    },
  ],
  UnfinishedSocketOperationError: [
    {
      when: 'the script closes it before it is open',
      cause: async () =>
        probe(`ws://127.0.0.1:${(await openTcpServer(() => {})).port}/`, { source: `${PROBE} socket.close();` }),
      told: ['it was closed before it was open', 1006],
    },
  ],
  ProxyConnectionRefusedError: [
    {
      when: 'the proxy refuses',
      cause: () => throughProxy({ answer: (socket) => socket.end('HTTP/1.1 403 No\r\n\r\n') }),
      told: ['the proxy answered with the HTTP status 403 and refused the connection', 1006],
    },
    {
      when: 'nobody listens where the proxy should be',
      cause: async () => probe('ws://127.0.0.1:8080/', {}, { proxy: { http: `http://127.0.0.1:${await unusedPort()}` } }),
      told: ['the proxy refused the connection', 1006],
    },
  ],
  ProxyConnectionClosedError: [
    {
      when: 'the proxy dies',
      cause: () => throughProxy({ answer: (socket) => socket.destroy() }),
      told: ['the proxy closed the connection', 1006],
    },
  ],
  ProxyConnectionTimeoutError: [
    {
      when: 'the proxy hangs',
      cause: () => throughProxy({ answer: () => {} }, { handshakeTimeout: 1000 }),
      told: ['the proxy did not answer in time', 1006],
    },
  ],
  ProxyNotFoundError: [
    {
      when: "the proxy's name does not exist",
      cause: async () =>
        (await inSpawnedHost(
          `
            ${NAME_SERVER}
            const host = await ScriptHost.start({ isolation: 'in-process', proxy: 'environment' });
            const script = await host.run({ source: ARGUMENT.source, args: ['ws://127.0.0.1:8080/'], permissions: { connect: true } });
            script.on('print', ({ text }) => { console.log(text); process.exit(); });
          `,
          { source: PROBE },
          inNetwork(`${LOOPBACK_UP} && ${LOCAL_NAME_SERVER} && export HTTP_PROXY=http://me:secret@proxy.example:3128`),
        )) as Told,
      told: ['the proxy was not found', 1006],
      namespace: true,
    },
  ],
  ProxyProtocolError: [
    {
      when: 'the proxy answers nonsense',
      cause: () => throughProxy({ answer: (socket) => socket.end('220 mail.example ESMTP\r\n') }),
      told: ['the proxy did not answer as a proxy does', 1006],
    },
  ],
  OperationError: [
    {
      when: 'the address is of a single network, and none is given',
      cause: () => probeWithin(inNetwork(LOOPBACK_UP), 'ws://[fe80::1]/'),
      told: ['the system takes the operation for an invalid one', 1006],
      namespace: true,
    },
  ],
  SslInternalError: [
    {
      when: "the server's TLS fails in itself",
      cause: async () => {
        // An alert: fatal, internal_error.
        const { port } = await openTcpServer((socket) => socket.end(Buffer.from('15030300020250', 'hex')));
        return probe(`wss://127.0.0.1:${port}/`);
      },
      told: ['TLS failed with an internal error', 1015],
    },
  ],
  SslInvalidUserDataError: [
    {
      when: 'the server requires a client certificate and there is none',
      cause: async () => {
        const { url } = await openWssServer(authority.issue(), { ca: authority.cert, requestCert: true });
        return probe(url, { tls: { ca: authority.cert } });
      },
      told: ['the server requires a client certificate', 1015],
    },
  ],
  TemporaryError: [
    {
      when: 'the name server cannot tell for now',
      cause: () => probeWithin(inNetwork(`${LOOPBACK_UP} && ${LOCAL_NAME_SERVER}`), 'ws://later.example/', NAME_SERVER),
      told: ['the name could not be resolved for now; try again later', 1006],
      namespace: true,
    },
  ],
  UnknownSocketError: [
    {
      when: 'the answer is none of HTTP',
      cause: async () => probe(`ws://127.0.0.1:${(await openTcpServer((socket) => socket.end('SSH-2.0-x\r\n'))).port}/`),
      told: ["the server's answer is not one of HTTP/1.1", 1006],
    },
  ],
};

/** What a client over TCP does not meet, with the system's own error for it. */
const MAPPED: Partial<Record<SocketErrorName, () => Promise<unknown>>> = {
  DatagramTooLargeError: async () => {
    const socket = createSocket('udp4');
    afterThisTest(() => socket.close());
    return new Promise((resolve) => socket.send(Buffer.alloc(70_000), 9, '127.0.0.1', resolve));
  },
  AddressInUseError: async () => {
    const { port } = await openTcpServer(() => {});
    const [error] = (await once(createServer().listen(port, '127.0.0.1'), 'error').catch((thrown: unknown) => [thrown])) as unknown[];
    return error;
  },
  UnsupportedSocketOperationError: async () =>
    Object.assign(new Error('connect EAFNOSUPPORT'), { code: 'EAFNOSUPPORT', errno: -97, syscall: 'connect' }),
};

test('each of the 24 values has a condition', () => {
  expect(Object.keys(SOCKET_ERRORS)).toHaveLength(24);
  expect(new Set([...Object.keys(REAL), ...Object.keys(MAPPED)])).toEqual(new Set(Object.keys(SOCKET_ERRORS)));
});

describe.each(Object.entries(REAL))('%s is told where', (name, conditions) => {
  for (const { cause, namespace, told, when } of conditions) {
    testWhere(namespace !== true || hasNetworkNamespaces, 'this machine gives no network of its own')(when, async () => {
      const [message, code] = told;
      expect(await cause()).toEqual([SOCKET_ERRORS[name as SocketErrorName], message, code]);
    });
  }
});

test.each(Object.entries(MAPPED))('%s stands for a system error that TCP does not give', async (name, cause) => {
  expect(socketFailure(await cause(), 'ws://127.0.0.1/').error).toBe(SOCKET_ERRORS[name as SocketErrorName]);
});

describe('the close code of a failed TLS handshake', () => {
  test.each([['overte', 1015], ['web', 1006]] as const)('in the dialect %s is %i', async (dialect, code) => {
    const { url } = await openWssServer(authority.issue());
    const source = 'new WebSocket(Script.args[0]).onclose = (event) => print(event.code, event.wasClean);';
    const host = await startHost();
    const { line } = await host.run({ source, args: [url], permissions: { connect: true }, dialect });
    expect(await line(/^\d/)).toBe(`${code} false`);
  });
});
