/// <reference path="./websocket.d.ts" />
/// <reference path="./signal.d.ts" />

interface WebSocketServerOptions {
  /** A whole number from 0 to 65535. Default: 0, any port that is free. */
  port?: number;
  /** The IP address to listen at, or `localhost`, which is 127.0.0.1. Default: all interfaces, IPv4 and IPv6. */
  host?: string;
  /** The `Server` header of the handshake's answer. */
  serverName?: string;
}

/**
 * Overte's `WebSocketServer`: a listener for WebSocket connections over TCP without TLS. Only server entity and
 * assignment client scripts have it.
 *
 * It listens until it is closed or the script ends, whether or not the script still holds it. A browser's page is let in
 * only from the host that it connects to (its `Origin`). Of the subprotocols that a client offers, the first is chosen.
 */
declare class WebSocketServer {
  /**
   * Listens when it returns.
   *
   * @param options or a bare port
   * @throws Error with a `code` where it cannot listen: ERR_AIRLOCK_LISTEN_DENIED, ERR_AIRLOCK_LISTEN_FAILED (as where
   *   the port is in use) or ERR_AIRLOCK_TOO_MANY_SOCKETS
   * @throws RangeError for a port that is none, TypeError for other options of the wrong type
   */
  constructor(options?: WebSocketServerOptions | number);

  /** `ws://ADDRESS:PORT`, with 127.0.0.1 for all interfaces; empty when it no longer listens. */
  readonly url: string;
  /** 0 when it no longer listens. */
  readonly port: number;
  /** False after `close()`, and where the system has stopped the listener. */
  readonly listening: boolean;
  /** A client has connected: a socket that is already open. Set its handlers here; its messages come afterwards. */
  readonly newConnection: Signal<[socket: WebSocket]>;

  /** Stops listening, for good, and closes the sockets that it accepted with 1001 and "Server closing." */
  close(): void;
}
