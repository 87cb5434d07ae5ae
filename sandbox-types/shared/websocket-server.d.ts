/// <reference path="./websocket.d.ts" />
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
}

/**
 * Overte's `WebSocketServer`: a listener for WebSocket connections. Only server entity and assignment client scripts have
 * it.
 *
 * It listens until it is closed or the script ends, whether or not the script still holds it. A browser's page is let in
 * only from the host that it connects to (its `Origin`), and of the subprotocols that a client offers the first is chosen,
 * unless the options say otherwise.
 */
declare class WebSocketServer {
  /**
   * Listens when it returns.
   *
   * @param options or a bare port
   * @throws Error with a `code` where it cannot listen: ERR_AIRLOCK_LISTEN_DENIED, ERR_AIRLOCK_LISTEN_FAILED (as where
   *   the port is in use) or ERR_AIRLOCK_TOO_MANY_SOCKETS
   * @throws RangeError for a port that is none, a limit that is above the script's own, or the name of a TLS configuration
   *   that there is not; TypeError for other options of the wrong type
   */
  constructor(options?: WebSocketServerOptions | number);

  /** `ws://ADDRESS:PORT`, or `wss:`, with 127.0.0.1 for all interfaces; empty when it no longer listens. */
  readonly url: string;
  /** 0 when it no longer listens. */
  readonly port: number;
  /** False after `close()`, and where the system has stopped the listener. */
  readonly listening: boolean;
  /** A client has connected: a socket that is already open. Set its handlers here; its messages come afterwards. */
  readonly newConnection: Signal<[socket: WebSocket]>;

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

  /** Stops listening, for good, and closes the sockets that it accepted with 1001 and "Server closing." */
  close(): void;
}
