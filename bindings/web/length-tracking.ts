import {
  ArrayBufferPrototypeGetByteLength,
  ArrayBufferPrototypeGetMaxByteLength,
  ArrayBufferPrototypeGetResizable,
  ArrayBufferPrototypeResize,
  DataViewPrototypeGetByteLength,
  MathMin,
  TypedArrayPrototypeAt,
  TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeSet,
  Uint8ArrayConstructor,
} from '../primordials.ts';
import type { ByteRange } from './buffer-source.ts';

/** Whether the buffer has shrunk below the view. @param kind of a typed array; undefined for a DataView */
export function isOutOfBounds(view: object, kind: string | undefined): boolean {
  try {
    // Both throw then. The length of a typed array alone does not tell.
    if (kind === undefined) {
      DataViewPrototypeGetByteLength(view as DataView);
    } else {
      TypedArrayPrototypeAt(view as Uint8Array, 0);
    }
    return false;
  } catch {
    return true;
  }
}

/**
 * ECMAScript, "IsTypedArrayOutOfBounds" and the like: whether the view's length follows its buffer's. The language tells it
 * to nobody, so the buffer is resized by an element, and then back, with its bytes. No code of a script runs meanwhile.
 *
 * @param range of a view that is not out of bounds
 * @param size of an element
 */
export function isLengthTracking(view: object, kind: string | undefined, range: ByteRange, size: number): boolean {
  const buffer = range.buffer as ArrayBuffer;
  if (!ArrayBufferPrototypeGetResizable(buffer)) {
    return false;
  }
  const { length, start } = range;
  const whole = ArrayBufferPrototypeGetByteLength(buffer);
  const larger = MathMin(whole + size, ArrayBufferPrototypeGetMaxByteLength(buffer));
  if (larger > whole) {
    ArrayBufferPrototypeResize(buffer, larger);
    const hasGrown = lengthOf(view, kind) !== length;
    ArrayBufferPrototypeResize(buffer, whole);
    if (hasGrown) {
      return true;
    }
  }
  if (length === 0) {
    // It cannot have an element, and then there is no difference.
    return false;
  }
  const smaller = start + length - 1;
  const kept = new Uint8ArrayConstructor(whole - smaller);
  TypedArrayPrototypeSet(kept, new Uint8ArrayConstructor(buffer, smaller, whole - smaller));
  ArrayBufferPrototypeResize(buffer, smaller);
  const isTracking = !isOutOfBounds(view, kind);
  ArrayBufferPrototypeResize(buffer, whole);
  TypedArrayPrototypeSet(new Uint8ArrayConstructor(buffer, smaller, whole - smaller), kept);
  return isTracking;
}

function lengthOf(view: object, kind: string | undefined): number {
  return kind === undefined
    ? DataViewPrototypeGetByteLength(view as DataView)
    : TypedArrayPrototypeGetByteLength(view as Uint8Array);
}
