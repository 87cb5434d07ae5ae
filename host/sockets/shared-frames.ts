import { FrameQueue, type MessageType } from './frames.ts';

/** A run of frames grows no larger, so that who gets a part of it does not keep much else. */
const LONGEST_RUN = 64 * 1024;

/**
 * Frames that many connections are to write, one behind another in one buffer. What is published to the same sockets in a
 * row is written to each of them as one chunk, and not copied for any.
 */
export class FrameRun {
  readonly #frames = new FrameQueue();
  #bytes: Buffer | undefined;

  /** The bytes so far. */
  get length(): number {
    return this.#bytes?.length ?? this.#frames.length;
  }

  /** Whether its bytes were taken, so that nothing can be added. */
  get isSealed(): boolean {
    return this.#bytes !== undefined;
  }

  /** Adds a frame, and gives the bytes of payload in it. */
  add(type: MessageType, data: string | Buffer): number {
    const before = this.#frames.payload;
    this.#frames.add(type, data, 0, data.length);
    return this.#frames.payload - before;
  }

  /** The bytes from one place to another. Who needs less than half of them gets a copy, and keeps nothing of the rest. */
  part(from: number, to: number): Uint8Array {
    this.#bytes ??= joined(this.#frames.take());
    const part = this.#bytes.subarray(from, to);
    return 2 * part.length < this.#bytes.length ? joined([part]) : part;
  }
}

/** A message to many connections, as a frame in a run. */
export class SharedMessage {
  readonly type: MessageType;
  readonly data: string | Buffer;
  readonly run: FrameRun;
  /** Where in the run its frame lies. */
  readonly from: number;
  readonly to: number;
  /** The bytes of payload. */
  readonly payload: number;
  #frame: Uint8Array | undefined;

  constructor(type: MessageType, data: string | Buffer, run: FrameRun) {
    this.type = type;
    this.data = data;
    this.run = run;
    this.from = run.length;
    this.payload = run.add(type, data);
    this.to = run.length;
  }

  /** The frame by itself, which can be dropped without the others; the same for all that ask. */
  get frame(): Uint8Array {
    if (this.#frame === undefined) {
      const frames = new FrameQueue();
      frames.add(this.type, this.data, 0, this.data.length);
      this.#frame = joined(frames.take());
    }
    return this.#frame;
  }
}

/** Makes the frames of what a script publishes. */
export class SharedFrames {
  #run = new FrameRun();
  #audience = '';

  /**
   * The frame of a message.
   *
   * @param audience stands for the sockets that get it: what goes to the same ones comes into the same buffer
   */
  message(audience: string, type: MessageType, data: string | Buffer): SharedMessage {
    if (this.#run.isSealed || audience !== this.#audience || this.#run.length + data.length > LONGEST_RUN) {
      this.#run = new FrameRun();
      this.#audience = audience;
    }
    return new SharedMessage(type, data, this.#run);
  }

  /** Other sockets may belong to an audience from now on, or what was published has been written. */
  end(): void {
    if (this.#run.length > 0) {
      this.#run = new FrameRun();
    }
  }
}

/** One buffer of their own, which is not a part of a larger one. */
export function joined(chunks: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const chunk of chunks) {
    length += chunk.length;
  }
  const buffer = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const chunk of chunks) {
    buffer.set(chunk, at);
    at += chunk.length;
  }
  return buffer;
}
