import type { ByteReader } from './byte-reader.ts';
import { encode, type EncodedBatch } from './encoded.ts';
import { WireError } from './fields.ts';
import { releaseBytes } from './release-bytes.ts';

/**
 * The frames on the pipes between the host and a cell process: a length of four bytes, a kind of one, a script's number
 * of four, then the content. The length counts all that follows it.
 */
export const FRAME_HEADER_SIZE = 9;

/** The largest frame that either side accepts, in bytes: twice what a turn may carry, and room for many small items. */
export const LARGEST_FRAME = 256 * 1024 * 1024;

/** The file descriptors of a cell process. */
export const CELL_PIPES = {
  /** Frames from the host. */
  frames: 3,
  /** Frames to the host. */
  commands: 4,
  /** Answers to questions, which the cell reads blocking: a length of four bytes, then the answer. */
  answers: 5,
} as const;

/** From the host to a cell. */
export const TO_CELL = {
  /** Make an isolate for a script. Content: its settings as a JSON text. */
  create: 1,
  /** Run a turn. Content: a uint32 with the number of events, the events. */
  turn: 2,
  /** Throw a script's isolate away. No content. */
  destroy: 3,
  /** Run the events that the last slice of a turn has left. No content. */
  resume: 4,
} as const;

/** From a cell to the host. */
export const TO_HOST = {
  /** The cell has started. No content. */
  ready: 1,
  /** A turn has ended. Content: a TURN_STATUS, a message, what the turn has used (TurnUsage), commands. */
  turned: 2,
  /** A script waits for an answer. Content: a uint32 with the size of its commands so far, these, the question. */
  question: 3,
  /**
   * A copy of a line that the turn under way gives back when it ends: it is shown if the turn's own commands are lost.
   * Content: commands, of which there is one, a `print` or a `reportError`; or none, if there are more lines than are copied.
   */
  copy: 4,
} as const;

/** How a turn ended. Every status but `done` and `sliced` is the end of its script. */
export const TURN_STATUS = {
  done: 0,
  /** Its slice of time is over, and events are left: the cell waits for `resume`. */
  sliced: 4,
  /** The turn's time limit was reached. The message is the frames of the script, where it was. */
  timeout: 1,
  /** The isolate's memory limit was reached. */
  memory: 2,
  /** The isolate could not be made, or is broken. */
  broken: 3,
} as const;

export type TurnStatus = keyof typeof TURN_STATUS;

const TURN_STATUSES = Object.keys(TURN_STATUS) as readonly TurnStatus[];

export function turnStatusOf(code: number): TurnStatus {
  const status = TURN_STATUSES.find((name) => TURN_STATUS[name] === code);
  if (status === undefined) {
    throw new WireError(`there is no turn status ${code}`);
  }
  return status;
}

/** What a turn has used, as its cell measures it. On the pipe: a uint32 for each, in this order. */
export interface TurnUsage {
  /** Processor time of the isolate, in microseconds. */
  readonly cpuTime: number;
  /** What lives in the isolate's heap, in KiB, as it was last measured; 0 before that. */
  readonly heap: number;
  /** What it has outside of the heap: ArrayBuffers that are not resizable, in KiB. */
  readonly external: number;
  /** Timers that the script has set, as its bindings count them. */
  readonly timers: number;
  /** Which limits the bindings have refused something for in this turn: a bit for each of GUEST_LIMITS. */
  readonly refused: number;
}

export const NO_USAGE: TurnUsage = { cpuTime: 0, heap: 0, external: 0, timers: 0, refused: 0 };

export function readTurnUsage(reader: ByteReader): TurnUsage {
  return {
    cpuTime: reader.uint32(),
    heap: reader.uint32(),
    external: reader.uint32(),
    timers: reader.uint32(),
    refused: reader.uint32(),
  };
}

/** A frame: its chunks, ready to be written one after another. */
export function frame(kind: number, script: number, content: readonly Uint8Array[] = []): Uint8Array[] {
  const header = Buffer.allocUnsafe(FRAME_HEADER_SIZE);
  header.writeUInt32LE(content.reduce((sum, chunk) => sum + chunk.length, FRAME_HEADER_SIZE - 4), 0);
  header.writeUInt8(kind, 4);
  header.writeUInt32LE(script, 5);
  return [header, ...content];
}

/** What goes over the pipe for answers: the length of four bytes, then the fields. */
export function answer(fields: readonly string[]): Uint8Array {
  const content = Buffer.from(JSON.stringify(fields));
  return Buffer.concat([uint32(content.length), content]);
}

/** The content of a turn, after the number of its events. */
export function turnContent(count: number, events: EncodedBatch): Uint8Array[] {
  return [uint32(count), ...encode(events)];
}

/** The content of a turn's end. */
export function turnedContent(status: TurnStatus, message: string, usage: TurnUsage, commands: EncodedBatch): Uint8Array[] {
  const size = Buffer.byteLength(message);
  const head = Buffer.allocUnsafe(25 + size);
  head.writeUInt8(TURN_STATUS[status], 0);
  head.writeUInt32LE(size, 1);
  head.write(message, 5, 'utf8');
  let at = 5 + size;
  at = head.writeUInt32LE(usage.cpuTime, at);
  at = head.writeUInt32LE(usage.heap, at);
  at = head.writeUInt32LE(usage.external, at);
  at = head.writeUInt32LE(usage.timers, at);
  head.writeUInt32LE(usage.refused, at);
  return [head, ...encode(commands)];
}

/** The content of a question: the size of the commands before it, these, itself. */
export function questionContent(commands: EncodedBatch, question: EncodedBatch): Uint8Array[] {
  const before = encode(commands);
  return [uint32(before.reduce((sum, chunk) => sum + chunk.length, 0)), ...before, ...encode(question)];
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

export interface Frame {
  readonly kind: number;
  readonly script: number;
  /** The content is `buffer` from `start` to `end`. */
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Takes a frame, and returns whether something refers to its buffer from now on. */
export type OnFrame = (frame: Frame) => boolean;

/** Cuts a stream of bytes into frames. */
export class FrameParser {
  readonly #largest: number;
  readonly #reusesBuffers: boolean;
  /** A frame that is not whole yet: its length, as far as that is known, then all of it; and how much of that is there. */
  readonly #head = Buffer.alloc(4);
  #frame: Buffer | undefined;
  #filled = 0;
  /** Why nothing more is read: it is not known where the next frame begins. */
  #problem: WireError | undefined;

  /**
   * @param largest the largest frame that is accepted, in bytes; a larger one is a WireError
   * @param reusesBuffers whether what is pushed may change after `push` returns
   */
  constructor(largest: number, reusesBuffers: boolean) {
    this.#largest = largest;
    this.#reusesBuffers = reusesBuffers;
  }

  /**
   * Takes the next bytes and calls `onFrame` for each frame that they complete. It says whether something still refers to the
   * frame's buffer then; memory that nobody refers to is given back at once. Throws a WireError for a length that no frame has,
   * and for all that is pushed behind it.
   */
  push(data: Buffer, onFrame: OnFrame): void {
    if (this.#problem !== undefined) {
      throw this.#problem;
    }
    const { length } = data;
    let isKept = this.#reusesBuffers;
    let offset = 0;
    while (this.#filled > 0 && offset < length) {
      offset += this.#complete(data, offset, onFrame);
    }
    while (length - offset >= 4) {
      const size = this.#lengthAt(data, offset);
      if (length - offset < size) {
        this.#frame = Buffer.allocUnsafeSlow(size);
        break;
      }
      isKept = onFrame(frameAt(data, offset, size)) || isKept;
      offset += size;
    }
    if (offset < length) {
      this.#filled = data.copy(this.#frame ?? this.#head, 0, offset);
    }
    if (!isKept) {
      releaseBytes(data);
    }
  }

  /**
   * Adds to the pending frame what it lacks, its length first. Returns how many bytes it took. A large frame is copied as it comes:
   * to join its pieces at its end would take as long as all of its memory takes to be mapped.
   */
  #complete(data: Buffer, offset: number, onFrame: OnFrame): number {
    const target = this.#frame ?? this.#head;
    const size = data.copy(target, this.#filled, offset);
    this.#filled += size;
    if (this.#filled < target.length) {
      return size;
    }
    if (target === this.#head) {
      this.#frame = Buffer.allocUnsafeSlow(this.#lengthAt(target, 0));
      target.copy(this.#frame);
    } else {
      this.#frame = undefined;
      this.#filled = 0;
      if (!onFrame(frameAt(target, 0, target.length))) {
        releaseBytes(target);
      }
    }
    return size;
  }

  #lengthAt(buffer: Buffer, offset: number): number {
    const length = buffer.readUInt32LE(offset) + 4;
    if (length < FRAME_HEADER_SIZE || length > this.#largest) {
      this.#problem = new WireError(`a frame of ${length} bytes, where ${FRAME_HEADER_SIZE} to ${this.#largest} are allowed`);
      throw this.#problem;
    }
    return length;
  }
}

function frameAt(buffer: Buffer, offset: number, length: number): Frame {
  return {
    kind: buffer[offset + 4] as number,
    script: buffer.readUInt32LE(offset + 5),
    buffer,
    start: offset + FRAME_HEADER_SIZE,
    end: offset + length,
  };
}
