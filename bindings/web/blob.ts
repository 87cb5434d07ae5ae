import {
  MathMax,
  MathMin,
  MathTrunc,
  NumberIsNaN,
  PromiseConstructor,
  RegExpPrototypeExec,
  StringPrototypeToLowerCase,
  TypedArrayPrototypeSet,
  TypeErrorConstructor,
  Uint8ArrayConstructor,
} from '../primordials.ts';
import { byteRange } from './buffer-source.ts';
import { defineInterface } from './define.ts';
import { utf8Decode, utf8Encode } from './utf8.ts';

export interface BlobPropertyBag {
  type?: string;
  endings?: string;
}

/** The bytes of a blob, which never change; undefined where the value is not a Blob. */
export let blobBytes: (value: unknown) => Uint8Array<ArrayBuffer> | undefined;

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
    blobBytes = (value) =>
      typeof value === 'object' && value !== null && #bytes in value ? value.#bytes : undefined;
    adopt = (bytes, type) => {
      const blob = new Blob();
      blob.#bytes = bytes;
      blob.#type = type;
      return blob;
    };
  }

  get size(): number {
    return this.#bytes.length;
  }

  get type(): string {
    return this.#type;
  }

  /** File API, "slice blob": negative positions count from the end. */
  slice(start?: unknown, end?: unknown, contentType?: unknown): Blob {
    const size = this.#bytes.length;
    const from = position(start, 0, size);
    const to = MathMax(from, position(end, size, size));
    const bytes = new Uint8ArrayConstructor(this.#bytes.buffer, this.#bytes.byteOffset + from, to - from);
    return adopt(bytes, contentType === undefined ? '' : normalizeType(`${contentType as string}`));
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return settle(() => copy(this.#bytes).buffer);
  }

  bytes(): Promise<Uint8Array> {
    return settle(() => copy(this.#bytes));
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

function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8ArrayConstructor(bytes.length);
  TypedArrayPrototypeSet(result, bytes);
  return result;
}

function joinParts(parts: Iterable<unknown>): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (const part of parts) {
    const range = byteRange(part);
    const piece =
      range === undefined
        ? (blobBytes(part) ?? utf8Encode(`${part as string}`))
        : new Uint8ArrayConstructor(range.buffer as ArrayBuffer, range.start, range.length);
    pieces[pieces.length] = piece;
    size += piece.length;
  }
  const bytes = new Uint8ArrayConstructor(size);
  let offset = 0;
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index] as Uint8Array;
    TypedArrayPrototypeSet(bytes, piece, offset);
    offset += piece.length;
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
  const number = Number(value);
  const whole = NumberIsNaN(number) ? 0 : MathTrunc(number);
  return whole < 0 ? MathMax(size + whole, 0) : MathMin(whole, size);
}
