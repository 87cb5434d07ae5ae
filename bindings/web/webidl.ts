import {
  MathMax,
  MathMin,
  MathTrunc,
  NumberConstructor,
  NumberIsNaN,
  ObjectCreate,
  ObjectDefineProperty,
  ObjectGetOwnPropertyDescriptor,
  ReflectApply,
  StringPrototypeToWellFormed,
  SymbolIterator,
  TypeErrorConstructor,
} from '../primordials.ts';

/** Web IDL's conversions of the values that a script gives, section 3.2. Code of the script may run in each. */

/** `USVString`: lone surrogates become U+FFFD. */
export function usvString(value: unknown): string {
  return StringPrototypeToWellFormed(`${value as string}`);
}

/** WebIDL's GetMethod of @@iterator: undefined where the value is no sequence. */
export function iteratorMethod(value: unknown, operation: string): (() => unknown) | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    return undefined;
  }
  const method = (value as Partial<Iterable<unknown>>)[SymbolIterator];
  if (method === undefined || method === null) {
    return undefined;
  }
  if (typeof method !== 'function') {
    throw new TypeErrorConstructor(`${operation}: Symbol.iterator of the object is not a function.`);
  }
  return method;
}

/** WebIDL, "create a sequence from an iterable", of which each item is taken as it comes. */
export function sequence(
  value: unknown,
  method: () => unknown,
  operation: string,
  take: (item: unknown) => void,
): void {
  const iterator = requireObject(ReflectApply(method, value, []), operation) as Iterator<unknown>;
  const { next } = iterator;
  for (;;) {
    const result = requireObject(ReflectApply(next, iterator, []), operation) as IteratorResult<unknown>;
    if (result.done) {
      return;
    }
    take(result.value);
  }
}

function requireObject(value: unknown, operation: string): object {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    throw new TypeErrorConstructor(`${operation}: the iterator gave what is not an object.`);
  }
  return value;
}

const NO_MEMBERS = ObjectCreate(null) as object;

/** A dictionary: undefined and null stand for an empty one. */
export function dictionary<Members extends object>(value: unknown, operation: string): Partial<Members> {
  if (value === undefined || value === null) {
    return NO_MEMBERS;
  }
  if (typeof value !== 'object' && typeof value !== 'function') {
    throw new TypeErrorConstructor(`${operation}: the options are not an object.`);
  }
  return value as Partial<Members>;
}

/** `[EnforceRange] unsigned long long`, as far as doubles hold it. */
export function enforceUnsignedLongLong(value: unknown, operation: string): number {
  return enforceRange(value, NumberConstructor.MAX_SAFE_INTEGER, '2^53 - 1', operation);
}

/** `[EnforceRange] unsigned short`. */
export function enforceUnsignedShort(value: unknown, operation: string): number {
  return enforceRange(value, 65_535, '65535', operation);
}

function enforceRange(value: unknown, most: number, mostText: string, operation: string): number {
  // ToNumber, which takes no BigInt.
  const number = +(value as number);
  const whole = MathTrunc(number);
  if (!(whole >= 0 && whole <= most)) {
    throw new TypeErrorConstructor(`${operation}: the number ${number} is not one from 0 to ${mostText}.`);
  }
  // Not -0.
  return whole + 0;
}

/** `[Clamp] long long`: the nearest integer, halves to the even one. */
export function clampLongLong(value: unknown): number {
  const number = NumberConstructor(value);
  if (NumberIsNaN(number)) {
    return 0;
  }
  const clamped = MathMin(MathMax(number, NumberConstructor.MIN_SAFE_INTEGER), NumberConstructor.MAX_SAFE_INTEGER);
  const whole = MathTrunc(clamped);
  const rest = clamped - whole;
  if (rest === 0.5 || rest === -0.5) {
    return whole % 2 === 0 ? whole : whole + 2 * rest;
  }
  return rest > 0.5 ? whole + 1 : rest < -0.5 ? whole - 1 : whole;
}

/** Makes static operations enumerable, as those of Web IDL are. */
export function defineStatics(constructor: object, names: readonly string[]): void {
  for (let index = 0; index < names.length; index++) {
    const descriptor = ObjectGetOwnPropertyDescriptor(constructor, names[index] as string) as PropertyDescriptor;
    descriptor.enumerable = true;
    ObjectDefineProperty(constructor, names[index] as string, descriptor);
  }
}

/** Given to the constructor of an interface that a script may not construct. */
export const CONSTRUCT: unique symbol = Symbol('construct');

export function requireConstruct(token: unknown, name: string): void {
  if (token !== CONSTRUCT) {
    throw new TypeErrorConstructor(`Failed to construct '${name}': Illegal constructor`);
  }
}
