import { randomFillSync } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { MessageType } from './frames.ts';
import { applyMask } from './masking.ts';
import { Unsent, maskedFrameLength } from './unsent.ts';

const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;

/** From this size on, a message is not copied to be masked, which takes as long as the memory for it takes to be mapped. */
const MASKED_IN_PLACE = 1024 * 1024;

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

  /** @param socket what ws writes to, where it masks and the message is the caller's to change */
  send(type: MessageType, data: string | Buffer, socket?: Writable): void {
    const length = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    const binary = type === 'sendBinary';
    if (!this.compresses) {
      this.#unsent.add(maskedFrameLength(length), length);
      if (typeof data !== 'string' && length >= MASKED_IN_PLACE && socket !== undefined) {
        return sendMasked(socket, binary ? FINAL_BINARY : FINAL_TEXT, data);
      }
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

/** RFC 6455, 5.2 and 5.3. */
function sendMasked(socket: Writable, first: number, data: Buffer): void {
  const header = Buffer.alloc(14);
  header[0] = first;
  header[1] = 0xff;
  header.writeBigUInt64BE(BigInt(data.length), 2);
  randomFillSync(header, 10);
  applyMask(new DataView(data.buffer, data.byteOffset, data.length), 0, data.length, header.readInt32LE(10));
  socket.write(header);
  socket.write(data);
}
