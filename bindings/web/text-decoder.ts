// The decoders of all encodings that the standard names, of the package @exodus/bytes.
import { TextDecoder as Decoder } from '#text-codecs';
import { RangeErrorConstructor, TypeErrorConstructor, Uint8ArrayConstructor } from '../primordials.ts';
import { byteRange } from './buffer-source.ts';
import { defineInterface } from './define.ts';
import { dictionary } from './webidl.ts';

export interface TextDecoderOptions {
  fatal?: boolean;
  ignoreBOM?: boolean;
}

const NO_BYTES = new Uint8ArrayConstructor(0);

/** Encoding Standard, section 8.2. */
export class TextDecoder {
  readonly #decoder: Decoder;
  readonly #fatal: boolean;
  readonly #ignoreBOM: boolean;

  constructor(label: unknown = 'utf-8', options: unknown = undefined) {
    const name = `${label as string}`;
    const { fatal, ignoreBOM } = dictionary<TextDecoderOptions>(options, "Failed to construct 'TextDecoder'");
    this.#fatal = !!fatal;
    this.#ignoreBOM = !!ignoreBOM;
    try {
      this.#decoder = new Decoder(name, { fatal: this.#fatal, ignoreBOM: this.#ignoreBOM });
    } catch {
      throw new RangeErrorConstructor(
        `Failed to construct 'TextDecoder': The encoding label provided ('${name}') is invalid.`,
      );
    }
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }

  get fatal(): boolean {
    return this.#fatal;
  }

  get ignoreBOM(): boolean {
    return this.#ignoreBOM;
  }

  decode(input: unknown = undefined, options: unknown = undefined): string {
    const decoder = this.#decoder;
    const range = input === undefined ? undefined : byteRange(input);
    if (input !== undefined && range === undefined) {
      throw new TypeErrorConstructor(
        "Failed to execute 'decode' on 'TextDecoder': parameter 1 is not of type 'ArrayBuffer' or an ArrayBufferView.",
      );
    }
    const { stream } = dictionary<{ stream?: boolean }>(options, "Failed to execute 'decode' on 'TextDecoder'");
    // A detached buffer has no bytes, and no view can be made on it.
    const bytes =
      range === undefined || range.length === 0
        ? NO_BYTES
        : new Uint8ArrayConstructor(range.buffer, range.start, range.length);
    return decoder.decode(bytes, { stream: !!stream });
  }
}

defineInterface(TextDecoder, 'TextDecoder', ['encoding', 'fatal', 'ignoreBOM', 'decode']);
