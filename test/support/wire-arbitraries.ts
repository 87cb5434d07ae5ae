import fc from 'fast-check';
import type { AnyItem, FieldType, ItemTable } from '../../wire/fields.ts';

/** Arbitraries of everything that can cross the wire, derived from its tables: a new kind of item is covered by itself. */

/** Any UTF-16 at all: astral characters, and surrogates without their other half. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.constantFrom('', '\ud83d', '\ude00\ud83d', 'a\ud83d\ude00z', '\ufeffmarked', '\0'),
  // Above the size from which text is encoded apart.
  fc.nat({ max: 4000 }).map((length) => '\u00e9\u20ac'.repeat(length)),
);

/** Any bytes, also above the size from which they are not copied. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.tuple(fc.integer({ min: 8 * 1024 - 2, max: 9 * 1024 }), fc.nat(255)).map(([length, fill]) => new Uint8Array(length).fill(fill)),
);

const FIELDS: { readonly [Type in FieldType]: fc.Arbitrary<unknown> } = {
  uint: fc.oneof(fc.nat(100), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  int: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  number: fc.double(),
  boolean: fc.boolean(),
  string: anyText,
  strings: fc.array(anyText, { maxLength: 4 }),
  text: fc.oneof(anyText, anyBytes),
  bytes: anyBytes,
};

/** Any item of a table. */
export function anyItem<Table extends ItemTable>(table: Table): fc.Arbitrary<AnyItem<Table>> {
  const kinds = Object.entries(table).map(([type, { fields }]) =>
    fc.record({
      type: fc.constant(type),
      ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, FIELDS[field]])),
    }),
  );
  return fc.oneof(...kinds) as unknown as fc.Arbitrary<AnyItem<Table>>;
}

/** Any batch of a table's items. */
export function anyBatch<Table extends ItemTable>(table: Table): fc.Arbitrary<AnyItem<Table>[]> {
  return fc.array(anyItem(table), { maxLength: 8 });
}
