import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** How much is read ahead of what ws may have, in bytes. */
const READ_AHEAD = 64 * 1024;

const NOTHING = Buffer.alloc(0);
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/**
 * What ws gets for a socket whose messages are compressed: one message at a time, and none while the owner holds it. A few
 * bytes become a thousand times as many, so that what ws has been given already must not be more than a message when
 * reading is to stop.
 */
export class PacedStream extends Duplex {
  readonly #socket: Socket;
  /** What has come and was not given to ws. */
  #rest: Buffer = NOTHING;
  /** `raw`: everything is passed on, as nothing more is inflated. */
  #mode: 'handshake' | 'frames' | 'raw' = 'handshake';
  /** The answer to the handshake, or another one before it, was given; whether frames follow is not known yet. */
  #isAfterHead = false;
  /** How many bytes are left of the frame that is passed on. */
  #frameLeft = 0;
  #endsMessage = false;
  /** ws has a whole message, and has not said that it has read it. */
  #isBusy = false;
  #isHeld = false;
  #isEnded = false;
  #isClosed = false;

  constructor(socket: Socket) {
    super({ allowHalfOpen: true, emitClose: true });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      if (this.#rest.length > READ_AHEAD) {
        socket.pause();
      }
      this.#advance();
    });
    socket.on('end', () => {
      this.#isEnded = true;
      this.#advance();
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => {
      this.#isClosed = true;
      this.#advance();
    });
  }

  /** The handshake is done: what follows are frames for this WebSocket. */
  pace(webSocket: WebSocket): void {
    this.#mode = 'frames';
    const next = (): void => {
      this.#isBusy = false;
      this.#advance();
    };
    webSocket.on('message', next);
    webSocket.on('error', () => {
      this.#mode = 'raw';
      next();
    });
    process.nextTick(() => this.#advance());
  }

  /** Gives ws nothing more, until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#advance();
  }

  override _read(): void {
    if (this.#isAfterHead && this.#mode === 'handshake' && this.readableLength === 0) {
      // It was not the answer, but one that only informs.
      this.#isAfterHead = false;
      this.#advance();
    }
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#socket.write(chunk, callback);
  }

  override _writev(chunks: { readonly chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#socket.cork();
    for (const [index, { chunk }] of chunks.entries()) {
      this.#socket.write(chunk, index === chunks.length - 1 ? callback : undefined);
    }
    this.#socket.uncork();
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#socket.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket.destroy();
    callback(error);
  }

  #advance(): void {
    while (this.#rest.length > 0 && !this.#isHeld && !this.#isBusy && !this.destroyed) {
      const size = this.#nextSize();
      if (size === 0) {
        break;
      }
      const piece = this.#rest.subarray(0, size);
      this.#rest = size === this.#rest.length ? NOTHING : this.#rest.subarray(size);
      this.push(piece);
    }
    if (this.#rest.length <= READ_AHEAD && this.#socket.isPaused() && !this.#isHeld) {
      this.#socket.resume();
    }
    if (this.#rest.length === 0 || this.destroyed) {
      this.#finish();
    }
  }

  #finish(): void {
    if (this.#isEnded) {
      this.#isEnded = false;
      this.push(null);
    }
    if (this.#isClosed) {
      this.destroy();
    }
  }

  /** How much of what is here goes to ws next; 0 where that is not known yet. */
  #nextSize(): number {
    switch (this.#mode) {
      case 'raw':
        return this.#rest.length;
      case 'handshake':
        return this.#headSize();
      case 'frames':
        return this.#frameSize();
    }
  }

  /** Up to the end of the handshake's answer: what stands behind it waits until it is known what it is. */
  #headSize(): number {
    if (this.#isAfterHead) {
      return 0;
    }
    const at = this.#rest.indexOf(END_OF_HEAD);
    if (at === -1) {
      // The end may be cut: its last three bytes wait, but for a peer that sends nothing else.
      const size = this.#rest.length - (END_OF_HEAD.length - 1);
      return Math.max(size, 0);
    }
    this.#isAfterHead = true;
    return at + END_OF_HEAD.length;
  }

  /** RFC 6455, section 5.2: up to the end of the next message. */
  #frameSize(): number {
    let at = 0;
    while (at < this.#rest.length) {
      if (this.#frameLeft === 0) {
        const headerSize = this.#readHeader(at);
        if (headerSize === 0) {
          return at;
        }
      }
      const size = Math.min(this.#frameLeft, this.#rest.length - at);
      this.#frameLeft -= size;
      at += size;
      if (this.#frameLeft === 0 && this.#endsMessage) {
        this.#endsMessage = false;
        this.#isBusy = true;
        return at;
      }
    }
    return at;
  }

  /** Reads a frame's header, if it is all there: then the frame's size is known, header and mask included. */
  #readHeader(at: number): number {
    const rest = this.#rest;
    const available = rest.length - at;
    if (available < 2) {
      return 0;
    }
    const first = rest[at] as number;
    const second = rest[at + 1] as number;
    const form = second & 0x7f;
    const header = (form < 126 ? 2 : form === 126 ? 4 : 10) + (second >= 0x80 ? 4 : 0);
    if (available < header) {
      return 0;
    }
    const length = form < 126 ? form : form === 126 ? rest.readUInt16BE(at + 2) : Number(rest.readBigUInt64BE(at + 2));
    const opcode = first & 0x0f;
    if (opcode === 8) {
      this.#mode = 'raw';
    }
    this.#endsMessage = opcode < 8 && first >= 0x80;
    this.#frameLeft = header + length;
    return header;
  }
}
