import { ArrayBufferPrototypeGetResizable, ObjectCreate, TypeErrorConstructor } from './primordials.ts';
import { abortReason, addAbortAlgorithm, isAbortSignal } from './web/abort-algorithms.ts';
import { byteRange, type ByteRange } from './web/buffer-source.ts';
import { deferred, rejected, type Deferred } from './web/promises.ts';
import { WritableStream, writableControl, type WritableController } from './web/streams.ts';
import { usvString } from './web/webidl.ts';

/** What the writable end asks of its connection. */
export interface OutflowOwner {
  /** Throws where the connection is not open. */
  requireOpen(): void;
  /** Sends a message, and asks to be told when it has gone. */
  send(data: string | ByteRange): void;
  /** The script has closed the stream. Returns whether the connection is still there to be closed. */
  finished(): boolean;
  /** The script has aborted the stream. */
  aborted(reason: unknown): void;
}

/**
 * The writable end of a WebSocketStream: a message is written when the kernel has taken it.
 *
 * A script can reach the functions that the stream calls, and call them as it likes: they harm its own stream at most.
 */
export class Outflow {
  readonly stream: WritableStream<unknown>;
  readonly #owner: OutflowOwner;
  #controller: WritableController | undefined;
  /** A write or a close that is under way. */
  #writing: Deferred<void> | undefined;
  #closing: Deferred<void> | undefined;

  constructor(owner: OutflowOwner) {
    this.#owner = owner;
    const sink = ObjectCreate(null) as {
      start: (controller: WritableController) => void;
      write: (chunk: unknown) => Promise<void>;
      close: () => Promise<void> | undefined;
      abort: (reason: unknown) => void;
    };
    sink.start = (controller) => {
      if (this.#controller === undefined) {
        this.#controller = controller;
        this.#listen(writableControl.signal(controller));
      }
    };
    sink.write = (chunk) => this.#write(chunk);
    sink.close = () => this.#close();
    sink.abort = (reason) => this.#owner.aborted(reason);
    const strategy = ObjectCreate(null) as { highWaterMark: number };
    strategy.highWaterMark = 1;
    this.stream = new WritableStream<unknown>(sink, strategy);
  }

  /** What was sent has gone. */
  sent(): void {
    const writing = this.#writing;
    this.#writing = undefined;
    writing?.resolve();
  }

  /** The connection was closed cleanly. `late` is what a later write fails with. */
  close(late: unknown): void {
    if (this.#closing === undefined) {
      this.fail(late);
    } else {
      this.#closing.resolve();
    }
  }

  fail(error: unknown): void {
    this.#writing?.reject(error);
    this.#closing?.reject(error);
    this.#writing = undefined;
    writableControl.error(this.#controller as WritableController, error);
  }

  /** WebSocketStream draft, "write": the promise is kept until the bytes have left. */
  #write(chunk: unknown): Promise<void> {
    try {
      const data = byteRange(chunk) ?? usvString(chunk);
      if (typeof data !== 'string' && ArrayBufferPrototypeGetResizable(data.buffer as ArrayBuffer)) {
        // Web IDL: so is a BufferSource without [AllowResizable].
        throw new TypeErrorConstructor('Failed to write to a WebSocketStream: the ArrayBuffer must not be resizable.');
      }
      this.#owner.requireOpen();
      this.#owner.send(data);
    } catch (error) {
      return rejected(error);
    }
    // The stream itself has one write under way at a time.
    this.#writing ??= deferred<void>();
    return this.#writing.promise;
  }

  /** The promise is kept until the connection is closed. */
  #close(): Promise<void> | undefined {
    if (this.#owner.finished()) {
      this.#closing ??= deferred<void>();
    }
    return this.#closing?.promise;
  }

  /** An aborted stream waits for the write that is under way, which may last as long as the peer likes: so it is cut short. */
  #listen(signal: unknown): void {
    if (isAbortSignal(signal)) {
      addAbortAlgorithm(signal, () => {
        const reason = abortReason(signal);
        this.#owner.aborted(reason);
        this.#writing?.reject(reason);
        this.#writing = undefined;
      });
    }
  }
}
