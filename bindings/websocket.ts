import { CLOSE_CODES, SOCKET_ERRORS } from '../wire/socket-codes.ts';
import { command, sendBytes, sendText } from './bridge.ts';
import { dialect } from './settings.ts';
import {
  MapConstructor,
  MapPrototypeDelete,
  MapPrototypeGet,
  MapPrototypeSet,
  ObjectDefineProperty,
  ObjectFreeze,
  ReflectApply,
  StringPrototypeToWellFormed,
  TypedArrayPrototypeGetBuffer,
  createList,
} from './primordials.ts';
import { blobRange, createBlob } from './web/blob.ts';
import { byteRange } from './web/buffer-source.ts';
import { defineConstants, defineInterface, defineOwn, requireArguments } from './web/define.ts';
import { domException } from './web/dom-exception.ts';
import { Event, internals, trusted } from './web/event.ts';
import {
  EventTarget,
  dispatch,
  getHandler,
  setHandler,
  type EventHandler,
  type HandlerInvoker,
} from './web/event-target.ts';
import { utf8Length } from './web/utf8.ts';
import { clampUnsignedShort, originOf, protocolList, socketURL } from './websocket-arguments.ts';
import { closeEvent, messageEvent } from './web/websocket-events.ts';

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

export type BinaryType = 'blob' | 'arraybuffer';

/** WebSockets Standard, `close()` step 2: the longest reason, in bytes of UTF-8. */
const LONGEST_REASON = 123;

/** What the host tells about a connection; the guest's dispatcher calls these. */
export interface SocketInternals {
  accept(id: number, url: string, protocol: string, extensions: string): WebSocket;
  opened(socket: WebSocket, protocol: string, extensions: string): void;
  text(socket: WebSocket, data: string): void;
  binary(socket: WebSocket, data: Uint8Array<ArrayBuffer>): void;
  /** A ping or a pong has come. */
  control(socket: WebSocket, type: 'ping' | 'pong', data: Uint8Array<ArrayBuffer>): void;
  failed(socket: WebSocket, error: number, message: string): void;
  closed(socket: WebSocket, code: number, reason: string, wasClean: boolean): void;
  buffered(socket: WebSocket, bytes: number): void;
}
export let socketInternals: SocketInternals;

/** Living sockets by id. A socket is kept until it is closed, whoever else holds it. */
const sockets = new MapConstructor<number, WebSocket>();
/** Sockets whose `send` was called in the last turn. */
const senders = createList<WebSocket>();
/** This side numbers its sockets with even numbers, the host those that it accepts with odd ones. */
let lastId = 0;

export function socketById(id: number): WebSocket | undefined {
  return MapPrototypeGet(sockets, id);
}

/** Marks the constructor's call that makes an accepted socket; no script can hold it. */
const ACCEPTED = {};

/** WebSockets Standard, section 3, with Overte's callbacks in the `overte` dialect. */
export class WebSocket extends EventTarget {
  #id = 0;
  #url = '';
  #readyState = CONNECTING;
  #protocol = '';
  #extensions = '';
  #binaryType: BinaryType = dialect() === 'web' ? 'blob' : 'arraybuffer';
  #origin = '';
  /** Bytes that wait to be sent. */
  #bufferedAmount = 0;
  /** Texts of this turn whose length in UTF-8 nobody has asked for yet. */
  readonly #unmeasured = createList<string>();
  /** Bytes that were given to `send` when it was too late, and that count as waiting for ever. */
  #discardedAmount = 0;
  #isSender = false;
  #accepted = false;

  constructor(url: unknown, protocols?: unknown) {
    super();
    if (url === ACCEPTED) {
      this.#accepted = true;
      return;
    }
    requireArguments(arguments.length, 1, "Failed to construct 'WebSocket'");
    this.#url = socketURL(`${url as string}`);
    this.#origin = originOf(this.#url);
    const list = protocolList(protocols);
    lastId += 2;
    this.#id = lastId;
    command('connect', {
      socket: this.#id,
      url: this.#url,
      protocols: list,
      headers: createList(),
      handshakeTimeout: 0,
      heartbeatInterval: 0,
      heartbeatTimeout: 0,
      maxMessageSize: 0,
      perMessageDeflate: false,
    });
    MapPrototypeSet(sockets, this.#id, this);
  }

  static {
    socketInternals = {
      accept(id, url, protocol, extensions) {
        const socket = new WebSocket(ACCEPTED);
        socket.#id = id;
        socket.#url = url;
        socket.#origin = originOf(url);
        socket.#readyState = OPEN;
        socket.#protocol = protocol;
        socket.#extensions = extensions;
        MapPrototypeSet(sockets, id, socket);
        return socket;
      },

      // WebSockets Standard, "when the WebSocket connection is established".
      opened(socket, protocol, extensions) {
        if (socket.#readyState !== CONNECTING) {
          return;
        }
        socket.#readyState = OPEN;
        socket.#extensions = extensions;
        socket.#protocol = protocol;
        dispatch(socket, trusted(new Event('open')));
      },

      // WebSockets Standard, "when a WebSocket message has been received". Step 1: only in the state OPEN.
      text(socket, data) {
        if (socket.#readyState === OPEN) {
          dispatch(socket, messageEvent(data, socket.#origin));
        }
      },

      binary(socket, bytes) {
        if (socket.#readyState === OPEN) {
          const data = socket.#binaryType === 'blob' ? createBlob(bytes) : TypedArrayPrototypeGetBuffer(bytes);
          dispatch(socket, messageEvent(data, socket.#origin));
        }
      },

      control(socket, type, bytes) {
        if (socket.#readyState === OPEN) {
          dispatch(socket, messageEvent(TypedArrayPrototypeGetBuffer(bytes), socket.#origin, type));
        }
      },

      failed(socket, error, message) {
        const event = trusted(new Event('error'));
        defineOwn(event, 'error', error);
        defineOwn(event, 'message', message);
        // The standard fires the error event after the state has become CLOSED.
        socket.#readyState = CLOSED;
        dispatch(socket, event);
      },

      // WebSockets Standard, "when the WebSocket connection is closed".
      closed(socket, code, reason, wasClean) {
        socket.#readyState = CLOSED;
        MapPrototypeDelete(sockets, socket.#id);
        dispatch(socket, closeEvent(code, reason, wasClean));
      },

      buffered(socket, bytes) {
        if (socket.#readyState !== CLOSED) {
          socket.#bufferedAmount = bytes;
        }
      },
    };
  }

  /** What was sent in the last turn has gone to the network by the next one, except where the host says otherwise. */
  static settle(this: void): void {
    for (let index = 0; index < senders.length; index++) {
      const socket = senders[index] as WebSocket;
      // "does not reset to zero once the connection closes"
      if (socket.#readyState === CLOSED) {
        socket.#measure();
      } else {
        socket.#bufferedAmount = 0;
        socket.#unmeasured.length = 0;
      }
      socket.#isSender = false;
    }
    senders.length = 0;
  }

  get url(): string {
    return this.#url;
  }

  get readyState(): number {
    return this.#readyState;
  }

  get bufferedAmount(): number {
    this.#measure();
    return this.#bufferedAmount + this.#discardedAmount;
  }

  get extensions(): string {
    return this.#extensions;
  }

  get protocol(): string {
    return this.#protocol;
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  // WebIDL: a value that is not of the enumeration is ignored.
  set binaryType(value: unknown) {
    const type = `${value as string}`;
    if (type === 'blob' || type === 'arraybuffer') {
      this.#binaryType = type;
    }
  }

  get onopen(): EventHandler | null {
    this.#brand();
    return getHandler(this, 'open');
  }

  set onopen(value: unknown) {
    this.#brand();
    setHandler(this, 'open', value, invokeWithEvent);
  }

  get onmessage(): EventHandler | null {
    this.#brand();
    return getHandler(this, 'message');
  }

  set onmessage(value: unknown) {
    this.#brand();
    setHandler(this, 'message', value, invokeWithEvent);
  }

  get onerror(): EventHandler | null {
    this.#brand();
    return getHandler(this, 'error');
  }

  set onerror(value: unknown) {
    this.#brand();
    setHandler(this, 'error', value, invokeOnError);
  }

  get onclose(): EventHandler | null {
    this.#brand();
    return getHandler(this, 'close');
  }

  set onclose(value: unknown) {
    this.#brand();
    setHandler(this, 'close', value, invokeWithEvent);
  }

  send(data: unknown): void {
    this.#brand();
    requireArguments(arguments.length, 1, "Failed to execute 'send' on 'WebSocket'");
    const range = byteRange(data) ?? blobRange(data);
    // A lone surrogate becomes U+FFFD where the text is encoded, as in a USVString.
    const text = range === undefined ? `${data as string}` : '';
    if (this.#readyState === CONNECTING) {
      // Overte drops what is sent before the connection is open; the standard throws.
      if (dialect() === 'overte') {
        return;
      }
      throw domException(
        'InvalidStateError',
        "Failed to execute 'send' on 'WebSocket': Still in CONNECTING state; wait for the open event.",
      );
    }
    if (this.#readyState !== OPEN) {
      this.#discardedAmount += range === undefined ? utf8Length(text) : range.length;
      return;
    }
    if (range === undefined) {
      sendText(this.#id, text);
      this.#unmeasured[this.#unmeasured.length] = text;
    } else {
      sendBytes('sendBinary', this.#id, range.buffer, range.start, range.length);
      this.#bufferedAmount += range.length;
    }
    if (!this.#isSender) {
      this.#isSender = true;
      senders[senders.length] = this;
    }
  }

  close(code?: unknown, reason?: unknown): void {
    this.#brand();
    const wireCode = code === undefined ? 0 : clampUnsignedShort(code);
    const text = reason === undefined ? '' : StringPrototypeToWellFormed(`${reason as string}`);
    if (code !== undefined && !this.#mayCloseWith(wireCode)) {
      throw domException(
        'InvalidAccessError',
        `Failed to execute 'close' on 'WebSocket': The close code must be either 1000, or between 3000 and 4999. ${wireCode} is neither.`,
      );
    }
    if (utf8Length(text) > LONGEST_REASON) {
      throw domException(
        'SyntaxError',
        `Failed to execute 'close' on 'WebSocket': The close reason must not be greater than ${LONGEST_REASON} UTF-8 bytes.`,
      );
    }
    if (this.#readyState === CLOSING || this.#readyState === CLOSED) {
      return;
    }
    // Overte documents 1000 as the default; the standard closes without a code.
    const fallback = dialect() === 'overte' || text !== '' ? CLOSE_CODES.Normal : 0;
    command('close', { socket: this.#id, code: code === undefined ? fallback : wireCode, reason: text });
    this.#readyState = CLOSING;
  }

  /** Throws where `this` is not a WebSocket, as WebIDL attributes do. */
  #brand(): void {}

  /**
   * The standard's range; and in the `overte` dialect, or on a server's socket, the codes of RFC 6455 that an endpoint
   * may send, which are those of `WebSocket.CloseCode`.
   */
  #mayCloseWith(code: number): boolean {
    if (code === 1000 || (code >= 3000 && code <= 4999)) {
      return true;
    }
    const defined = (code >= 1001 && code <= 1003) || (code >= 1007 && code <= 1014);
    return defined && (this.#accepted || dialect() === 'overte');
  }

  #measure(): void {
    const texts = this.#unmeasured;
    if (texts.length > 0) {
      for (let index = 0; index < texts.length; index++) {
        this.#bufferedAmount += utf8Length(texts[index] as string);
      }
      texts.length = 0;
    }
  }
}

export const settleSenders = WebSocket.settle;
delete (WebSocket as Partial<typeof WebSocket>).settle;

defineInterface(WebSocket, 'WebSocket', [
  'url',
  'readyState',
  'bufferedAmount',
  'extensions',
  'protocol',
  'binaryType',
  'onopen',
  'onmessage',
  'onerror',
  'onclose',
  'send',
  'close',
]);
defineConstants(WebSocket, { CONNECTING, OPEN, CLOSING, CLOSED });
ObjectDefineProperty(WebSocket, 'SocketError', { value: ObjectFreeze({ ...SOCKET_ERRORS }), enumerable: true });
ObjectDefineProperty(WebSocket, 'CloseCode', { value: ObjectFreeze({ ...CLOSE_CODES }), enumerable: true });

// HTML, "the event handler processing algorithm": a handler that returns false cancels the event.
const invokeWithEvent: HandlerInvoker = (handler, target, event) => {
  if (ReflectApply(handler, target, [event]) === false) {
    internals.cancel(event);
  }
};

/** In the `overte` dialect, `onerror` is called with the SocketError number first. */
const invokeOnError: HandlerInvoker = (handler, target, event) => {
  if (dialect() === 'overte') {
    ReflectApply(handler, target, [(event as Event & { error?: number }).error, event]);
  } else {
    invokeWithEvent(handler, target, event);
  }
};
