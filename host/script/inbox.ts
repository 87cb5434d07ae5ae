import { EVENTS, EVENT_SCHEMA, type Event } from '../../wire/events.ts';
import { flatToItems } from '../../wire/flat-reader.ts';
import { FlatWriter, type MessageKind } from '../../wire/flat-writer.ts';

/** What an event takes of the host's memory besides its payload, roughly, in bytes. */
export const EVENT_BYTES = 128;

/** The limits on what one turn takes. */
type CuttingLimit = 'eventsPerTurn' | 'eventBytesPerTurn' | 'requestsPerTurn';

/** Events that wait for a script's next turns, in order and written down as the turns will have them. */
export class Inbox {
  readonly #mostEvents: number;
  readonly #mostBytes: number;
  readonly #mostRequests: number;
  /** One for each turn; the last one is written to. */
  #turns: FlatWriter[] = [];
  /** Requests in the last turn. */
  #requests = 0;
  #length = 0;
  #bytes = 0;
  /** The limit that the last turn was begun for, where the one before was not taken yet. */
  #cutBy: CuttingLimit = 'eventsPerTurn';
  #begun = 0;
  #taken = 0;

  /** What one turn takes: at most so many events, so many bytes of messages and so many requests, but always one event. */
  constructor(mostEvents: number, mostBytes: number, mostRequests: number) {
    this.#mostEvents = mostEvents;
    this.#mostBytes = mostBytes;
    this.#mostRequests = mostRequests;
  }

  /** The limit by which what waits goes into more than one turn, where it does. */
  get cutBy(): CuttingLimit {
    return this.#cutBy;
  }

  get length(): number {
    return this.#length;
  }

  /** The payload of the messages that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The memory that they take: a flood of empty messages must fill the inbox too. */
  get weight(): number {
    return this.#bytes + this.#length * EVENT_BYTES;
  }

  /** Any event. */
  push(event: Event): void {
    const isRequest = event.type === 'plainRequested' || event.type === 'upgradeRequested';
    const turn = this.#turnFor('data' in event ? event.data.length : 0, isRequest);
    this.#requests += Number(isRequest);
    const before = turn.payload;
    turn.item(EVENT_SCHEMA, event);
    this.#length++;
    this.#bytes += turn.payload - before;
  }

  /** A message of a socket: the part of the buffer from `start` to `end`. Small ones are copied. */
  message(socket: number, kind: MessageKind, data: Buffer, start: number, end: number): void {
    const { code } = kind === 'binary' ? EVENTS.binary : EVENTS.text;
    this.#turnFor(end - start).message(code, socket, kind, data, start, end);
    this.#length++;
    this.#bytes += end - start;
  }

  /** The number of the turn that the newest event goes to. */
  get newestTurn(): number {
    return this.#begun;
  }

  /** The number of the last turn that was taken. */
  get takenTurn(): number {
    return this.#taken;
  }

  /** Takes the events of the next turn. */
  take(): FlatWriter | undefined {
    const turn = this.#turns.shift();
    if (turn !== undefined) {
      this.#taken++;
      this.#length -= turn.count;
      this.#bytes -= turn.payload;
    }
    return turn;
  }

  /** Takes all that waits, as it was pushed. */
  drain(): Event[] {
    const events: Event[] = [];
    for (const turn of this.#turns) {
      for (const event of flatToItems(EVENT_SCHEMA, turn.finish())) {
        events.push(event);
      }
    }
    this.clear();
    return events;
  }

  clear(): void {
    // They never were.
    this.#begun -= this.#turns.length;
    this.#turns = [];
    this.#length = 0;
    this.#bytes = 0;
  }

  /** The turn that an event with so many bytes goes to. */
  #turnFor(bytes: number, isRequest = false): FlatWriter {
    let turn = this.#turns.at(-1);
    const limit = turn === undefined ? undefined : this.#limitOf(turn, bytes, isRequest);
    if (turn === undefined || limit !== undefined) {
      this.#cutBy = limit ?? this.#cutBy;
      turn = new FlatWriter();
      this.#requests = 0;
      this.#begun++;
      this.#turns.push(turn);
    }
    return turn;
  }

  /** The limit by which this event does not go into this turn any more. */
  #limitOf(turn: FlatWriter, bytes: number, isRequest: boolean): CuttingLimit | undefined {
    if (turn.count >= this.#mostEvents) {
      return 'eventsPerTurn';
    }
    if (turn.payload + bytes > this.#mostBytes && turn.count > 0) {
      return 'eventBytesPerTurn';
    }
    return isRequest && this.#requests >= this.#mostRequests ? 'requestsPerTurn' : undefined;
  }
}
