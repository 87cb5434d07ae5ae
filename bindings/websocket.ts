import { CLOSE_CODES, SOCKET_ERRORS } from '../wire/socket-codes.ts';
import {
  ArrayBufferPrototypeGetResizable,
  ObjectDefineProperty,
  ObjectFreeze,
  StringPrototypeToWellFormed,
  TypeErrorConstructor,
  TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetLength,
} from './primordials.ts';
import { dialect } from './settings.ts';
import { blobRange } from './web/blob.ts';
import { byteRange, type ByteRange } from './web/buffer-source.ts';
import { defineConstants, defineInterface, illegalInvocation, requireArguments } from './web/define.ts';
import { domException } from './web/dom-exception.ts';
import { EventTarget, type EventHandler } from './web/event-target.ts';
import { utf8Encode, utf8Length } from './web/utf8.ts';
import { checkProtocols, clampUnsignedShort, socketURL, toNumber } from './websocket-arguments.ts';
import {
  CLOSED,
  CLOSING,
  CONNECTING,
  Connection,
  OPEN,
  type BinaryType,
  type Receiver,
} from './websocket-connection.ts';
import { defineHandlerAttributes } from './websocket-handlers.ts';
import { connectOptions } from './websocket-options.ts';

/** WebSockets Standard, `close()` step 2: the longest reason, in bytes of UTF-8. */
const LONGEST_REASON = 123;
/** RFC 6455, 5.5: the longest payload of a control frame, in bytes. */
const LONGEST_PING = 125;

const FAILED = "Failed to construct 'WebSocket'";

/** The connection of a WebSocket; throws where the value is none, as WebIDL members do. */
let own: (value: unknown) => Connection;
/** The same for the classes that inherit from it. */
export const connectionOf = (socket: WebSocket): Connection => own(socket);
let receiverOf: (socket: WebSocket) => Receiver;
let isWebSocket: (value: unknown) => value is WebSocket;

/** WebSockets Standard, section 3, with Overte's callbacks in the `overte` dialect. */
export class WebSocket extends EventTarget {
  readonly #connection: Connection;
  readonly #receiver: Receiver;
  declare onopen: EventHandler | null;
  declare onmessage: EventHandler | null;
  declare onerror: EventHandler | null;
  declare onclose: EventHandler | null;
  declare onping: EventHandler | null;
  declare onpong: EventHandler | null;

  constructor(url: unknown, protocols: unknown = undefined) {
    super();
    this.#receiver = { target: this, binaryType: dialect() === 'web' ? 'blob' : 'arraybuffer' };
    if (Connection.is(url)) {
      this.#connection = url;
    } else if (dialect() === 'overte' && isWebSocket(url)) {
      // Overte's documentation: "an existing WebSocket to reuse the connection of".
      this.#connection = own(url);
    } else {
      requireArguments(arguments.length, 1, FAILED);
      const given = StringPrototypeToWellFormed(`${url as string}`);
      const options = connectOptions(protocols, FAILED);
      const address = socketURL(given, FAILED);
      checkProtocols(options.protocols, FAILED);
      this.#connection = Connection.open(address, options);
    }
    this.#connection.addReceiver(this.#receiver);
  }

  static {
    isWebSocket = (value): value is WebSocket => typeof value === 'object' && value !== null && #connection in value;
    own = (value) => {
      if (!isWebSocket(value)) {
        throw illegalInvocation('WebSocket');
      }
      return value.#connection;
    };
    receiverOf = (socket) => socket.#receiver;
  }

  get url(): string {
    return own(this).url;
  }

  get readyState(): number {
    return own(this).readyState;
  }

  get bufferedAmount(): number {
    return own(this).bufferedAmount;
  }

  get extensions(): string {
    return own(this).extensions;
  }

  get protocol(): string {
    return own(this).protocol;
  }

  /** Not of the standard: whether `pause` was called, and `resume` was not. */
  get isPaused(): boolean {
    return own(this).isPaused;
  }

  get binaryType(): BinaryType {
    own(this);
    return receiverOf(this).binaryType;
  }

  // WebIDL: a value that is not of the enumeration is ignored.
  set binaryType(value: unknown) {
    own(this);
    const type = `${value as string}`;
    if (type === 'blob' || type === 'arraybuffer') {
      receiverOf(this).binaryType = type;
    }
  }

  send(data: unknown): void {
    const connection = own(this);
    requireArguments(arguments.length, 1, "Failed to execute 'send' on 'WebSocket'");
    // Most messages are strings, and need no look at what they are.
    const range = typeof data === 'string' ? undefined : bytesOf(data, 'send');
    // A lone surrogate becomes U+FFFD where the text is encoded, as in a USVString.
    const text = range === undefined ? `${data as string}` : '';
    if (connection.readyState === CONNECTING) {
      return refuseBeforeOpen('send');
    }
    if (range === undefined) {
      connection.sendText(text);
    } else {
      connection.sendBinary(range);
    }
  }

  close(code: unknown = undefined, reason: unknown = undefined): void {
    const connection = own(this);
    const number = code === undefined ? 0 : toNumber(code);
    const wireCode = clampUnsignedShort(number);
    const text = reason === undefined ? '' : StringPrototypeToWellFormed(`${reason as string}`);
    if (code !== undefined && !mayCloseWith(wireCode, connection)) {
      throw domException(
        'InvalidAccessError',
        `Failed to execute 'close' on 'WebSocket': The close code must be ${closeCodes(connection)}. ${number} is neither.`,
      );
    }
    if (utf8Length(text) > LONGEST_REASON) {
      throw domException(
        'SyntaxError',
        `Failed to execute 'close' on 'WebSocket': The close reason must not be greater than ${LONGEST_REASON} UTF-8 bytes.`,
      );
    }
    if (isReserved(wireCode)) {
      return connection.close(0, '');
    }
    // Overte documents 1000 as the default; the standard closes without a code.
    const fallback = dialect() === 'overte' || text !== '' ? CLOSE_CODES.Normal : 0;
    connection.close(code === undefined ? fallback : wireCode, text);
  }

  /** Not of the standard: no message is told until `resume`, also none that has come already. */
  pause(): void {
    own(this).pause();
  }

  /** Not of the standard: messages are told again, first those that have waited. */
  resume(): void {
    own(this).resume();
  }

  /** Not of the standard: sends a ping. The peer's pong comes as a `pong` event. */
  ping(data: unknown = undefined): void {
    const connection = own(this);
    const range = data === undefined ? NO_BYTES : (bytesOf(data, 'ping') ?? encoded(`${data as string}`));
    if (range.length > LONGEST_PING) {
      throw domException(
        'SyntaxError',
        `Failed to execute 'ping' on 'WebSocket': The data of a ping must not be greater than ${LONGEST_PING} bytes. There are ${range.length}.`,
      );
    }
    if (connection.readyState === CONNECTING) {
      return refuseBeforeOpen('ping');
    }
    connection.ping(range);
  }
}

const HANDLED = ['open', 'error', 'close', 'message', 'ping', 'pong'] as const;
defineHandlerAttributes(WebSocket.prototype, HANDLED, (value) => {
  own(value);
  return value as WebSocket;
});
defineInterface(WebSocket, 'WebSocket', [
  'url',
  'readyState',
  'bufferedAmount',
  'extensions',
  'protocol',
  'binaryType',
  'send',
  'close',
  'ping',
  'isPaused',
  'pause',
  'resume',
]);
defineConstants(WebSocket, { CONNECTING, OPEN, CLOSING, CLOSED });
ObjectDefineProperty(WebSocket, 'SocketError', { value: ObjectFreeze({ ...SOCKET_ERRORS }), enumerable: true });
ObjectDefineProperty(WebSocket, 'CloseCode', { value: ObjectFreeze({ ...CLOSE_CODES }), enumerable: true });

const NO_BYTES: ByteRange = { buffer: new ArrayBuffer(0), start: 0, length: 0 };

/** WebIDL `(BufferSource or Blob)`; undefined for what is neither. */
export function bytesOf(data: unknown, operation: string, name = 'WebSocket'): ByteRange | undefined {
  const range = byteRange(data);
  // Without [AllowResizable], WebIDL takes no buffer that can change its size; Overte knows nothing of that.
  if (
    range !== undefined &&
    dialect() === 'web' &&
    ArrayBufferPrototypeGetResizable(range.buffer as ArrayBuffer)
  ) {
    throw new TypeErrorConstructor(
      `Failed to execute '${operation}' on '${name}': The provided ArrayBuffer value must not be resizable.`,
    );
  }
  return range ?? blobRange(data);
}

function encoded(text: string): ByteRange {
  const bytes = utf8Encode(text);
  return { buffer: TypedArrayPrototypeGetBuffer(bytes), start: 0, length: TypedArrayPrototypeGetLength(bytes) };
}

/** Overte drops what is sent before the connection is open; the standard throws. */
function refuseBeforeOpen(operation: string): void {
  if (dialect() !== 'overte') {
    throw domException(
      'InvalidStateError',
      `Failed to execute '${operation}' on 'WebSocket': Still in CONNECTING state; wait for the open event.`,
    );
  }
}

/**
 * The standard's range; on a server's socket the codes of RFC 6455 that an endpoint may send, too; and in the `overte`
 * dialect all of `WebSocket.CloseCode`, which is what Overte documents.
 */
function mayCloseWith(code: number, { accepted }: Connection): boolean {
  if (code === 1000 || (code >= 3000 && code <= 4999)) {
    return true;
  }
  const isOverte = dialect() === 'overte';
  const defined = (code >= 1001 && code <= 1003) || (code >= 1007 && code <= 1014);
  return (defined && (accepted || isOverte)) || (isOverte && isReserved(code));
}

function closeCodes({ accepted }: Connection): string {
  return accepted || dialect() === 'overte'
    ? 'either 1000, between 1001 and 1003 or 1007 and 1014, or between 3000 and 4999'
    : 'either 1000, or between 3000 and 4999';
}

/** RFC 6455, 7.4.1: codes that no close frame may hold. */
function isReserved(code: number): boolean {
  return (code >= 1004 && code <= 1006) || code === 1015;
}
