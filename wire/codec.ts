import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import {
  WireError,
  type AnyItem,
  type CompiledItem,
  type FieldType,
  type FlatBatch,
  type ItemTable,
  type Schema,
} from './fields.ts';
import { utf8Decode } from './utf8.ts';

/**
 * The three forms of a batch, and the ways between them that are needed:
 *
 *     objects  - what the host works with
 *     bytes    - what goes over the pipe between host and cell process
 *     flat     - what crosses the isolate boundary
 *
 * Reading checks everything: it is where what a cell or an isolate says comes in.
 */

type Value = string | number | boolean | Uint8Array | readonly string[];

/** Objects to bytes. */
export function writeItem<Table extends ItemTable>(
  schema: Schema<Table>,
  writer: ByteWriter,
  item: AnyItem<Table>,
): void {
  const { type } = item as { readonly type: string };
  const definition = schema.byType[type as keyof Table & string];
  writer.uint8(definition.code);
  const { names, types } = definition;
  for (let index = 0; index < names.length; index++) {
    writeField(writer, types[index] as FieldType, (item as Record<string, Value>)[names[index] as string] as Value);
  }
}

/**
 * Bytes to objects, until the reader is at its end. Byte fields are views into what was read.
 *
 * @param most the most items that are read: a few bytes on the wire become an object of many
 */
export function readItems<Table extends ItemTable>(
  schema: Schema<Table>,
  reader: ByteReader,
  most = Infinity,
): AnyItem<Table>[] {
  const items: AnyItem<Table>[] = [];
  while (!reader.done) {
    if (items.length >= most) {
      throw new WireError(`more than ${most} ${schema.name}s in one batch`);
    }
    items.push(readItem(schema, reader));
  }
  return items;
}

/** One item from bytes. */
export function readItem<Table extends ItemTable>(schema: Schema<Table>, reader: ByteReader): AnyItem<Table> {
  const definition = definitionOf(schema, reader.uint8());
  const { names, types } = definition;
  const item: Record<string, Value> = { type: definition.type };
  for (let index = 0; index < names.length; index++) {
    item[names[index] as string] = readField(reader, types[index] as FieldType);
  }
  return item as AnyItem<Table>;
}

/** Bytes to flat, until the reader is at its end. */
export function readFlat<Table extends ItemTable>(schema: Schema<Table>, reader: ByteReader): FlatBatch {
  const flat = new FlatWriter();
  while (!reader.done) {
    const { code, types } = definitionOf(schema, reader.uint8());
    flat.number(code);
    for (let index = 0; index < types.length; index++) {
      const type = types[index] as FieldType;
      if (type === 'text') {
        flat.string(reader.string());
      } else {
        flat.field(type, readField(reader, type));
      }
    }
  }
  return flat.finish();
}

/** Flat to bytes. */
export function writeFlat<Table extends ItemTable>(schema: Schema<Table>, writer: ByteWriter, batch: FlatBatch): void {
  const flat = new FlatReader(batch);
  while (!flat.done) {
    const definition = definitionOf(schema, flat.code());
    writer.uint8(definition.code);
    const { types } = definition;
    for (let index = 0; index < types.length; index++) {
      writeField(writer, types[index] as FieldType, flat.field(definition, index));
    }
  }
}

/** Objects to flat. */
export function itemsToFlat<Table extends ItemTable>(
  schema: Schema<Table>,
  items: readonly AnyItem<Table>[],
): FlatBatch {
  const flat = new FlatWriter();
  for (let at = 0; at < items.length; at++) {
    const item = items[at] as unknown as Record<string, Value>;
    const { code, names, types } = schema.byType[item.type as keyof Table & string];
    flat.number(code);
    for (let index = 0; index < names.length; index++) {
      flat.field(types[index] as FieldType, item[names[index] as string] as Value);
    }
  }
  return flat.finish();
}

/** Flat to objects. */
export function flatToItems<Table extends ItemTable>(schema: Schema<Table>, batch: FlatBatch): AnyItem<Table>[] {
  const items: AnyItem<Table>[] = [];
  const flat = new FlatReader(batch);
  while (!flat.done) {
    const definition = definitionOf(schema, flat.code());
    const { names } = definition;
    const item: Record<string, Value> = { type: definition.type };
    for (let index = 0; index < names.length; index++) {
      item[names[index] as string] = flat.field(definition, index);
    }
    items.push(item as AnyItem<Table>);
  }
  return items;
}

function definitionOf<Table extends ItemTable>(schema: Schema<Table>, code: number): CompiledItem {
  const definition = schema.byCode[code];
  if (definition === undefined) {
    throw new WireError(`there is no ${schema.name} with the code ${code}`);
  }
  return definition;
}

function writeField(writer: ByteWriter, type: FieldType, value: Value): void {
  switch (type) {
    case 'uint':
      return writer.uint32(value as number);
    case 'int':
      return writer.int32(value as number);
    case 'number':
      return writer.float64(value as number);
    case 'boolean':
      return writer.uint8(value === true ? 1 : 0);
    case 'string':
      return writer.string(value as string);
    case 'text':
      return typeof value === 'string' ? writer.string(value) : writer.bytes(value as Uint8Array);
    case 'bytes':
      return writer.bytes(value as Uint8Array);
    case 'strings': {
      const strings = value as readonly string[];
      writer.uint32(strings.length);
      for (const string of strings) {
        writer.string(string);
      }
    }
  }
}

function readField(reader: ByteReader, type: FieldType): Value {
  switch (type) {
    case 'uint':
      return reader.uint32();
    case 'int':
      return reader.int32();
    case 'number':
      return reader.float64();
    case 'boolean':
      return reader.uint8() !== 0;
    case 'string':
      return reader.string();
    case 'text':
    case 'bytes':
      return reader.bytes();
    case 'strings': {
      const strings: string[] = [];
      for (let left = reader.uint32(); left > 0; left--) {
        strings.push(reader.string());
      }
      return strings;
    }
  }
}

/** Memory for the numbers of the next flat batch: a fresh allocation for each turn would keep the collector busy. */
let spare: Float64Array | undefined;

/** Gives back the memory of a batch that nobody reads any more. */
export function recycle(batch: FlatBatch): void {
  spare = new Float64Array(batch.numbers.buffer);
}

/** Builds a flat batch. */
class FlatWriter {
  #numbers = spare ?? new Float64Array(1024);
  #length = 0;
  readonly #strings: string[] = [];
  readonly #bytes: Uint8Array[] = [];

  constructor() {
    spare = undefined;
  }

  number(value: number): void {
    if (this.#length === this.#numbers.length) {
      const larger = new Float64Array(this.#length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length++] = value;
  }

  string(value: string): void {
    this.#strings.push(value);
  }

  field(type: FieldType, value: Value): void {
    switch (type) {
      case 'uint':
      case 'int':
      case 'number':
        return this.number(value as number);
      case 'boolean':
        return this.number(value === true ? 1 : 0);
      case 'string':
        return this.string(value as string);
      case 'text':
        return this.string(typeof value === 'string' ? value : decodeUtf8(value as Uint8Array));
      case 'bytes':
        this.number((value as Uint8Array).length);
        this.#bytes.push(value as Uint8Array);
        return;
      case 'strings':
        this.number((value as readonly string[]).length);
        for (const string of value as readonly string[]) {
          this.string(string);
        }
    }
  }

  finish(): FlatBatch {
    return { numbers: this.#numbers.subarray(0, this.#length), strings: this.#strings, bytes: this.#bytes };
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return utf8Decode(buffer, 0, buffer.length);
}

/** Walks a flat batch that came out of an isolate, checking each value against what its place asks for. */
class FlatReader {
  readonly #numbers: Float64Array;
  readonly #strings: readonly unknown[];
  readonly #bytes: readonly Uint8Array[];
  #number = 0;
  #string = 0;
  #chunk = 0;
  #chunkOffset = 0;

  constructor(batch: FlatBatch) {
    this.#numbers = batch.numbers;
    this.#strings = batch.strings;
    this.#bytes = batch.bytes;
  }

  get done(): boolean {
    return this.#number >= this.#numbers.length;
  }

  /** The number that the next item begins with, if not `done`. */
  code(): number {
    return this.#numbers[this.#number++] as number;
  }

  field(definition: CompiledItem, index: number): Value {
    const type = definition.types[index] as FieldType;
    switch (type) {
      case 'string':
      case 'text':
        return this.#nextString(definition, index);
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
        return this.#uint(definition, index);
      case 'bytes':
        return this.#takeBytes(definition, index);
      case 'strings': {
        const strings: string[] = [];
        for (let left = this.#uint(definition, index); left > 0; left--) {
          strings.push(this.#nextString(definition, index));
        }
        return strings;
      }
    }
  }

  #nextNumber(definition: CompiledItem, index: number): number {
    const value = this.#numbers[this.#number++];
    return value === undefined ? wrong(definition, index, value) : value;
  }

  #uint(definition: CompiledItem, index: number): number {
    const value = this.#nextNumber(definition, index);
    // Also makes 0 of -0, which is equal to it.
    return value >>> 0 === value ? value >>> 0 : wrong(definition, index, value);
  }

  #nextString(definition: CompiledItem, index: number): string {
    const value = this.#strings[this.#string++];
    return typeof value === 'string' ? value : wrong(definition, index, value);
  }

  /** The bytes lie one after another, but cut into chunks wherever a window was full. */
  #takeBytes(definition: CompiledItem, index: number): Uint8Array {
    const length = this.#uint(definition, index);
    const chunk = this.#bytes[this.#chunk];
    if (chunk !== undefined && chunk.length - this.#chunkOffset >= length) {
      const view = chunk.subarray(this.#chunkOffset, this.#chunkOffset + length);
      this.#advance(length);
      return view;
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
    return Buffer.concat(parts, length);
  }

  #advance(size: number): void {
    this.#chunkOffset += size;
    if (this.#chunkOffset >= (this.#bytes[this.#chunk]?.length ?? 0)) {
      this.#chunk++;
      this.#chunkOffset = 0;
    }
  }
}

function wrong(definition: CompiledItem, index: number, value: unknown): never {
  const found = typeof value === 'number' ? `the number ${value}` : value === undefined ? 'missing' : `a ${typeof value}`;
  throw new WireError(`${nameOf(definition, index)} is ${found}, where a ${definition.types[index]} is expected`);
}

function nameOf(definition: CompiledItem, index: number): string {
  return `${definition.type}.${definition.names[index]}`;
}
