/// <reference path="./events.d.ts" />
/// <reference path="./dom-exception.d.ts" />
/// <reference path="./blob.d.ts" />

/**
 * How this script's callbacks are called. As it stands, in the dialect `overte`, the default; `web-dialect.d.ts` merges
 * its own member into it, and the types below follow.
 */
interface ScriptDialect {}

/** What is done with binary messages that arrive. */
type BinaryType = 'blob' | 'arraybuffer';

/** What a message holds: text is a string, binary is what `binaryType` says. */
type WebSocketData = string | ArrayBuffer | Blob;

/** One of the numbers of `WebSocket.SocketError`. */
type SocketErrorNumber = (typeof WebSocket.SocketError)[keyof typeof WebSocket.SocketError];

/** A plain Event of the type `error`, with what the host knows of the failure as own properties. */
interface SocketErrorEvent extends Event {
  error: SocketErrorNumber;
  /** In words, with the socket's URL, for a log. */
  message: string;
}

interface WebSocketEventMap {
  open: Event;
  message: MessageEvent<WebSocketData>;
  error: SocketErrorEvent;
  close: CloseEvent;
  /** The peer has sent a ping, which is answered already. Not in browsers. */
  ping: MessageEvent<ArrayBuffer>;
  /** The peer has answered a ping, or sent a pong of its own accord. Not in browsers. */
  pong: MessageEvent<ArrayBuffer>;
}

/**
 * What a connection is to be like, as the constructor's second argument: an object that is not iterable and has at least
 * one of these members. Not in browsers, which make a string of any such object.
 */
interface WebSocketOptions {
  /** The subprotocols to offer, as in the standard. */
  protocols?: string | Iterable<string>;
  /**
   * Headers of the handshake's request, as a record or as pairs. Those that belong to the handshake (`Host`,
   * `Connection`, `Upgrade`, `Sec-*`, `Proxy-*` and such) are refused, and so are `Origin` and `Cookie` without a
   * permission for them. At most 64, of 8,192 characters in all.
   */
  headers?: Readonly<Record<string, string>> | Iterable<Iterable<string>>;
  /** How long the handshake may take, in milliseconds. Default, and at most: the script's limit `handshakeTimeout`. */
  handshakeTimeout?: number;
  /** Sends pings, and fails the connection with `SocketTimeoutError` where one is not answered. Default: none. */
  heartbeat?: {
    /** A ping each so many milliseconds. */
    interval: number;
    /** How long its answer may take, in milliseconds. Default: `interval`. */
    timeout?: number;
  };
  /** Offers permessage-deflate (RFC 7692). Default: false. */
  perMessageDeflate?: boolean;
  /**
   * The largest message that is received, in bytes, inflated; a larger one ends the connection: the peer is told 1009, the
   * script 1006. Default, and at most: the script's limit `messageBytes`.
   */
  maxMessageSize?: number;
}

/** In the dialect `overte` the number comes first; in `web` there is only the event. */
type SocketErrorHandler = ScriptDialect extends { web: true }
  ? (this: WebSocket, event: SocketErrorEvent) => unknown
  : (this: WebSocket, error: SocketErrorNumber, event: SocketErrorEvent) => unknown;

/** In the dialect `overte`, a WebSocket stands for its connection; in `web` it would be made a string. */
type WebSocketAddress = ScriptDialect extends { web: true } ? string : string | WebSocket;

/**
 * A WebSocket connection. WebSockets Standard, section 3, with Overte's numbers and callbacks in the dialect `overte`.
 *
 * A connection that fails, and one that the script has no permission for, is told by `error` and then `close` with the
 * code 1006, not by an exception. A socket lives until it is closed, whether or not the script still holds it. When the
 * script ends, its sockets are closed with 1001 and no callback runs any more.
 */
declare class WebSocket extends EventTarget<WebSocketEventMap> {
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  /** What an `error` event tells. The numbers are those of Overte and of Qt's `QAbstractSocket::SocketError`. */
  static readonly SocketError: {
    readonly ConnectionRefusedError: 0;
    readonly RemoteHostClosedError: 1;
    readonly HostNotFoundError: 2;
    /** Also where the script has no permission to connect. */
    readonly SocketAccessError: 3;
    /** Also where the script has as many sockets as it may. */
    readonly SocketResourceError: 4;
    readonly SocketTimeoutError: 5;
    readonly DatagramTooLargeError: 6;
    readonly NetworkError: 7;
    readonly AddressInUseError: 8;
    readonly SocketAddressNotAvailableError: 9;
    readonly UnsupportedSocketOperationError: 10;
    readonly ProxyAuthenticationRequiredError: 11;
    readonly SslHandshakeFailedError: 12;
    readonly UnfinishedSocketOperationError: 13;
    readonly ProxyConnectionRefusedError: 14;
    readonly ProxyConnectionClosedError: 15;
    readonly ProxyConnectionTimeoutError: 16;
    readonly ProxyNotFoundError: 17;
    readonly ProxyProtocolError: 18;
    readonly OperationError: 19;
    readonly SslInternalError: 20;
    readonly SslInvalidUserDataError: 21;
    readonly TemporaryError: 22;
    /** Anything else, as a server that answers the handshake with something other than 101. */
    readonly UnknownSocketError: -1;
  };

  /** The codes of RFC 6455, section 7.4.1, by Overte's names. */
  static readonly CloseCode: {
    readonly Normal: 1000;
    readonly GoingAway: 1001;
    readonly ProtocolError: 1002;
    readonly DatatypeNotSupported: 1003;
    readonly Reserved1004: 1004;
    /** Never sent: the peer's close frame held no code. */
    readonly MissingStatusCode: 1005;
    /** Never sent: the connection ended without a close frame. */
    readonly AbnormalDisconnection: 1006;
    readonly WrongDatatype: 1007;
    readonly PolicyViolated: 1008;
    readonly TooMuchData: 1009;
    readonly MissingExtension: 1010;
    readonly BadOperation: 1011;
    /** Never sent: the TLS handshake failed. */
    readonly TlsHandshakeFailed: 1015;
  };

  /**
   * Starts to connect. `open` or `error` comes in a later turn, so handlers that are set now miss nothing.
   *
   * @param url `ws:` or `wss:`, or `http:` or `https:`, which stand for these; a relative one counts from the `baseUrl`
   *   that the script is run with, or else from its own address. In the dialect `overte` also an existing WebSocket: the
   *   new one is a second object on the same connection, with handlers and a `binaryType` of its own; both get the
   *   events, and closing either closes the connection
   * @param protocols the subprotocols to offer, the most wanted first; or options
   * @throws DOMException SyntaxError where `url` is none of these or has a fragment, or a protocol is not a token or
   *   stands there twice; SecurityError for a header that the script may not set
   * @throws TypeError or RangeError for an option that is not one, or that would raise a limit
   */
  constructor(url: WebSocketAddress, protocols?: string | Iterable<string> | WebSocketOptions);

  /** The URL, serialized; of an accepted socket, made of the client's `Host` header and its path and query. */
  readonly url: string;
  /** CONNECTING 0, OPEN 1, CLOSING 2 or CLOSED 3. */
  readonly readyState: number;
  /**
   * Bytes of payload that were given to `send` and that the network has not taken: what this turn has sent, and what was
   * left of earlier ones when it began. What is sent after `close` counts for good, as it is never taken.
   */
  readonly bufferedAmount: number;
  /** The extensions in use, as `permessage-deflate`; empty for none, and before `open`. */
  readonly extensions: string;
  /** The subprotocol that the server chose; empty for none, and before `open`. */
  readonly protocol: string;
  /** Whether `pause` was called, and neither `resume` nor `close`. Not in browsers. */
  readonly isPaused: boolean;
  /** Default: `arraybuffer` in the dialect `overte`, `blob` in `web`. Other values are ignored. */
  binaryType: BinaryType;

  /** The connection is open. An accepted socket is open from the start and never tells it. */
  onopen: ((this: WebSocket, event: Event) => unknown) | null;
  onmessage: ((this: WebSocket, event: MessageEvent<WebSocketData>) => unknown) | null;
  /** The connection has failed; `close` follows. */
  onerror: SocketErrorHandler | null;
  /** The connection has ended, or never came about. The last event of a socket. */
  onclose: ((this: WebSocket, event: CloseEvent) => unknown) | null;
  /** The peer has sent a ping, which is answered already. Not in browsers. */
  onping: ((this: WebSocket, event: MessageEvent<ArrayBuffer>) => unknown) | null;
  /** The peer has answered a ping, or sent a pong of its own accord. Not in browsers. */
  onpong: ((this: WebSocket, event: MessageEvent<ArrayBuffer>) => unknown) | null;

  /**
   * Sends a message: a string as text, anything else as binary. It goes out at the end of this turn.
   *
   * Before `open`, the dialect `overte` drops the message; `web` throws. After `close`, both drop it.
   *
   * @throws DOMException InvalidStateError before `open`, in the dialect `web`
   * @throws TypeError for a resizable ArrayBuffer, in the dialect `web`
   * @throws Error where the turn has given out as much as it may (the limits `commandsPerTurn`, `commandBytesPerTurn`)
   */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void;

  /**
   * Starts the closing handshake, after what was sent. `close` tells when it is done. On a socket that is closing or
   * closed it does nothing.
   *
   * @param code 1000, or 3000 to 4999; in the dialect `overte`, and on an accepted socket, also 1001 to 1003 and 1007 to
   *   1014. In `overte` also 1004, 1005, 1006 and 1015, which never go on the wire: then there is no code and no reason.
   *   Default: 1000 in `overte`, or with a reason; without a reason, no code in `web`
   * @param reason at most 123 bytes of UTF-8. Default: empty
   * @throws DOMException InvalidAccessError for another code, SyntaxError for a longer reason
   */
  close(code?: number, reason?: string): void;

  /**
   * From now on no `message`, `ping` or `pong` is told before `resume`, also none that has come already. The host stops
   * reading the socket, and TCP holds the peer. `open` is told. `error` and `close` come behind the messages that wait; if
   * none waits, at once. On a socket that is closing or closed it does nothing. Not in browsers.
   *
   * @throws Error where the turn has given out as much as it may (the limit `commandsPerTurn`)
   */
  pause(): void;
  /** Tells what has waited, in order, behind the callback that is running, and has the host read on. Not in browsers. */
  resume(): void;

  /**
   * Sends a ping; the peer's answer comes as a `pong` event with the same data. Not in browsers.
   *
   * @param data at most 125 bytes; a string goes as UTF-8. Default: nothing
   * @throws DOMException SyntaxError for more data; InvalidStateError before `open`, in the dialect `web`
   */
  ping(data?: string | ArrayBuffer | ArrayBufferView | Blob): void;
}
