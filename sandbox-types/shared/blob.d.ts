/// <reference path="./streams.d.ts" />

/** What a Blob is made of. A string counts as its UTF-8. */
type BlobPart = string | ArrayBuffer | ArrayBufferView | Blob;

interface BlobPropertyBag {
  /** A media type. One with a character outside U+0020 to U+007E counts as none. Default: empty. */
  type?: string;
  /** With `native`, each line of the strings ends with `\n`. Default: `transparent`. */
  endings?: 'transparent' | 'native';
}

/** Bytes that never change. File API, section 3. */
declare class Blob {
  /** @throws TypeError where `parts` is not iterable, or `endings` is another word */
  constructor(parts?: Iterable<BlobPart>, options?: BlobPropertyBag | null);

  /** In bytes. */
  readonly size: number;
  /** In lower case. */
  readonly type: string;

  /**
   * A Blob of the bytes from `start` (default: 0) to before `end` (default: `size`). Negative positions count from the
   * end. Nothing is copied.
   */
  slice(start?: number, end?: number, contentType?: string): Blob;
  /** The bytes as a byte stream. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** A copy of the bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
  /** A copy of the bytes. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The bytes as UTF-8, without a byte order mark; what is not UTF-8 becomes U+FFFD. */
  text(): Promise<string>;
}
