/**
 * The built-ins that the bindings use, taken before any script runs: a script that patches `Array.prototype` or
 * `Promise` breaks nothing but itself. Code in `bindings/` that can run after a script has started uses these, lists from
 * `createList`, and no iterator, spread or array destructuring, which would look up what a script may have changed.
 */

type Method<This, Arguments extends unknown[], Result> = (self: This, ...args: Arguments) => Result;

// `Function.prototype.call` bound to a method: the method with its receiver as first parameter.
const { bind, call } = Function.prototype;
const uncurryThis = bind.bind(call) as unknown as <This, Arguments extends unknown[], Result>(
  method: (this: This, ...args: Arguments) => Result,
) => Method<This, Arguments, Result>;

function getter<This, Value>(prototype: object, name: PropertyKey): (self: This) => Value {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  return uncurryThis(descriptor?.get as (this: This) => Value);
}

/** %IteratorPrototype%, which all iterators of the language inherit from. */
export const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;

const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

export const ArrayBufferConstructor = ArrayBuffer;
export const ArrayBufferPrototype = ArrayBuffer.prototype;
export const ArrayConstructor = Array;
export const ArrayIsArray = Array.isArray;
export const BigIntConstructor = BigInt;
export const DataViewConstructor = DataView;
export const Float64ArrayConstructor = Float64Array;
export const DateConstructor = Date;
export const DateNow = Date.now;
// V8's own; the types of the language do not know it.
export const { captureStackTrace: ErrorCaptureStackTrace } = Error as unknown as {
  captureStackTrace(target: object, constructor?: unknown): void;
};
export const ErrorConstructor = Error;
export const EvalErrorConstructor = EvalError;
export const JSONParse = JSON.parse;
export const MapConstructor = Map;
export const MathMax = Math.max;
export const MathMin = Math.min;
export const MathTrunc = Math.trunc;
export const NumberConstructor = Number;
export const NumberIsNaN = Number.isNaN;
export const ObjectConstructor = Object;
export const ObjectCreate = Object.create;
export const ObjectDefineProperty = Object.defineProperty;
export const ObjectFreeze = Object.freeze;
export const ObjectGetOwnPropertyDescriptor = Object.getOwnPropertyDescriptor;
export const ObjectGetPrototypeOf = Object.getPrototypeOf;
export const ObjectHasOwn = Object.hasOwn;
export const ObjectKeys = Object.keys;
export const ObjectPrototype = Object.prototype;
export const ObjectSetPrototypeOf = Object.setPrototypeOf;
export const PromiseConstructor = Promise;
export const PromisePrototype = Promise.prototype;
export const ProxyConstructor = Proxy;
export const RangeErrorConstructor = RangeError;
export const ReferenceErrorConstructor = ReferenceError;
export const ReflectApply = Reflect.apply;
export const ReflectConstruct = Reflect.construct;
export const ReflectGetOwnPropertyDescriptor = Reflect.getOwnPropertyDescriptor;
export const ReflectOwnKeys = Reflect.ownKeys;
export const RegExpConstructor = RegExp;
export const SetConstructor = Set;
export const StringConstructor = String;
export const StringFromCharCode = String.fromCharCode;
export const SymbolIterator: typeof Symbol.iterator = Symbol.iterator;
export const SymbolToStringTag: typeof Symbol.toStringTag = Symbol.toStringTag;
export const SyntaxErrorConstructor = SyntaxError;
export const TypeErrorConstructor = TypeError;
export const Uint8ArrayConstructor = Uint8Array;
export const URIErrorConstructor = URIError;
export const WeakMapConstructor = WeakMap;
export const WeakRefConstructor = WeakRef;

export const ArrayPrototypeJoin = uncurryThis(Array.prototype.join);
export const ArrayPrototypeSlice = uncurryThis(Array.prototype.slice) as <Item>(
  self: readonly Item[],
  start?: number,
  end?: number,
) => Item[];
export const ArrayPrototypeSort = uncurryThis(Array.prototype.sort) as <Item>(
  self: Item[],
  compare: (left: Item, right: Item) => number,
) => Item[];
export const ArrayPrototypeValues = uncurryThis(Array.prototype.values) as <Item>(self: readonly Item[]) => Iterator<Item>;
export const BigIntPrototypeToString = uncurryThis(BigInt.prototype.toString);
export const BigIntPrototypeValueOf = uncurryThis(BigInt.prototype.valueOf);
export const BooleanPrototypeValueOf = uncurryThis(Boolean.prototype.valueOf);
export const DatePrototypeGetTime = uncurryThis(Date.prototype.getTime);
export const DatePrototypeToISOString = uncurryThis(Date.prototype.toISOString);
export const ErrorPrototypeToString = uncurryThis(Error.prototype.toString);
export const FunctionPrototypeToString = uncurryThis(Function.prototype.toString);
export const MapPrototypeDelete = uncurryThis(Map.prototype.delete) as <Key>(self: Map<Key, unknown>, key: Key) => boolean;
export const MapPrototypeForEach = uncurryThis(Map.prototype.forEach) as <Key, Value>(
  self: Map<Key, Value>,
  callback: (value: Value, key: Key) => void,
) => void;
export const MapPrototypeGet = uncurryThis(Map.prototype.get) as <Key, Value>(
  self: Map<Key, Value>,
  key: Key,
) => Value | undefined;
export const MapPrototypeGetSize = getter<Map<unknown, unknown>, number>(Map.prototype, 'size');
export const MapPrototypeHas = uncurryThis(Map.prototype.has) as <Key>(self: Map<Key, unknown>, key: Key) => boolean;
export const MapPrototypeSet = uncurryThis(Map.prototype.set) as <Key, Value>(
  self: Map<Key, Value>,
  key: Key,
  value: Value,
) => Map<Key, Value>;
export const NumberPrototypeValueOf = uncurryThis(Number.prototype.valueOf);
export const PromisePrototypeThen = uncurryThis(Promise.prototype.then) as <Value>(
  self: Promise<Value>,
  onFulfilled: ((value: Value) => unknown) | undefined,
  onRejected: ((reason: unknown) => unknown) | undefined,
) => Promise<unknown>;
export const RegExpPrototypeExec = uncurryThis(RegExp.prototype.exec);
export const RegExpPrototypeGetSource = getter<RegExp, string>(RegExp.prototype, 'source');
export const RegExpPrototypeToString = uncurryThis(RegExp.prototype.toString);
export const SetPrototypeAdd = uncurryThis(Set.prototype.add) as <Item>(self: Set<Item>, item: Item) => Set<Item>;
export const SetPrototypeHas = uncurryThis(Set.prototype.has) as <Item>(self: Set<Item>, item: Item) => boolean;
export const SetPrototypeDelete = uncurryThis(Set.prototype.delete) as <Item>(self: Set<Item>, item: Item) => boolean;
export const SetPrototypeForEach = uncurryThis(Set.prototype.forEach) as <Item>(
  self: Set<Item>,
  callback: (item: Item) => void,
) => void;
export const SetPrototypeGetSize = getter<Set<unknown>, number>(Set.prototype, 'size');
export const StringPrototypeCharCodeAt = uncurryThis(String.prototype.charCodeAt);
export const StringPrototypeEndsWith = uncurryThis(String.prototype.endsWith);
export const StringPrototypeIncludes = uncurryThis(String.prototype.includes);
export const StringPrototypeIndexOf = uncurryThis(String.prototype.indexOf);
export const StringPrototypeRepeat = uncurryThis(String.prototype.repeat);
export const StringPrototypeSlice = uncurryThis(String.prototype.slice);
export const StringPrototypeSplit = uncurryThis(String.prototype.split) as unknown as (self: string, separator: string) => string[];
export const StringPrototypeStartsWith = uncurryThis(String.prototype.startsWith);
export const StringPrototypeToLowerCase = uncurryThis(String.prototype.toLowerCase);
export const StringPrototypeToWellFormed = uncurryThis(
  (String.prototype as unknown as { toWellFormed(this: string): string }).toWellFormed,
);
export const StringPrototypeValueOf = uncurryThis(String.prototype.valueOf);
export const TypedArrayPrototypeAt = uncurryThis(TypedArrayPrototype.at) as (self: Uint8Array, index: number) => unknown;
export const TypedArrayPrototypeSet = uncurryThis(TypedArrayPrototype.set) as (
  self: Uint8Array,
  source: Uint8Array,
  offset?: number,
) => void;

export const TypedArrayPrototypeSubarray = uncurryThis(TypedArrayPrototype.subarray) as (
  self: Uint8Array,
  start: number,
  end: number,
) => Uint8Array<ArrayBuffer>;
export const WeakMapPrototypeGet = uncurryThis(WeakMap.prototype.get) as <Key extends object, Value>(
  self: WeakMap<Key, Value>,
  key: Key,
) => Value | undefined;
export const WeakMapPrototypeSet = uncurryThis(WeakMap.prototype.set) as <Key extends object, Value>(
  self: WeakMap<Key, Value>,
  key: Key,
  value: Value,
) => WeakMap<Key, Value>;
export const WeakRefPrototypeDeref = uncurryThis(WeakRef.prototype.deref) as <Target extends object>(
  self: WeakRef<Target>,
) => Target | undefined;

export const ArrayBufferPrototypeGetByteLength = getter<ArrayBuffer, number>(ArrayBuffer.prototype, 'byteLength');
export const ArrayBufferPrototypeGetDetached = getter<ArrayBuffer, boolean>(ArrayBuffer.prototype, 'detached');
export const ArrayBufferPrototypeGetMaxByteLength = getter<ArrayBuffer, number>(ArrayBuffer.prototype, 'maxByteLength');
export const ArrayBufferPrototypeGetResizable = getter<ArrayBuffer, boolean>(ArrayBuffer.prototype, 'resizable');
export const ArrayBufferPrototypeResize = uncurryThis(
  (ArrayBuffer.prototype as unknown as { resize(this: ArrayBuffer, newLength: number): void }).resize,
);
export const ArrayBufferPrototypeTransfer = uncurryThis(
  (ArrayBuffer.prototype as unknown as { transfer(this: ArrayBuffer, newLength?: unknown): ArrayBuffer }).transfer,
);
export const DataViewPrototypeGetBuffer = getter<DataView, ArrayBuffer>(DataView.prototype, 'buffer');
export const DataViewPrototypeGetByteLength = getter<DataView, number>(DataView.prototype, 'byteLength');
export const DataViewPrototypeGetByteOffset = getter<DataView, number>(DataView.prototype, 'byteOffset');
export const TypedArrayPrototypeGetBuffer = getter<Uint8Array, ArrayBuffer>(TypedArrayPrototype, 'buffer');
export const TypedArrayPrototypeGetByteLength = getter<Uint8Array, number>(TypedArrayPrototype, 'byteLength');
export const TypedArrayPrototypeGetByteOffset = getter<Uint8Array, number>(TypedArrayPrototype, 'byteOffset');
export const TypedArrayPrototypeGetLength = getter<Uint8Array, number>(TypedArrayPrototype, 'length');
export const TypedArrayPrototypeGetToStringTag = getter<object, string | undefined>(
  TypedArrayPrototype,
  Symbol.toStringTag,
);

/** The constructors of typed arrays by their names. */
export const typedArrayConstructors = Object.create(null) as Record<string, unknown>;
for (const constructor of [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
]) {
  typedArrayConstructors[constructor.name] = constructor;
}
export let ErrorIsError: (value: unknown) => value is Error;

/**
 * Takes the built-ins that V8 adds to a context only when it is made from the snapshot: those of the newest editions of
 * the language. Called when an isolate starts, before any script runs.
 */
export function takeLateBuiltIns(): void {
  ({ isError: ErrorIsError } = Error as unknown as { isError: typeof ErrorIsError });
  typedArrayConstructors.Float16Array = (globalThis as Record<string, unknown>).Float16Array;
}

const REGEXP_FLAGS = (
  [
    ['d', 'hasIndices'],
    ['g', 'global'],
    ['i', 'ignoreCase'],
    ['m', 'multiline'],
    ['s', 'dotAll'],
    ['u', 'unicode'],
    ['v', 'unicodeSets'],
    ['y', 'sticky'],
  ] as const
).map(([letter, name]) => ({ letter, isSet: getter<RegExp, boolean>(RegExp.prototype, name) }));

/** The flags of a regular expression, which `flags` itself would collect from what a script may have patched. */
export function regExpFlags(regExp: RegExp): string {
  let flags = '';
  for (let index = 0; index < REGEXP_FLAGS.length; index++) {
    const { isSet, letter } = REGEXP_FLAGS[index] as (typeof REGEXP_FLAGS)[number];
    flags += isSet(regExp) ? letter : '';
  }
  return flags;
}

/**
 * An empty list without a prototype. Appending to an ordinary array, by index or by `push`, runs a setter that a script
 * may have put on `Array.prototype` or `Object.prototype`; this one asks nobody.
 */
export function createList<Item>(): Item[] {
  return ObjectSetPrototypeOf([], null) as Item[];
}
