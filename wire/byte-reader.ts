import { WireError } from './fields.ts';
import { utf8Decode } from './utf8.ts';

/** Reads what ByteWriter wrote, and trusts none of it: whatever does not fit is a WireError. */
export class ByteReader {
  readonly buffer: Buffer;
  /** Where reading ends. */
  readonly end: number;
  #offset: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.#offset = start;
    this.end = end;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.end - this.#offset;
  }

  uint8(): number {
    return this.buffer.readUInt8(this.skip(1));
  }

  uint32(): number {
    return this.buffer.readUInt32LE(this.skip(4));
  }

  string(): string {
    const length = this.uint32();
    const start = this.skip(length);
    return utf8Decode(this.buffer, start, start + length);
  }

  /** Goes past so many bytes, and says where they begin. */
  skip(size: number): number {
    const start = this.#offset;
    if (size > this.end - start) {
      throw new WireError(`${size} bytes were expected where ${this.end - start} are left`);
    }
    this.#offset = start + size;
    return start;
  }
}
