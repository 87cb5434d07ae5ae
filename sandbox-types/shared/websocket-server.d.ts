/// <reference path="./websocket.d.ts" />
/// <reference path="./server-websocket.d.ts" />
/// <reference path="./error-event.d.ts" />
/// <reference path="./server-requests.d.ts" />
/// <reference path="./signal.d.ts" />

interface WebSocketServerOptions {
  /** A whole number from 0 to 65535. Default: 0, any port that is free. */
  port?: number;
  /** The IP address to listen at, or `localhost`, which is 127.0.0.1. Default: all interfaces, IPv4 and IPv6. */
  host?: string;
  /** The `Server` header of answers. */
  serverName?: string;
  /**
   * Pings each client, without the script: one that does not answer within `timeout` is gone, whatever TCP believes. Its
   * socket gets `error` with SocketTimeoutError and `close` with 1006. `false` for none. Default: 30 s and 10 s.
   */
  heartbeat?: false | {
    /** The time between two pings, in milliseconds. */
    interval: number;
    /** The time to answer one, in milliseconds; anything that comes is an answer. Default: `interval`. */
    timeout?: number;
  };
  /** After so many milliseconds without a message, either way, a client is closed with 1001. Default: never. */
  idleTimeout?: number | false;
  /** Whether messages are compressed, where a client offers it (RFC 7692), and how. It costs memory. Default: false. */
  perMessageDeflate?: boolean | {
    /** Messages below this size, in bytes, go uncompressed. It does not count with takeover. Default: 1024. */
    threshold?: number;
    /** The window is 2 to the power of this, in bytes: 9 to 15. Default: 12. */
    windowBits?: number;
    /** Whether what one message has shown of the data helps with the next one. Default: false. */
    contextTakeover?: boolean;
  };
  /**
   * Speaks TLS (`wss:`, `https:`) with the certificate that the host has under this name: `serverTls` of `ScriptHost.start`,
   * or `--server-tls`. A script never sees a key.
   */
  tls?: string;
  /** The only path at which there are WebSockets, as `/chat`; elsewhere a handshake gets 404. Default: any. */
  path?: string;
  /**
   * The origins of pages that may connect, as `https://example.com`; `self` stands for the host that is asked, `null` for
   * pages that have none, `*` for all. What is no browser sends none, and is let in. Default: `['self']`.
   */
  origins?: Iterable<string> | '*';
  /**
   * The subprotocols that are supported: of those that a client offers, the first of them is taken, and where there is
   * none, it gets 400. Who offers none is let in without. Default: the first that is offered is taken.
   */
  protocols?: Iterable<string>;
  /**
   * The methods of plain requests that `onrequest` gets; others get 405. Default: GET, HEAD and POST.
   */
  methods?: Iterable<'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'>;
  /** The most sockets that are open at one time; more get 503. It can only lower the limit `serverConnections`. */
  maxConnections?: number;
  /** The most of them from one address, or from one network /64 of IPv6; more get 429. It can only lower `connectionsPerAddress`. */
  maxConnectionsPerAddress?: number;
  /** The most requests that wait for `onupgrade` and `onrequest` to answer; more get 503. It can only lower `pendingHandshakes`. */
  maxPendingHandshakes?: number;
  /** The largest message that is received, in bytes; a larger one closes its socket with 1009. It can only lower `messageBytes`. */
  maxMessageSize?: number;
  /**
   * The time that a client has for its handshake, that of TLS included, in milliseconds, before it gets 408; and then the
   * script for its answer, before the client gets 503. It can only lower `serverHandshakeTimeout`.
   */
  handshakeTimeout?: number;
  /**
   * How many bytes may wait to be sent on one socket, because its client does not read. A message for which nothing has to
   * wait always goes, whatever its size. Default, and at most: the script's limit `bufferedBytes`.
   */
  maxBufferedAmount?: number;
  /**
   * What is done when more would wait. `close`, the default: the socket gets `error` and is closed with 1013. `drop`: the
   * message is left out. `drop-oldest`: those that have waited longest are, of which nothing has been sent.
   */
  slowReaders?: 'close' | 'drop' | 'drop-oldest';
}

interface BroadcastOptions {
  /** A socket that does not get the message. */
  except?: ServerWebSocket | null;
  /** Only to the sockets that subscribe to this topic. Default: to all. */
  topic?: string;
}

/** A server's event `connection`. */
interface WebSocketConnectionEvent extends Event {
  /** The client's socket, which is open already. */
  readonly socket: ServerWebSocket;
}

/** A server's event `error`. `error` is an Error with a `code`, as ERR_AIRLOCK_LISTEN_FAILED. */
interface WebSocketServerErrorEvent extends ErrorEvent {
  readonly error: Error & { readonly code: string };
}

interface WebSocketServerEventMap {
  connection: WebSocketConnectionEvent;
  listening: Event;
  error: WebSocketServerErrorEvent;
  close: Event;
}

/**
 * Overte's `WebSocketServer`, with the events of an EventTarget beside its signal: a listener for WebSocket connections. Only
 * server entity and assignment client scripts have it.
 *
 * It listens until it is closed or the script ends, whether or not the script still holds it; the sockets that it accepted
 * live on likewise. A browser's page is let in only from the host that it connects to (its `Origin`), and of the
 * subprotocols that a client offers the first is chosen, unless the options say otherwise.
 */
declare class WebSocketServer extends EventTarget<WebSocketServerEventMap> {
  /**
   * Listens when it returns; the event `listening` comes in a later turn.
   *
   * Where it cannot listen, because it may not (ERR_AIRLOCK_LISTEN_DENIED), the port is in use or the like
   * (ERR_AIRLOCK_LISTEN_FAILED) or there are too many (ERR_AIRLOCK_TOO_MANY_SOCKETS): in the dialect `overte` it returns
   * with `listening` false, and the events `error` and `close` come in a later turn; in the dialect `web` it throws.
   *
   * @param options or a bare port
   * @throws Error with a `code` where it cannot listen, in the dialect `web`
   * @throws RangeError for a port that is none, a limit that is above the script's own, or the name of a TLS configuration
   *   that there is not; TypeError for other options of the wrong type
   */
  constructor(options?: WebSocketServerOptions | number);

  /** `ws://ADDRESS:PORT`, or `wss:`, with 127.0.0.1 for all interfaces; empty when it does not listen. */
  readonly url: string;
  /** 0 when it does not listen. */
  readonly port: number;
  /** False where it could not listen, after `close()`, and where the system has stopped the listener. */
  readonly listening: boolean;
  /** A client has connected: a socket that is already open. Set its handlers here; its messages come afterwards. */
  readonly newConnection: Signal<[socket: ServerWebSocket]>;

  /** The same as an event, after the signal: `event.socket`. */
  onconnection: ((this: WebSocketServer, event: WebSocketConnectionEvent) => unknown) | null;
  /** It listens. Comes in a turn after the constructor's, unless it was closed before. */
  onlistening: ((this: WebSocketServer, event: Event) => unknown) | null;
  /** It could not listen (in the dialect `overte`), or the system has stopped the listener. `close` follows. */
  onerror: ((this: WebSocketServer, event: WebSocketServerErrorEvent) => unknown) | null;
  /** It does not listen any more, and all that it accepted is closed. The last event of a server. */
  onclose: ((this: WebSocketServer, event: Event) => unknown) | null;

  /**
   * Called with each handshake that the options let through; decides whether the client is let in. Set it in the turn that
   * opens the server: nobody is let in before that turn ends. What it gives, or a promise of it: `true` or an object with a
   * `protocol` or `headers` accepts, `false` is 403, an object with a `status` refuses. Without a value the request waits
   * for its `accept` or `reject`, for no longer than `handshakeTimeout`. Where it throws, the client gets 500.
   */
  onupgrade: ((this: WebSocketServer, request: UpgradeRequest) => UpgradeDecision | Promise<UpgradeDecision>) | null;
  /**
   * Called with each plain HTTP request: gives its answer, or a promise of it. Without it they get 426 Upgrade Required.
   * Where it throws, the client gets 500.
   */
  onrequest: ((this: WebSocketServer, request: PlainRequest) => PlainAnswer | Promise<PlainAnswer>) | null;

  /**
   * Stops listening, for good, and closes the sockets that it accepted with 1001 and "Server closing.". Handshakes that
   * are under way are answered 503. Calling it again does nothing.
   */
  close(): void;

  /**
   * Sends a message to all sockets that this server has accepted and told of, or to those of a topic. It is made a frame
   * once, and comes in its order among what is sent to each of them by `send`.
   *
   * @throws Error where the turn has sent as much as it may (`commandsPerTurn`, `commandBytesPerTurn`, and for each socket
   *   that gets a message `deliveriesPerTurn`)
   * @throws TypeError for an empty topic, and where `except` is no accepted socket; RangeError for a topic that is too long
   */
  broadcast(data: string | ArrayBuffer | ArrayBufferView | Blob, options?: BroadcastOptions): void;

  /** The same to the sockets that subscribe to the topic. */
  publish(topic: string, data: string | ArrayBuffer | ArrayBufferView | Blob): void;

  /** How many of its sockets subscribe to the topic. */
  subscriberCount(topic: string): number;
}
