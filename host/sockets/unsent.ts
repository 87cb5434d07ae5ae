/**
 * What the kernel may not have taken yet of what was written to a socket: bytes on the wire and of payload, in turns. Node
 * knows only the bytes on the wire, so the sizes of the last writes are kept until these have gone.
 */
export class Unsent {
  #sizes: number[] = [];

  /** How many writes there may be. */
  get writes(): number {
    return this.#sizes.length / 2;
  }

  add(onTheWire: number, payload: number): void {
    this.#sizes.push(onTheWire, payload);
  }

  /** The payload in the last so many bytes that were written. What was written before is forgotten. */
  payload(onTheWire: number): number {
    if (onTheWire === 0) {
      this.#sizes.length = 0;
      return 0;
    }
    let covered = 0;
    let payload = 0;
    let at = this.#sizes.length;
    while (at > 0 && covered < onTheWire) {
      at -= 2;
      covered += this.#sizes[at] as number;
      payload += this.#sizes[at + 1] as number;
    }
    this.#sizes = this.#sizes.slice(at);
    return payload;
  }
}

/** RFC 6455, 5.2: the size of a client's frame with so much payload. */
export function maskedFrameLength(payload: number): number {
  return payload + (payload < 126 ? 6 : payload < 65_536 ? 8 : 14);
}
