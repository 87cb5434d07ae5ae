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

const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

export const ArrayIsArray = Array.isArray;
export const DateConstructor = Date;
export const DateNow = Date.now;
// V8's own; the types of the language do not know it.
export const { captureStackTrace: ErrorCaptureStackTrace } = Error as unknown as {
  captureStackTrace(target: object, constructor?: unknown): void;
};
export const ErrorConstructor = Error;
export const JSONParse = JSON.parse;
export const MapConstructor = Map;
export const MathMax = Math.max;
export const MathMin = Math.min;
export const MathTrunc = Math.trunc;
export const NumberConstructor = Number;
export const NumberIsNaN = Number.isNaN;
export const ObjectCreate = Object.create;
export const ObjectDefineProperty = Object.defineProperty;
export const ObjectFreeze = Object.freeze;
export const ObjectGetOwnPropertyDescriptor = Object.getOwnPropertyDescriptor;
export const ObjectGetPrototypeOf = Object.getPrototypeOf;
export const ObjectHasOwn = Object.hasOwn;
export const ObjectKeys = Object.keys;
export const ObjectSetPrototypeOf = Object.setPrototypeOf;
export const PromiseConstructor = Promise;
export const RangeErrorConstructor = RangeError;
export const ReflectApply = Reflect.apply;
export const RegExpConstructor = RegExp;
export const SetConstructor = Set;
export const StringConstructor = String;
export const StringFromCharCode = String.fromCharCode;
export const SymbolIterator: typeof Symbol.iterator = Symbol.iterator;
export const SymbolToStringTag: typeof Symbol.toStringTag = Symbol.toStringTag;
export const TypeErrorConstructor = TypeError;
export const Uint8ArrayConstructor = Uint8Array;

export const ArrayPrototypeJoin = uncurryThis(Array.prototype.join);
export const ArrayPrototypeSlice = uncurryThis(Array.prototype.slice) as <Item>(
  self: readonly Item[],
  start?: number,
  end?: number,
) => Item[];
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
// Annex B; the types of the language do not know it.
export const ObjectPrototypeDefineGetter = uncurryThis(
  (Object.prototype as unknown as { __defineGetter__(this: object, name: string, get: () => unknown): void }).__defineGetter__,
);
export const RegExpPrototypeExec = uncurryThis(RegExp.prototype.exec);
export const RegExpPrototypeToString = uncurryThis(RegExp.prototype.toString);
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
export const TypedArrayPrototypeSet = uncurryThis(TypedArrayPrototype.set) as (
  self: Uint8Array,
  source: Uint8Array,
  offset?: number,
) => void;

export const ArrayBufferPrototypeGetByteLength = getter<ArrayBuffer, number>(ArrayBuffer.prototype, 'byteLength');
export const ArrayBufferPrototypeGetResizable = getter<ArrayBuffer, boolean>(ArrayBuffer.prototype, 'resizable');
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

/**
 * An empty list without a prototype. Appending to an ordinary array, by index or by `push`, runs a setter that a script
 * may have put on `Array.prototype` or `Object.prototype`; this one asks nobody.
 */
export function createList<Item>(): Item[] {
  return ObjectSetPrototypeOf([], null) as Item[];
}

/** The `eval` that runs code in the global scope. */
export const globalEval = globalThis.eval;
