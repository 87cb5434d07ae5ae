import { ByteWriter } from './byte-writer.ts';
import type { EncodedBatch, EncodedText } from './encoded.ts';
import { WHOLE_TEXT, type AnyItem, type FieldType, type ItemTable, type Schema } from './fields.ts';

/**
 * How long the texts become that short ones are joined to, in bytes. What a script keeps of one keeps all of it, so it
 * must not be much.
 */
const JOINED_BYTES = 1024;

/** From this size on, the writer may refer to a message instead of making a copy. */
export const KEPT_BYTES = JOINED_BYTES;

const SMALLEST_AREA = 1024;
const LARGEST_AREA = 64 * 1024;

const NOTHING = Buffer.alloc(0);

/** Where a batch is written. */
interface Storage {
  readonly numbers: Float64Array;
  /** For small texts, one behind another. */
  readonly area: Buffer;
  readonly bytes: ByteWriter;
}

/**
 * Storage of writers that were released. Memory outside of the heap has V8 collect all of the heap, again and again, long
 * before a young heap is full: at a million messages a second it must not be new for each batch.
 */
const released: Storage[] = [];

/** So much storage is kept, of at most so many numbers each. */
const MOST_RELEASED = 4;
const MOST_RELEASED_NUMBERS = 8192;

type Value = string | number | boolean | Uint8Array | readonly string[];

/** What is known of the bytes of a message. */
export type MessageKind = 'ascii' | 'text' | 'binary';

/**
 * Builds a batch. Messages are copied together without an object or a view for each, as there may be a million of them
 * in a second.
 */
export class FlatWriter {
  #count = 0;
  #payload = 0;
  readonly #storage = released.pop() ?? newStorage();
  #numbers = this.#storage.numbers;
  #numberCount = 0;
  /** Where small texts are put one behind another, up to `#areaAt`; those from `#joinedFrom` on become one. */
  #area = this.#storage.area;
  #areaAt = 0;
  #joinedFrom = 0;
  readonly #texts: EncodedText[] = [];
  readonly #bytes = this.#storage.bytes;

  /** How many items were written. */
  get count(): number {
    return this.#count;
  }

  /** The bytes of the messages. */
  get payload(): number {
    return this.#payload;
  }

  /** Writes an item with the fields of a message: a socket, and text or bytes. */
  message(code: number, socket: number, kind: MessageKind, data: Buffer, start: number, end: number): void {
    this.#reserveNumbers(3);
    this.#numbers[this.#numberCount++] = code;
    this.#numbers[this.#numberCount++] = socket;
    if (kind === 'binary') {
      this.#numbers[this.#numberCount++] = end - start;
      this.#bytes.write(data, start, end);
    } else {
      this.#text(data, start, end, kind === 'ascii');
    }
    this.#payload += end - start;
    this.#count++;
  }

  /** Writes any item. */
  item<Table extends ItemTable>(schema: Schema<Table>, item: AnyItem<Table>): void {
    const { type } = item as { readonly type: string };
    const { code, names, types } = schema.byType[type as keyof Table & string];
    this.#number(code);
    for (let index = 0; index < names.length; index++) {
      this.#field(types[index] as FieldType, (item as Record<string, Value>)[names[index] as string] as Value);
    }
    this.#count++;
  }

  /** Puts items before all others. They must have nothing but numbers. */
  prepend<Table extends ItemTable>(schema: Schema<Table>, items: readonly AnyItem<Table>[]): void {
    const first = new FlatWriter();
    for (const item of items) {
      first.item(schema, item);
    }
    const { numbers } = first.finish();
    this.#reserveNumbers(numbers.length);
    this.#numbers.copyWithin(numbers.length, 0, this.#numberCount);
    this.#numbers.set(numbers);
    this.#numberCount += numbers.length;
    this.#count += items.length;
    first.release();
  }

  /** What was written. Nothing more is to be written here. */
  finish(): EncodedBatch {
    this.#endJoined();
    return { numbers: this.#numbers.subarray(0, this.#numberCount), texts: this.#texts, bytes: this.#bytes.finish() };
  }

  /**
   * Nobody reads any more what `finish` returned: other writers write over it. To be called once, and only if that is so;
   * without it, the memory is left to be collected.
   */
  release(): void {
    if (released.length < MOST_RELEASED && this.#numbers.length <= MOST_RELEASED_NUMBERS) {
      this.#bytes.rewind();
      released.push({ numbers: this.#numbers, area: this.#area, bytes: this.#bytes });
    }
  }

  #field(type: FieldType, value: Value): void {
    switch (type) {
      case 'uint':
      case 'int':
      case 'number':
        return this.#number(value as number);
      case 'boolean':
        return this.#number(value === true ? 1 : 0);
      case 'string':
        return this.#string(value as string);
      case 'text': {
        if (typeof value === 'string') {
          return this.#string(value);
        }
        const bytes = asBuffer(value as Uint8Array);
        this.#payload += bytes.length;
        this.#reserveNumbers(1);
        return this.#text(bytes, 0, bytes.length, false);
      }
      case 'bytes': {
        const bytes = asBuffer(value as Uint8Array);
        this.#payload += bytes.length;
        this.#number(bytes.length);
        return this.#bytes.write(bytes);
      }
      case 'strings':
        this.#number((value as readonly string[]).length);
        for (const string of value as readonly string[]) {
          this.#string(string);
        }
    }
  }

  #string(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    this.#reserveNumbers(1);
    this.#text(bytes, 0, bytes.length, false);
  }

  /** ASCII has as many characters as bytes, so that many texts can be taken for one and told apart by their lengths. */
  #text(data: Buffer, start: number, end: number, ascii: boolean): void {
    const length = end - start;
    if (ascii && length < JOINED_BYTES) {
      if (this.#areaAt - this.#joinedFrom + length > JOINED_BYTES) {
        this.#endJoined();
      }
      this.#numbers[this.#numberCount++] = length;
      this.#copy(data, start, end);
      return;
    }
    this.#endJoined();
    this.#numbers[this.#numberCount++] = WHOLE_TEXT;
    if (length < JOINED_BYTES) {
      this.#copy(data, start, end);
      this.#texts.push({ buffer: this.#area, start: this.#joinedFrom, end: this.#areaAt });
      this.#joinedFrom = this.#areaAt;
    } else {
      this.#texts.push({ buffer: data, start, end });
    }
  }

  #copy(data: Buffer, start: number, end: number): void {
    if (this.#areaAt + end - start > this.#area.length) {
      this.#endJoined();
      this.#area = Buffer.allocUnsafe(Math.min(LARGEST_AREA, Math.max(SMALLEST_AREA, this.#area.length * 4)));
      this.#areaAt = 0;
      this.#joinedFrom = 0;
    }
    data.copy(this.#area, this.#areaAt, start, end);
    this.#areaAt += end - start;
  }

  #endJoined(): void {
    if (this.#areaAt > this.#joinedFrom) {
      this.#texts.push({ buffer: this.#area, start: this.#joinedFrom, end: this.#areaAt });
      this.#joinedFrom = this.#areaAt;
    }
  }

  #number(value: number): void {
    this.#reserveNumbers(1);
    this.#numbers[this.#numberCount++] = value;
  }

  #reserveNumbers(most: number): void {
    if (this.#numberCount + most > this.#numbers.length) {
      const larger = new Float64Array(Math.max(this.#numbers.length * 4, this.#numberCount + most));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
  }
}

function newStorage(): Storage {
  return { numbers: new Float64Array(32), area: NOTHING, bytes: new ByteWriter() };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
