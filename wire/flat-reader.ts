import { isAscii, isUtf8 } from 'node:buffer';
import type { EncodedText } from './encoded.ts';
import {
  WHOLE_TEXT,
  WireError,
  type AnyItem,
  type CompiledItem,
  type FieldType,
  type ItemTable,
  type Schema,
} from './fields.ts';
import { releaseBytes } from './release-bytes.ts';
import { utf8Decode } from './utf8.ts';

type Value = string | number | boolean | Uint8Array | readonly string[];

/** A batch to be read: its texts as they came out of an isolate, or over a pipe. */
export interface UncheckedBatch {
  readonly numbers: Float64Array;
  readonly texts: readonly (string | EncodedText)[];
  readonly bytes: readonly Uint8Array[];
}

const NOTHING = Buffer.alloc(0);

/**
 * Walks a batch that came out of an isolate or a cell, and trusts none of it: each value is checked against what its
 * place asks for, and what does not fit is a WireError.
 */
export class FlatReader<Table extends ItemTable> {
  readonly #schema: Schema<Table>;
  #numbers: Float64Array;
  readonly #texts: UncheckedBatch['texts'];
  readonly #bytes: readonly Uint8Array[];
  #number = 0;
  /** The text that is read, as bytes where it is ASCII and as a string otherwise. */
  #text = -1;
  #textBytes: Buffer | undefined;
  #textString = '';
  #textAt = 0;
  #textEnd = 0;
  #chunk = 0;
  #chunkOffset = 0;

  /** What `range` has found: a string, all of it, or a part of a buffer. */
  data: string | Buffer = '';
  start = 0;
  end = 0;

  constructor(schema: Schema<Table>, batch: UncheckedBatch) {
    this.#schema = schema;
    this.#numbers = batch.numbers;
    this.#texts = batch.texts;
    this.#bytes = batch.bytes;
  }

  get done(): boolean {
    return this.#number >= this.#numbers.length;
  }

  /** Nothing more is read: gives the memory of the numbers back, where they are not a part of something else. */
  release(): void {
    releaseBytes(this.#numbers);
  }

  /** Reads on in a copy of the numbers. */
  detach(): void {
    this.#numbers = this.#numbers.slice(this.#number);
    this.#number = 0;
  }

  /** The definition of the next item, whose fields follow in order. */
  next(): CompiledItem {
    const code = this.#numbers[this.#number++] as number;
    const definition = this.#schema.byCode[code];
    if (definition === undefined) {
      throw new WireError(`there is no ${this.#schema.name} with the code ${code}`);
    }
    return definition;
  }

  /**
   * The item of a definition, as an object.
   *
   * @param keepsBytes whether the bytes of a `text` are given, in the place of a string, where they are there: where it is long
   */
  item(definition: CompiledItem, keepsBytes = false): AnyItem<Table> {
    const { names } = definition;
    const item: Record<string, Value> = { type: definition.type };
    for (let index = 0; index < names.length; index++) {
      const isKept = keepsBytes && definition.types[index] === 'text' && this.#numbers[this.#number] === WHOLE_TEXT && this.#findEncoded();
      item[names[index] as string] = isKept ? (this.data as Buffer).subarray(this.start, this.end) : this.field(definition, index);
    }
    return item as AnyItem<Table>;
  }

  /** The next item's field. */
  field(definition: CompiledItem, index: number): Value {
    const type = definition.types[index] as FieldType;
    switch (type) {
      case 'string':
      case 'text':
        return this.#string(definition, index);
      case 'number':
        return this.#nextNumber(definition, index);
      case 'int': {
        const value = this.#nextNumber(definition, index);
        return (value | 0) === value ? value | 0 : wrong(definition, index, value);
      }
      case 'boolean': {
        const value = this.#nextNumber(definition, index);
        return value === 1 || value === 0 ? value === 1 : wrong(definition, index, value);
      }
      case 'uint':
        return this.uint(definition, index);
      case 'bytes':
        this.#bytesRange(definition, index);
        return (this.data as Buffer).subarray(this.start, this.end);
      case 'strings': {
        const strings: string[] = [];
        for (let left = this.uint(definition, index); left > 0; left--) {
          strings.push(this.#string(definition, index));
        }
        return strings;
      }
    }
  }

  uint(definition: CompiledItem, index: number): number {
    const value = this.#nextNumber(definition, index);
    // Also makes 0 of -0, which is equal to it.
    return value >>> 0 === value ? value >>> 0 : wrong(definition, index, value);
  }

  /** Finds a `text` or `bytes` field, and says in `data`, `start` and `end` where it lies. */
  range(definition: CompiledItem, index: number): void {
    if (definition.types[index] === 'bytes') {
      return this.#bytesRange(definition, index);
    }
    if (this.#numbers[this.#number] === WHOLE_TEXT && this.#findEncoded()) {
      return;
    }
    const length = this.#findText(definition, index);
    if (this.#textBytes !== undefined) {
      this.data = this.#textBytes;
      this.start = this.#textAt;
      this.end = this.#textAt += length;
    } else {
      this.data = this.#textString.slice(this.#textAt, (this.#textAt += length));
      this.start = 0;
      this.end = this.data.length;
    }
  }

  /** A whole text that came over a pipe is left as it is, which takes no memory; a text of ASCII would be left so anyway. */
  #findEncoded(): boolean {
    const text = this.#texts[this.#text + 1] as unknown;
    if (!isEncoded(text) || this.#textAt !== this.#textEnd || !isUtf8(text.buffer.subarray(text.start, text.end))) {
      return false;
    }
    this.#number++;
    this.#text++;
    this.#textAt = this.#textEnd = 0;
    this.data = text.buffer;
    this.start = text.start;
    this.end = text.end;
    return true;
  }

  #string(definition: CompiledItem, index: number): string {
    const length = this.#findText(definition, index);
    const start = this.#textAt;
    this.#textAt += length;
    return this.#textBytes === undefined
      ? this.#textString.slice(start, start + length)
      : utf8Decode(this.#textBytes, start, start + length);
  }

  /** Goes to the text that the next string lies in, and gives the string's length. */
  #findText(definition: CompiledItem, index: number): number {
    const length = this.#nextNumber(definition, index);
    if (length === WHOLE_TEXT) {
      this.#nextText(definition, index);
      return this.#textEnd - this.#textAt;
    }
    if (length >>> 0 !== length) {
      wrong(definition, index, length);
    }
    while (this.#textAt === this.#textEnd && length > 0) {
      this.#nextText(definition, index);
    }
    if (length > this.#textEnd - this.#textAt) {
      throw new WireError(`${nameOf(definition, index)} has ${length} characters, where ${this.#textEnd - this.#textAt} are left`);
    }
    return length >>> 0;
  }

  #nextText(definition: CompiledItem, index: number): void {
    const text = this.#texts[++this.#text] as unknown;
    if (typeof text === 'string') {
      this.#textString = text;
      const bytes = Buffer.from(text, 'utf8');
      this.#textBytes = bytes.length === text.length ? bytes : undefined;
      this.#textAt = 0;
      this.#textEnd = text.length;
    } else if (isEncoded(text)) {
      const { buffer, end, start } = text;
      if (isAscii(buffer.subarray(start, end))) {
        this.#textBytes = buffer;
        this.#textAt = start;
        this.#textEnd = end;
      } else {
        this.#textBytes = undefined;
        this.#textString = utf8Decode(buffer, start, end);
        this.#textAt = 0;
        this.#textEnd = this.#textString.length;
      }
    } else {
      wrong(definition, index, text);
    }
  }

  #nextNumber(definition: CompiledItem, index: number): number {
    const value = this.#numbers[this.#number++];
    return value === undefined ? wrong(definition, index, value) : value;
  }

  /** The bytes lie one after another, but cut into chunks wherever a window was full. */
  #bytesRange(definition: CompiledItem, index: number): void {
    const length = this.uint(definition, index);
    const chunk = this.#bytes[this.#chunk];
    if (length === 0) {
      this.data = NOTHING;
      this.start = this.end = 0;
      return;
    }
    if (chunk !== undefined && chunk.length - this.#chunkOffset >= length) {
      this.data = chunk instanceof Buffer ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      this.start = this.#chunkOffset;
      this.end = this.#chunkOffset + length;
      return this.#advance(length);
    }
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      const next = this.#bytes[this.#chunk];
      if (next === undefined) {
        throw new WireError(`${nameOf(definition, index)} lacks ${missing} of its ${length} bytes`);
      }
      const size = Math.min(missing, next.length - this.#chunkOffset);
      parts.push(next.subarray(this.#chunkOffset, this.#chunkOffset + size));
      this.#advance(size);
      missing -= size;
    }
    this.data = Buffer.concat(parts, length);
    this.start = 0;
    this.end = length;
  }

  #advance(size: number): void {
    this.#chunkOffset += size;
    if (this.#chunkOffset >= (this.#bytes[this.#chunk]?.length ?? 0)) {
      this.#chunk++;
      this.#chunkOffset = 0;
    }
  }
}

/** All items of a batch, as objects. */
export function flatToItems<Table extends ItemTable>(schema: Schema<Table>, batch: UncheckedBatch): AnyItem<Table>[] {
  const items: AnyItem<Table>[] = [];
  const reader = new FlatReader(schema, batch);
  while (!reader.done) {
    items.push(reader.item(reader.next()));
  }
  return items;
}

/** What comes over a pipe is made of these; what comes out of an isolate can be anything. */
function isEncoded(text: unknown): text is EncodedText {
  return typeof text === 'object' && text !== null && (text as Partial<EncodedText>).buffer instanceof Buffer;
}

function wrong(definition: CompiledItem, index: number, value: unknown): never {
  const found = typeof value === 'number' ? `the number ${value}` : value === undefined ? 'missing' : `a ${typeof value}`;
  throw new WireError(`${nameOf(definition, index)} is ${found}, where a ${definition.types[index]} is expected`);
}

function nameOf(definition: CompiledItem, index: number): string {
  return `${definition.type}.${definition.names[index]}`;
}
