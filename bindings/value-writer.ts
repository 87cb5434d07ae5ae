import { DOUBLE, DOUBLE_BYTES } from './double-bytes.ts';
import { isProxy } from './boundary/natives.ts';
import {
  ArrayBufferPrototypeGetMaxByteLength,
  ArrayBufferPrototypeGetResizable,
  ArrayIsArray,
  BigIntPrototypeToString,
  DatePrototypeGetTime,
  MapConstructor,
  MapPrototypeForEach,
  MapPrototypeGet,
  MapPrototypeGetSize,
  MapPrototypeSet,
  MathMax,
  MathMin,
  MathTrunc,
  ObjectGetPrototypeOf,
  ObjectKeys,
  ObjectPrototype,
  RangeErrorConstructor,
  RegExpPrototypeGetSource,
  SetPrototypeForEach,
  SetPrototypeGetSize,
  StringPrototypeCharCodeAt,
  TypedArrayPrototypeGetToStringTag,
  TypedArrayPrototypeSet,
  TypedArrayPrototypeSubarray,
  Uint8ArrayConstructor,
  regExpFlags,
} from './primordials.ts';
import { Tag } from './value-tags.ts';
import { byteRange, type ByteRange } from './web/buffer-source.ts';
import { domException } from './web/dom-exception.ts';
import { structuredClone } from './web/structured-clone.ts';
import { attempt, wrappedPrimitive } from './web/structured-serialize.ts';
import { isLengthTracking, isOutOfBounds } from './web/length-tracking.ts';
import { viewConstructor } from './web/structured-kinds.ts';

/**
 * A value as bytes, as far as structured clones of it hold nothing but data: no Blob and no error.
 *
 * It is cloned first. What is written then has no getter, no proxy and no prototype of the script's, so that nothing runs
 * while it is written.
 *
 * @param most the most bytes
 * @param operation what error messages begin with
 */
export function writeValue(value: unknown, most: number, operation: string, onTooMuch: () => void = () => {}): Uint8Array<ArrayBuffer> {
  const writer = new Writer(most, operation, onTooMuch);
  writer.value(structuredClone(value));
  return writer.bytes;
}

const SMALLEST = 64;
const LARGEST_INTEGER = 2 ** 53 - 1;

class Writer {
  readonly #most: number;
  readonly #operation: string;
  readonly #onTooMuch: () => void;
  #bytes = new Uint8ArrayConstructor(SMALLEST);
  #at = 0;
  /** The objects so far, by their numbers: one that is contained twice is written once. */
  readonly #objects = new MapConstructor<object, number>();
  #objectCount = 0;

  constructor(most: number, operation: string, onTooMuch: () => void) {
    this.#most = most;
    this.#onTooMuch = onTooMuch;
    this.#operation = operation;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8ArrayConstructor(this.#at);
    TypedArrayPrototypeSet(bytes, TypedArrayPrototypeSubarray(this.#bytes, 0, this.#at));
    return bytes;
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'undefined':
        return this.#byte(Tag.Undefined);
      case 'boolean':
        return this.#byte(value ? Tag.True : Tag.False);
      case 'number':
        return this.#number(value);
      case 'bigint':
        this.#byte(Tag.BigInt);
        return this.#string(BigIntPrototypeToString(value, 16));
      case 'string':
        this.#byte(Tag.String);
        return this.#string(value);
      default:
        return value === null ? this.#byte(Tag.Null) : this.#object(value as object);
    }
  }

  #number(value: number): void {
    if (value % 1 === 0 && value >= 0 && value <= LARGEST_INTEGER && 1 / value !== -Infinity) {
      this.#byte(Tag.Integer);
      return this.#count(value);
    }
    if (value % 1 === 0 && value < 0 && value >= -LARGEST_INTEGER) {
      this.#byte(Tag.NegativeInteger);
      return this.#count(-value);
    }
    this.#byte(Tag.Double);
    DOUBLE[0] = value;
    this.#raw(DOUBLE_BYTES);
  }

  #object(object: object): void {
    const known = MapPrototypeGet(this.#objects, object);
    if (known !== undefined) {
      this.#byte(Tag.Object);
      return this.#count(known);
    }
    MapPrototypeSet(this.#objects, object, this.#objectCount++);
    if (isProxy(object)) {
      throw domException('DataCloneError', `${this.#operation}: It holds a Proxy, which cannot be kept.`);
    }
    if (ArrayIsArray(object)) {
      this.#array(object);
    } else if (ObjectGetPrototypeOf(object) === ObjectPrototype) {
      this.#byte(Tag.Plain);
      this.#properties(object);
    } else if (!this.#special(object)) {
      throw domException('DataCloneError', `${this.#operation}: It holds what cannot be kept: a Blob, an error or the like.`);
    }
  }

  #array(array: readonly unknown[]): void {
    const { length } = array;
    const keys = ObjectKeys(array);
    // The numbers come first, ascending: so many keys of which the last one is the last number are just these.
    if (keys.length === length && (length === 0 || keys[length - 1] === `${length - 1}`)) {
      this.#byte(Tag.Array);
      this.#count(length);
      for (let index = 0; index < length; index++) {
        this.value(array[index]);
      }
    } else {
      this.#byte(Tag.SparseArray);
      this.#count(length);
      this.#properties(array);
    }
  }

  #properties(object: object): void {
    const keys = ObjectKeys(object);
    this.#count(keys.length);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      this.#string(key);
      this.value((object as Record<string, unknown>)[key]);
    }
  }

  #special(object: object): boolean {
    const primitive = wrappedPrimitive(object);
    const time = attempt(() => DatePrototypeGetTime(object as Date));
    const source = attempt(() => RegExpPrototypeGetSource(object as RegExp));
    const range = byteRange(object);
    if (primitive !== undefined) {
      this.#byte(Tag.Wrapped);
      this.value(primitive);
    } else if (time !== undefined) {
      this.#byte(Tag.Date);
      this.#number(time);
    } else if (source !== undefined) {
      this.#byte(Tag.RegExp);
      this.#string(source);
      this.#string(regExpFlags(object as RegExp));
    } else if (range !== undefined) {
      this.#buffer(object, range);
    } else if (attempt(() => MapPrototypeGetSize(object as Map<unknown, unknown>)) !== undefined) {
      this.#byte(Tag.Map);
      this.#count(MapPrototypeGetSize(object as Map<unknown, unknown>));
      MapPrototypeForEach(object as Map<unknown, unknown>, (value, key) => {
        this.value(key);
        this.value(value);
      });
    } else if (attempt(() => SetPrototypeGetSize(object as Set<unknown>)) !== undefined) {
      this.#byte(Tag.Set);
      this.#count(SetPrototypeGetSize(object as Set<unknown>));
      SetPrototypeForEach(object as Set<unknown>, (item) => this.value(item));
    } else {
      return false;
    }
    return true;
  }

  /** An ArrayBuffer or a view. Views of one buffer stay so. */
  #buffer(object: object, range: ByteRange): void {
    const { buffer, length, start } = range;
    if (buffer !== object) {
      const kind = TypedArrayPrototypeGetToStringTag(object);
      const { bytes } = viewConstructor(kind);
      if (isOutOfBounds(object, kind)) {
        throw domException('DataCloneError', `${this.#operation}: It holds a view beyond the end of its ArrayBuffer.`);
      }
      const isTracking = isLengthTracking(object, kind, range, bytes);
      this.#byte(isTracking ? Tag.TrackingView : Tag.View);
      this.#string(kind ?? '');
      this.#count(start);
      if (!isTracking) {
        this.#count(length / bytes);
      }
      return this.#object(buffer);
    }
    if (ArrayBufferPrototypeGetResizable(buffer as ArrayBuffer)) {
      this.#byte(Tag.ResizableBuffer);
      this.#count(ArrayBufferPrototypeGetMaxByteLength(buffer as ArrayBuffer));
    } else {
      this.#byte(Tag.Buffer);
    }
    this.#count(length);
    this.#raw(new Uint8ArrayConstructor(buffer));
  }

  /** As UTF-16 where a byte for each unit does not do: lone surrogates stay what they are. */
  #string(text: string): void {
    let isWide = false;
    for (let index = 0; index < text.length && !isWide; index++) {
      isWide = StringPrototypeCharCodeAt(text, index) > 0xff;
    }
    this.#count(2 * text.length + (isWide ? 1 : 0));
    this.#reserve(isWide ? 2 * text.length : text.length);
    for (let index = 0; index < text.length; index++) {
      const unit = StringPrototypeCharCodeAt(text, index);
      this.#bytes[this.#at++] = unit & 0xff;
      if (isWide) {
        this.#bytes[this.#at++] = unit >> 8;
      }
    }
  }

  /** Seven bits to a byte. */
  #count(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#byte((rest % 128) + 128);
      rest = MathTrunc(rest / 128);
    }
    this.#byte(rest);
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  #raw(bytes: Uint8Array): void {
    const { length } = byteRange(bytes) as ByteRange;
    this.#reserve(length);
    TypedArrayPrototypeSet(this.#bytes, bytes, this.#at);
    this.#at += length;
  }

  #reserve(size: number): void {
    const needed = this.#at + size;
    if (needed > this.#most) {
      this.#onTooMuch();
      throw new RangeErrorConstructor(`${this.#operation}: It would take more than ${this.#most} bytes, which is the limit.`);
    }
    const { length } = byteRange(this.#bytes) as ByteRange;
    if (needed > length) {
      const larger = new Uint8ArrayConstructor(MathMax(needed, MathMin(2 * length, this.#most)));
      TypedArrayPrototypeSet(larger, this.#bytes);
      this.#bytes = larger;
    }
  }
}
