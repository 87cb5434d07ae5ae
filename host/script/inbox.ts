import type { Event } from '../../wire/events.ts';

/** What an event takes of the host's memory besides its payload, roughly, in bytes. */
const EVENT_BYTES = 128;

/** Events that wait for a script's next turn, in order. */
export class Inbox {
  #events: Event[] = [];
  #head = 0;
  #bytes = 0;

  get length(): number {
    return this.#events.length - this.#head;
  }

  /** The payload of the messages that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The memory that they take: a flood of empty messages must fill the inbox too. */
  get weight(): number {
    return this.#bytes + this.length * EVENT_BYTES;
  }

  push(event: Event): void {
    this.#events.push(event);
    this.#bytes += payloadOf(event);
  }

  /** Takes the first events: at most so many, and so many bytes of payload, but always one. */
  take(most: number, mostBytes: number): readonly Event[] {
    if (this.length <= most && this.#bytes <= mostBytes) {
      const all = this.#head === 0 ? this.#events : this.#events.slice(this.#head);
      this.clear();
      return all;
    }
    const start = this.#head;
    let bytes = 0;
    while (this.length > 0 && this.#head - start < most) {
      const size = payloadOf(this.#events[this.#head] as Event);
      if (bytes + size > mostBytes && this.#head > start) {
        break;
      }
      bytes += size;
      this.#head++;
    }
    this.#bytes -= bytes;
    return this.#events.slice(start, this.#head);
  }

  clear(): void {
    this.#events = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}

function payloadOf(event: Event): number {
  return 'data' in event ? event.data.length : 0;
}
