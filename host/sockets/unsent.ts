import type { Writable } from 'node:stream';

const NOTHING = Buffer.alloc(0);

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

/**
 * Calls `now` at once, where a stream has written all, and else `then` when it has written what it has. Neither, where it ends
 * before.
 */
export function whenWritten(stream: Writable | undefined, then: () => void, now: () => void): void {
  if (stream === undefined || stream.writableLength === 0) {
    now();
  } else if (stream.writable) {
    // The stream's `drain` would not do, as it comes only where much was waiting; nothing at all, written behind the rest,
    // is done when the rest is.
    stream.write(NOTHING, (error) => {
      if (error === undefined || error === null) {
        then();
      }
    });
  }
}
