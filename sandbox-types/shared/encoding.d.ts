/** Text and bytes: Encoding Standard, section 8; HTML, "Base64 utility methods". */
/// <reference path="./streams.d.ts" />

/** Text as UTF-8. Lone surrogates become U+FFFD. */
declare class TextEncoder {
  constructor();

  readonly encoding: 'utf-8';
  encode(input?: string): Uint8Array<ArrayBuffer>;
  /**
   * Writes as many whole characters as there is room for.
   *
   * @returns how many UTF-16 units were read and how many bytes written
   */
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}

interface TextDecoderOptions {
  /** Throw a TypeError for wrong bytes, instead of putting U+FFFD in their place. Default: false. */
  fatal?: boolean;
  /** Leave a byte order mark in the text. Default: false. */
  ignoreBOM?: boolean;
}

/** Bytes as text, in any of the encodings of the Encoding Standard. */
declare class TextDecoder {
  /**
   * @param label one of the standard's names for an encoding, as `utf-8`, `utf-16le`, `latin1` or `shift_jis`. Default: `utf-8`
   * @throws RangeError where there is no such encoding
   */
  constructor(label?: string, options?: TextDecoderOptions | null);

  /** The encoding's name in lower case; `windows-1252` for `latin1`. */
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;

  /**
   * @param options `stream`: more of the text follows in another call, so keep an incomplete character at the end
   * @throws TypeError where `fatal` is set and the bytes are wrong
   */
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean } | null): string;
}

/** Strings in, UTF-8 out, as a transform stream. */
declare class TextEncoderStream {
  constructor();

  readonly encoding: 'utf-8';
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<string>;
}

/** Bytes in, strings out, as a transform stream. A character may lie across two chunks. */
declare class TextDecoderStream {
  /** As that of TextDecoder. */
  constructor(label?: string, options?: TextDecoderOptions | null);

  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  readonly readable: ReadableStream<string>;
  readonly writable: WritableStream<ArrayBuffer | ArrayBufferView>;
}

/**
 * Base64 of a string whose characters are bytes.
 *
 * @throws DOMException InvalidCharacterError for a character above U+00FF
 */
declare function btoa(data: string): string;

/**
 * The bytes of base64, as the characters of a string. White space and missing padding are forgiven.
 *
 * @throws DOMException InvalidCharacterError where it is not base64
 */
declare function atob(data: string): string;
