/**
 * A set of names or numbers, to be looked up with `set[name] === true`.
 *
 * Without a prototype: in the guest, scripts can put what they like on `Object.prototype`; and what is looked up calls
 * nothing that they could have replaced.
 */
export type Lookup<Key extends string | number> = Readonly<Partial<Record<Key, true>>>;

export function lookup<Key extends string | number>(entries: Readonly<Record<Key, true>>): Lookup<Key> {
  return Object.freeze(Object.assign(Object.create(null) as object, entries));
}
