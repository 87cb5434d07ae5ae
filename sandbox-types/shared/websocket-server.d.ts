/// <reference path="./websocket.d.ts" />
/// <reference path="./server-websocket.d.ts" />
/// <reference path="./error-event.d.ts" />
/// <reference path="./signal.d.ts" />

interface WebSocketServerOptions {
  /** A whole number from 0 to 65535. Default: 0, any port that is free. */
  port?: number;
  /** The IP address to listen at, or `localhost`, which is 127.0.0.1. Default: all interfaces, IPv4 and IPv6. */
  host?: string;
  /** The `Server` header of the handshake's answer. */
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
 * Overte's `WebSocketServer`, with the events of an EventTarget beside its signal: a listener for WebSocket connections over
 * TCP. Only server entity and assignment client scripts have it.
 *
 * It listens until it is closed or the script ends, whether or not the script still holds it; the sockets that it accepted
 * live on likewise. A browser's page is let in only from the host that it connects to (its `Origin`). Of the subprotocols
 * that a client offers, the first is chosen.
 */
declare class WebSocketServer extends EventTarget {
  /**
   * Listens when it returns; the event `listening` comes in a later turn.
   *
   * Where it cannot listen, because it may not (ERR_AIRLOCK_LISTEN_DENIED), the port is in use or the like
   * (ERR_AIRLOCK_LISTEN_FAILED) or there are too many (ERR_AIRLOCK_TOO_MANY_SOCKETS): in the dialect `overte` it returns
   * with `listening` false, and the events `error` and `close` come in a later turn; in the dialect `web` it throws.
   *
   * @param options or a bare port
   * @throws Error with a `code` where it cannot listen, in the dialect `web`
   * @throws RangeError for a port that is none, TypeError for other options of the wrong type
   */
  constructor(options?: WebSocketServerOptions | number);

  /** `ws://ADDRESS:PORT`, with 127.0.0.1 for all interfaces; empty when it does not listen. */
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

  addEventListener<Type extends keyof WebSocketServerEventMap>(
    type: Type,
    callback: EventListenerOrObject<this, WebSocketServerEventMap[Type]> | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  addEventListener(
    type: string,
    callback: EventListenerOrObject<this, Event> | null,
    options?: AddEventListenerOptions | boolean,
  ): void;

  removeEventListener<Type extends keyof WebSocketServerEventMap>(
    type: Type,
    callback: EventListenerOrObject<this, WebSocketServerEventMap[Type]> | null,
    options?: EventListenerOptions | boolean,
  ): void;
  removeEventListener(
    type: string,
    callback: EventListenerOrObject<this, Event> | null,
    options?: EventListenerOptions | boolean,
  ): void;
}
