import { createServer, STATUS_CODES, type IncomingMessage, type Server as HttpServer } from 'node:http';
import net, { isIP, type BoundSocket, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer as WsServer, type WebSocket } from 'ws';
import { AirlockError, codeOf, messageOf } from '../errors.ts';
import { hostPort } from './client.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { FramedStream } from './framed-stream.ts';
import { asksForWebSocket, headerLines, requestedUrl, requestProblem, type Refusal } from './handshake-request.ts';
import type { SendLimit } from './slow-readers.ts';

export interface ListenOptions {
  /** An address; empty for all interfaces. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** The `Server` header of handshake answers; empty for the default. */
  readonly serverName: string;
  /** The largest message that is received, in bytes. */
  readonly maxPayload: number;
  /** What may wait to be sent on a connection; without it, any amount. */
  readonly sendLimit?: SendLimit | undefined;
}

/** A connection whose handshake is done. */
export interface Accepted {
  /** Made of the Host header and the path, or of the absolute URL that was asked for. */
  readonly url: string;
  readonly protocol: string;
  readonly extensions: string;
  /** The peer's address, and port; empty, and 0, where it is gone already. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The headers of the request, a line for each. */
  readonly headers: string;
  /** Makes it a connection of the script, under this number. To be called at once, or not at all. */
  connect(id: number, owner: ConnectionOwner): Connection;
  /** Closes it instead. */
  refuse(code: number, reason: string): void;
}

/** What a listener tells its owner. */
export interface ServerOwner {
  /** A handshake is done. The owner connects it or refuses it. */
  accepted(server: Server, handshake: Accepted): void;
  /** The listener has failed and stopped. */
  serverFailed(server: Server, message: string): void;
}

const NOTHING = Buffer.alloc(0);

const DEFAULT_SERVER_NAME = 'Airlock - Scripted WebSocket Listener';

/** One listener of a script. */
export class Server {
  readonly id: number;
  /** The port that it listens on. */
  readonly port: number;
  /** As Overte has it: all interfaces are told as 127.0.0.1, and no slash follows. */
  readonly url: string;
  readonly #http: HttpServer;
  readonly #webSockets: WsServer;
  readonly #owner: ServerOwner;
  readonly #options: ListenOptions;

  /**
   * Binds and listens before it returns. Throws ERR_AIRLOCK_LISTEN_FAILED where the system refuses the address.
   */
  constructor(id: number, options: ListenOptions, owner: ServerOwner) {
    this.id = id;
    this.#owner = owner;
    this.#options = options;
    const bound = bind(options.host, options.port);
    const { address, port } = bound.address() as { address: string; port: number };
    this.port = port;
    this.url = `ws://${hostPort(isUnspecified(address) ? '127.0.0.1' : address, port)}`;
    this.#webSockets = new WsServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxPayload,
    });
    const serverName = headerValue(options.serverName) || DEFAULT_SERVER_NAME;
    this.#webSockets.on('headers', (headers) => headers.push(`Server: ${serverName}`));
    this.#http = createServer({ shouldUpgradeCallback: asksForWebSocket }, (_request, response) => {
      response.writeHead(426, { 'Connection': 'close', 'Content-Type': 'text/plain', 'Server': serverName, 'Upgrade': 'websocket' });
      response.end('This is a WebSocket server.\n');
    });
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#http.on('error', (error) => owner.serverFailed(this, messageOf(error)));
    this.#http.listen(bound);
  }

  /** Stops accepting. Connections that are already open stay. */
  close(): void {
    this.#http.close();
    this.#http.closeAllConnections();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const problem = requestProblem(request) ?? (originIsAllowed(request) ? undefined : { status: 403 });
    if (problem !== undefined) {
      return refuse(socket, problem);
    }
    // ws wants it alone, where RFC 6455 (4.2.1, step 3) wants it among others.
    request.headers.upgrade = 'websocket';
    const stream = new FramedStream(socket as Socket, false);
    this.#webSockets.handleUpgrade(request, stream, NOTHING, (webSocket) => {
      this.#owner.accepted(this, accepted(webSocket, stream, this.#options, head, request));
    });
  }
}

function accepted(
  webSocket: WebSocket,
  stream: FramedStream,
  { maxPayload: largest, sendLimit }: ListenOptions,
  head: Buffer,
  request: IncomingMessage,
): Accepted {
  const url = requestedUrl(request);
  const { remoteAddress = '', remotePort = 0 } = stream.socket;
  return {
    url,
    protocol: webSocket.protocol,
    extensions: webSocket.extensions,
    // A listener for all interfaces sees an IPv4 address mapped into IPv6.
    remoteAddress: remoteAddress.replace(/^::ffff:(?=[\d.]+$)/i, ''),
    remotePort,
    headers: headerLines(request),
    connect(id, owner) {
      const connection = new Connection(id, url, webSocket, owner, { accepted: stream, largest, sendLimit });
      // What the peer has sent already comes after its owner knows of the connection.
      setImmediate(() => connection.start(head));
      return connection;
    },
    refuse(code, reason) {
      webSocket.on('error', () => webSocket.terminate());
      const ignore = (): void => {};
      stream.start(
        webSocket,
        head,
        { masked: true, compressed: false, largest },
        { message: ignore, control: ignore, closing: ignore, violation: ignore, activity: ignore },
      );
      webSocket.close(code, reason);
    },
  };
}

/** The address that a script names: empty for all interfaces. Throws ERR_AIRLOCK_LISTEN_FAILED where it is none. */
export function listenAddress(host: string): string {
  const address = host === 'localhost' ? '127.0.0.1' : host;
  if (address !== '' && isIP(address) === 0) {
    throw new AirlockError(
      'ERR_AIRLOCK_LISTEN_FAILED',
      `cannot listen on '${host}': host must be an IP address or 'localhost'`,
    );
  }
  return address;
}

/** The address is bound here and now, so that a script knows the port, or the error, when its constructor returns. */
function bind(host: string, port: number): BoundSocket {
  const wanted = listenAddress(host);
  try {
    return wanted === '' ? bindAll(port) : new net.BoundSocket({ host: wanted, port });
  } catch (error) {
    const where = wanted === '' ? `port ${port}` : hostPort(wanted, port);
    throw new AirlockError('ERR_AIRLOCK_LISTEN_FAILED', `cannot listen on ${where}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** All interfaces: IPv6 with IPv4, or IPv4 alone where the system has no IPv6. */
function bindAll(port: number): BoundSocket {
  try {
    return new net.BoundSocket({ host: '::', port });
  } catch (error) {
    if (codeOf(error) === 'EAFNOSUPPORT' || codeOf(error) === 'EADDRNOTAVAIL') {
      return new net.BoundSocket({ host: '0.0.0.0', port });
    }
    throw error;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'the port needs a privilege that the host does not have',
  EADDRNOTAVAIL: 'the address is not one of this machine',
};

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return code === '' ? messageOf(error) : `${REASONS[code] ?? 'the system refuses'} (${code})`;
}

function isUnspecified(address: string): boolean {
  return address === '::' || address === '0.0.0.0';
}

/** What a header may hold on any way: printable ASCII. */
function headerValue(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '');
}

/**
 * A browser says which page opens the connection; by default it must be one of the same host. What is not a browser
 * sends no `Origin`.
 */
function originIsAllowed(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) {
    return true;
  }
  return host !== undefined && URL.parse(origin)?.host === host.toLowerCase();
}

function refuse(socket: Duplex, { headers = {}, status }: Refusal): void {
  socket.on('error', () => socket.destroy());
  // An HTTP server's sockets stay half open: without this one would stay for as long as its peer likes.
  socket.once('finish', () => socket.destroy());
  const lines = Object.entries({ 'Connection': 'close', 'Content-Length': '0', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`);
}
