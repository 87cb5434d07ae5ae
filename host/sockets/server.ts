import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';
import { codeOf, messageOf } from '../errors.ts';
import { LIMITS } from '../policy/limits.ts';
import { headerLines, withDefaults } from './answer-headers.ts';
import { DEFAULT_METHODS } from '../../wire/questions.ts';
import { hostPort } from './client.ts';
import { PlainRequest, UpgradeRequest, type AnswerHeaders, type AnyRequest } from './client-request.ts';
import type { ConnectionOptions, ConnectionOwner } from './connection-owner.ts';
import { Connection } from './connection.ts';
import { FramedStream } from './framed-stream.ts';
import { optionProblem, requestProblem, requestedUrl, type Refusal } from './handshake-request.ts';
import { HttpFront, methodRefusal } from './http-front.ts';
import { bind, isUnspecified } from './listen-address.ts';
import { LivenessWatch, type LivenessOptions } from './liveness.ts';
import { AWAY, RequestQueue } from './request-queue.ts';
import { hangUpWith, readBody, refusalAnswer, sendPage, type Answer } from './server-answers.ts';
import type { Client } from './server-clients.ts';
import { HandshakeFinisher, type DeflateOptions } from './server-compression.ts';
import { ServerCounters, type RefusalCause, type ServerStatistics } from './server-statistics.ts';
import type { ServerIdentity } from './server-tls.ts';
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
  /** How its connections are looked after; undefined: not at all. */
  readonly liveness?: LivenessOptions | undefined;
  /** How messages are compressed, where a client wants that; undefined: not at all. */
  readonly deflate?: DeflateOptions | undefined;
  /** Whether one more connection may be compressed. Default: always. */
  readonly mayCompress?: () => boolean;
  /** With it, the server speaks TLS. */
  readonly tls?: ServerIdentity | undefined;
  /** The only path that is served; empty for any. */
  readonly path?: string;
  /** The origins of pages that are let in, with `self`, `null` and `*`. Default: `self`. */
  readonly origins?: readonly string[];
  /** The subprotocols that are supported. None: the first that is offered is taken. */
  readonly protocols?: readonly string[];
  /** The methods of plain requests that who listens is asked about. */
  readonly methods?: readonly string[];
  // What follows has the defaults of `policy/limits.ts`.
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
  readonly maxPendingConnections?: number;
  readonly maxPendingHandshakes?: number;
  readonly handshakeTimeout?: number;
  readonly keepAliveTimeout?: number;
  /** How long a peer has to answer a close frame, in milliseconds. */
  readonly closeTimeout?: number;
  readonly answerTimeout?: number;
  readonly headerBytes?: number;
  readonly requestBytes?: number;
  readonly unsentAnswerBytes?: number;
  /** Called with the cause for each client that does not become a WebSocket. */
  readonly onRefused?: (cause: RefusalCause) => void;
  /** Whether nothing is answered until `release`: who listens may want to be asked, and has not said so yet. */
  readonly held?: boolean;
}

const DEFAULTS = {
  path: '',
  origins: ['self'],
  protocols: [],
  methods: DEFAULT_METHODS,
  maxConnections: LIMITS.serverConnections.default,
  maxConnectionsPerAddress: LIMITS.connectionsPerAddress.default,
  maxPendingConnections: LIMITS.pendingConnections.default,
  maxPendingHandshakes: LIMITS.pendingHandshakes.default,
  handshakeTimeout: LIMITS.serverHandshakeTimeout.default,
  keepAliveTimeout: LIMITS.keepAliveTimeout.default,
  closeTimeout: LIMITS.closeTimeout.default,
  mayCompress: () => true,
  answerTimeout: LIMITS.answerTimeout.default,
  headerBytes: LIMITS.headerBytes.default,
  requestBytes: LIMITS.requestBytes.default,
  unsentAnswerBytes: LIMITS.unsentAnswerBytes.default,
  held: false,
} as const;

/** A connection whose handshake is done. */
export interface Accepted {
  /** Made of the Host header and the path, or of the absolute URL that was asked for. */
  readonly url: string;
  readonly protocol: string;
  readonly extensions: string;
  /** What the client asked for. */
  readonly request: UpgradeRequest;
  /** Makes it a connection of the script, under this number. To be called at once, or not at all. */
  connect(id: number, owner: ConnectionOwner): Connection;
  /** Closes it instead. */
  refuse(code: number, reason: string): void;
}

/** What a listener tells its owner. */
export interface ServerOwner {
  /** A handshake is done. The owner connects it or refuses it. */
  accepted(server: Server, handshake: Accepted): void;
  /** A client asks for something that the owner wants to answer. It says so by `accept` or `answer`, or sets `onGone`. */
  requested?(server: Server, request: AnyRequest): void;
  /** The listener has failed and stopped. */
  serverFailed(server: Server, message: string): void;
}

const NOTHING = Buffer.alloc(0);

const DEFAULT_SERVER_NAME = 'Airlock - Scripted WebSocket Listener';

/** RFC 9110, 15.5.22. */
const UPGRADE_REQUIRED: Refusal = {
  status: 426,
  headers: { Connection: 'close', Upgrade: 'websocket' },
  message: 'This is a WebSocket server.',
};

const UNREAD: Refusal = { reason: 'pending', status: 503, message: 'Too much waits to be read by others.' };

type Optional = 'onRefused' | 'tls' | 'liveness' | 'deflate' | 'sendLimit';

/** One listener of a script. */
export class Server {
  readonly id: number;
  /** The port that it listens on. */
  readonly port: number;
  /** As Overte has it: all interfaces are told as 127.0.0.1, and no slash follows. */
  readonly url: string;
  readonly options: Required<Omit<ListenOptions, Optional>> & Pick<ListenOptions, Optional>;
  /** The address that it is bound to. */
  readonly #address: string;
  readonly #serverName: string;
  #owner: ServerOwner;
  readonly #front: HttpFront;
  readonly #finisher: HandshakeFinisher;
  readonly #liveness: LivenessWatch | undefined;
  readonly #counters = new ServerCounters((cause) => this.options.onRefused?.(cause));
  readonly #queue: RequestQueue;
  /** The bodies of answers that are not read yet, in bytes. */
  #unsent = 0;
  /** What an answer to a handshake is to say. */
  readonly #answers = new WeakMap<IncomingMessage, { readonly protocol: string; readonly headers: AnswerHeaders }>();

  /**
   * Binds and listens before it returns. Throws ERR_AIRLOCK_LISTEN_FAILED where the system refuses the address.
   *
   * @param from the server whose listener it goes on with, instead of binding one
   */
  constructor(id: number, options: ListenOptions, owner: ServerOwner, from?: Server) {
    this.id = id;
    this.#owner = owner;
    this.options = { ...DEFAULTS, ...options };
    this.#serverName = headerValue(options.serverName) || DEFAULT_SERVER_NAME;
    this.#queue = new RequestQueue(this.options, {
      ask: (request) => this.#owner.requested?.(this, request),
      unasked: (request) => (request.kind === 'upgrade' ? this.accept(request) : this.#refuse(request, UPGRADE_REQUIRED)),
      refuse: (request, refusal) => this.#refuse(request, refusal),
      lost: ({ client }) => client.socket.destroy(),
    });
    const bound = from === undefined ? bind(options.host, options.port) : undefined;
    const { address, port } = from === undefined ? (bound?.address() as AddressInfo) : { address: from.#address, port: from.port };
    this.#address = address;
    this.port = port;
    this.url = `${this.#scheme}://${hostPort(isUnspecified(address) ? '127.0.0.1' : address, port)}`;
    this.#finisher = this.#createFinisher();
    this.#liveness = options.liveness === undefined ? undefined : new LivenessWatch(options.liveness);
    this.#front = new HttpFront(this.options, this.#serverName, this.#counters, {
      upgrade: (message, client, head) => this.#upgrade(message, client, head),
      request: (message, client, response) => void this.#request(message, client, response),
      failed: (error) => this.#owner.serverFailed(this, messageOf(error)),
    });
    if (bound !== undefined) {
      this.#front.listen(bound);
    } else if (from !== undefined) {
      this.#front.takeOver(from.#front);
    }
  }

  get statistics(): ServerStatistics {
    const { accepted, answered, refusals: refused, requests, tooLarge, violations } = this.#counters;
    const { open, pending } = this.#front.clients;
    const { port, url } = this;
    return { port, url, open, pending, waiting: this.#queue.size, accepted, requests, answered, refused, violations, tooLarge };
  }

  /** Which requests the owner wants to answer. The rest is answered here. */
  watch(upgrades: boolean, plain: boolean): void {
    this.#queue.watch(upgrades, plain);
  }

  /** Decides about what had to wait for the owner to say what it wants to answer. */
  release(): void {
    this.#queue.release();
  }

  /** The connections whose peers are looked after. */
  get watchedCount(): number {
    return this.#liveness?.count ?? 0;
  }

  /** Nobody is there to accept anything: handshakes and requests are answered 503, until another server goes on. */
  suspend(owner: ServerOwner): void {
    this.#owner = owner;
    this.#queue.close(AWAY);
  }

  /** Takes over a connection that another server has accepted, for this owner. */
  adopt(connection: Connection, client: Client, id: number, owner: ConnectionOwner): void {
    this.#front.clients.adopt(client);
    connection.handOver(id, owner, this.#liveness);
  }

  /** Stops accepting; handshakes under way are answered 503. Connections that are already open stay. */
  close(): void {
    this.#front.stop();
    this.#queue.close();
    this.#front.turnAwayPending();
  }

  /**
   * Accepts a handshake. One that is over is left as it is.
   *
   * @param protocol one that was offered, or empty for none; undefined: the one that the options choose
   */
  accept(request: UpgradeRequest, protocol?: string, headers: AnswerHeaders = []): void {
    if (!request.begin()) {
      return;
    }
    this.#queue.remove(request);
    const { client, message } = request;
    const head = request.take();
    this.#front.clients.opened(client);
    this.#counters.accepted++;
    // ws wants it alone, where RFC 6455 (4.2.1, step 3) wants it among others.
    message.headers.upgrade = 'websocket';
    this.#answers.set(message, { protocol: protocol ?? this.#choose(request) ?? '', headers });
    const stream = new FramedStream(client.socket, false);
    const finisher = this.#finisher.for(message, this.options.mayCompress());
    finisher.handleUpgrade(message, stream, NOTHING, (webSocket) => {
      this.#countFailures(webSocket);
      const url = requestedUrl(message, this.#scheme);
      const options = { accepted: stream, largest: this.options.maxPayload, liveness: this.#liveness, sendLimit: this.options.sendLimit };
      this.#owner.accepted(this, accepted(webSocket, stream, options, head, request, url));
    });
  }

  /** Answers a plain request, or refuses a handshake. One that is over is left as it is. */
  answer(request: AnyRequest, answer: Answer): void {
    if (request.begin()) {
      this.#queue.remove(request);
      if (request.kind === 'plain') {
        this.#counters.answered++;
      } else {
        this.#counters.refused('script');
      }
      this.#send(request, answer);
    }
  }

  get #scheme(): 'ws' | 'wss' {
    return this.options.tls === undefined ? 'ws' : 'wss';
  }

  /** The first that is offered, of those that are supported where any are named. */
  #choose({ protocols }: UpgradeRequest): string | undefined {
    const supported = this.options.protocols;
    return supported.length === 0 ? protocols[0] : protocols.find((protocol) => supported.includes(protocol));
  }

  #createFinisher(): HandshakeFinisher {
    const { closeTimeout, deflate, maxPayload } = this.options;
    return new HandshakeFinisher({ closeTimeout, maxPayload }, deflate, {
      protocol: (message) => this.#answers.get(message)?.protocol || false,
      headers: (message) => headerLines(withDefaults(this.#answers.get(message)?.headers ?? [], { 'Server': this.#serverName })),
    });
  }

  #upgrade(message: IncomingMessage, client: Client, head: Buffer): void {
    const request = new UpgradeRequest(message, client, head);
    const refusal = requestProblem(message) ?? optionProblem(message, this.options) ?? this.#front.clients.claim(client);
    if (refusal === undefined) {
      this.#queue.take(request);
    } else {
      this.#refuse(request, refusal);
    }
  }

  async #request(message: IncomingMessage, client: Client, response: ServerResponse): Promise<void> {
    this.#counters.requests++;
    const { requestBytes } = this.options;
    const body = await readBody(message, requestBytes);
    if (body === undefined || client.phase === 'refused') {
      return;
    }
    client.inTime();
    client.phase = 'answer';
    const request = new PlainRequest(message, client, body === 'too large' ? NOTHING : body, response);
    if (body === 'too large') {
      const message = `The body of a request may have ${requestBytes} bytes.`;
      this.#refuse(request, { reason: 'body', status: 413, headers: { Connection: 'close' }, message });
    } else if (this.options.methods.includes(request.method) || !this.#queue.isWatched(request)) {
      this.#queue.take(request);
    } else {
      this.#refuse(request, methodRefusal(this.options.methods));
    }
  }

  /** By itself, so that the listener does not keep the request as long as its connection. */
  #countFailures(webSocket: WebSocket): void {
    webSocket.on('error', (error) => this.#counters.failed(codeOf(error)));
  }

  #refuse(request: AnyRequest, refusal: Refusal): void {
    request.begin();
    if (refusal.reason !== undefined) {
      this.#counters.refused(refusal.reason);
    }
    this.#send(request, refusalAnswer(refusal));
  }

  #send(request: AnyRequest, given: Answer): void {
    const { client } = request;
    const isTooMuch = given.body.length > 0 && this.#unsent + given.body.length > this.options.unsentAnswerBytes;
    const answer = isTooMuch ? refusalAnswer(UNREAD) : given;
    const { length } = answer.body;
    if (isTooMuch) {
      this.#counters.refused('pending', 'unread');
    }
    this.#unsent += length;
    (request.kind === 'plain' ? request.response : client.raw).once('close', () => {
      this.#unsent -= length;
    });
    // A client that does not read its answer must not stay for that.
    const mustRead = (): void => client.within(this.options.answerTimeout, () => client.raw.destroy());
    if (request.kind === 'plain') {
      client.whenFirst(request.response, mustRead);
      sendPage(request.response, answer, this.#serverName);
    } else {
      mustRead();
      this.#front.clients.release(client);
      client.phase = 'refused';
      request.take();
      hangUpWith(client, answer, this.#serverName);
    }
  }
}

function accepted(
  webSocket: WebSocket,
  stream: FramedStream,
  options: ConnectionOptions,
  head: Buffer,
  request: UpgradeRequest,
  url: string,
): Accepted {
  return {
    url,
    protocol: webSocket.protocol,
    extensions: webSocket.extensions,
    request,
    connect(id, owner) {
      const connection = new Connection(id, url, webSocket, owner, options);
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
        { masked: true, compressed: webSocket.extensions !== '', largest: options.largest },
        { message: ignore, control: ignore, closing: ignore, violation: ignore, activity: ignore, reserve: () => true, release: ignore },
      );
      webSocket.close(code, reason);
    },
  };
}

/** What a header may hold on any way: printable ASCII. */
function headerValue(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '');
}
