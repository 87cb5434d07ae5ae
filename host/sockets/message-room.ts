/** So much is reserved at once at most: what a peer only announces takes no room. */
const RESERVED_AT_ONCE = 64 * 1024;

/** Who gives room to the messages of a connection. */
export interface RoomGiver {
  /** Reserves so many bytes more for the message that is built. If there is no room, it is told later that there is. */
  reserve(bytes: number): boolean;
  /** The message is handed on: what was reserved for it is free. */
  release(): void;
}

/** The room that the message of one connection has, or waits for. */
export class MessageRoom {
  readonly #giver: RoomGiver;
  #reserved = 0;
  #needed = 0;
  /** What is done when there is the room that it waits for. */
  #then: (() => void) | undefined;

  constructor(giver: RoomGiver) {
    this.#giver = giver;
  }

  /** Whether nothing can be done before there is room. */
  get isAwaited(): boolean {
    return this.#then !== undefined;
  }

  /** Sees to it that the message, which is to grow to `total`, may have so many bytes now. Returns whether it may. */
  grow(bytes: number, total: number): boolean {
    return bytes <= this.#reserved || this.have(Math.max(bytes, Math.min(total, 2 * bytes, bytes + RESERVED_AT_ONCE)), () => {});
  }

  /** Goes on when the message may have so many bytes. Returns whether that is now. */
  have(bytes: number, then: () => void): boolean {
    this.#needed = Math.max(bytes, this.#reserved);
    if (bytes > this.#reserved && !this.#giver.reserve(bytes - this.#reserved)) {
      this.#then = then;
      return false;
    }
    this.#reserved = this.#needed;
    then();
    return true;
  }

  /** There is the room that it waits for. */
  given(): void {
    const then = this.#then;
    if (then !== undefined) {
      this.#then = undefined;
      this.#reserved = this.#needed;
      then();
    }
  }

  /** Another gives the room from now on, who has given nothing yet. */
  move(): void {
    const then = this.#then ?? (() => {});
    const needed = this.#needed;
    this.#then = undefined;
    this.#reserved = 0;
    if (needed > 0) {
      this.have(needed, then);
    }
  }

  /** The message is done, or will never be. */
  release(): void {
    this.#then = undefined;
    if (this.#needed > 0) {
      this.#needed = 0;
      this.#reserved = 0;
      this.#giver.release();
    }
  }
}
