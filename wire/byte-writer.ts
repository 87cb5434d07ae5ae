/** From this size on, bytes are not copied into the batch but handed on as a chunk of their own. */
const REFERENCE_THRESHOLD = 8 * 1024;

const CHUNK_SIZE = 64 * 1024;

/**
 * Builds the bytes of a batch. Small things are copied together; large payloads stay where they are, so that writing
 * them costs no copy (`writev`).
 *
 * A writer is used again and again: `finish` hands its chunks over for good.
 */
export class ByteWriter {
  #chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK_SIZE);
  #start = 0;
  #offset = 0;
  #chunks: Uint8Array[] = [];
  #length = 0;

  /** The number of bytes written since the last `finish`. */
  get length(): number {
    return this.#length + this.#offset - this.#start;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#chunk[this.#offset++] = value;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#offset = this.#chunk.writeUInt32LE(value, this.#offset);
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#offset = this.#chunk.writeInt32LE(value, this.#offset);
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#offset = this.#chunk.writeDoubleLE(value, this.#offset);
  }

  /** The string's length in bytes, and its UTF-8. A lone surrogate becomes U+FFFD. */
  string(value: string): void {
    // Three bytes for each UTF-16 unit are the most that UTF-8 needs.
    const most = value.length * 3;
    if (most > REFERENCE_THRESHOLD) {
      this.bytes(Buffer.from(value, 'utf8'));
      return;
    }
    this.#reserve(4 + most);
    const written = this.#chunk.write(value, this.#offset + 4, 'utf8');
    this.#chunk.writeUInt32LE(written, this.#offset);
    this.#offset += 4 + written;
  }

  /** The number of bytes, and the bytes. Large ones are referred to: they must not change until they are written. */
  bytes(value: Uint8Array): void {
    const { length } = value;
    if (length >= REFERENCE_THRESHOLD) {
      this.uint32(length);
      this.#cut();
      this.#chunks.push(value);
      this.#length += length;
      return;
    }
    this.#reserve(4 + length);
    this.#chunk.writeUInt32LE(length, this.#offset);
    this.#chunk.set(value, this.#offset + 4);
    this.#offset += 4 + length;
  }

  /** Leaves room for a uint32 that is known later; returns what writes it. */
  reserveUint32(): (value: number) => void {
    this.#reserve(4);
    const chunk = this.#chunk;
    const at = this.#offset;
    this.#offset += 4;
    return (value) => chunk.writeUInt32LE(value, at);
  }

  /** Everything that was written since the last call, in order. The chunks belong to the caller from now on. */
  finish(): Uint8Array[] {
    this.#cut();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    return chunks;
  }

  #cut(): void {
    if (this.#offset > this.#start) {
      this.#chunks.push(this.#chunk.subarray(this.#start, this.#offset));
      this.#length += this.#offset - this.#start;
      this.#start = this.#offset;
    }
  }

  #reserve(size: number): void {
    if (this.#offset + size <= this.#chunk.length) {
      return;
    }
    this.#cut();
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_SIZE, size));
    this.#start = 0;
    this.#offset = 0;
  }
}
