import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { MessageKind } from '../../wire/flat-writer.ts';
import { releaseBytes } from '../../wire/release-bytes.ts';
import { FrameReader, type FrameReaderOptions } from './frame-reader.ts';

/** How much is read ahead while nothing is handed on, in bytes. */
const READ_AHEAD = 64 * 1024;

const NOTHING = Buffer.alloc(0);
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** Who takes what comes out of a stream. */
export interface FrameOwner {
  /** A message: see `FrameTarget`. */
  message(kind: MessageKind, data: Buffer, start: number, end: number): void;
  control(type: 'ping' | 'pong', data: Buffer): void;
  /** See `FrameTarget`. */
  reserve(bytes: number): boolean;
  release(): void;
  /** Says what breaks the protocol, before ws closes the connection for it. */
  /** The peer's close frame has come. */
  closing(): void;
  violation(message: string): void;
  /** Bytes have come, whatever they are. */
  activity(): void;
}

/**
 * What ws gets for a TCP or TLS socket. It writes through; of what is received, ws sees the handshake, and of the frames
 * only what `FrameReader` leaves to it.
 *
 * While it is held it hands on nothing, from the next frame on: a few bytes may be many messages, and compressed ones become
 * a thousand times as many.
 */
export class FramedStream extends Duplex {
  readonly socket: Socket;
  /** What has come and was not handed on. */
  #rest: Buffer = NOTHING;
  #reader: FrameReader | undefined;
  #owner: FrameOwner | undefined;
  /** A handshake's answer, or one before it, was given to ws; whether frames follow is not known yet. */
  #isAfterHead = false;
  #isListening = false;
  #isAdvancing = false;
  #isHeld = false;
  #isEnded = false;
  #isClosed = false;
  #error: Error | undefined;

  /** @param readsHandshake whether the handshake's answer is read here; else the frames begin with what `start` is given */
  constructor(socket: Socket, readsHandshake: boolean) {
    super({ allowHalfOpen: true, emitClose: true });
    this.socket = socket;
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.on('error', (error) => {
      this.#error ??= error;
      this.#advance();
    });
    socket.on('end', () => {
      this.#isEnded = true;
      this.#advance();
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#advance();
    });
    if (readsHandshake) {
      this.#listen();
    }
  }

  /**
   * The handshake is done: frames follow, and `head` is what has come of them already.
   *
   * @param webSocket to which compressed messages are given
   */
  start(webSocket: WebSocket, head: Buffer, options: FrameReaderOptions, owner: FrameOwner): void {
    const reader = new FrameReader(options, {
      message: (kind, data, start, end) => owner.message(kind, data, start, end),
      control: (type, data) => owner.control(type, data),
      reserve: (bytes) => owner.reserve(bytes),
      release: () => owner.release(),
      closing: () => owner.closing(),
      violation: (message) => owner.violation(message),
      rest: (...bytes) => bytes.forEach((each) => this.push(each)),
    });
    webSocket.on('message', () => {
      reader.proceed();
      this.#advance();
    });
    webSocket.on('error', () => {
      reader.end();
      this.#advance();
    });
    this.#reader = reader;
    this.#owner = owner;
    reader.isHeld = this.#isHeld;
    if (head.length > 0) {
      this.#rest = Buffer.concat([head, this.#rest]);
    }
    if (!this.#isListening) {
      this.#listen();
    }
    this.#advance();
  }

  /** Hands on nothing more, until `release`. */
  hold(): void {
    this.#isHeld = true;
    if (this.#reader !== undefined) {
      this.#reader.isHeld = true;
    }
    this.#advance();
  }

  release(): void {
    this.#isHeld = false;
    if (this.#reader !== undefined) {
      this.#reader.isHeld = false;
    }
    this.#advance();
  }

  /** There is the room for a message that was asked for. */
  roomAgain(): void {
    this.#reader?.room.given();
    this.#advance();
  }

  /** Another owner has the room from now on. */
  moveRoom(): void {
    this.#reader?.room.move();
    this.#advance();
  }

  override _read(): void {
    // The socket pushes.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.socket.write(chunk, callback);
  }

  override _writev(chunks: { readonly chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.socket.cork();
    for (const [index, { chunk }] of chunks.entries()) {
      this.socket.write(chunk, index === chunks.length - 1 ? callback : undefined);
    }
    this.socket.uncork();
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.socket.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.socket.destroy();
    callback(error);
  }

  #listen(): void {
    this.#isListening = true;
    this.socket.on('data', (chunk: Buffer) => {
      this.#owner?.activity();
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      this.#advance();
    });
  }

  /** Hands on what may be handed on, and sees to it that the socket is read where more of it may come. */
  #advance(): void {
    // What is handed on may bring about another call.
    if (this.#isAdvancing) {
      return;
    }
    this.#isAdvancing = true;
    while (this.#rest.length > 0 && !this.destroyed) {
      const before = this.#rest;
      const reader = this.#reader;
      const size = reader === undefined ? this.#passHandshake() : reader.read(before, 0);
      this.#rest = size === before.length ? NOTHING : before.subarray(size);
      if (size === before.length && reader?.keepsChunk === false) {
        releaseBytes(before);
      }
      if (size === 0) {
        break;
      }
    }
    this.#isAdvancing = false;
    // Of what comes behind a close frame nothing counts but the end.
    const isStopped = this.#reader?.isOver !== true && (this.#isHeld || this.#reader?.isStopped === true || this.#rest.length > READ_AHEAD);
    if (this.#isListening && isStopped !== this.socket.isPaused()) {
      if (isStopped) {
        this.socket.pause();
      } else {
        this.socket.resume();
      }
    }
    const isHandshakeCut = this.#reader === undefined && !this.#isAfterHead;
    if (this.#rest.length === 0 || this.destroyed || isHandshakeCut) {
      this.#finish();
    }
  }

  #finish(): void {
    if (this.#error !== undefined && !this.destroyed) {
      this.destroy(this.#error);
    } else if (this.#isClosed) {
      this.destroy();
    } else if (this.#isEnded) {
      this.#isEnded = false;
      if (this.#reader === undefined && this.#rest.length > 0) {
        this.push(this.#rest);
        this.#rest = NOTHING;
      }
      this.push(null);
    }
  }

  /** Passes on up to the end of the handshake's answer: what stands behind it waits until it is known what it is. */
  #passHandshake(): number {
    if (this.#isAfterHead) {
      return 0;
    }
    const at = this.#rest.indexOf(END_OF_HEAD);
    // The end may be cut: its first bytes wait.
    const size = at === -1 ? Math.max(this.#rest.length - (END_OF_HEAD.length - 1), 0) : at + END_OF_HEAD.length;
    if (at !== -1) {
      this.#isAfterHead = true;
      this.#awaitFrames();
    }
    if (size > 0) {
      this.push(this.#rest.subarray(0, size));
    }
    return size;
  }

  /** When it has been read and no frames follow, it was not the answer, but one that only informs. */
  #awaitFrames(): void {
    setImmediate(() => {
      if (this.#reader !== undefined || this.destroyed) {
        return;
      }
      if (this.readableLength > 0 || this.readableFlowing !== true) {
        return this.#awaitFrames();
      }
      this.#isAfterHead = false;
      this.#advance();
    });
  }
}
