import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import net, { type BoundSocket, type Server as TcpServer, type Socket } from 'node:net';
import tls, { type Server as TlsServer } from 'node:tls';
import { codeOf } from '../errors.ts';
import { LOOP_SHARE } from '../policy/loop-share.ts';
import { asksForWebSocket, plainProblem, type Refusal } from './handshake-request.ts';
import { RequestProtocol } from './request-protocol.ts';
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
  /** The methods of plain requests. */
  readonly methods: readonly string[];
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

const FOREIGN: Refusal = { reason: 'malformed', status: 400, message: 'This is a request of another protocol.' };

/** Where one of these methods is asked for, and no other. */
export function methodRefusal(allowed: readonly string[]): Refusal {
  return { reason: 'method', status: 405, headers: { Allow: allowed.join(', ') }, message: 'There is no such method here.' };
}

/** Whose connection an event of TLS is about: a TLS socket does not tell what it lies over. */
const handshaking = new AsyncLocalStorage<Client>();

/** What it takes to turn a client away, in units of work. */
const TURN_AWAY_UNITS = 64;

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
    // There may be thousands, and the loop is not theirs alone.
    LOOP_SHARE.each(this.clients.unfinished, TURN_AWAY_UNITS, (client) => this.#turnAwayUnfinished(client));
  }

  #turnAwayUnfinished(client: Client): void {
    if (client.phase === 'open' || client.phase === 'refused' || client.raw.destroyed) {
      // It was meanwhile.
    } else if (client.phase === 'answer' || client.requests.length > 0) {
      client.within(this.#options.closeTimeout, () => client.raw.destroy());
    } else if (client.phase === 'request' && !client.hasAsked) {
      this.#turnAway(client, CLOSED);
    } else {
      this.#counters.refused('closed');
      client.phase = 'refused';
      client.raw.destroy();
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
    // RFC 9112, 9.6: who ends its side may still read. Else Node.js would end the other one at once. Its types lack this.
    (server as HttpServer & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
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
      const client = handshaking.getStore();
      socket.on('error', () => socket.destroy());
      const isStranger = identity.requestCert && !socket.authorized && socket.getPeerCertificate().raw !== undefined;
      if (client === undefined || isStranger) {
        socket.destroy();
        return;
      }
      this.clients.secured(client, socket);
      this.#serve(client);
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
      if (this.#tls === undefined) {
        this.#serve(client);
      } else {
        handshaking.run(client, () => this.#tls?.emit('connection', socket));
      }
    }
  }

  #serve(client: Client): void {
    this.#http.emit('connection', client.socket);
    client.protocol = new RequestProtocol(client.socket, this.#options.headerBytes);
  }

  #upgrade(message: IncomingMessage, head: Buffer): void {
    const client = this.clients.of(message.socket);
    const isForeign = client?.protocol?.isForeign(message) === true;
    this.#last(message.socket, client, () => {
      if (isForeign) {
        this.#turnAway(client as Client, FOREIGN);
      } else {
        client?.inTime();
        (client as Client).phase = 'answer';
        this.#handlers.upgrade(message, client as Client, head);
      }
    });
  }

  /**
   * Nothing that comes behind this on the connection is looked at. It has its turn when the requests before it are answered:
   * they are whole, and their answers come first.
   *
   * @param left how many of the requests get no answer of their own
   */
  #last(socket: Socket, client: Client | undefined, run: () => void, left = 0): void {
    if (client === undefined || client.phase === 'tls' || client.phase === 'open' || client.phase === 'refused') {
      socket.destroy();
      return;
    }
    client.protocol?.stop();
    if (client.requests.length > left) {
      client.next = { left, run };
      socket.pause();
    } else {
      run();
    }
  }

  #request(message: IncomingMessage, response: ServerResponse): void {
    const client = this.clients.of(message.socket);
    if (client === undefined) {
      message.socket.destroy();
      return;
    }
    if (client.phase === 'refused' || client.next !== undefined) {
      message.socket.pause();
      return;
    }
    const problem = client.protocol?.isForeign(message) === true ? FOREIGN : plainProblem(message);
    if (problem !== undefined) {
      this.#last(message.socket, client, () => this.#turnAway(client, problem));
      return;
    }
    client.hasAsked = true;
    client.requests.push(response);
    response.once('close', () => this.#responded(client, response));
    this.#handlers.request(message, client, response);
  }

  /** This is no proxy. Without an answer of its own, Node.js would hang up without a word. */
  #connect({ socket }: IncomingMessage): void {
    const client = this.clients.of(socket);
    this.#last(socket, client, () => this.#turnAway(client as Client, methodRefusal(this.#options.methods)));
  }

  /** An answer has gone out, or its client has. */
  #responded(client: Client, response: ServerResponse): void {
    const { next, requests, socket } = client;
    requests.splice(requests.indexOf(response), 1);
    if (next !== undefined && requests.length <= next.left && !this.#isStopped) {
      client.next = undefined;
      // An answer with `Connection: close` was the last one.
      if (!socket.destroyed && !socket.writableEnded) {
        client.inTime();
        next.run();
      }
    } else if (requests.length === 0 && this.#isStopped) {
      socket.end();
    } else if (requests.length === 0 && client.phase === 'answer') {
      client.phase = 'request';
      const { handshakeTimeout, keepAliveTimeout } = this.#options;
      client.within(keepAliveTimeout + handshakeTimeout, () => this.#tooSlow(client));
    } else if (requests.length > 0) {
      // The time that was left for this answer is not that of the next one.
      client.inTime();
      client.isFirst(requests[0] as ServerResponse);
    }
  }

  /** The HTTP parser has given up. */
  #malformed(code: string, socket: Socket): void {
    const client = this.clients.of(socket);
    if (client !== undefined && (client.phase === 'refused' || client.next !== undefined) && code.startsWith('HPE_')) {
      // It reads its answers, and is hung up on then.
      return;
    }
    if (code === 'HPE_CLOSED_CONNECTION' && client !== undefined && client.requests.length > 0) {
      // RFC 9112, 9.6: what comes behind a request with `Connection: close` is not looked at; that request has its answer.
      return;
    }
    const [reason, status, message] = PARSER_REFUSALS[code] ?? MALFORMED;
    if (client === undefined || !code.startsWith('HPE_')) {
      socket.destroy();
      return;
    }
    // Where the last request is not complete, it is its body that is malformed.
    const left = client.requests.at(-1)?.req.complete === false ? 1 : 0;
    this.#last(socket, client, () => this.#turnAway(client, { reason, status, message }), left);
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
