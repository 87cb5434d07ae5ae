import type { ByteReader } from './byte-reader.ts';
import type { FlatBatch } from './fields.ts';
import { utf8Decode } from './utf8.ts';

/** A text in UTF-8. */
export interface EncodedText {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** A batch as it goes over a pipe. */
export interface EncodedBatch {
  readonly numbers: Float64Array;
  readonly texts: readonly EncodedText[];
  readonly bytes: readonly Uint8Array[];
}

/** What `encode` writes: the sizes of what follows, then the numbers, texts and bytes, each as it lies in memory. */
const SIZES = 2;

/** A batch as it stands in a frame, as chunks to be written one after another. The last part has no size of its own. */
export function encode({ bytes, numbers, texts }: EncodedBatch): Uint8Array[] {
  const head = Buffer.allocUnsafe(4 * (SIZES + texts.length));
  head.writeUInt32LE(numbers.length, 0);
  head.writeUInt32LE(texts.length, 4);
  const chunks: Uint8Array[] = [head, new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)];
  for (let index = 0; index < texts.length; index++) {
    const { buffer, end, start } = texts[index] as EncodedText;
    head.writeUInt32LE(end - start, 4 * (SIZES + index));
    // Texts that lie one behind another are written as one.
    let last = index;
    let until = end;
    for (let next = texts[last + 1]; next?.buffer === buffer && next.start === until; next = texts[last + 1]) {
      last++;
      head.writeUInt32LE(next.end - next.start, 4 * (SIZES + last));
      until = next.end;
    }
    chunks.push(start === 0 && until === buffer.length ? buffer : buffer.subarray(start, until));
    index = last;
  }
  chunks.push(...bytes);
  return chunks;
}

/** Reads a batch, up to the reader's end. Texts and bytes are views into what is read. Throws a WireError. */
export function decode(reader: ByteReader): EncodedBatch {
  const numberCount = reader.uint32();
  const textCount = reader.uint32();
  const { buffer } = reader;
  const sizesAt = reader.skip(4 * textCount);
  const numbersAt = reader.skip(8 * numberCount);
  const numbers = new Float64Array(numberCount);
  buffer.copy(new Uint8Array(numbers.buffer), 0, numbersAt, numbersAt + 8 * numberCount);
  const texts: EncodedText[] = [];
  for (let index = 0; index < textCount; index++) {
    const size = buffer.readUInt32LE(sizesAt + 4 * index);
    const start = reader.skip(size);
    texts.push({ buffer, start, end: start + size });
  }
  const start = reader.skip(reader.left);
  return { numbers, texts, bytes: [buffer.subarray(start, reader.end)] };
}

/** The batch as it enters an isolate. */
export function decodeTexts({ bytes, numbers, texts }: EncodedBatch): FlatBatch {
  return { numbers, bytes, texts: texts.map(({ buffer, end, start }) => utf8Decode(buffer, start, end)) };
}

/** The batch that came out of an isolate, for a pipe. Throws a TypeError where a text is none. */
export function encodeTexts({ bytes, numbers, texts }: FlatBatch): EncodedBatch {
  return {
    numbers,
    bytes,
    texts: texts.map((text) => {
      const buffer = Buffer.from(text, 'utf8');
      return { buffer, start: 0, end: buffer.length };
    }),
  };
}
