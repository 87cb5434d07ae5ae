import { WireError } from './fields.ts';
import { utf8Decode } from './utf8.ts';

/** Reads what ByteWriter wrote, and trusts none of it: whatever does not fit is a WireError. */
export class ByteReader {
  readonly #buffer: Buffer;
  #offset: number;
  readonly #end: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#offset = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#offset >= this.#end;
  }

  uint8(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  uint32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  int32(): number {
    return this.#buffer.readInt32LE(this.#take(4));
  }

  float64(): number {
    return this.#buffer.readDoubleLE(this.#take(8));
  }

  string(): string {
    const length = this.uint32();
    const start = this.#take(length);
    return utf8Decode(this.#buffer, start, start + length);
  }

  /** A view into the batch, not a copy. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.#take(length);
    return this.#buffer.subarray(start, start + length);
  }

  #take(size: number): number {
    const start = this.#offset;
    if (size > this.#end - start) {
      throw new WireError(`${size} bytes were expected where ${this.#end - start} are left`);
    }
    this.#offset = start + size;
    return start;
  }
}
