import { command, ownCommand, sendBytes, sendText } from './bridge.ts';
import { addConnection, nextConnectionId, removeConnection, type ConnectionClient } from './connections.ts';
import { reportException } from './errors.ts';
import { abortReason, addAbortAlgorithm, isAborted, removeAbortAlgorithm } from './web/abort-algorithms.ts';
import type { ByteRange } from './web/buffer-source.ts';
import { domException } from './web/dom-exception.ts';
import { deferred, markAsHandled } from './web/promises.ts';
import type { ReadableStream, WritableStream } from './web/streams.ts';
import type { CloseInfo } from './websocket-close-info.ts';
import { CLOSED, CLOSING, CONNECTING, OPEN } from './websocket-connection.ts';
import { closeInfoOf, isWebSocketError, webSocketError } from './websocket-error.ts';
import { Inflow, STREAM_WINDOW, type Chunk } from './websocket-inflow.ts';
import type { ConnectOptions } from './websocket-options.ts';
import { Outflow } from './websocket-outflow.ts';

/** What `opened` gives. */
export interface WebSocketOpenInfo {
  readonly extensions: string;
  readonly protocol: string;
  readonly readable: ReadableStream<Chunk>;
  readonly writable: WritableStream<unknown>;
}

const NO_CODE: CloseInfo = { closeCode: null, reason: '' };

/** The connection of a WebSocketStream. Its own state is here, and not in the streams, which a script can break. */
export class StreamConnection implements ConnectionClient {
  readonly opening = deferred<WebSocketOpenInfo>();
  readonly closing = deferred<CloseInfo>();
  readonly #id: number;
  #state = CONNECTING;
  #wasOpen = false;
  /** Both promises are rejected already. */
  #isSettled = false;
  /** What the host has said of a failure. */
  #failure = '';
  #inflow: Inflow | undefined;
  #outflow: Outflow | undefined;
  #signal: object | undefined;
  /** Whether the host was asked to tell when all has gone. */
  #isDraining = false;

  /** Asks the host to connect, unless the signal is aborted already. */
  constructor(url: string, options: ConnectOptions, signal: object | undefined) {
    // "Mark as handled": a script may look at one of the two only.
    markAsHandled(this.opening.promise);
    markAsHandled(this.closing.promise);
    if (signal !== undefined && isAborted(signal)) {
      this.#id = 0;
      this.#state = CLOSED;
      this.#reject(abortReason(signal));
      return;
    }
    const id = nextConnectionId();
    this.#id = id;
    if (signal !== undefined) {
      // This may fail, as a signal of `timeout` needs a timer. Then nothing has begun.
      addAbortAlgorithm(signal, this.#abort);
      this.#signal = signal;
    }
    try {
      command('connect', { socket: id, url, ...options });
      ownCommand('window', { socket: id, bytes: STREAM_WINDOW });
    } catch (error) {
      this.#forgetSignal();
      throw error;
    }
    addConnection(id, this);
  }

  closingStarted(): void {
    // What was read before the end is still to be taken, and `closed` says how it came.
  }

  opened(protocol: string, extensions: string): void {
    if (this.#state !== CONNECTING) {
      return;
    }
    this.#state = OPEN;
    this.#wasOpen = true;
    this.#forgetSignal();
    try {
      this.#inflow = new Inflow({
        taken: (messages) => ownCommand('taken', { socket: this.#id, messages }),
        cancelled: (reason) => this.#closeBecause(reason),
      });
      this.#outflow = new Outflow({
        requireOpen: () => this.#requireOpen(),
        send: (data) => this.#send(data),
        finished: () => {
          this.close(NO_CODE);
          return this.#state !== CLOSED;
        },
        aborted: (reason) => this.#closeBecause(reason),
      });
    } catch (error) {
      // The script has broken what streams are made of.
      this.close(NO_CODE);
      this.#reject(error);
      return;
    }
    const { stream: readable } = this.#inflow;
    const { stream: writable } = this.#outflow;
    this.opening.resolve({ extensions, protocol, readable, writable });
  }

  text(data: string): void {
    this.#receive(data);
  }

  binary(data: Uint8Array<ArrayBuffer>): void {
    this.#receive(data);
  }

  control(): void {
    // A stream has no place for them.
  }

  failed(_error: number, message: string): void {
    this.#failure = message;
  }

  closed(code: number, reason: string, wasClean: boolean): void {
    removeConnection(this.#id);
    this.#state = CLOSED;
    this.#forgetSignal();
    if (this.#isSettled) {
      return;
    }
    const describe = (): unknown =>
      webSocketError(this.#failure === '' ? this.#describeEnd(wasClean) : this.#failure, code, reason);
    if (!this.#wasOpen || !wasClean) {
      const error = describe();
      this.#reject(error);
      attempt(() => this.#inflow?.fail(error));
      attempt(() => this.#outflow?.fail(error));
      return;
    }
    this.#isSettled = true;
    // Chromium: what the peer has closed before it took all that was written was not closed cleanly. But nothing is
    // missing of what the peer has sent.
    if (this.#isDraining) {
      this.closing.reject(describe());
    } else {
      this.closing.resolve({ closeCode: code, reason });
    }
    attempt(() => this.#inflow?.close());
    attempt(() => this.#outflow?.close(notOpen()));
  }

  buffered(): void {
    // `drained` tells what is to be known.
  }

  drained(): void {
    this.#isDraining = false;
    this.#outflow?.sent();
  }

  /** Starts the closing handshake, or ends the connecting; what comes now is dropped, as the standard has it for WebSocket. */
  close({ closeCode, reason }: CloseInfo): void {
    if (this.#state === CONNECTING || this.#state === OPEN) {
      this.#state = CLOSING;
      // A code of 0 is none. The bounds of the turn let it pass, as a connection is closed once.
      ownCommand('close', { socket: this.#id, code: closeCode ?? 0, reason });
    }
  }

  /** WebSocketStream draft, "close using reason": of any other kind of reason, nothing goes to the peer. */
  #closeBecause(reason: unknown): void {
    this.close(isWebSocketError(reason) ? closeInfoOf(reason) : NO_CODE);
  }

  /** The signal ends the handshake, and nothing else. */
  readonly #abort = (): void => {
    const signal = this.#signal;
    if (signal !== undefined && this.#state === CONNECTING) {
      this.#reject(abortReason(signal));
      this.close(NO_CODE);
    }
  };

  #forgetSignal(): void {
    if (this.#signal !== undefined) {
      removeAbortAlgorithm(this.#signal, this.#abort);
      this.#signal = undefined;
    }
  }

  #describeEnd(wasClean: boolean): string {
    if (!this.#wasOpen) {
      return 'The WebSocketStream was closed before its connection was established.';
    }
    return wasClean
      ? 'The connection was closed before all that was written had gone.'
      : 'The connection was lost, without a closing handshake.';
  }

  #reject(reason: unknown): void {
    this.#isSettled = true;
    this.opening.reject(reason);
    this.closing.reject(reason);
  }

  #receive(chunk: Chunk): void {
    if (this.#state === OPEN) {
      this.#inflow?.receive(chunk);
    }
  }

  #requireOpen(): void {
    if (this.#state !== OPEN) {
      throw notOpen();
    }
  }

  #send(data: string | ByteRange): void {
    if (typeof data === 'string') {
      sendText(this.#id, data);
    } else {
      sendBytes('sendBinary', this.#id, data.buffer, data.start, data.length);
    }
    if (!this.#isDraining) {
      this.#isDraining = true;
      ownCommand('drain', { socket: this.#id });
    }
  }
}

function notOpen(): unknown {
  return domException('InvalidStateError', 'A WebSocketStream that is closing or closed cannot be written to.');
}

/** A stream that its script has broken takes nothing else along. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    reportException(error);
  }
}
