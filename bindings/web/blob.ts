import {
  MathMax,
  MathMin,
  MathTrunc,
  NumberConstructor,
  NumberIsNaN,
  PromiseConstructor,
  RegExpPrototypeExec,
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
import { utf8Decode, utf8Encode } from './utf8.ts';

export interface BlobPropertyBag {
  type?: string;
  endings?: string;
}

/** The bytes of a blob, which never change; undefined where the value is not a Blob. */
export let blobRange: (value: unknown) => ByteRange | undefined;

let adopt: (bytes: Uint8Array<ArrayBuffer>, type: string) => Blob;

/** File API, section 3. */
export class Blob {
  #bytes: Uint8Array<ArrayBuffer>;
  #type: string;

  constructor(parts?: unknown, options?: unknown) {
    if (parts !== undefined && (typeof parts !== 'object' || parts === null)) {
      throw new TypeErrorConstructor("Failed to construct 'Blob': The provided value cannot be converted to a sequence.");
    }
    const { type = '' } = (options ?? {}) as BlobPropertyBag;
    this.#bytes = parts === undefined ? new Uint8ArrayConstructor(0) : joinParts(parts as Iterable<unknown>);
    this.#type = normalizeType(`${type}`);
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
  slice(start?: unknown, end?: unknown, contentType?: unknown): Blob {
    const { buffer, start: offset, length: size } = this.#range;
    const from = position(start, 0, size);
    const to = MathMax(from, position(end, size, size));
    const bytes = new Uint8ArrayConstructor(buffer as ArrayBuffer, offset + from, to - from);
    return adopt(bytes, contentType === undefined ? '' : normalizeType(`${contentType as string}`));
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

defineInterface(Blob, 'Blob', ['size', 'type', 'slice', 'arrayBuffer', 'bytes', 'text']);

/** A blob of these bytes, which must be nobody else's. */
export function createBlob(bytes: Uint8Array<ArrayBuffer>): Blob {
  return adopt(bytes, '');
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

function joinParts(parts: Iterable<unknown>): Uint8Array<ArrayBuffer> {
  const pieces = createList<Uint8Array>();
  let size = 0;
  for (const part of parts) {
    const range = byteRange(part) ?? blobRange(part);
    const piece = range === undefined ? utf8Encode(`${part as string}`) : copy(range);
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

/** File API: a type with a character outside U+0020 to U+007E counts as none. */
function normalizeType(type: string): string {
  return RegExpPrototypeExec(/[^\u0020-\u007e]/, type) === null ? StringPrototypeToLowerCase(type) : '';
}

function position(value: unknown, fallback: number, size: number): number {
  if (value === undefined) {
    return fallback;
  }
  const number = NumberConstructor(value);
  const whole = NumberIsNaN(number) ? 0 : MathTrunc(number);
  return whole < 0 ? MathMax(size + whole, 0) : MathMin(whole, size);
}
