import {
  MathMax,
  MathMin,
  ObjectCreate,
  PromiseConstructor,
  RegExpPrototypeExec,
  StringPrototypeIndexOf,
  StringPrototypeSlice,
  StringPrototypeToLowerCase,
  TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteOffset,
  TypedArrayPrototypeGetLength,
  TypedArrayPrototypeSet,
  TypeErrorConstructor,
  Uint8ArrayConstructor,
  createList,
} from '../primordials.ts';
import { byteRange, type ByteRange } from './buffer-source.ts';
import { defineInterface } from './define.ts';
import { ReadableStream } from './streams.ts';
import { utf8Decode, utf8Encode } from './utf8.ts';
import { clampLongLong, dictionary, iteratorMethod, sequence } from './webidl.ts';

const FAILED = "Failed to construct 'Blob'";

export interface BlobPropertyBag {
  type?: string;
  endings?: string;
}

/** The most bytes that a stream gives at once. */
const STREAM_CHUNK = 64 * 1024;

/** The bytes of a blob, which never change; undefined where the value is not a Blob. */
export let blobRange: (value: unknown) => ByteRange | undefined;

let adopt: (bytes: Uint8Array<ArrayBuffer>, type: string) => Blob;
let duplicate: (blob: Blob) => Blob;

/** File API, section 3. */
export class Blob {
  #bytes: Uint8Array<ArrayBuffer>;
  #type: string;

  constructor(parts: unknown = undefined, options: unknown = undefined) {
    const pieces = parts === undefined ? createList<string | object>() : partList(parts);
    // Web IDL: the members in the order of their names.
    const { endings, type } = dictionary<BlobPropertyBag>(options, FAILED);
    const ending = endings === undefined ? 'transparent' : `${endings}`;
    if (ending !== 'transparent' && ending !== 'native') {
      throw new TypeErrorConstructor(
        `Failed to construct 'Blob': The provided value '${ending}' is not a valid enum value of type EndingType.`,
      );
    }
    this.#type = type === undefined ? '' : normalizeType(`${type}`);
    this.#bytes = joinParts(pieces, ending === 'native');
  }

  static {
    blobRange = (value) =>
      typeof value === 'object' && value !== null && #bytes in value ? value.#range : undefined;
    adopt = (bytes, type) => {
      const blob = new Blob();
      blob.#bytes = bytes;
      blob.#type = type;
      return blob;
    };
    duplicate = (blob) => adopt(blob.#bytes, blob.#type);
  }

  get #range(): ByteRange {
    return {
      buffer: TypedArrayPrototypeGetBuffer(this.#bytes),
      start: TypedArrayPrototypeGetByteOffset(this.#bytes),
      length: TypedArrayPrototypeGetLength(this.#bytes),
    };
  }

  get size(): number {
    return this.#range.length;
  }

  get type(): string {
    return this.#type;
  }

  /** File API, "slice blob": negative positions count from the end. */
  slice(start: unknown = undefined, end: unknown = undefined, contentType: unknown = undefined): Blob {
    const { buffer, start: offset, length: size } = this.#range;
    const from = position(start, 0, size);
    const to = MathMax(from, position(end, size, size));
    const bytes = new Uint8ArrayConstructor(buffer as ArrayBuffer, offset + from, to - from);
    return adopt(bytes, contentType === undefined ? '' : normalizeType(`${contentType as string}`));
  }

  /** A byte stream, which copies what is read when it is read. */
  stream(): ReadableStream {
    const { buffer, start, length } = this.#range;
    let done = 0;
    // Without a prototype, as the stream looks for members that are not there.
    const source = ObjectCreate(null) as { type: 'bytes'; pull: (controller: ByteController) => void };
    source.type = 'bytes';
    source.pull = (controller) => {
      const size = MathMin(length - done, STREAM_CHUNK);
      if (size > 0) {
        const chunk = copy({ buffer, start: start + done, length: size });
        done += size;
        controller.enqueue(chunk);
      }
      if (done === length) {
        controller.close();
        // A reader that brings its own buffer waits for an answer.
        controller.byobRequest?.respond(0);
      }
    };
    const strategy = ObjectCreate(null) as { highWaterMark: number };
    strategy.highWaterMark = 0;
    return new ReadableStream(source, strategy);
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return settle(() => TypedArrayPrototypeGetBuffer(copy(this.#range)));
  }

  bytes(): Promise<Uint8Array> {
    return settle(() => copy(this.#range));
  }

  text(): Promise<string> {
    return settle(() => utf8Decode(this.#bytes));
  }
}

defineInterface(Blob, 'Blob', ['size', 'type', 'slice', 'stream', 'arrayBuffer', 'bytes', 'text']);

/** A blob of these bytes, which must be nobody else's. */
export function createBlob(bytes: Uint8Array<ArrayBuffer>, type = ''): Blob {
  return adopt(bytes, type);
}

/** Another blob of the same bytes; undefined where the value is not a Blob. */
export function cloneBlob(value: object): Blob | undefined {
  return blobRange(value) === undefined ? undefined : duplicate(value as Blob);
}

interface ByteController {
  readonly byobRequest: { respond(written: number): void } | null;
  enqueue(chunk: Uint8Array): void;
  close(): void;
}

function settle<Value>(produce: () => Value): Promise<Value> {
  return new PromiseConstructor((resolve, reject) => {
    try {
      resolve(produce());
    } catch (error) {
      reject(error);
    }
  });
}

function copy({ buffer, start, length }: ByteRange): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8ArrayConstructor(length);
  // A detached buffer has no bytes, and no view can be made on it.
  if (length > 0) {
    TypedArrayPrototypeSet(bytes, new Uint8ArrayConstructor(buffer, start, length));
  }
  return bytes;
}

/** Web IDL `sequence<BlobPart>`: strings now, bytes when all is converted, as the standard has it. */
function partList(parts: unknown): (string | object)[] {
  const iterate = iteratorMethod(parts, FAILED);
  if (iterate === undefined) {
    throw new TypeErrorConstructor(`${FAILED}: The provided value cannot be converted to a sequence.`);
  }
  const list = createList<string | object>();
  sequence(parts, iterate, FAILED, (part) => {
    const isBytes = byteRange(part) !== undefined || blobRange(part) !== undefined;
    list[list.length] = isBytes ? (part as object) : `${part as string}`;
  });
  return list;
}

/** File API, "process blob parts". */
function joinParts(parts: readonly (string | object)[], isNative: boolean): Uint8Array<ArrayBuffer> {
  const pieces = createList<Uint8Array>();
  let size = 0;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] as string | object;
    const piece =
      typeof part === 'string'
        ? utf8Encode(isNative ? nativeEndings(part) : part)
        : copy((byteRange(part) ?? blobRange(part)) as ByteRange);
    pieces[pieces.length] = piece;
    size += TypedArrayPrototypeGetLength(piece);
  }
  const bytes = new Uint8ArrayConstructor(size);
  let offset = 0;
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index] as Uint8Array;
    TypedArrayPrototypeSet(bytes, piece, offset);
    offset += TypedArrayPrototypeGetLength(piece);
  }
  return bytes;
}

/** File API, "convert line endings to native". It is "\n" wherever the host runs: a script need not know where. */
function nativeEndings(text: string): string {
  let result = '';
  let start = 0;
  for (let at = StringPrototypeIndexOf(text, '\r'); at !== -1; at = StringPrototypeIndexOf(text, '\r', start)) {
    result += `${StringPrototypeSlice(text, start, at)}\n`;
    start = text[at + 1] === '\n' ? at + 2 : at + 1;
  }
  return result + StringPrototypeSlice(text, start);
}

/** File API: a type with a character outside U+0020 to U+007E counts as none. */
function normalizeType(type: string): string {
  return RegExpPrototypeExec(/[^\u0020-\u007e]/, type) === null ? StringPrototypeToLowerCase(type) : '';
}

function position(value: unknown, fallback: number, size: number): number {
  if (value === undefined) {
    return fallback;
  }
  const whole = clampLongLong(value);
  return whole < 0 ? MathMax(size + whole, 0) : MathMin(whole, size);
}
