/** What the web platform has besides: cloning, microtasks, time and entropy. */
/// <reference path="./events.d.ts" />

interface StructuredCloneOptions {
  /** Buffers that are moved instead of copied: detached here, whole in the clone. */
  transfer?: Iterable<ArrayBuffer>;
}

/**
 * A deep copy. HTML, section 2.7: objects, arrays, dates, regular expressions, maps, sets, errors, buffers, views, Blob and
 * DOMException; an object that is contained twice is copied once. Prototypes, getters and symbols are not copied.
 *
 * @throws DOMException DataCloneError for functions, symbols, promises, sockets and other objects that have no copies
 */
declare function structuredClone<Value>(value: Value, options?: StructuredCloneOptions | null): Value;

/** Calls `callback` when the code that is running has returned. An exception is reported as an uncaught error. */
declare function queueMicrotask(callback: () => unknown): void;

/** The time since the script's isolate was made. High Resolution Time, section 7. */
declare class Performance extends EventTarget {
  private constructor();

  /** When `now()` began, in milliseconds since 1970. */
  readonly timeOrigin: number;
  /** In milliseconds, in steps of 0.1. It never goes back. */
  now(): number;
  toJSON(): { timeOrigin: number };
}

declare var performance: Performance;

type IntegerArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** Web Cryptography, section 10, without `subtle`. */
declare class Crypto {
  private constructor();

  /**
   * Fills the array with random bytes that cannot be guessed, and returns it.
   *
   * @throws DOMException TypeMismatchError where it is not one of integers; QuotaExceededError above 65,536 bytes
   */
  getRandomValues<List extends IntegerArray>(array: List): List;
  /** RFC 9562, version 4. */
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
}

declare var crypto: Crypto;
