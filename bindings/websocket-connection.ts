import { command, sendBytes, sendText } from './bridge.ts';
import { addConnection, nextConnectionId, removeConnection, type ConnectionClient } from './connections.ts';
import { tellLater } from './held-events.ts';
import {
  TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetLength,
  TypedArrayPrototypeSet,
  Uint8ArrayConstructor,
  createList,
} from './primordials.ts';
import { createBlob } from './web/blob.ts';
import type { ByteRange } from './web/buffer-source.ts';
import { defineOwn } from './web/define.ts';
import { Event, trusted } from './web/event.ts';
import { dispatch, type EventTarget } from './web/event-target.ts';
import { utf8Length } from './web/utf8.ts';
import { closeEvent, messageEvent } from './web/websocket-events.ts';
import { originOf } from './websocket-arguments.ts';
import type { ConnectOptions } from './websocket-options.ts';

export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

export type BinaryType = 'blob' | 'arraybuffer';

/** A WebSocket of the connection, and what is its own: there are more than one in the dialect `overte`. */
export interface Receiver {
  readonly target: EventTarget;
  binaryType: BinaryType;
}

/** Connections whose `send` was called in the last turn. */
const senders = createList<Connection>();

/** The state of a WebSocket, which the standard calls its own, and every WebSocket made of it shares. */
export class Connection implements ConnectionClient {
  readonly id: number;
  readonly url: string;
  readonly accepted: boolean;
  readonly #origin: string;
  readyState = CONNECTING;
  protocol = '';
  extensions = '';
  readonly #receivers = createList<Receiver>();
  /** Bytes that wait to be sent. */
  #bufferedAmount = 0;
  /** Texts of this turn whose length in UTF-8 nobody has asked for yet. */
  readonly #unmeasured = createList<string>();
  /** Bytes that were given to `send` when it was too late, and that count as waiting for ever. */
  #discardedAmount = 0;
  #isSender = false;
  /** The script wants no messages for now. */
  #isPaused = false;
  /** What came while it was paused, and what came behind that; those up to `#firstHeld` are gone. */
  readonly #held = createList<(() => void) | undefined>();
  #firstHeld = 0;
  /** Whether a message that comes has to wait: it is paused, or others wait already. */
  #holds = false;

  private constructor(id: number, url: string, accepted: boolean) {
    this.id = id;
    this.url = url;
    this.accepted = accepted;
    this.#origin = originOf(url);
  }

  /** Asks the host to connect. */
  static open(url: string, options: ConnectOptions): Connection {
    const connection = new Connection(nextConnectionId(), url, false);
    command('connect', { socket: connection.id, url, ...options });
    addConnection(connection.id, connection);
    return connection;
  }

  /** A connection that a server of the script has accepted: it is open. */
  static accept(id: number, url: string, protocol: string, extensions: string, paused: boolean): Connection {
    const connection = new Connection(id, url, true);
    connection.readyState = OPEN;
    connection.protocol = protocol;
    connection.extensions = extensions;
    connection.#isPaused = paused;
    connection.#holds = paused;
    addConnection(id, connection);
    return connection;
  }

  /** Whether a value is one. No script has any. */
  static is(value: unknown): value is Connection {
    return typeof value === 'object' && value !== null && #receivers in value;
  }

  /** What is sent has gone to the network by the next turn, except where the host says otherwise. */
  static settle(this: void): void {
    for (let index = 0; index < senders.length; index++) {
      const connection = senders[index] as Connection;
      // "does not reset to zero once the connection closes"
      if (connection.readyState === CLOSED) {
        connection.#measure();
      } else {
        connection.#bufferedAmount = 0;
        connection.#unmeasured.length = 0;
      }
      connection.#isSender = false;
    }
    senders.length = 0;
  }

  /** One more WebSocket gets the events, from the next one on. */
  addReceiver(receiver: Receiver): void {
    this.#receivers[this.#receivers.length] = receiver;
  }

  // WebSockets Standard, "when the WebSocket connection is established".
  opened(protocol: string, extensions: string): void {
    if (this.readyState !== CONNECTING) {
      return;
    }
    this.readyState = OPEN;
    this.extensions = extensions;
    this.protocol = protocol;
    this.#dispatch(() => trusted(new Event('open')));
  }

  // WebSockets Standard, "when a WebSocket message has been received". Step 1: only in the state OPEN.
  text(data: string): void {
    if (this.#holds) {
      this.#hold(() => this.#text(data));
    } else {
      this.#text(data);
    }
  }

  #text(data: string): void {
    const receivers = this.#receivers;
    for (let index = 0; index < receivers.length && this.readyState === OPEN; index++) {
      dispatch((receivers[index] as Receiver).target, messageEvent(data, this.#origin));
    }
  }

  binary(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#holds) {
      this.#hold(() => this.#binary(bytes));
    } else {
      this.#binary(bytes);
    }
  }

  #binary(bytes: Uint8Array<ArrayBuffer>): void {
    const receivers = this.#receivers;
    // The first ones get copies, as what is done to an ArrayBuffer is nobody else's business.
    for (let index = 0; index < receivers.length && this.readyState === OPEN; index++) {
      const { binaryType, target } = receivers[index] as Receiver;
      const own = index === receivers.length - 1 ? bytes : copyOf(bytes);
      const data = binaryType === 'blob' ? createBlob(own) : TypedArrayPrototypeGetBuffer(own);
      dispatch(target, messageEvent(data, this.#origin));
    }
  }

  control(type: 'ping' | 'pong', bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#holds) {
      this.#hold(() => this.#control(type, bytes));
    } else {
      this.#control(type, bytes);
    }
  }

  #control(type: 'ping' | 'pong', bytes: Uint8Array<ArrayBuffer>): void {
    if (this.readyState === OPEN) {
      this.#dispatch(() => messageEvent(TypedArrayPrototypeGetBuffer(copyOf(bytes)), this.#origin, type));
    }
  }

  // WebSockets Standard, "when the WebSocket closing handshake is started".
  closingStarted(): void {
    this.#behindMessages(() => this.#closingStarted());
  }

  #closingStarted(): void {
    if (this.readyState === OPEN) {
      this.readyState = CLOSING;
    }
  }

  failed(error: number, message: string): void {
    this.#behindMessages(() => this.#failed(error, message));
  }

  #failed(error: number, message: string): void {
    // The standard fires the error event after the state has become CLOSED.
    this.readyState = CLOSED;
    this.#dispatch(() => {
      const event = trusted(new Event('error'));
      defineOwn(event, 'error', error);
      defineOwn(event, 'message', message);
      return event;
    });
  }

  // WebSockets Standard, "when the WebSocket connection is closed".
  closed(code: number, reason: string, wasClean: boolean): void {
    removeConnection(this.id);
    this.#behindMessages(() => this.#closed(code, reason, wasClean));
  }

  #closed(code: number, reason: string, wasClean: boolean): void {
    this.readyState = CLOSED;
    this.#isPaused = false;
    this.#dispatch(() => closeEvent(code, reason, wasClean));
  }

  buffered(bytes: number): void {
    if (this.readyState !== CLOSED) {
      this.#bufferedAmount = bytes;
    }
  }

  drained(): void {
    if (this.readyState === OPEN) {
      this.#dispatch(() => trusted(new Event('drain')));
    }
  }

  /** An event of its own for each WebSocket. */
  #dispatch(create: () => Event): void {
    const receivers = this.#receivers;
    const { length } = receivers;
    for (let index = 0; index < length; index++) {
      dispatch((receivers[index] as Receiver).target, create());
    }
  }

  get bufferedAmount(): number {
    this.#measure();
    return this.#bufferedAmount + this.#discardedAmount;
  }

  /** Sends a text where the connection is open; after that, it only counts. Not to be called before. */
  sendText(text: string): void {
    if (this.readyState !== OPEN) {
      this.#discardedAmount += utf8Length(text);
      return;
    }
    sendText(this.id, text);
    this.#unmeasured[this.#unmeasured.length] = text;
    this.#markSender();
  }

  /** The same for bytes. */
  sendBinary({ buffer, start, length }: ByteRange): void {
    if (this.readyState !== OPEN) {
      this.#discardedAmount += length;
      return;
    }
    sendBytes('sendBinary', this.id, buffer, start, length);
    this.#bufferedAmount += length;
    this.#markSender();
  }

  ping({ buffer, start, length }: ByteRange): void {
    if (this.readyState === OPEN) {
      sendBytes('ping', this.id, buffer, start, length);
    }
  }

  /** WebSockets Standard, `close()`, from step 3 on. Code 0: without a code. Its events come later, never in this call. */
  close(code: number, reason: string): void {
    if (this.readyState === CONNECTING || this.readyState === OPEN) {
      command('close', { socket: this.id, code, reason });
      this.#startClosing();
    }
  }

  /** Cuts the connection. As after `close`, the events come later. */
  terminate(): void {
    if (this.readyState !== CLOSED) {
      command('terminate', { socket: this.id });
      this.#startClosing();
    }
  }

  /** From now on no messages are told, so nothing has to wait for `resume`. */
  #startClosing(): void {
    this.readyState = CLOSING;
    this.#isPaused = false;
    this.#letGo();
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Tells no more messages until `resume`, and has the host read no further. */
  pause(): void {
    if (!this.#isPaused && (this.readyState === CONNECTING || this.readyState === OPEN)) {
      command('pause', { socket: this.id });
      this.#isPaused = true;
      this.#holds = true;
    }
  }

  /** What has waited is told behind the callback that is running, each by itself. */
  resume(): void {
    if (this.#isPaused) {
      command('resume', { socket: this.id });
      this.#isPaused = false;
      this.#letGo();
    }
  }

  /** Tells the first event that waits. Returns whether more can be told. */
  tellHeld(): boolean {
    if (this.#isPaused) {
      return false;
    }
    const held = this.#held;
    const tell = held[this.#firstHeld];
    held[this.#firstHeld++] = undefined;
    if (this.#firstHeld >= held.length) {
      held.length = 0;
      this.#firstHeld = 0;
      this.#holds = false;
    }
    tell?.();
    return !this.#isPaused && held.length > 0;
  }

  #letGo(): void {
    this.#holds = this.#held.length > 0;
    if (this.#holds) {
      tellLater(this);
    }
  }

  #hold(tell: () => void): void {
    this.#held[this.#held.length] = tell;
  }

  /** An end does not wait for `resume`, as a socket that nobody reads may have no other event; but for the messages before it. */
  #behindMessages(tell: () => void): void {
    if (this.#held.length > 0) {
      this.#hold(tell);
    } else {
      tell();
    }
  }

  #markSender(): void {
    if (!this.#isSender) {
      this.#isSender = true;
      senders[senders.length] = this;
    }
  }

  #measure(): void {
    const texts = this.#unmeasured;
    for (let index = 0; index < texts.length; index++) {
      this.#bufferedAmount += utf8Length(texts[index] as string);
    }
    texts.length = 0;
  }
}

export const settleSenders = Connection.settle;

function copyOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = new Uint8ArrayConstructor(TypedArrayPrototypeGetLength(bytes));
  TypedArrayPrototypeSet(copy, bytes);
  return copy;
}
