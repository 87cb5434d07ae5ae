import { ARENA_BYTES, BYTES_OUT, EVENTS_LEFT, NUMBERS_OUT, REFUSED, TIMERS, arenaViews } from '../wire/arena.ts';
import { EMPTY_BATCH, type FlatBatch } from '../wire/fields.ts';

/**
 * The memory of arenas whose isolates are gone. V8 does not count what is shared towards a heap, and so does not collect it:
 * a thousand scripts one after another would have 256 MiB of it.
 */
const released: SharedArrayBuffer[] = [];
const MOST_RELEASED = 16;

/** The cell's end of the arena: feeds a batch in, window by window, and takes one out. */
export class Arena {
  readonly shared = released.pop() ?? new SharedArrayBuffer(ARENA_BYTES);
  readonly #views = arenaViews(this.shared);
  #incoming: FlatBatch = EMPTY_BATCH;
  #numbersFed = 0;
  #chunk = 0;
  #chunkOffset = 0;
  #numbersTaken: Float64Array[] = [];
  #bytesTaken: Uint8Array[] = [];

  /** Starts a turn with this batch. */
  begin(incoming: FlatBatch): void {
    this.#incoming = incoming;
    this.#numbersFed = 0;
    this.#chunk = 0;
    this.#chunkOffset = 0;
    this.resume();
    this.#views.control[EVENTS_LEFT] = 0;
    this.refillNumbers();
    this.refillBytes();
  }

  /** Goes on with the batch of the last slice. What is in the windows is not read to its end yet. */
  resume(): void {
    this.#numbersTaken = [];
    this.#bytesTaken = [];
  }

  /** How many events the slice has left. The guest writes it: a number that is too large ends in reading zeros. */
  get eventsLeft(): number {
    return this.#views.control[EVENTS_LEFT] as number;
  }

  /** The slice is over, and its turn goes on later: what was fed in belongs to others until then, so that the rest is copied. */
  suspend(): void {
    const { bytes, numbers, texts } = this.#incoming;
    // `slice` of a Buffer copies nothing.
    const left = bytes.slice(this.#chunk).map((chunk, index) => new Uint8Array(chunk.subarray(index === 0 ? this.#chunkOffset : 0)));
    this.#incoming = { numbers: numbers.slice(this.#numbersFed), texts, bytes: left };
    this.#numbersFed = 0;
    this.#chunk = 0;
    this.#chunkOffset = 0;
  }

  /** The isolate is gone, and nothing in it runs any more: another one may have this memory, with nothing in it. */
  release(): void {
    if (released.length < MOST_RELEASED) {
      new Uint8Array(this.shared).fill(0);
      released.push(this.shared);
    }
  }

  /** The turn is over: what was fed in belongs to others now. */
  end(): void {
    this.#incoming = EMPTY_BATCH;
  }

  /** How many timers the guest says that its script has. */
  get timers(): number {
    return this.#views.control[TIMERS] as number;
  }

  /** The limits that the guest has refused something for since `clearRefused`, as bits. */
  get refused(): number {
    return this.#views.control[REFUSED] as number;
  }

  clearRefused(): void {
    this.#views.control[REFUSED] = 0;
  }

  /** Puts the next numbers in their window; the guest has read the last ones. */
  refillNumbers(): void {
    const { numbers } = this.#incoming;
    const window = this.#views.numbersIn;
    const end = Math.min(numbers.length, this.#numbersFed + window.length);
    window.set(numbers.subarray(this.#numbersFed, end));
    this.#numbersFed = end;
  }

  /** Puts the next bytes in their window; the guest has read the last ones. */
  refillBytes(): void {
    const window = this.#views.bytesIn;
    let filled = 0;
    while (filled < window.length) {
      const chunk = this.#incoming.bytes[this.#chunk];
      if (chunk === undefined) {
        return;
      }
      const size = Math.min(chunk.length - this.#chunkOffset, window.length - filled);
      window.set(chunk.subarray(this.#chunkOffset, this.#chunkOffset + size), filled);
      filled += size;
      this.#chunkOffset += size;
      if (this.#chunkOffset === chunk.length) {
        this.#chunk++;
        this.#chunkOffset = 0;
      }
    }
  }

  /** Takes what the guest has put into the window for numbers. */
  spillNumbers(): void {
    const { control, numbersOut } = this.#views;
    const length = control[NUMBERS_OUT] as number;
    if (length > 0) {
      this.#numbersTaken.push(numbersOut.slice(0, length));
      control[NUMBERS_OUT] = 0;
    }
  }

  /** Takes what the guest has put into the window for bytes. */
  spillBytes(): void {
    const { bytesOut, control } = this.#views;
    const length = control[BYTES_OUT] as number;
    if (length > 0) {
      this.#bytesTaken.push(bytesOut.slice(0, length));
      control[BYTES_OUT] = 0;
    }
  }

  /**
   * The numbers and bytes that came out since the turn began, or since the last call, with these texts. The numbers
   * are to be read before the isolate runs again: where they fit into their window, they are still in it.
   */
  take(texts: readonly string[]): FlatBatch {
    this.spillBytes();
    const batch = { numbers: this.#takeNumbers(), texts, bytes: this.#bytesTaken };
    this.#bytesTaken = [];
    return batch;
  }

  #takeNumbers(): Float64Array {
    const { control, numbersOut } = this.#views;
    if (this.#numbersTaken.length === 0) {
      const numbers = numbersOut.subarray(0, control[NUMBERS_OUT]);
      control[NUMBERS_OUT] = 0;
      return numbers;
    }
    this.spillNumbers();
    const taken = this.#numbersTaken;
    this.#numbersTaken = [];
    return join(taken);
  }
}

function join(parts: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
