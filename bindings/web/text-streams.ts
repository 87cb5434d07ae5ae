import { ObjectFreeze, StringPrototypeCharCodeAt, StringPrototypeSlice, TypeErrorConstructor } from '../primordials.ts';
import { byteRange } from './buffer-source.ts';
import { defineInterface } from './define.ts';
import { TransformStream, type ReadableStream, type WritableStream } from './streams.ts';
import { TextDecoder } from './text-decoder.ts';
import { utf8Encode } from './utf8.ts';

const STREAM = ObjectFreeze({ stream: true });

/** Encoding Standard, section 8.4. */
export class TextDecoderStream {
  readonly #decoder: TextDecoder;
  readonly #transform: TransformStream;

  constructor(label: unknown = 'utf-8', options: unknown = undefined) {
    const decoder = new TextDecoder(label, options);
    this.#decoder = decoder;
    this.#transform = new TransformStream({
      transform(chunk: unknown, controller) {
        if (byteRange(chunk) === undefined) {
          throw new TypeErrorConstructor('A chunk for TextDecoderStream is not an ArrayBuffer or an ArrayBufferView.');
        }
        const text = decoder.decode(chunk, STREAM);
        if (text !== '') {
          controller.enqueue(text);
        }
      },
      flush(controller) {
        const text = decoder.decode();
        if (text !== '') {
          controller.enqueue(text);
        }
      },
    });
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }

  get fatal(): boolean {
    return this.#decoder.fatal;
  }

  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM;
  }

  get readable(): ReadableStream {
    return this.#transform.readable;
  }

  get writable(): WritableStream {
    return this.#transform.writable;
  }
}

defineInterface(TextDecoderStream, 'TextDecoderStream', ['encoding', 'fatal', 'ignoreBOM', 'readable', 'writable']);

/** Encoding Standard, section 8.5. */
export class TextEncoderStream {
  readonly #transform: TransformStream;
  /** The high surrogate at the end of the last chunk, which the next one may complete. */
  #pending = '';

  constructor() {
    this.#transform = new TransformStream({
      transform: (chunk: unknown, controller) => {
        const text = this.#pending + `${chunk as string}`;
        const last = text === '' ? 0 : StringPrototypeCharCodeAt(text, text.length - 1);
        const whole = last >= 0xd800 && last < 0xdc00 ? text.length - 1 : text.length;
        this.#pending = StringPrototypeSlice(text, whole);
        if (whole > 0) {
          controller.enqueue(utf8Encode(StringPrototypeSlice(text, 0, whole)));
        }
      },
      flush: (controller) => {
        if (this.#pending !== '') {
          controller.enqueue(utf8Encode(this.#pending));
        }
      },
    });
  }

  get encoding(): string {
    void this.#transform;
    return 'utf-8';
  }

  get readable(): ReadableStream {
    return this.#transform.readable;
  }

  get writable(): WritableStream {
    return this.#transform.writable;
  }
}

defineInterface(TextEncoderStream, 'TextEncoderStream', ['encoding', 'readable', 'writable']);
