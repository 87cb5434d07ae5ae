/** What a value in bytes begins with, of those that `value-writer.ts` writes and `value-reader.ts` reads. */
export const Tag = {
  Undefined: 0,
  Null: 1,
  True: 2,
  False: 3,
  Integer: 4,
  NegativeInteger: 5,
  Double: 6,
  BigInt: 7,
  String: 8,
  /** One that came before, by its number. */
  Object: 9,
  Plain: 10,
  Array: 11,
  SparseArray: 12,
  Wrapped: 13,
  Date: 14,
  RegExp: 15,
  Map: 16,
  Set: 17,
  Buffer: 18,
  ResizableBuffer: 19,
  View: 20,
  /** A view that is as long as its buffer lets it be. */
  TrackingView: 21,
} as const;
