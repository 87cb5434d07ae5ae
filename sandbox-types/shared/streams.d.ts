/** Streams Standard. */
/// <reference path="./abort.d.ts" />

/** When a stream's queue is full: `highWaterMark`, in what `size` measures of each chunk. */
interface QueuingStrategy<Chunk = any> {
  highWaterMark?: number;
  size?: (chunk: Chunk) => number;
}

/** Measures chunks by their `byteLength`. */
declare class ByteLengthQueuingStrategy implements QueuingStrategy<ArrayBufferView> {
  constructor(init: { highWaterMark: number });
  readonly highWaterMark: number;
  readonly size: (chunk: ArrayBufferView) => number;
}

/** Counts chunks. */
declare class CountQueuingStrategy implements QueuingStrategy {
  constructor(init: { highWaterMark: number });
  readonly highWaterMark: number;
  readonly size: (chunk: unknown) => 1;
}

/** Where the chunks of a ReadableStream come from. `pull` is called when there is room, and not while it is under way. */
interface UnderlyingSource<Chunk = any> {
  type?: undefined;
  start?(controller: ReadableStreamDefaultController<Chunk>): unknown;
  pull?(controller: ReadableStreamDefaultController<Chunk>): unknown;
  cancel?(reason?: unknown): unknown;
}

/** The same for a stream of bytes, into whose reader's own buffer it can write. */
interface UnderlyingByteSource {
  type: 'bytes';
  autoAllocateChunkSize?: number;
  start?(controller: ReadableByteStreamController): unknown;
  pull?(controller: ReadableByteStreamController): unknown;
  cancel?(reason?: unknown): unknown;
}

interface StreamPipeOptions {
  /** Do not close the destination when the source ends. */
  preventClose?: boolean;
  /** Do not abort the destination when the source fails. */
  preventAbort?: boolean;
  /** Do not cancel the source when the destination fails. */
  preventCancel?: boolean;
  signal?: AbortSignal;
}

type ReadableStreamReadResult<Chunk> = { done: false; value: Chunk } | { done: true; value: undefined };

/** What can be read, chunk by chunk, at the reader's own pace. Streams Standard, section 4.2. */
declare class ReadableStream<Chunk = any> {
  constructor(source: UnderlyingByteSource, strategy?: { highWaterMark?: number });
  constructor(source?: UnderlyingSource<Chunk>, strategy?: QueuingStrategy<Chunk>);

  /** A stream of what an iterable gives. */
  static from<Chunk>(iterable: Iterable<Chunk> | AsyncIterable<Chunk>): ReadableStream<Chunk>;

  /** Whether it has a reader, or is piped. */
  readonly locked: boolean;
  /** Says that nobody wants the rest. */
  cancel(reason?: unknown): Promise<void>;
  getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader;
  /** @throws TypeError where it is locked */
  getReader(options?: { mode?: undefined }): ReadableStreamDefaultReader<Chunk>;
  pipeThrough<Output>(
    transform: { readable: ReadableStream<Output>; writable: WritableStream<Chunk> },
    options?: StreamPipeOptions,
  ): ReadableStream<Output>;
  /** Resolves when all is written. The destination's backpressure reaches the source. */
  pipeTo(destination: WritableStream<Chunk>, options?: StreamPipeOptions): Promise<void>;
  /** Two streams of the same chunks. What one has read waits in memory for the other. */
  tee(): [ReadableStream<Chunk>, ReadableStream<Chunk>];
  /** Leaving the loop cancels the stream, unless `preventCancel` is set. */
  values(options?: { preventCancel?: boolean }): AsyncIterableIterator<Chunk>;
  [Symbol.asyncIterator](options?: { preventCancel?: boolean }): AsyncIterableIterator<Chunk>;
}

declare class ReadableStreamDefaultReader<Chunk = any> {
  constructor(stream: ReadableStream<Chunk>);
  /** Resolves at the stream's end, rejects where it fails. */
  readonly closed: Promise<undefined>;
  cancel(reason?: unknown): Promise<void>;
  read(): Promise<ReadableStreamReadResult<Chunk>>;
  releaseLock(): void;
}

/** Reads a stream of bytes into buffers of its own, which are detached meanwhile. */
declare class ReadableStreamBYOBReader {
  constructor(stream: ReadableStream);
  readonly closed: Promise<undefined>;
  cancel(reason?: unknown): Promise<void>;
  /** @param options `min`: wait for so many elements */
  read<View extends ArrayBufferView>(
    view: View,
    options?: { min?: number },
  ): Promise<{ done: false; value: View } | { done: true; value: View | undefined }>;
  releaseLock(): void;
}

declare class ReadableStreamDefaultController<Chunk = any> {
  private constructor();
  /** How much more the queue wants; below 0 where it has more than that. null where the stream has failed. */
  readonly desiredSize: number | null;
  close(): void;
  enqueue(chunk?: Chunk): void;
  error(reason?: unknown): void;
}

declare class ReadableByteStreamController {
  private constructor();
  /** The reader's own buffer, where it waits with one. */
  readonly byobRequest: ReadableStreamBYOBRequest | null;
  readonly desiredSize: number | null;
  close(): void;
  enqueue(chunk: ArrayBufferView): void;
  error(reason?: unknown): void;
}

declare class ReadableStreamBYOBRequest {
  private constructor();
  readonly view: ArrayBufferView | null;
  respond(bytesWritten: number): void;
  respondWithNewView(view: ArrayBufferView): void;
}

/** Where the chunks of a WritableStream go. A promise that `write` returns holds the next chunk back. */
interface UnderlyingSink<Chunk = any> {
  type?: undefined;
  start?(controller: WritableStreamDefaultController): unknown;
  write?(chunk: Chunk, controller: WritableStreamDefaultController): unknown;
  close?(): unknown;
  abort?(reason?: unknown): unknown;
}

/** What can be written to. Streams Standard, section 5.2. */
declare class WritableStream<Chunk = any> {
  constructor(sink?: UnderlyingSink<Chunk>, strategy?: QueuingStrategy<Chunk>);
  readonly locked: boolean;
  /** Drops what is queued. */
  abort(reason?: unknown): Promise<void>;
  /** Resolves when all that was written has gone. */
  close(): Promise<void>;
  getWriter(): WritableStreamDefaultWriter<Chunk>;
}

declare class WritableStreamDefaultWriter<Chunk = any> {
  constructor(stream: WritableStream<Chunk>);
  readonly closed: Promise<undefined>;
  /** How much more the queue wants. */
  readonly desiredSize: number | null;
  /** Resolves when the queue has room: wait for it before each `write`. */
  readonly ready: Promise<undefined>;
  abort(reason?: unknown): Promise<void>;
  close(): Promise<void>;
  releaseLock(): void;
  write(chunk?: Chunk): Promise<void>;
}

declare class WritableStreamDefaultController {
  private constructor();
  /** Aborted when the stream is. */
  readonly signal: AbortSignal;
  error(reason?: unknown): void;
}

interface Transformer<Input = any, Output = any> {
  readableType?: undefined;
  writableType?: undefined;
  start?(controller: TransformStreamDefaultController<Output>): unknown;
  transform?(chunk: Input, controller: TransformStreamDefaultController<Output>): unknown;
  flush?(controller: TransformStreamDefaultController<Output>): unknown;
  cancel?(reason?: unknown): unknown;
}

/** What is written to `writable` comes out of `readable`, changed. Streams Standard, section 6.2. */
declare class TransformStream<Input = any, Output = any> {
  constructor(
    transformer?: Transformer<Input, Output>,
    writableStrategy?: QueuingStrategy<Input>,
    readableStrategy?: QueuingStrategy<Output>,
  );
  readonly readable: ReadableStream<Output>;
  readonly writable: WritableStream<Input>;
}

declare class TransformStreamDefaultController<Output = any> {
  private constructor();
  readonly desiredSize: number | null;
  enqueue(chunk?: Output): void;
  error(reason?: unknown): void;
  terminate(): void;
}
