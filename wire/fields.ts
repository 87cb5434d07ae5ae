/**
 * The vocabulary that the tables of events, commands and questions are written in.
 *
 * A table gives each kind of item a number and its fields, in order. The types, and the flat form that
 * goes over the pipe and across the isolate boundary, are all derived from it, so that nothing is said twice.
 */

/** What a field holds, in TypeScript's words. */
export interface FieldValues {
  /** An integer from 0 to 2^32 - 1. */
  uint: number;
  /** An integer from -2^31 to 2^31 - 1. */
  int: number;
  /** Any double. */
  number: number;
  boolean: boolean;
  /** A string; decoded where it is read. */
  string: string;
  /** A list of strings. */
  strings: readonly string[];
  /**
   * Message text: a string, or the UTF-8 bytes of one, which the host passes through unread.
   */
  text: string | Uint8Array;
  bytes: Uint8Array;
}

export type FieldType = keyof FieldValues;

export interface ItemDefinition {
  /** The number on the wire. */
  readonly code: number;
  /** Field names and types, in the order in which they are written. */
  readonly fields: Readonly<Record<string, FieldType>>;
}

export type ItemTable = Readonly<Record<string, ItemDefinition>>;

type Fields<Definition extends ItemDefinition> = {
  readonly [Name in keyof Definition['fields']]: FieldValues[Definition['fields'][Name]];
};

/** One kind of item as an object: `{ type: 'text', socket: 1, data: 'hello' }`. */
export type ItemOf<Table extends ItemTable, Type extends keyof Table> = Type extends string
  ? { readonly type: Type } & Fields<Table[Type]>
  : never;

/** Any item of a table: a union, discriminated by `type`. */
export type AnyItem<Table extends ItemTable> = { [Type in keyof Table]: ItemOf<Table, Type> }[keyof Table];

/** One function for each kind of item. Leaving a kind out does not compile. */
export type Handlers<Table extends ItemTable> = {
  readonly [Type in keyof Table]: (item: ItemOf<Table, Type>) => void;
};

/**
 * Items as they cross the isolate boundary, without a single object: numbers, texts and bytes apart, each in the order
 * of the items and their fields.
 *
 * `numbers` holds each item's code and its number and boolean (0, 1) fields; the count of a `strings` field; the length
 * of each string, in UTF-16 units; the length of a `bytes` field. Many short strings are joined to one text, and no
 * string lies in two. Of `bytes`, only the order counts, not how it is cut into chunks.
 */
export interface FlatBatch {
  readonly numbers: Float64Array;
  readonly texts: readonly string[];
  readonly bytes: readonly Uint8Array[];
}

/** In the place of a string's length: it is the whole of the next text. */
export const WHOLE_TEXT = -1;

export const EMPTY_BATCH: FlatBatch = { numbers: new Float64Array(0), texts: [], bytes: [] };

/** A compiled table: what the codecs walk. */
export interface Schema<Table extends ItemTable> {
  readonly name: string;
  readonly byType: Readonly<Record<keyof Table & string, CompiledItem>>;
  readonly byCode: readonly (CompiledItem | undefined)[];
}

export interface CompiledItem {
  readonly type: string;
  readonly code: number;
  readonly names: readonly string[];
  readonly types: readonly FieldType[];
}

/** Prepares a table for the codecs. `name` is what error messages call its items. */
export function compileSchema<const Table extends ItemTable>(name: string, table: Table): Schema<Table> {
  const byType: Record<string, CompiledItem> = {};
  const byCode: (CompiledItem | undefined)[] = [];
  for (const [type, definition] of Object.entries(table)) {
    const item: CompiledItem = {
      type,
      code: definition.code,
      names: Object.keys(definition.fields),
      types: Object.values(definition.fields),
    };
    if (byCode[item.code] !== undefined) {
      throw new WireError(`${name} ${type} and ${byCode[item.code]?.type} share the code ${item.code}`);
    }
    byType[type] = item;
    byCode[item.code] = item;
  }
  return { name, byType: byType as Schema<Table>['byType'], byCode };
}

/** What arrived over the wire, or out of an isolate, is not what the contract says. */
export class WireError extends Error {
  override readonly name = 'WireError';
}
