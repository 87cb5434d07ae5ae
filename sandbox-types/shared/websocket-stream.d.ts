/**
 * A WebSocket of streams, as Chromium has it: the draft of WebSocketStream for the WebSockets Standard. It is the same in
 * both dialects; Overte has none.
 */
/// <reference path="./abort.d.ts" />
/// <reference path="./dom-exception.d.ts" />
/// <reference path="./streams.d.ts" />
/// <reference path="./websocket.d.ts" />

/** How to close a connection, or how one was closed. */
interface WebSocketCloseInfo {
  /** 1000, or 3000 to 4999. Default: none, or 1000 where there is a reason. */
  closeCode?: number;
  /** At most 123 bytes of UTF-8. */
  reason?: string;
}

/** How a connection was closed cleanly: by the codes of RFC 6455, with 1005 where the peer gave none. */
interface WebSocketClosed {
  readonly closeCode: number;
  readonly reason: string;
}

/** What a connection is to be like. All but `protocols` and `signal` are not in browsers. Other members are ignored. */
interface WebSocketStreamOptions extends Omit<WebSocketOptions, 'protocols'> {
  /** The subprotocols to offer, the most wanted first. */
  protocols?: Iterable<string>;
  /** Ends the handshake when it is aborted; once the connection is open, it does nothing. */
  signal?: AbortSignal;
}

/** A connection that is open. */
interface WebSocketOpenInfo {
  /** The extensions in use, as `permessage-deflate`; empty for none. */
  readonly extensions: string;
  /** The subprotocol that the server chose; empty for none. */
  readonly protocol: string;
  /**
   * The messages that come: strings, and Uint8Arrays for those that are binary. Where nobody reads, the host stops reading
   * the socket when 64 KiB wait, and TCP stops the peer. Cancelling it closes the connection, with the code and reason of a WebSocketError.
   */
  readonly readable: ReadableStream<string | Uint8Array<ArrayBuffer>>;
  /**
   * What is written goes as one message: an ArrayBuffer or a view as binary, all else as text. A write is done when the
   * network has taken it, so a peer that does not read keeps `writer.ready` waiting. Closing it closes the connection,
   * behind what was written; aborting it closes the connection at once, with the code and reason of a WebSocketError.
   */
  readonly writable: WritableStream<string | ArrayBuffer | ArrayBufferView>;
}

/**
 * A connection whose messages are read and written by streams, so that neither end takes more than it can use.
 *
 * ```js
 * const stream = new WebSocketStream('wss://example.org/feed');
 * const { readable } = await stream.opened;
 * for await (const message of readable) print(message);
 * const { closeCode, reason } = await stream.closed;
 * ```
 */
declare class WebSocketStream {
  /**
   * Starts to connect. A connection that fails, and one that the script has no permission for, is told by `opened` and
   * `closed`, not by an exception.
   *
   * @param url as that of a WebSocket
   * @throws DOMException SyntaxError where `url` is none or has a fragment, or a protocol is not a token or stands there
   *   twice; SecurityError for a header that the script may not set
   * @throws TypeError or RangeError for an option of the wrong kind, or that would raise a limit
   */
  constructor(url: string, options?: WebSocketStreamOptions);

  /** The URL, serialized. */
  readonly url: string;
  /**
   * Resolves when the connection is open. Rejects where it does not come about, with a WebSocketError, or with the reason
   * of the signal. Not looked at, a rejection is no uncaught error.
   */
  readonly opened: Promise<WebSocketOpenInfo>;
  /**
   * Resolves when the connection was closed with a closing handshake, and rejects with a WebSocketError where it was lost,
   * never came about, or was closed by the peer before all that was written had gone. In this last case the write that was
   * under way fails with InvalidStateError. Messages that came before a closing handshake can be read in any case. Not looked
   * at, a rejection is no uncaught error.
   */
  readonly closed: Promise<WebSocketClosed>;
  /**
   * Starts the closing handshake, or ends the attempt to connect. What was sent goes before; what is still to be written
   * fails, and messages that come from now on are dropped.
   *
   * @throws DOMException InvalidAccessError for another code than 1000 and 3000 to 4999; SyntaxError for a reason that is
   *   too long
   */
  close(info?: WebSocketCloseInfo): void;
}

/** Why a WebSocketStream's connection has ended; given to `cancel` or `abort`, what to end it with. Its `code` is 0. */
declare class WebSocketError extends DOMException {
  /**
   * @throws DOMException InvalidAccessError for another code than 1000 and 3000 to 4999; SyntaxError for a reason that is
   *   too long
   */
  constructor(message?: string, init?: WebSocketCloseInfo);
  /** The code that the connection was closed with, as 1006 where it was lost; null for none. */
  readonly closeCode: number | null;
  readonly reason: string;
}
