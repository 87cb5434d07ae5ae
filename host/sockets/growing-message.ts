import { isAscii, isUtf8 } from 'node:buffer';
import { applyMask } from './masking.ts';

const NOTHING = Buffer.alloc(0);

/** The least and the most that is reserved before it is needed, in bytes. */
const SMALLEST_AREA = 256;
const RESERVED_AT_ONCE = 64 * 1024;

/** A message that comes in pieces. What a peer only announces costs nothing: memory grows with what has come. */
export class GrowingMessage {
  #area: Buffer = NOTHING;
  #length = 0;
  #isAscii = true;
  /** Up to here, what has come is UTF-8. */
  #checked = 0;

  get length(): number {
    return this.#length;
  }

  get isAscii(): boolean {
    return this.#isAscii;
  }

  /**
   * Adds a part of a chunk.
   *
   * @param mask for its first four bytes, in little-endian order; 0 for none
   * @param left how many bytes the message will have from these on, where that is known
   */
  append(chunk: Buffer, start: number, end: number, mask: number, left: number | undefined): void {
    const from = this.#length;
    this.#length += end - start;
    this.#reserve(left === undefined ? undefined : from + left);
    chunk.copy(this.#area, from, start, end);
    if (mask !== 0) {
      const view = new DataView(this.#area.buffer, this.#area.byteOffset, this.#length);
      this.#isAscii = applyMask(view, from, this.#length, mask) && this.#isAscii;
    } else {
      this.#isAscii &&= isAscii(chunk.subarray(start, end));
    }
  }

  /** Whether what has come is UTF-8, or begins like it. */
  isTextSoFar(): boolean {
    if (this.#isAscii) {
      this.#checked = this.#length;
      return true;
    }
    const tail = incompleteTail(this.#area, this.#checked, this.#length);
    const isText = isUtf8(this.#area.subarray(this.#checked, tail)) && beginsCharacter(this.#area, tail, this.#length);
    this.#checked = tail;
    return isText;
  }

  /** Whether all of it is UTF-8, as far as `isTextSoFar` has not found otherwise. */
  isWholeText(): boolean {
    return this.#checked === this.#length;
  }

  /** The message, without what was reserved beyond it where that is much. */
  take(): Buffer {
    const message = this.#area.subarray(0, this.#length);
    return this.#area.length > 1.25 * this.#length ? Buffer.from(message) : message;
  }

  #reserve(total: number | undefined): void {
    if (this.#length <= this.#area.length) {
      return;
    }
    const doubled = Math.max(SMALLEST_AREA, 2 * this.#area.length);
    const size = total === undefined ? doubled : Math.min(total, Math.max(doubled, RESERVED_AT_ONCE));
    const area = Buffer.allocUnsafeSlow(Math.max(this.#length, size));
    this.#area.copy(area);
    this.#area = area;
  }
}

/** Where the character begins that the end cuts; the end, where it cuts none. */
function incompleteTail(bytes: Buffer, from: number, end: number): number {
  for (let at = end - 1; at >= from && at >= end - 3; at--) {
    const byte = bytes[at] as number;
    if (byte < 0x80) {
      return end;
    }
    if (byte >= 0xc0) {
      const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return at + size > end ? at : end;
    }
  }
  return end;
}

/** RFC 3629, section 4: whether these bytes, which are too few, may be the beginning of a character. */
function beginsCharacter(bytes: Buffer, from: number, end: number): boolean {
  if (from === end) {
    return true;
  }
  const lead = bytes[from] as number;
  if (lead < 0xc2 || lead > 0xf4) {
    return false;
  }
  if (from + 1 === end) {
    return true;
  }
  const second = bytes[from + 1] as number;
  switch (lead) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second < 0xa0;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second < 0x90;
    default:
      return true;
  }
}
