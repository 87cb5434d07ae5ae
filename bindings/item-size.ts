import { ObjectKeys } from './primordials.ts';

/** The items of the tables in `wire/`, as far as the bindings write them. */

export type Values = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface Definition {
  readonly code: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** A bound on an item's size in bytes, as far as it depends on the item. */
export function sizeOf(definition: Definition, fields: Values): number {
  let size = 0;
  const names = ObjectKeys(definition.fields);
  for (let index = 0; index < names.length; index++) {
    const value = fields[names[index] as string];
    if (typeof value === 'object') {
      for (let each = 0; each < value.length; each++) {
        size += 8 + (value[each] as string).length;
      }
    } else {
      size += typeof value === 'string' ? value.length : 8;
    }
  }
  return size;
}
