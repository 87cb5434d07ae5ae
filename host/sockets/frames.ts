import type { Writable } from 'node:stream';

/**
 * RFC 6455, section 5.2: the frames of a server's messages, which are neither masked nor compressed. Writing the frames
 * of a whole turn into one buffer, instead of one message at a time to the socket, is where most of a batch's speed
 * comes from.
 */

const TEXT = 0x81;
const BINARY = 0x82;

/** From this size on, a payload is not copied behind its header but written as a chunk of its own. */
const REFERENCE_THRESHOLD = 8 * 1024;

const LONGEST_HEADER = 10;

const SMALLEST_AREA = 256;
const LARGEST_AREA = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** From so many chunks on, small ones are joined: each that is written has its price. */
const MANY_CHUNKS = 16;
const SMALL_CHUNK = 2048;

export type MessageType = 'sendText' | 'sendBinary';

/** Where frames come from that are for other sockets as well: `FrameRun`. */
export interface FrameSource {
  part(from: number, to: number): Uint8Array;
}

/** Frames of a source, which are asked for when they are to be written: more may have joined them by then. */
class SourcePart {
  readonly source: FrameSource;
  readonly from: number;
  to: number;

  constructor(source: FrameSource, from: number, to: number) {
    this.source = source;
    this.from = from;
    this.to = to;
  }
}

/** Messages that wait to be written to one socket, as frames. */
export class FrameQueue {
  /** Frames are written here one behind another; those from `#from` to `#at` were not taken yet. */
  #area = NOTHING;
  #from = 0;
  #at = 0;
  #chunks: (Uint8Array | SourcePart)[] = [];
  #hasParts = false;
  #length = 0;
  #payload = 0;

  /** All bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** The bytes of payload in them. */
  get payload(): number {
    return this.#payload;
  }

  /**
   * Adds a message, final and whole: a string, or the part of the buffer from `start` to `end`. Returns whether it refers to
   * the buffer from now on.
   */
  add(type: MessageType, data: string | Buffer, start: number, end: number): boolean {
    if (typeof data !== 'string') {
      return this.#addBytes(type, data, start, end);
    }
    // Three bytes for each UTF-16 unit are the most that UTF-8 needs.
    if (data.length * 3 >= REFERENCE_THRESHOLD) {
      const bytes = Buffer.from(data, 'utf8');
      this.#addBytes(type, bytes, 0, bytes.length);
      return false;
    }
    this.#reserve(data.length * 3 + LONGEST_HEADER);
    // Most texts are short, and then their size need not be known before they are written.
    let size = data.length < 126 ? this.#area.write(data, this.#at + 2, 'utf8') : Buffer.byteLength(data);
    const at = this.#at + 2;
    this.#header(type, size);
    if (this.#at !== at) {
      size = this.#area.write(data, this.#at, 'utf8');
    }
    this.#at += size;
    this.#length += size;
    this.#payload += size;
    return false;
  }

  /** Takes what waits, as chunks to be written in order. They belong to the caller from now on. */
  take(): readonly Uint8Array[] {
    this.#cut();
    const chunks = this.#hasParts ? resolved(this.#chunks, this.#length) : (this.#chunks as Uint8Array[]);
    this.#chunks = [];
    this.#hasParts = false;
    this.#length = 0;
    this.#payload = 0;
    return chunks;
  }

  /**
   * Writes what waits. Where the kernel takes all of it at once, the next frames are written over these: memory for each turn
   * would have V8 collect without end.
   */
  writeTo(socket: Writable): void {
    const chunks = this.take();
    if (chunks.length === 1) {
      socket.write(chunks[0]);
    } else {
      socket.cork();
      for (const chunk of chunks) {
        socket.write(chunk);
      }
      socket.uncork();
    }
    if (socket.writableLength === 0) {
      this.#from = 0;
      this.#at = 0;
    }
  }

  /** Adds a message whose frame lies in a source, from one place to another. It is not copied. */
  addShared(source: FrameSource, from: number, to: number, payload: number): void {
    this.#cut();
    const last = this.#chunks.at(-1);
    if (last instanceof SourcePart && last.source === source && last.to === from) {
      last.to = to;
    } else {
      this.#chunks.push(new SourcePart(source, from, to));
      this.#hasParts = true;
    }
    this.#length += to - from;
    this.#payload += payload;
  }

  #addBytes(type: MessageType, data: Buffer, start: number, end: number): boolean {
    const size = end - start;
    const isCopied = size < REFERENCE_THRESHOLD;
    if (isCopied) {
      this.#reserve(size + LONGEST_HEADER);
      this.#header(type, size);
      data.copy(this.#area, this.#at, start, end);
      this.#at += size;
    } else {
      this.#reserve(LONGEST_HEADER);
      this.#header(type, size);
      this.#cut();
      this.#chunks.push(data.subarray(start, end));
    }
    this.#length += size;
    this.#payload += size;
    return !isCopied;
  }

  #header(type: MessageType, length: number): void {
    const area = this.#area;
    const at = this.#at;
    area[at] = type === 'sendBinary' ? BINARY : TEXT;
    if (length < 126) {
      area[at + 1] = length;
      this.#at += 2;
    } else if (length < 65_536) {
      area[at + 1] = 126;
      area.writeUInt16BE(length, at + 2);
      this.#at += 4;
    } else {
      area[at + 1] = 127;
      area.writeUInt32BE(Math.floor(length / 2 ** 32), at + 2);
      area.writeUInt32BE(length >>> 0, at + 6);
      this.#at += 10;
    }
    this.#length += this.#at - at;
  }

  #cut(): void {
    if (this.#at > this.#from) {
      this.#chunks.push(this.#area.subarray(this.#from, this.#at));
      this.#from = this.#at;
    }
  }

  /** The area grows with what is sent at a time: many thousand sockets that say little must not take much. */
  #reserve(size: number): void {
    if (this.#at + size <= this.#area.length) {
      return;
    }
    const wanted = Math.max(SMALLEST_AREA, 4 * (this.#at - this.#from));
    this.#cut();
    this.#area = Buffer.allocUnsafe(Math.max(size, Math.min(LARGEST_AREA, wanted)));
    this.#from = 0;
    this.#at = 0;
  }
}

function resolved(chunks: readonly (Uint8Array | SourcePart)[], length: number): readonly Uint8Array[] {
  const bytes = chunks.map((chunk) => (chunk instanceof SourcePart ? chunk.source.part(chunk.from, chunk.to) : chunk));
  return bytes.length > MANY_CHUNKS && length < bytes.length * SMALL_CHUNK ? [Buffer.concat(bytes, length)] : bytes;
}
