import type { Socket } from 'node:net';
import { WRITE_BYTES, type SendLimit } from './slow-readers.ts';

/** So much is given to the kernel at a time; what it has, or has a part of, cannot be dropped any more. */
const WRITE_AT_ONCE = 64 * 1024;

/** A message, as the chunks of its frame. */
interface Waiting {
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
  readonly payload: number;
}

/**
 * Messages that wait to be sent to a peer of which some may be dropped: whole ones, which the kernel knows nothing of.
 * All that is sent on such a connection goes through here.
 */
export class Backlog {
  readonly #socket: Socket;
  readonly #limit: SendLimit;
  #waiting: (Waiting | undefined)[] = [];
  /** Where in the list the first one is. */
  #first = 0;
  /** What they take. */
  #weight = 0;
  #payload = 0;
  /** The payload of what was written last, which the kernel may not have taken. */
  #writtenPayload = 0;
  #isWriting = false;
  #onSent: (() => void) | undefined;

  constructor(socket: Socket, limit: SendLimit) {
    this.#socket = socket;
    this.#limit = limit;
  }

  /** The bytes of payload that the kernel has not taken. */
  get payload(): number {
    return this.#payload + (this.#socket.writableLength > 0 ? this.#writtenPayload : 0);
  }

  /** Adds a message, or drops it, or others for it. */
  add(chunks: readonly Uint8Array[], bytes: number, payload: number): void {
    const { bytes: most, counts, policy } = this.#limit;
    const weight = bytes + WRITE_BYTES;
    const underWay = this.#socket.writableLength;
    if (policy === 'drop' && this.#weight + underWay > 0 && this.#weight + underWay + weight > most) {
      counts.messagesDropped++;
      return;
    }
    this.#waiting.push({ chunks, bytes, payload });
    this.#weight += weight;
    this.#payload += payload;
    while (policy === 'drop-oldest' && this.#weight + underWay > most && this.#first < this.#waiting.length - 1) {
      this.#take();
      counts.messagesDropped++;
    }
  }

  /** Gives the kernel what it takes. */
  flush(): void {
    if (!this.#isWriting && this.#length > 0 && this.#socket.writableLength === 0) {
      this.#write(Math.min(WRITE_AT_ONCE, this.#limit.bytes));
    }
  }

  /** Gives all of it to the kernel, as something else is to be sent behind it. */
  finish(): void {
    if (this.#length > 0) {
      this.#write(Infinity);
    }
  }

  /** Calls back, once, when nothing waits. */
  whenSent(callback: () => void): void {
    if (this.#length === 0 && this.#socket.writableLength === 0) {
      callback();
    } else {
      this.#onSent = callback;
    }
  }

  get #length(): number {
    return this.#waiting.length - this.#first;
  }

  #take(): Waiting {
    const taken = this.#waiting[this.#first] as Waiting;
    this.#waiting[this.#first++] = undefined;
    this.#weight -= taken.bytes + WRITE_BYTES;
    this.#payload -= taken.payload;
    if (this.#first > 1024 && 2 * this.#first > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return taken;
  }

  /** Writes messages of so many bytes, but one at least. */
  #write(most: number): void {
    if (this.#socket.writableLength === 0) {
      this.#writtenPayload = 0;
    }
    this.#isWriting = true;
    this.#socket.cork();
    for (let written = 0; this.#length > 0 && written < most; ) {
      const { bytes, chunks, payload } = this.#take();
      written += bytes;
      this.#writtenPayload += payload;
      for (const [index, chunk] of chunks.entries()) {
        const isLast = index === chunks.length - 1 && (this.#length === 0 || written >= most);
        this.#socket.write(chunk, isLast ? this.#written : undefined);
      }
    }
    this.#socket.uncork();
  }

  /** The kernel has taken what was written last, or the connection has ended. */
  readonly #written = (error?: Error | null): void => {
    this.#isWriting = false;
    if (error !== undefined && error !== null) {
      this.#waiting = [];
      this.#first = 0;
      return;
    }
    this.flush();
    const onSent = this.#onSent;
    if (onSent !== undefined && this.#length === 0 && this.#socket.writableLength === 0) {
      this.#onSent = undefined;
      onSent();
    }
  };
}
