import { isUtf8 } from 'node:buffer';
import { KEPT_BYTES, type MessageKind } from '../../wire/flat-writer.ts';
import { CONTROL, LONGEST_HEADER, MASK_BYTES, OPCODES, headerSize, headerWith, payloadLength } from './frame-header.ts';
import { GrowingMessage } from './growing-message.ts';
import { applyMask, isAsciiRange } from './masking.ts';
import { MessageRoom, type RoomGiver } from './message-room.ts';

/** RFC 6455, section 5.2: the first byte of a final text or binary frame, without reserved bits. */
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
const FINAL = 0x80;
/** RFC 7692, section 6: the first frame of a compressed message has RSV1. */
const RSV1 = 0x40;

/** RFC 1951: no byte of deflated data stands for more. */
const LARGEST_RATIO = 1032;

const NO_MASK = Buffer.alloc(MASK_BYTES);

/** What a reader makes of a peer's bytes, in their order. */
export interface FrameTarget extends RoomGiver {
  /**
   * A message: the part of the buffer from `start` to `end`, which nobody overwrites. A text is UTF-8. Of less than
   * KEPT_BYTES, whoever takes it makes a copy at once.
   */
  message(kind: MessageKind, data: Buffer, start: number, end: number): void;
  control(type: 'ping' | 'pong', data: Buffer): void;
  /**
   * What is for ws: a compressed message, as one frame, after which nothing is read until `proceed`; or the last thing
   * that is read, a close frame or one that breaks the protocol.
   */
  rest(...bytes: readonly Buffer[]): void;
  /** A close frame has come; `rest` follows. */
  closing(): void;
  /** Says what `rest`, which follows, breaks the protocol with, where ws would say something else. */
  violation(message: string): void;
}

export interface FrameReaderOptions {
  /** Whether the peer is a client, which masks its frames: RFC 6455, section 5.1. */
  readonly masked: boolean;
  /** Whether messages may be compressed. */
  readonly compressed: boolean;
  /** The largest message that is taken, in bytes, as it is on the wire. */
  readonly largest: number;
}

/**
 * Reads the frames of a peer: RFC 6455, section 5. It hands on messages, pings and pongs. What ends the connection goes to ws,
 * which closes it with the right code; it has seen none of what came before.
 *
 * Its memory is bounded by the message, however the peer cuts it: a fragment costs no more than its bytes.
 */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  /** Of the options, what is looked at for each message. */
  readonly #masked: boolean;
  readonly #largest: number;
  readonly #target: FrameTarget;
  /** The header of the frame that is read, as far as it has come. */
  readonly #header = Buffer.alloc(LONGEST_HEADER);
  #headerLength = 0;
  /** A whole header was read, and so many bytes of the payload behind it are still to come. */
  #inPayload = false;
  #left = 0;
  /** The bytes of the payload that have come. */
  #done = 0;
  readonly #control = Buffer.alloc(CONTROL.longest);
  /** The message that has begun: its opcode, or 0 where there is none. */
  #opcode: number = OPCODES.continuation;
  #isCompressed = false;
  #message = new GrowingMessage();
  #isBusy = false;
  readonly room: MessageRoom;
  #isOver = false;

  /** Whether to stop behind what is read just now. */
  isHeld = false;

  /** Whether a message that `read` has handed on refers to its chunk. */
  keepsChunk = false;

  constructor(options: FrameReaderOptions, target: FrameTarget) {
    this.#options = options;
    this.#masked = options.masked;
    this.#largest = options.largest;
    this.#target = target;
    this.room = new MessageRoom(target);
  }

  /** Whether `read` would stop at once. */
  get isStopped(): boolean {
    return !this.#isOver && (this.isHeld || this.#isBusy || this.room.isAwaited);
  }

  /** Whether nothing of what comes counts any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The compressed message is read. */
  proceed(): void {
    this.#isBusy = false;
    this.room.release();
  }

  /** Nothing of what comes counts any more. */
  end(): void {
    this.#isOver = true;
    this.#message = new GrowingMessage();
    this.room.release();
  }

  /** Reads the chunk from `at` on, and unmasks it where it lies. Returns where it stopped: mostly at the end. */
  read(chunk: Buffer, from: number): number {
    let at = from;
    this.keepsChunk = false;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    while (at < chunk.length && !this.isStopped) {
      if (this.#isOver) {
        return chunk.length;
      }
      if (this.#inPayload) {
        at = this.#readPayload(chunk, at);
      } else if (this.#headerLength > 0 || this.#opcode !== OPCODES.continuation || !this.#isWholeMessage(chunk, view, at)) {
        at = this.#readHeader(chunk, at);
      } else {
        at = this.#payloadEnd;
        this.#deliver(this.#kind, chunk, this.#payloadStart, at);
      }
    }
    return at;
  }

  /** The message that `isWholeMessage` has found, and where its payload lies in the chunk. */
  #kind: MessageKind | 'broken text' = 'binary';
  #payloadStart = 0;
  #payloadEnd = 0;

  /** Whether a message lies here in one whole frame, as nearly all do. If so, its payload is unmasked. */
  #isWholeMessage(chunk: Buffer, view: DataView, at: number): boolean {
    const first = chunk[at] as number;
    const available = chunk.length - at;
    const masked = this.#masked;
    if ((first !== FINAL_TEXT && first !== FINAL_BINARY) || available < 2) {
      return false;
    }
    const second = chunk[at + 1] as number;
    if (second >= 0x80 !== masked) {
      return false;
    }
    let length = second & 0x7f;
    let header = masked ? 2 + MASK_BYTES : 2;
    if (length === 126) {
      if (available < 4) {
        return false;
      }
      length = chunk.readUInt16BE(at + 2);
      header += 2;
      if (length < 126) {
        return false;
      }
    } else if (length === 127) {
      // No chunk holds that much, or nearly none.
      return false;
    }
    if (available < header + length || length > this.#largest) {
      return false;
    }
    const start = at + header;
    const end = start + length;
    const isAscii = masked ? applyMask(view, start, end, view.getInt32(start - MASK_BYTES, true)) : isAsciiRange(view, start, end);
    this.#kind = first === FINAL_BINARY ? 'binary' : isAscii ? 'ascii' : isUtf8(chunk.subarray(start, end)) ? 'text' : 'broken text';
    this.#payloadStart = start;
    this.#payloadEnd = end;
    return true;
  }

  #deliver(kind: MessageKind | 'broken text', data: Buffer, start: number, end: number): void {
    if (kind === 'broken text') {
      return this.#refuseText();
    }
    const length = end - start;
    if (length >= KEPT_BYTES && length * 4 < data.length) {
      // Whoever keeps it would keep the whole chunk, and a peer may see to it that there is little else in it.
      this.#target.message(kind, Buffer.from(data.subarray(start, end)), 0, length);
    } else {
      this.keepsChunk ||= length >= KEPT_BYTES;
      this.#target.message(kind, data, start, end);
    }
  }

  /** Reads what is here of a header. Returns where it stopped. */
  #readHeader(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && !this.#isOver) {
      this.#header[this.#headerLength++] = chunk[at++] as number;
      if (this.#headerLength === 2) {
        this.#checkStart();
      }
      if (this.#headerLength >= 2 && this.#headerLength === headerSize(this.#header) && !this.#isOver) {
        this.#headerLength = 0;
        this.#begin();
        break;
      }
    }
    return at;
  }

  /** Two bytes tell most of what can be wrong with a frame; ws is given them to say it. */
  #checkStart(): void {
    const first = this.#header[0] as number;
    const second = this.#header[1] as number;
    const { compressed, masked } = this.#options;
    const opcode = first & 0x0f;
    const isData = opcode === OPCODES.text || opcode === OPCODES.binary;
    const reserved = first & 0x70;
    const length = second & 0x7f;
    const isGood =
      (reserved === 0 || (reserved === RSV1 && compressed && isData)) &&
      second >= 0x80 === masked &&
      (isData
        ? this.#opcode === OPCODES.continuation
        : opcode === OPCODES.continuation
          ? this.#opcode !== OPCODES.continuation
          : opcode >= OPCODES.close && opcode <= OPCODES.pong && first >= FINAL && length <= CONTROL.longest) &&
      !(opcode === OPCODES.close && length === 1);
    if (!isGood) {
      this.#refuse(this.#header.subarray(0, 2));
    }
  }

  /** The header is there. */
  #begin(): void {
    const header = this.#header;
    const first = header[0] as number;
    const opcode = first & 0x0f;
    const form = (header[1] as number) & 0x7f;
    const length = payloadLength(header);
    if (form === 127 && (header[2] as number) >= 0x80) {
      return this.#refuseAs('the most significant bit of the payload length must be 0');
    }
    if ((form === 126 && length < 126) || (form === 127 && length < 65_536)) {
      return this.#refuseAs(`a payload length of ${length} must be written in the shortest form`);
    }
    if (opcode < OPCODES.close) {
      const { largest, masked } = this.#options;
      if (this.#message.length + length > largest) {
        // In a length of eight bytes, which is what ws looks at.
        return this.#last(headerWith(FINAL_BINARY, Math.min(this.#message.length + length, Number.MAX_SAFE_INTEGER), masked, NO_MASK));
      }
      if (opcode !== OPCODES.continuation) {
        this.#opcode = opcode;
        this.#isCompressed = (first & RSV1) !== 0;
      }
    }
    this.#inPayload = true;
    this.#left = length;
    this.#done = 0;
    if (length === 0) {
      this.#endFrame();
    }
  }

  /** Reads what is here of a payload. Returns where it stopped. */
  #readPayload(chunk: Buffer, at: number): number {
    const end = at + Math.min(this.#left, chunk.length - at);
    const header = this.#header;
    const opcode = (header[0] as number) & 0x0f;
    if (opcode < OPCODES.close) {
      const length = this.#message.length + end - at;
      if (!this.room.grow(length, this.#message.length + this.#left)) {
        return at;
      }
    }
    const mask = this.#options.masked ? maskOf(header, this.#done) : 0;
    if (opcode < OPCODES.close) {
      const isLast = (header[0] as number) >= FINAL;
      this.#message.append(chunk, at, end, mask, isLast ? this.#left : undefined);
    } else {
      chunk.copy(this.#control, this.#done, at, end);
      const view = new DataView(this.#control.buffer, this.#control.byteOffset, this.#control.length);
      applyMask(view, this.#done, this.#done + end - at, mask);
    }
    this.#done += end - at;
    this.#left -= end - at;
    if (opcode < OPCODES.close && this.#opcode === OPCODES.text && !this.#isCompressed && !this.#message.isTextSoFar()) {
      this.#refuseText();
    } else if (this.#left === 0) {
      this.#endFrame();
    }
    return end;
  }

  #endFrame(): void {
    this.#inPayload = false;
    const first = this.#header[0] as number;
    const opcode = first & 0x0f;
    if (opcode < OPCODES.close) {
      if (first >= FINAL) {
        this.#endMessage();
      }
      return;
    }
    const data = Buffer.from(this.#control.subarray(0, this.#done));
    if (opcode === OPCODES.close) {
      this.#target.closing();
      this.#last(headerWith(first, data.length, this.#options.masked, NO_MASK), data);
    } else {
      this.#target.control(opcode === OPCODES.ping ? 'ping' : 'pong', data);
    }
  }

  #endMessage(): void {
    const opcode = this.#opcode;
    const message = this.#message;
    this.#opcode = OPCODES.continuation;
    this.#message = new GrowingMessage();
    if (this.#isCompressed) {
      this.#isCompressed = false;
      const data = message.take();
      this.#isBusy = true;
      const inflate = (): void => this.#target.rest(headerWith(FINAL | RSV1 | opcode, data.length, this.#options.masked, NO_MASK), data);
      this.room.have(data.length + Math.min(this.#largest, LARGEST_RATIO * data.length), inflate);
    } else if (opcode === OPCODES.text && !message.isWholeText()) {
      this.#refuseText();
    } else {
      const data = message.take();
      this.#target.message(opcode === OPCODES.binary ? 'binary' : message.isAscii ? 'ascii' : 'text', data, 0, data.length);
      this.room.release();
    }
  }

  /** RFC 6455, section 8.1: as soon as it is known. */
  #refuseText(): void {
    this.#last(headerWith(FINAL_TEXT, 1, this.#options.masked, NO_MASK), Buffer.of(0xff));
  }

  /** Breaks the protocol by what ws does not look at. An unknown opcode has it close with the same code. */
  #refuseAs(message: string): void {
    this.#target.violation(`Invalid WebSocket frame: ${message}`);
    this.#last(headerWith(FINAL | 0x0f, 0, this.#options.masked, NO_MASK));
  }

  /** Breaks the protocol by what ws sees too, if it knows that a message has begun. */
  #refuse(start: Buffer): void {
    const copy = Buffer.from(start);
    if (this.#opcode === OPCODES.continuation) {
      this.#last(copy);
    } else {
      this.#last(headerWith(OPCODES.text, 0, this.#options.masked, NO_MASK), copy);
    }
  }

  #last(...bytes: readonly Buffer[]): void {
    this.end();
    this.#target.rest(...bytes);
  }
}

/** The mask of a header, as it stands at this byte of the payload: four bytes in little-endian order. */
function maskOf(header: Buffer, at: number): number {
  const from = headerSize(header) - MASK_BYTES;
  const byte = (index: number): number => header[from + ((at + index) & 3)] as number;
  return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
}
