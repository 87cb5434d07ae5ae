import { ARENA_BYTES, ARENA_HALF_BYTES, ARENA_IN, ARENA_OUT, CONTROL_OUT_LENGTH } from '../wire/arena.ts';

/** The cell's end of the arena: feeds bytes in, window by window, and takes bytes out. */
export class Arena {
  readonly shared = new SharedArrayBuffer(ARENA_BYTES);
  readonly #control = new Uint32Array(this.shared, 0, ARENA_IN / 4);
  readonly #in = new Uint8Array(this.shared, ARENA_IN, ARENA_HALF_BYTES);
  readonly #out = new Uint8Array(this.shared, ARENA_OUT, ARENA_HALF_BYTES);
  #incoming: readonly Uint8Array[] = [];
  #chunk = 0;
  #chunkOffset = 0;
  #taken: Uint8Array[] = [];

  /** Starts a turn with these bytes. */
  begin(incoming: readonly Uint8Array[]): void {
    this.#incoming = incoming;
    this.#chunk = 0;
    this.#chunkOffset = 0;
    this.#taken = [];
    if (incoming.length > 0) {
      this.refill();
    }
  }

  /** Puts the next bytes in the window; the guest has read the last ones. */
  refill(): void {
    let filled = 0;
    while (filled < ARENA_HALF_BYTES) {
      const chunk = this.#incoming[this.#chunk];
      if (chunk === undefined) {
        return;
      }
      const size = Math.min(chunk.length - this.#chunkOffset, ARENA_HALF_BYTES - filled);
      this.#in.set(chunk.subarray(this.#chunkOffset, this.#chunkOffset + size), filled);
      filled += size;
      this.#chunkOffset += size;
      if (this.#chunkOffset === chunk.length) {
        this.#chunk++;
        this.#chunkOffset = 0;
      }
    }
  }

  /** Takes what the guest has put into the out window. */
  spill(): void {
    const length = this.#control[CONTROL_OUT_LENGTH] as number;
    if (length > 0) {
      this.#taken.push(Buffer.from(this.#out.subarray(0, length)));
      this.#control[CONTROL_OUT_LENGTH] = 0;
    }
  }

  /** All bytes that came out since the turn began, or since the last call. */
  take(): Uint8Array[] {
    this.spill();
    const taken = this.#taken;
    this.#taken = [];
    return taken;
  }
}
