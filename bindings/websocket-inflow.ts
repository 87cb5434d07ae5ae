import { ObjectCreate, TypedArrayPrototypeGetLength, createList } from './primordials.ts';
import { ReadableStream, readableControl, type ReadableController } from './web/streams.ts';

/** A message as a stream gives it. */
export type Chunk = string | Uint8Array<ArrayBuffer>;

/** What the readable end asks of its connection. */
export interface InflowOwner {
  /** The stream has taken so many more messages: as much may come again. */
  taken(messages: number): void;
  /** The script has cancelled the stream. */
  cancelled(reason: unknown): void;
}

/**
 * How much of a socket the host tells that its stream has not taken, in bytes: so much waits here at most, and one message.
 * With less, a peer that sends small messages would be read one turn after the other.
 */
export const STREAM_WINDOW = 64 * 1024;
/** What a message takes besides its payload, roughly. */
const MESSAGE_BYTES = 128;

/**
 * The readable end of a WebSocketStream. The stream is given a message when it pulls one; a message that comes before
 * waits here. The host reads the socket no further when too much waits.
 *
 * A script can reach the functions that the stream calls, and call them as it likes: they harm its own stream at most.
 */
export class Inflow {
  readonly stream: ReadableStream<Chunk>;
  readonly #owner: InflowOwner;
  #controller: ReadableController | undefined;
  /** Those up to `#first` are gone. */
  readonly #waiting = createList<Chunk | undefined>();
  #first = 0;
  /** Whether the stream has pulled in vain. */
  #isWanted = false;
  /** What the stream was given and the host was not told of. */
  #taken = 0;
  #takenBytes = 0;
  /** Nothing more comes. */
  #isDone = false;

  constructor(owner: InflowOwner) {
    this.#owner = owner;
    // Without a prototype, as the stream looks for members that are not there.
    const source = ObjectCreate(null) as {
      start: (controller: ReadableController) => void;
      pull: () => void;
      cancel: (reason: unknown) => void;
    };
    source.start = (controller) => {
      this.#controller ??= controller;
    };
    source.pull = () => this.#pull();
    source.cancel = (reason) => {
      this.#drop();
      this.#owner.cancelled(reason);
    };
    const strategy = ObjectCreate(null) as { highWaterMark: number };
    strategy.highWaterMark = 1;
    this.stream = new ReadableStream<Chunk>(source, strategy);
  }

  /** A message has come. */
  receive(chunk: Chunk): void {
    if (this.#isDone) {
      return;
    }
    if (this.#isWanted) {
      this.#isWanted = false;
      this.#enqueue(chunk);
      return;
    }
    this.#waiting[this.#waiting.length] = chunk;
  }

  /** The connection was closed cleanly: the stream ends behind the messages that wait. */
  close(): void {
    if (this.#isDone) {
      return;
    }
    this.#isDone = true;
    while (this.#first < this.#waiting.length) {
      this.#enqueue(this.#next());
    }
    readableControl.close(this.#controller as ReadableController);
  }

  fail(error: unknown): void {
    if (!this.#isDone) {
      this.#drop();
      readableControl.error(this.#controller as ReadableController, error);
    }
  }

  #pull(): void {
    if (this.#first < this.#waiting.length) {
      this.#enqueue(this.#next());
    } else if (!this.#isDone) {
      this.#isWanted = true;
      this.#tellTaken();
    }
  }

  #next(): Chunk {
    const waiting = this.#waiting;
    const chunk = waiting[this.#first] as Chunk;
    waiting[this.#first++] = undefined;
    if (this.#first === waiting.length) {
      waiting.length = 0;
      this.#first = 0;
    }
    return chunk;
  }

  /** The host counts bytes of UTF-8, of which a text has three times its length at most: it waits only for more than this. */
  #tellTaken(): void {
    if (this.#takenBytes > STREAM_WINDOW / 4) {
      this.#owner.taken(this.#taken);
      this.#taken = 0;
      this.#takenBytes = 0;
    }
  }

  #enqueue(chunk: Chunk): void {
    this.#taken++;
    this.#takenBytes += MESSAGE_BYTES + (typeof chunk === 'string' ? chunk.length : TypedArrayPrototypeGetLength(chunk));
    readableControl.enqueue(this.#controller as ReadableController, chunk);
  }

  #drop(): void {
    this.#isDone = true;
    this.#waiting.length = 0;
    this.#first = 0;
  }
}
