import {
  ArrayBufferPrototypeGetByteLength,
  DataViewPrototypeGetBuffer,
  DataViewPrototypeGetByteLength,
  DataViewPrototypeGetByteOffset,
  TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeGetByteOffset,
  TypedArrayPrototypeGetToStringTag,
} from '../primordials.ts';

export interface ByteRange {
  readonly buffer: ArrayBufferLike;
  readonly start: number;
  readonly length: number;
}

/**
 * The bytes of an ArrayBuffer, a typed array or a DataView; undefined for anything else. It asks the object itself, by
 * its internal slots, not what the script may have put on it.
 */
export function byteRange(value: unknown): ByteRange | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  if (TypedArrayPrototypeGetToStringTag(value) !== undefined) {
    const view = value as Uint8Array;
    return {
      buffer: TypedArrayPrototypeGetBuffer(view),
      start: TypedArrayPrototypeGetByteOffset(view),
      length: TypedArrayPrototypeGetByteLength(view),
    };
  }
  try {
    return { buffer: value as ArrayBuffer, start: 0, length: ArrayBufferPrototypeGetByteLength(value as ArrayBuffer) };
  } catch {
    // Not an ArrayBuffer.
  }
  let buffer: ArrayBuffer;
  try {
    buffer = DataViewPrototypeGetBuffer(value as DataView);
  } catch {
    return undefined;
  }
  try {
    const start = DataViewPrototypeGetByteOffset(value as DataView);
    return { buffer, start, length: DataViewPrototypeGetByteLength(value as DataView) };
  } catch {
    // Its buffer is detached, or has shrunk below it. Web IDL: then there are no bytes.
    return { buffer, start: 0, length: 0 };
  }
}
