import {
  ArrayBufferConstructor,
  ArrayBufferPrototypeGetDetached,
  ArrayBufferPrototypeGetMaxByteLength,
  ArrayBufferPrototypeGetResizable,
  ArrayConstructor,
  ArrayIsArray,
  BigIntPrototypeValueOf,
  BooleanPrototypeValueOf,
  DateConstructor,
  DatePrototypeGetTime,
  ErrorIsError,
  MapConstructor,
  MapPrototypeForEach,
  MapPrototypeGet,
  MapPrototypeGetSize,
  MapPrototypeSet,
  NumberPrototypeValueOf,
  ObjectConstructor,
  ObjectGetOwnPropertyDescriptor,
  ObjectGetPrototypeOf,
  ObjectHasOwn,
  ObjectKeys,
  ObjectPrototype,
  RegExpConstructor,
  RegExpPrototypeGetSource,
  SetConstructor,
  SetPrototypeAdd,
  SetPrototypeForEach,
  SetPrototypeGetSize,
  StringPrototypeValueOf,
  TypedArrayPrototypeGetToStringTag,
  TypedArrayPrototypeSet,
  Uint8ArrayConstructor,
  createList,
  regExpFlags,
} from '../primordials.ts';
import { isProxy } from '../boundary/natives.ts';
import { cloneWebSocketError } from '../websocket-error.ts';
import { createResizableBuffer } from '../resizable-buffers.ts';
import { cloneBlob } from './blob.ts';
import { byteRange, type ByteRange } from './buffer-source.ts';
import { defineOwn } from './define.ts';
import { cloneDOMException, domException, type DOMException } from './dom-exception.ts';
import { cloneQuotaExceededError } from './quota-exceeded-error.ts';
import { cloneError, defineHidden } from './structured-error.ts';
import { isLengthTracking, isOutOfBounds } from './length-tracking.ts';
import { isUnserializable, viewConstructor } from './structured-kinds.ts';

/** HTML, section 2.7.3, StructuredSerializeInternal, and 2.7.6, StructuredDeserialize. */

/** What is serialized of an object; of a primitive, it is the primitive itself. */
export class Serialized {
  #revived: object | undefined;

  /** Makes the clone, without what it contains. */
  create(): object {
    return {};
  }

  /** Puts in what it contains, which may be the clone again. */
  fill(_clone: object): void {}

  static revive(serialized: Serialized): object {
    if (serialized.#revived === undefined) {
      const clone = serialized.create();
      serialized.#revived = clone;
      serialized.fill(clone);
    }
    return serialized.#revived;
  }

  static is(value: unknown): value is Serialized {
    return typeof value === 'object' && value !== null && #revived in value;
  }
}

const { is, revive: reviveObject } = Serialized;

/** The objects that were seen, so that one that is contained twice is cloned once. */
export type Memory = Map<object, Serialized>;

export function revive(serialized: unknown): unknown {
  return is(serialized) ? reviveObject(serialized) : serialized;
}

export function dataCloneError(what: string): DOMException {
  return domException('DataCloneError', `Failed to execute 'structuredClone': ${what} could not be cloned.`);
}

export function serialize(value: unknown, memory: Memory): unknown {
  switch (typeof value) {
    case 'symbol':
      throw dataCloneError('A symbol');
    case 'function':
      throw dataCloneError('A function');
    case 'object':
      return value === null ? null : serializeObject(value, memory);
    default:
      return value;
  }
}

function serializeObject(value: object, memory: Memory): Serialized {
  const known = MapPrototypeGet(memory, value);
  if (known !== undefined) {
    return known;
  }
  if (isProxy(value)) {
    throw dataCloneError('A Proxy');
  }
  if (ArrayIsArray(value)) {
    return remember(new PlainObject(value, value.length), value, memory);
  }
  if (ErrorIsError(value)) {
    const exception = cloneWebSocketError(value) ?? cloneQuotaExceededError(value) ?? cloneDOMException(value);
    return remember(exception === undefined ? new ErrorCopy(value) : new Fresh(() => exception), value, memory);
  }
  const prototype = ObjectGetPrototypeOf(value) as object | null;
  if (prototype !== ObjectPrototype && prototype !== null) {
    const special = serializeSpecial(value, memory);
    if (special !== undefined) {
      return special;
    }
  }
  return remember(new PlainObject(value, undefined), value, memory);
}

/** The steps put an object into the memory before what it contains. */
function remember(serialized: Serialized & Partial<Container>, value: object, memory: Memory): Serialized {
  MapPrototypeSet(memory, value, serialized);
  serialized.collect?.(memory);
  return serialized;
}

interface Container {
  collect(memory: Memory): void;
}

/** What has internal slots; undefined for what has none. */
function serializeSpecial(value: object, memory: Memory): Serialized | undefined {
  const primitive = wrappedPrimitive(value);
  if (primitive !== undefined) {
    return remember(new Fresh(() => ObjectConstructor(primitive) as object), value, memory);
  }
  const time = attempt(() => DatePrototypeGetTime(value as Date));
  if (time !== undefined) {
    return remember(new Fresh(() => new DateConstructor(time)), value, memory);
  }
  const source = attempt(() => RegExpPrototypeGetSource(value as RegExp));
  if (source !== undefined) {
    const flags = regExpFlags(value as RegExp);
    return remember(new Fresh(() => new RegExpConstructor(source, flags)), value, memory);
  }
  const range = byteRange(value);
  if (range !== undefined) {
    const kind = TypedArrayPrototypeGetToStringTag(value);
    if (range.buffer === value) {
      return remember(bufferCopy(range), value, memory);
    }
    return remember(new View(range, kind, value), value, memory);
  }
  if (attempt(() => MapPrototypeGetSize(value as Map<unknown, unknown>)) !== undefined) {
    return remember(new MapCopy(value as Map<unknown, unknown>), value, memory);
  }
  if (attempt(() => SetPrototypeGetSize(value as Set<unknown>)) !== undefined) {
    return remember(new SetCopy(value as Set<unknown>), value, memory);
  }
  const blob = cloneBlob(value);
  if (blob !== undefined) {
    return remember(new Fresh(() => blob), value, memory);
  }
  if (isUnserializable(value)) {
    throw dataCloneError('An object of a kind that has no clones');
  }
  return undefined;
}

/** What reading an internal slot gives; undefined where there is none. */
export function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** What `new Number(1)` and the like hold; undefined for other objects. */
export function wrappedPrimitive(value: object): unknown {
  return (
    attempt(() => BooleanPrototypeValueOf(value as unknown as boolean)) ??
    attempt(() => NumberPrototypeValueOf(value as unknown as number)) ??
    attempt(() => StringPrototypeValueOf(value as unknown as string)) ??
    attempt(() => BigIntPrototypeValueOf(value as unknown as bigint))
  );
}

/** An object that contains no other. */
class Fresh extends Serialized {
  readonly #make: () => object;

  constructor(make: () => object) {
    super();
    this.#make = make;
  }

  override create(): object {
    return this.#make();
  }
}

function bufferCopy({ buffer, length }: ByteRange): Serialized {
  if (ArrayBufferPrototypeGetDetached(buffer as ArrayBuffer)) {
    throw dataCloneError('A detached ArrayBuffer');
  }
  const maxByteLength = ArrayBufferPrototypeGetResizable(buffer as ArrayBuffer)
    ? ArrayBufferPrototypeGetMaxByteLength(buffer as ArrayBuffer)
    : undefined;
  const copy = newBuffer(length, maxByteLength);
  TypedArrayPrototypeSet(new Uint8ArrayConstructor(copy), new Uint8ArrayConstructor(buffer));
  return new Fresh(() => copy);
}

function newBuffer(length: number, maxByteLength: number | undefined): ArrayBuffer {
  return maxByteLength === undefined
    ? new ArrayBufferConstructor(length)
    : createResizableBuffer(length, maxByteLength);
}

class View extends Serialized implements Container {
  readonly #range: ByteRange;
  readonly #kind: string | undefined;
  /** Undefined for a view that is as long as its buffer lets it be. */
  readonly #length: number | undefined;
  readonly #isOutOfBounds: boolean;
  #buffer: Serialized | undefined;

  constructor(range: ByteRange, kind: string | undefined, view: object) {
    super();
    this.#range = range;
    this.#kind = kind;
    const { bytes } = viewConstructor(kind);
    this.#isOutOfBounds = isOutOfBounds(view, kind);
    this.#length = !this.#isOutOfBounds && isLengthTracking(view, kind, range, bytes) ? undefined : range.length / bytes;
  }

  collect(memory: Memory): void {
    this.#buffer = serializeObject(this.#range.buffer, memory);
    if (this.#isOutOfBounds) {
      throw dataCloneError('A view beyond the end of its ArrayBuffer');
    }
  }

  override create(): object {
    const { construct } = viewConstructor(this.#kind);
    return new construct(reviveObject(this.#buffer as Serialized) as ArrayBuffer, this.#range.start, this.#length);
  }
}

class MapCopy extends Serialized implements Container {
  /** Keys and values in turns; values, then what was serialized of them. */
  readonly #entries = createList<unknown>();

  constructor(map: Map<unknown, unknown>) {
    super();
    // All of them first: serializing them may run code that changes the map.
    MapPrototypeForEach(map, (value, key) => {
      this.#entries[this.#entries.length] = key;
      this.#entries[this.#entries.length] = value;
    });
  }

  collect(memory: Memory): void {
    serializeAll(this.#entries, memory);
  }

  override create(): object {
    return new MapConstructor();
  }

  override fill(clone: Map<unknown, unknown>): void {
    for (let index = 0; index < this.#entries.length; index += 2) {
      MapPrototypeSet(clone, revive(this.#entries[index]), revive(this.#entries[index + 1]));
    }
  }
}

class SetCopy extends Serialized implements Container {
  readonly #items = createList<unknown>();

  constructor(set: Set<unknown>) {
    super();
    SetPrototypeForEach(set, (item) => {
      this.#items[this.#items.length] = item;
    });
  }

  collect(memory: Memory): void {
    serializeAll(this.#items, memory);
  }

  override create(): object {
    return new SetConstructor();
  }

  override fill(clone: Set<unknown>): void {
    for (let index = 0; index < this.#items.length; index++) {
      SetPrototypeAdd(clone, revive(this.#items[index]));
    }
  }
}

function serializeAll(values: unknown[], memory: Memory): void {
  for (let index = 0; index < values.length; index++) {
    values[index] = serialize(values[index], memory);
  }
}

/** An ordinary object, or an array: its own enumerable properties with strings for keys. */
class PlainObject extends Serialized implements Container {
  readonly #object: object;
  /** Of an array. */
  readonly #length: number | undefined;
  readonly #keys = createList<string>();
  readonly #values = createList<unknown>();

  constructor(object: object, length: number | undefined) {
    super();
    this.#object = object;
    this.#length = length;
  }

  collect(memory: Memory): void {
    const keys = ObjectKeys(this.#object);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      // A getter before it may have taken it away.
      if (ObjectHasOwn(this.#object, key)) {
        const at = this.#keys.length;
        this.#values[at] = serialize((this.#object as Record<string, unknown>)[key], memory);
        this.#keys[at] = key;
      }
    }
  }

  override create(): object {
    return this.#length === undefined ? {} : new ArrayConstructor(this.#length);
  }

  override fill(clone: object): void {
    for (let index = 0; index < this.#keys.length; index++) {
      defineOwn(clone, this.#keys[index] as string, revive(this.#values[index]));
    }
  }
}

/** An error: its kind, message, cause and stack. */
class ErrorCopy extends Serialized implements Container {
  readonly #error: Error;
  readonly #hasCause: boolean;
  #copy: Error | undefined;
  #cause: unknown;

  constructor(error: Error) {
    super();
    this.#error = error;
    this.#hasCause = ObjectGetOwnPropertyDescriptor(error, 'cause') !== undefined;
  }

  collect(memory: Memory): void {
    this.#copy = cloneError(this.#error);
    if (this.#hasCause) {
      this.#cause = serialize(this.#error.cause, memory);
    }
  }

  override create(): object {
    return this.#copy as Error;
  }

  override fill(clone: object): void {
    if (this.#hasCause) {
      defineHidden(clone, 'cause', revive(this.#cause));
    }
  }
}
