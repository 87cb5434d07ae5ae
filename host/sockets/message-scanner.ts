import { isUtf8 } from 'node:buffer';
import type { MessageKind } from '../../wire/flat-writer.ts';

/** Takes a message: the part of the buffer from `start` to `end`, which is overwritten by nobody. */
export type OnMessage = (kind: MessageKind, data: Buffer, start: number, end: number) => void;

/** RFC 6455, section 5.2: a final text or binary frame, without reserved bits. */
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
const MASKED = 0x80;
const CLOSE_OPCODE = 0x8;

/** Two bytes, and eight for the longest form of a length. */
const LONGEST_HEADER = 10;
const MASK_BYTES = 4;

/**
 * Takes the messages that come in one whole frame straight out of a client's stream, and hands everything else to ws:
 * fragments, control frames, frames that the end of a chunk cuts, and whatever breaks the protocol. Both come out in the
 * order of the stream.
 *
 * Nearly all frames of a busy connection are of the first kind, and ws spends most of its time on a message in cutting
 * buffers.
 */
export class MessageScanner {
  readonly #largest: number;
  readonly #onMessage: OnMessage;
  readonly #onOther: (bytes: Buffer) => void;
  readonly #isCaughtUp: () => boolean;
  /** The header of a frame that goes to ws, as far as it has come. */
  readonly #header = Buffer.alloc(LONGEST_HEADER);
  #headerLength = 0;
  /** How many bytes of that frame are still to come, once its header is there. */
  #left = 0;
  /** A message has begun with a frame that is not its last. */
  #fragmented = false;
  /** A close frame has passed, or something that ws will end the connection for: all that follows is its business. */
  #over = false;

  /**
   * @param largest the largest message that is taken, in bytes; ws refuses larger ones
   * @param isCaughtUp whether ws has read all that `onOther` was given: else a message would overtake it
   */
  constructor(
    largest: number,
    onMessage: OnMessage,
    onOther: (bytes: Buffer) => void,
    isCaughtUp: () => boolean,
  ) {
    this.#largest = largest;
    this.#onMessage = onMessage;
    this.#onOther = onOther;
    this.#isCaughtUp = isCaughtUp;
  }

  /** Takes the next bytes of the stream. They are unmasked where they lie. */
  push(chunk: Buffer): void {
    /** Where the bytes begin that go to ws next. */
    let otherFrom = 0;
    let at = 0;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    while (at < chunk.length) {
      if (this.#over) {
        at = chunk.length;
      } else if (this.#left > 0) {
        const size = Math.min(this.#left, chunk.length - at);
        this.#left -= size;
        at += size;
      } else if (this.#headerLength > 0 || this.#fragmented || !this.#isWholeMessage(chunk, view, at)) {
        at = this.#readHeader(chunk, at);
      } else {
        const start = this.#payloadStart;
        const end = this.#payloadEnd;
        if (at > otherFrom) {
          this.#onOther(chunk.subarray(otherFrom, at));
          otherFrom = at;
        }
        if (!this.#isCaughtUp()) {
          applyMask(chunk, view, start, end);
          at = this.#readHeader(chunk, at);
          continue;
        }
        at = end;
        otherFrom = at;
        this.#onMessage(this.#kind, chunk, start, end);
      }
    }
    if (at > otherFrom) {
      this.#onOther(otherFrom === 0 ? chunk : chunk.subarray(otherFrom));
    }
  }

  /** The message that `isWholeMessage` has found, and where its payload lies in the chunk. */
  #kind: MessageKind = 'binary';
  #payloadStart = 0;
  #payloadEnd = 0;

  /** Whether a message lies here in one whole frame. If so, its payload is unmasked. */
  #isWholeMessage(chunk: Buffer, view: DataView, at: number): boolean {
    const first = chunk[at] as number;
    const available = chunk.length - at;
    if ((first !== FINAL_TEXT && first !== FINAL_BINARY) || available < 2 + MASK_BYTES) {
      return false;
    }
    const second = chunk[at + 1] as number;
    if (second < MASKED) {
      return false;
    }
    let length = second - MASKED;
    let header = 2 + MASK_BYTES;
    if (length === 126) {
      if (available < 4) {
        return false;
      }
      length = chunk.readUInt16BE(at + 2);
      header += 2;
    } else if (length === 127) {
      if (available < LONGEST_HEADER || chunk.readUInt32BE(at + 2) !== 0) {
        return false;
      }
      length = chunk.readUInt32BE(at + 6);
      header += 8;
    }
    if (available < header + length || length > this.#largest) {
      return false;
    }
    const start = at + header;
    const end = start + length;
    const isAscii = applyMask(chunk, view, start, end);
    if (first === FINAL_BINARY) {
      this.#kind = 'binary';
    } else if (isAscii) {
      this.#kind = 'ascii';
    } else if (isUtf8(chunk.subarray(start, end))) {
      this.#kind = 'text';
    } else {
      // For ws to refuse, as it came.
      applyMask(chunk, view, start, end);
      return false;
    }
    this.#payloadStart = start;
    this.#payloadEnd = end;
    return true;
  }

  /** Reads what is here of the header of a frame that goes to ws. Returns where it stopped. */
  #readHeader(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      this.#header[this.#headerLength++] = chunk[at++] as number;
      if (this.#headerLength >= 2 && this.#headerLength === headerSize(this.#header[1] as number)) {
        this.#headerLength = 0;
        this.#begin();
        break;
      }
    }
    return at;
  }

  /** The header of a frame that goes to ws is there: how far does the frame reach, and what does it change? */
  #begin(): void {
    const first = this.#header[0] as number;
    const second = this.#header[1] as number;
    const final = (first & 0x80) !== 0;
    const opcode = first & 0x0f;
    const length = payloadLength(this.#header);
    const isBroken = (first & 0x70) !== 0 || second < MASKED || !Number.isSafeInteger(length);
    if (isBroken || opcode === CLOSE_OPCODE) {
      this.#over = true;
      return;
    }
    this.#left = length + MASK_BYTES;
    if (opcode < CLOSE_OPCODE) {
      this.#fragmented = !final;
    }
  }
}

/** The size of a header without the mask, by its second byte. */
function headerSize(second: number): number {
  const length = second & 0x7f;
  return length < 126 ? 2 : length === 126 ? 4 : LONGEST_HEADER;
}

function payloadLength(header: Buffer): number {
  const length = (header[1] as number) & 0x7f;
  if (length < 126) {
    return length;
  }
  return length === 126 ? header.readUInt16BE(2) : header.readUInt32BE(2) * 2 ** 32 + header.readUInt32BE(6);
}

/**
 * RFC 6455, section 5.3. The mask stands right before the payload; applied twice, it changes nothing. Returns whether
 * what is there now is ASCII.
 *
 * @param view of the whole chunk, by which four bytes are changed at a time, wherever they lie
 */
function applyMask(chunk: Buffer, view: DataView, start: number, end: number): boolean {
  const mask = view.getInt32(start - MASK_BYTES, true);
  let at = start;
  let seen = 0;
  for (const last = end - 3; at < last; at += 4) {
    const word = view.getInt32(at, true) ^ mask;
    view.setInt32(at, word, true);
    seen |= word;
  }
  for (; at < end; at++) {
    const byte = (chunk[at] as number) ^ (chunk[start - MASK_BYTES + ((at - start) & 3)] as number);
    chunk[at] = byte;
    seen |= byte;
  }
  return (seen & 0x80808080) === 0;
}
