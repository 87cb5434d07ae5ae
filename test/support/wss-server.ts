import { once } from 'node:events';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import type { TestCertificate } from './certificates.ts';
import { afterThisTest } from './sockets.ts';

export interface WssServer {
  readonly port: number;
  /** `wss://127.0.0.1:PORT/`. */
  readonly url: string;
  /** The TLS sockets that connected, in order. */
  readonly sockets: TLSSocket[];
  /** The common names of the certificates that they showed, in order. */
  readonly clientNames: (string | string[] | undefined)[];
}

/** A `ws` server over TLS on a free port of 127.0.0.1, which sends back what it gets and is closed after the test. */
export async function openWssServer(certificate: TestCertificate, options: ServerOptions = {}): Promise<WssServer> {
  const sockets: TLSSocket[] = [];
  const clientNames: (string | string[] | undefined)[] = [];
  const server = createServer({ cert: certificate.cert, key: certificate.key, ...options });
  server.on('secureConnection', (socket) => {
    sockets.push(socket);
    clientNames.push(socket.getPeerCertificate().subject?.CN);
    socket.on('error', () => {});
  });
  const webSockets = new WebSocketServer({ server });
  webSockets.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  afterThisTest(() => {
    webSockets.clients.forEach((client) => client.terminate());
    server.close();
    server.closeAllConnections();
    sockets.forEach((socket) => socket.destroy());
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `wss://127.0.0.1:${port}/`, sockets, clientNames };
}
