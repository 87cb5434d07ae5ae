import { DOUBLE, DOUBLE_BYTES } from './double-bytes.ts';
import {
  ArrayBufferConstructor,
  ArrayConstructor,
  BigIntConstructor,
  DateConstructor,
  ErrorConstructor,
  MapConstructor,
  MapPrototypeSet,
  ObjectConstructor,
  RegExpConstructor,
  SetConstructor,
  SetPrototypeAdd,
  StringFromCharCode,
  StringPrototypeSlice,
  TypedArrayPrototypeGetLength,
  TypedArrayPrototypeSet,
  TypedArrayPrototypeSubarray,
  Uint8ArrayConstructor,
  createList,
} from './primordials.ts';
import { createResizableBuffer } from './resizable-buffers.ts';
import { Tag } from './value-tags.ts';
import { defineOwn } from './web/define.ts';
import { viewConstructor } from './web/structured-kinds.ts';

/** The value that `writeValue` has made these bytes of: a new one each time. */
export function readValue(bytes: Uint8Array<ArrayBuffer>): unknown {
  return new Reader(bytes).value();
}

class Reader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;
  /** By their numbers, which are the order in which they begin. */
  readonly #objects = createList<object | undefined>();

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  value(): unknown {
    const tag = this.#byte();
    switch (tag) {
      case Tag.Undefined:
        return undefined;
      case Tag.Null:
        return null;
      case Tag.True:
      case Tag.False:
        return tag === Tag.True;
      case Tag.BigInt:
        return this.#bigInt();
      case Tag.String:
        return this.#string();
      case Tag.Object:
        return this.#objects[this.#count()];
      case Tag.Integer:
      case Tag.NegativeInteger:
      case Tag.Double:
        return this.#number(tag);
      default:
        return this.#object(tag);
    }
  }

  #object(tag: number): object {
    const number = this.#objects.length;
    // It has its number before what it contains, which may be itself.
    this.#objects[number] = undefined;
    switch (tag) {
      case Tag.Plain:
        return this.#properties((this.#objects[number] = {}));
      case Tag.Array: {
        const length = this.#following();
        const array = (this.#objects[number] = new ArrayConstructor<unknown>(length));
        for (let index = 0; index < length; index++) {
          defineOwn(array, `${index}`, this.value());
        }
        return array;
      }
      case Tag.SparseArray:
        return this.#properties((this.#objects[number] = new ArrayConstructor<unknown>(this.#count())));
      case Tag.Map: {
        const map = (this.#objects[number] = new MapConstructor<unknown, unknown>());
        for (let left = this.#following(); left > 0; left--) {
          const key = this.value();
          MapPrototypeSet(map, key, this.value());
        }
        return map;
      }
      case Tag.Set: {
        const set = (this.#objects[number] = new SetConstructor<unknown>());
        for (let left = this.#following(); left > 0; left--) {
          SetPrototypeAdd(set, this.value());
        }
        return set;
      }
      default:
        return (this.#objects[number] = this.#simple(tag));
    }
  }

  /** What cannot contain itself. */
  #simple(tag: number): object {
    switch (tag) {
      case Tag.Wrapped:
        return ObjectConstructor(this.value()) as object;
      case Tag.Date:
        return new DateConstructor(this.#number(this.#byte()));
      case Tag.RegExp: {
        const source = this.#string();
        return new RegExpConstructor(source, this.#string());
      }
      case Tag.Buffer:
        return this.#buffer(undefined);
      case Tag.ResizableBuffer:
        return this.#buffer(this.#count());
      case Tag.View:
      case Tag.TrackingView: {
        const kind = this.#string();
        const start = this.#count();
        const length = tag === Tag.View ? this.#count() : undefined;
        const { construct } = viewConstructor(kind === '' ? undefined : kind);
        return new construct(this.value() as ArrayBuffer, start, length);
      }
      default:
        throw new ErrorConstructor(`These bytes hold no value: ${tag} begins none.`);
    }
  }

  #properties(object: object): object {
    for (let left = this.#following(); left > 0; left--) {
      const key = this.#string();
      defineOwn(object, key, this.value());
    }
    return object;
  }

  #buffer(maxByteLength: number | undefined): ArrayBuffer {
    const length = this.#following();
    const buffer =
      maxByteLength === undefined ? new ArrayBufferConstructor(length) : createResizableBuffer(length, maxByteLength);
    TypedArrayPrototypeSet(new Uint8ArrayConstructor(buffer), this.#raw(length));
    return buffer;
  }

  #number(tag: number): number {
    if (tag === Tag.Double) {
      TypedArrayPrototypeSet(DOUBLE_BYTES, this.#raw(8));
      return DOUBLE[0] as number;
    }
    const value = this.#count();
    return tag === Tag.Integer ? value : -value;
  }

  #bigInt(): bigint {
    const digits = this.#string();
    return digits[0] === '-' ? -BigIntConstructor(`0x${StringPrototypeSlice(digits, 1)}`) : BigIntConstructor(`0x${digits}`);
  }

  #string(): string {
    const size = this.#count();
    const isWide = size % 2 === 1;
    let text = '';
    for (let left = (size - (isWide ? 1 : 0)) / 2; left > 0; left--) {
      const low = this.#byte();
      text += StringFromCharCode(isWide ? low + 256 * this.#byte() : low);
    }
    return text;
  }

  #count(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte % 128) * factor;
      if (byte < 128) {
        return value;
      }
    }
  }

  /** How many bytes follow, or values of a byte at least: memory is made for these only once they are there. */
  #following(): number {
    const count = this.#count();
    this.#require(count);
    return count;
  }

  #require(bytes: number): void {
    if (bytes > TypedArrayPrototypeGetLength(this.#bytes) - this.#at) {
      throw tooShort();
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) {
      throw tooShort();
    }
    return byte;
  }

  #raw(length: number): Uint8Array {
    this.#require(length);
    return TypedArrayPrototypeSubarray(this.#bytes, this.#at, (this.#at += length));
  }
}

const tooShort = (): Error => new ErrorConstructor('These bytes hold no value: they end too soon.');
