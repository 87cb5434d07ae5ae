/// <reference path="./websocket.d.ts" />
/// <reference path="./server-websocket.d.ts" />
/// <reference path="./signal.d.ts" />

interface WebSocketServerOptions {
  /** A whole number from 0 to 65535. Default: 0, any port that is free. */
  port?: number;
  /** The IP address to listen at, or `localhost`, which is 127.0.0.1. Default: all interfaces, IPv4 and IPv6. */
  host?: string;
  /** The `Server` header of the handshake's answer. */
  serverName?: string;
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
  readonly newConnection: Signal<[socket: ServerWebSocket]>;

  /** Stops listening, for good, and closes the sockets that it accepted with 1001 and "Server closing." */
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
