import type { WebSocket } from 'ws';
import type { MessageType } from './frames.ts';
import { Unsent, maskedFrameLength } from './unsent.ts';

/**
 * Sends the messages that ws frames: those of a client, which it masks, and those that it compresses. Of compressed ones the
 * bytes on the wire are not known, and ws says when each has gone.
 */
export class WsSender {
  readonly compresses: boolean;
  readonly #webSocket: WebSocket;
  readonly #unsent: Unsent;
  /** Compressed messages under way: how many, and their bytes before that. */
  #messages = 0;
  #bytes = 0;
  /** Called when these are none. */
  #onSent: (() => void) | undefined;

  /** @param unsent where is written down what is not compressed */
  constructor(webSocket: WebSocket, unsent: Unsent) {
    this.#webSocket = webSocket;
    this.#unsent = unsent;
    this.compresses = webSocket.extensions.includes('permessage-deflate');
  }

  /** The bytes that compressed messages have before that, of those that the kernel has not taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many these are. */
  get messages(): number {
    return this.#messages;
  }

  send(type: MessageType, data: string | Buffer): void {
    const length = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    const binary = type === 'sendBinary';
    if (!this.compresses) {
      this.#unsent.add(maskedFrameLength(length), length);
      this.#webSocket.send(data, { binary, compress: false });
      return;
    }
    this.#bytes += length;
    this.#messages++;
    this.#webSocket.send(data, { binary, compress: true }, () => {
      this.#bytes -= length;
      this.#messages--;
      const onSent = this.#onSent;
      if (this.#messages === 0 && onSent !== undefined) {
        this.#onSent = undefined;
        onSent();
      }
    });
  }

  /** Calls back, once, when no compressed message is under way. */
  whenSent(callback: () => void): void {
    if (this.#messages === 0) {
      callback();
    } else {
      this.#onSent = callback;
    }
  }
}
