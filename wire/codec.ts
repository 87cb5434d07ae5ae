import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import {
  WireError,
  type AnyItem,
  type CompiledItem,
  type FieldType,
  type FlatBatch,
  type ItemTable,
  type Primitive,
  type Schema,
} from './fields.ts';

/**
 * The three forms of a batch, and the ways between them that are needed:
 *
 *     objects  - what the host works with
 *     bytes    - what goes over the pipe between host and cell process
 *     flat     - what crosses the isolate boundary
 *
 * Reading checks everything: it is where what a cell or an isolate says comes in.
 */

type Value = Primitive | Uint8Array | readonly string[];

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

/** Bytes to objects, until the reader is at its end. Byte fields are views into what was read. */
export function readItems<Table extends ItemTable>(schema: Schema<Table>, reader: ByteReader): AnyItem<Table>[] {
  const items: AnyItem<Table>[] = [];
  while (!reader.done) {
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
  const batch: FlatBatch = { values: [], bytes: [] };
  const { values } = batch;
  while (!reader.done) {
    const definition = definitionOf(schema, reader.uint8());
    values.push(definition.code);
    const { types } = definition;
    for (let index = 0; index < types.length; index++) {
      const type = types[index] as FieldType;
      if (type === 'text') {
        values.push(reader.string());
      } else {
        pushFlat(batch, type, readField(reader, type));
      }
    }
  }
  return batch;
}

/** Flat to bytes. */
export function writeFlat<Table extends ItemTable>(schema: Schema<Table>, writer: ByteWriter, batch: FlatBatch): void {
  const source = new FlatReader(batch);
  while (!source.done) {
    const definition = definitionOf(schema, source.code(schema.name));
    writer.uint8(definition.code);
    const { types } = definition;
    for (let index = 0; index < types.length; index++) {
      const type = types[index] as FieldType;
      writeField(writer, type, source.field(definition, index));
    }
  }
}

/** Objects to flat. */
export function itemsToFlat<Table extends ItemTable>(
  schema: Schema<Table>,
  items: readonly AnyItem<Table>[],
): FlatBatch {
  const batch: FlatBatch = { values: [], bytes: [] };
  for (const item of items) {
    const { type } = item as { readonly type: string };
    const { code, names, types } = schema.byType[type as keyof Table & string];
    batch.values.push(code);
    for (let index = 0; index < names.length; index++) {
      const value = (item as Record<string, Value>)[names[index] as string] as Value;
      pushFlat(batch, types[index] as FieldType, value);
    }
  }
  return batch;
}

/** Flat to objects. */
export function flatToItems<Table extends ItemTable>(schema: Schema<Table>, batch: FlatBatch): AnyItem<Table>[] {
  const items: AnyItem<Table>[] = [];
  const source = new FlatReader(batch);
  while (!source.done) {
    const definition = definitionOf(schema, source.code(schema.name));
    const { names } = definition;
    const item: Record<string, Value> = { type: definition.type };
    for (let index = 0; index < names.length; index++) {
      item[names[index] as string] = source.field(definition, index);
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

function pushFlat({ values, bytes }: FlatBatch, type: FieldType, value: Value): void {
  switch (type) {
    case 'bytes':
      values.push((value as Uint8Array).length);
      bytes.push(value as Uint8Array);
      return;
    case 'text':
      values.push(typeof value === 'string' ? value : decodeUtf8(value as Uint8Array));
      return;
    case 'strings': {
      const strings = value as readonly string[];
      values.push(strings.length);
      for (const string of strings) {
        values.push(string);
      }
      return;
    }
    default:
      values.push(value as Primitive);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Walks a flat batch that came out of an isolate, checking each value against the type that its place asks for. */
class FlatReader {
  readonly #values: readonly unknown[];
  readonly #bytes: readonly Uint8Array[];
  #position = 0;
  #chunk = 0;
  #chunkOffset = 0;

  constructor(batch: FlatBatch) {
    this.#values = batch.values;
    this.#bytes = batch.bytes;
  }

  get done(): boolean {
    return this.#position >= this.#values.length;
  }

  code(name: string): number {
    const code = this.#values[this.#position++];
    if (typeof code !== 'number') {
      throw new WireError(`${describe(code)} stands where the code of a ${name} is expected`);
    }
    return code;
  }

  field(definition: CompiledItem, index: number): Value {
    const type = definition.types[index] as FieldType;
    const value = this.#values[this.#position++];
    switch (type) {
      case 'uint':
        if (typeof value === 'number' && value >>> 0 === value) {
          return value;
        }
        break;
      case 'int':
        if (typeof value === 'number' && (value | 0) === value) {
          return value;
        }
        break;
      case 'number':
        if (typeof value === 'number') {
          return value;
        }
        break;
      case 'boolean':
        if (typeof value === 'boolean') {
          return value;
        }
        break;
      case 'string':
      case 'text':
        if (typeof value === 'string') {
          return value;
        }
        break;
      case 'bytes':
        if (typeof value === 'number' && value >>> 0 === value) {
          return this.#takeBytes(value);
        }
        break;
      case 'strings':
        if (typeof value === 'number' && value >>> 0 === value) {
          return this.#takeStrings(value, definition, index);
        }
        break;
    }
    throw new WireError(
      `${definition.type}.${definition.names[index]} is ${describe(value)}, where a ${type} is expected`,
    );
  }

  #takeStrings(count: number, definition: CompiledItem, index: number): string[] {
    const strings: string[] = [];
    while (strings.length < count) {
      const value = this.#values[this.#position++];
      if (typeof value !== 'string') {
        throw new WireError(`${definition.type}.${definition.names[index]} holds ${describe(value)}, not only strings`);
      }
      strings.push(value);
    }
    return strings;
  }

  /** The bytes lie one after another, but cut into chunks wherever the arena was full. */
  #takeBytes(length: number): Uint8Array {
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
        throw new WireError(`${missing} of ${length} bytes are missing`);
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

function describe(value: unknown): string {
  if (typeof value === 'number') {
    return `the number ${value}`;
  }
  return value === undefined ? 'nothing' : `a ${typeof value}`;
}
