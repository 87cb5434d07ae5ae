/** From this size on, bytes are not copied but handed on as a chunk of their own. */
const REFERENCE_THRESHOLD = 8 * 1024;

const SMALLEST_CHUNK = 256;
const LARGEST_CHUNK = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Joins bytes. Small ones are copied together; large ones stay where they are, so that writing them costs no copy
 * (`writev`), and must not change until they are written.
 */
export class ByteWriter {
  #chunk: Buffer = NOTHING;
  #start = 0;
  #offset = 0;
  #chunks: Uint8Array[] = [];

  /** Adds the part of the buffer from `start` to `end`. */
  write(data: Buffer, start = 0, end = data.length): void {
    const length = end - start;
    if (length >= REFERENCE_THRESHOLD) {
      this.#cut();
      this.#chunks.push(data.subarray(start, end));
      return;
    }
    if (this.#offset + length > this.#chunk.length) {
      this.#cut();
      const grown = Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, this.#chunk.length * 4));
      this.#chunk = Buffer.allocUnsafe(Math.max(grown, length));
      this.#start = 0;
      this.#offset = 0;
    }
    data.copy(this.#chunk, this.#offset, start, end);
    this.#offset += length;
  }

  /** Everything that was written, in order. The chunks belong to the caller from now on. */
  finish(): Uint8Array[] {
    this.#cut();
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  /** Nobody reads any more what `finish` returned: it is written over. */
  rewind(): void {
    this.#start = 0;
    this.#offset = 0;
  }

  #cut(): void {
    if (this.#offset > this.#start) {
      this.#chunks.push(this.#chunk.subarray(this.#start, this.#offset));
      this.#start = this.#offset;
    }
  }
}
