import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestCertificate } from './certificates.ts';
import { afterThisTest } from './sockets.ts';

export interface ProxyRequest {
  /** What the proxy is asked for: `host:port`. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

export interface TestProxy {
  readonly port: number;
  /** `http://127.0.0.1:PORT` or `https://...`. */
  readonly url: string;
  /** What it was asked for, in order. */
  readonly requests: ProxyRequest[];
  /** Resolves when it has been asked so many times. */
  asked(count: number): Promise<void>;
}

export interface TestProxyOptions {
  /** For TLS with the proxy itself. */
  readonly certificate?: TestCertificate;
  /** Where it demands one, as `user:password`. */
  readonly password?: string;
  /** What it answers when the tunnel is open. */
  readonly established?: string;
  /** Takes the place of opening a tunnel. */
  readonly answer?: (socket: Duplex, request: ProxyRequest) => void;
}

/** A real HTTP proxy on a free port of 127.0.0.1, which opens tunnels by CONNECT and is closed after the test. */
export async function openProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const { answer, certificate, established = 'HTTP/1.1 200 Connection established\r\nX-Proxy: test\r\n\r\n', password } = options;
  const requests: ProxyRequest[] = [];
  const emitter = new EventEmitter();
  const sockets = new Set<Duplex>();
  const server: Server = certificate === undefined ? createServer() : createTlsServer({ cert: certificate.cert, key: certificate.key });
  server.on(certificate === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('connect', ({ headers, url: target = '' }, socket: Duplex, head: Buffer) => {
    const request = { target, headers };
    requests.push(request);
    emitter.emit('asked');
    if (answer !== undefined) {
      return answer(socket, request);
    }
    const wanted = password && `Basic ${Buffer.from(password).toString('base64')}`;
    if (headers['proxy-authorization'] !== wanted) {
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="secret"\r\n\r\n');
    }
    const { hostname, port } = new URL(`http://${target}`);
    const upstream = connect({ host: hostname, port: Number(port || 80) }, () => {
      socket.write(established);
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    sockets.add(upstream);
    upstream.on('error', () => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'));
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  afterThisTest(() => {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    async asked(count) {
      while (requests.length < count) {
        await once(emitter, 'asked');
      }
    },
  };
}
