import { ObjectCreate, createList } from './primordials.ts';
import { ReadableStream, readableControl, type ReadableController } from './web/streams.ts';

/** A message as a stream gives it. */
export type Chunk = string | Uint8Array<ArrayBuffer>;

/** What the readable end asks of its connection. */
export interface InflowOwner {
  /** Reads no further from the socket. */
  pause(): void;
  resume(): void;
  /** The script has cancelled the stream. */
  cancelled(reason: unknown): void;
}

/**
 * The readable end of a WebSocketStream. The stream is given a message when it pulls one; a message that comes before
 * waits here, and the socket is not read until all that wait are gone.
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
  #isPaused = false;
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
    if (!this.#isPaused) {
      this.#isPaused = true;
      this.#owner.pause();
    }
  }

  /** Has the socket read on, whether or not there is room, as the peer's close frame must be found. */
  release(): void {
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#owner.resume();
    }
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
      this.release();
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

  #enqueue(chunk: Chunk): void {
    readableControl.enqueue(this.#controller as ReadableController, chunk);
  }

  #drop(): void {
    this.#isDone = true;
    this.#waiting.length = 0;
    this.#first = 0;
  }
}
