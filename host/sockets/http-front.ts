import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import net, { type BoundSocket, type Server as TcpServer, type Socket } from 'node:net';
import tls, { type Server as TlsServer } from 'node:tls';
import { codeOf } from '../errors.ts';
import { asksForWebSocket, plainProblem, type Refusal } from './handshake-request.ts';
import { CLOSED } from './request-queue.ts';
import { hangUpWith, refusalAnswer } from './server-answers.ts';
import { ServerClients, type Client, type ClientLimits } from './server-clients.ts';
import type { RefusalReason, ServerCounters } from './server-statistics.ts';
import type { ServerIdentity } from './server-tls.ts';

export interface HttpFrontOptions extends ClientLimits {
  readonly tls?: ServerIdentity | undefined;
  readonly handshakeTimeout: number;
  readonly keepAliveTimeout: number;
  readonly answerTimeout: number;
  /** How long clients that read an answer have for it when the server has stopped. */
  readonly closeTimeout: number;
  readonly headerBytes: number;
}

export interface HttpFrontHandlers {
  upgrade(message: IncomingMessage, client: Client, head: Buffer): void;
  request(message: IncomingMessage, client: Client, response: ServerResponse): void;
  /** It has stopped listening by itself. */
  failed(error: Error): void;
}

/** What the HTTP parser's errors mean, beside that the request is malformed. */
const PARSER_REFUSALS: Readonly<Record<string, readonly [RefusalReason, number, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers', 431, 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['body', 413, 'The chunk extensions are too large.'],
};
const MALFORMED = ['malformed', 400, 'This is no HTTP request.'] as const;

const METHOD: Refusal = { reason: 'method', status: 405, headers: { Allow: 'GET, HEAD, POST' }, message: 'There is no such method here.' };

/**
 * What a server is to the network: TCP, TLS and HTTP up to the end of a request's headers, within bounds of number, size
 * and time. What breaks them is answered here.
 */
export class HttpFront {
  readonly clients: ServerClients;
  readonly #options: HttpFrontOptions;
  readonly #serverName: string;
  readonly #counters: ServerCounters;
  readonly #handlers: HttpFrontHandlers;
  #tcp: TcpServer;
  readonly #tls: TlsServer | undefined;
  readonly #http: HttpServer;
  #stopReloads: () => void = () => {};
  #isStopped = false;

  constructor(options: HttpFrontOptions, serverName: string, counters: ServerCounters, handlers: HttpFrontHandlers) {
    this.#options = options;
    this.#serverName = serverName;
    this.#counters = counters;
    this.#handlers = handlers;
    this.clients = new ServerClients(options, counters);
    this.#http = this.#createHttp();
    this.#tls = options.tls === undefined ? undefined : this.#createTls(options.tls);
    // Half open, as HTTP needs it: a client may end its side and wait for the answer.
    this.#tcp = net.createServer({ allowHalfOpen: true, noDelay: true });
    this.#attend();
  }

  listen(bound: BoundSocket): void {
    this.#tcp.listen(bound);
  }

  /** Goes on with the listener of another front, which turns away whom it has not served yet. */
  takeOver(other: HttpFront): void {
    const unused = this.#tcp;
    this.#tcp = other.#tcp.removeAllListeners('connection').removeAllListeners('error');
    other.#tcp = unused;
    this.#attend();
    other.stop();
    other.turnAwayPending();
  }

  /** Stops listening. Connections stay. */
  stop(): void {
    this.#stopReloads();
    this.#tcp.close();
  }

  /** Answers 503 to those that have not asked yet. Who reads an answer has some time for that, and may ask no more. */
  turnAwayPending(): void {
    this.#isStopped = true;
    for (const client of this.clients.unfinished) {
      if (client.phase === 'answer' || client.requests > 0) {
        client.within(this.#options.closeTimeout, () => client.raw.destroy());
      } else if (client.phase === 'request' && !client.hasAsked) {
        this.#turnAway(client, CLOSED);
      } else {
        this.#counters.refused('closed');
        client.phase = 'refused';
        client.raw.destroy();
      }
    }
  }

  /** It does not listen: what it does with a connection begins when this server has looked at that. */
  #createHttp(): HttpServer {
    const server = createServer({
      shouldUpgradeCallback: asksForWebSocket,
      maxHeaderSize: this.#options.headerBytes,
      keepAliveTimeout: this.#options.keepAliveTimeout,
      // What is wrong with a request is said and counted here.
      requireHostHeader: false,
      // Our own clock counts the time of TLS as well.
      headersTimeout: 0,
      requestTimeout: 0,
    });
    // Their number is bounded by their size; Node.js would leave out those above a bound of its own.
    server.maxHeadersCount = 0;
    server.on('upgrade', (message, _socket, head) => this.#upgrade(message, head));
    server.on('request', (message, response) => this.#request(message, response));
    server.on('connect', (message) => this.#connect(message));
    server.on('clientError', (error, socket) => this.#malformed(codeOf(error), socket as Socket));
    return server;
  }

  #createTls(identity: ServerIdentity): TlsServer {
    const server = tls.createServer({
      ...identity.context,
      requestCert: identity.requestCert,
      rejectUnauthorized: identity.requireCert,
      ALPNProtocols: ['http/1.1'],
    });
    server.on('secureConnection', (socket) => {
      const client = this.clients.of(socket);
      socket.on('error', () => socket.destroy());
      const isStranger = identity.requestCert && !socket.authorized && socket.getPeerCertificate().raw !== undefined;
      if (client === undefined || isStranger) {
        socket.destroy();
        return;
      }
      client.socket = socket;
      client.phase = 'request';
      this.#http.emit('connection', socket);
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#stopReloads = identity.onReload((context) => server.setSecureContext(context));
    return server;
  }

  #attend(): void {
    this.#tcp.on('connection', (socket) => this.#connected(socket));
    this.#tcp.on('error', (error) => this.#handlers.failed(error));
  }

  #connected(socket: Socket): void {
    const client = this.clients.add(socket, this.#tls !== undefined);
    if (client !== undefined) {
      client.within(this.#options.handshakeTimeout, () => this.#tooSlow(client));
      (this.#tls ?? this.#http).emit('connection', socket);
    }
  }

  #upgrade(message: IncomingMessage, head: Buffer): void {
    const { socket } = message;
    const client = this.clients.of(socket);
    if (client === undefined || client.requests > 0 || client.phase !== 'request') {
      // Its answer would come before those that the client still waits for.
      socket.destroy();
      return;
    }
    client.inTime();
    client.phase = 'answer';
    this.#handlers.upgrade(message, client, head);
  }

  #request(message: IncomingMessage, response: ServerResponse): void {
    const client = this.clients.of(message.socket);
    if (client === undefined) {
      message.socket.destroy();
      return;
    }
    if (client.phase === 'refused') {
      return;
    }
    const problem = plainProblem(message);
    if (problem !== undefined) {
      if (client.requests > 0) {
        message.socket.destroy();
      } else {
        this.#turnAway(client, problem);
      }
      return;
    }
    client.hasAsked = true;
    client.requests++;
    response.once('close', () => this.#responded(client));
    this.#handlers.request(message, client, response);
  }

  /** This is no proxy. Without an answer of its own, Node.js would hang up without a word. */
  #connect({ socket }: IncomingMessage): void {
    const client = this.clients.of(socket);
    if (client === undefined || client.requests > 0 || client.phase !== 'request') {
      socket.destroy();
    } else {
      this.#turnAway(client, METHOD);
    }
  }

  /** An answer has gone out, or its client has. */
  #responded(client: Client): void {
    client.requests--;
    if (client.requests === 0 && this.#isStopped) {
      client.socket.end();
    } else if (client.requests === 0 && client.phase === 'answer') {
      client.phase = 'request';
      const { handshakeTimeout, keepAliveTimeout } = this.#options;
      client.within(keepAliveTimeout + handshakeTimeout, () => this.#tooSlow(client));
    }
  }

  /** The HTTP parser has given up. */
  #malformed(code: string, socket: Socket): void {
    const client = this.clients.of(socket);
    if (client?.phase === 'refused' && code.startsWith('HPE_')) {
      // It reads its answer, and is hung up on then.
      return;
    }
    if (code === 'HPE_CLOSED_CONNECTION' && client !== undefined && client.requests > 0) {
      // RFC 9112, 9.6: what comes behind a request with `Connection: close` is not looked at; that request has its answer.
      return;
    }
    const [reason, status, message] = PARSER_REFUSALS[code] ?? MALFORMED;
    // Where there is one request, it is its body that is malformed.
    if (client === undefined || client.phase !== 'request' || client.requests > 1 || !code.startsWith('HPE_')) {
      socket.destroy();
    } else {
      this.#turnAway(client, { reason, status, message });
    }
  }

  /** The client has taken too long for its request, or for its next one. */
  #tooSlow(client: Client): void {
    if (client.phase === 'tls') {
      client.raw.destroy();
    } else {
      this.#turnAway(client, { reason: 'timeout', status: 408, message: 'The request did not come in time.' });
    }
  }

  /** Answers what is not even a request. */
  #turnAway(client: Client, refusal: Refusal): void {
    if (refusal.reason !== undefined) {
      this.#counters.refused(refusal.reason);
    }
    client.phase = 'refused';
    client.within(this.#options.answerTimeout, () => client.raw.destroy());
    hangUpWith(client, refusalAnswer(refusal), this.#serverName);
  }
}
