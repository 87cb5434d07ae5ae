import {
  ArrayPrototypeSort,
  IteratorPrototype,
  ObjectCreate,
  ObjectDefineProperty,
  ReflectApply,
  ReflectGetOwnPropertyDescriptor,
  ReflectOwnKeys,
  StringPrototypeSlice,
  StringPrototypeStartsWith,
  SymbolIterator,
  SymbolToStringTag,
  TypeErrorConstructor,
  WeakMapConstructor,
  WeakMapPrototypeGet,
  WeakMapPrototypeSet,
  createList,
} from '../primordials.ts';
import { defineInterface, defineOwn, requireArguments } from './define.ts';
import { parseForm, serializeForm } from './form-urlencoded.ts';
import { iteratorMethod, sequence, usvString } from './webidl.ts';

const FAILED = "Failed to construct 'URLSearchParams'";

/** What URL may do to its `searchParams`. */
interface ParamsInternals {
  /** The params of a URL's query, which tell it of their changes. */
  link(query: string, onChange: (query: string) => void): URLSearchParams;
  /** Takes over a query that the URL was given. */
  reset(params: URLSearchParams, query: string): void;
}
export let paramsInternals: ParamsInternals;

type Kind = 'key' | 'value' | 'entry';
let itemAt: (params: URLSearchParams, index: number, kind: Kind) => unknown;
let sizeOf: (params: URLSearchParams) => number;

/** URL Standard, section 6.2. */
export class URLSearchParams {
  /** Names and values in turns. */
  #list = createList<string>();
  #onChange: ((query: string) => void) | undefined;

  constructor(init: unknown = undefined) {
    if (init === undefined) {
      return;
    }
    if ((typeof init === 'object' && init !== null) || typeof init === 'function') {
      const iterate = iteratorMethod(init, FAILED);
      this.#list = iterate === undefined ? recordList(init) : pairList(init, iterate);
    } else {
      const query = usvString(init);
      this.#list = parseForm(StringPrototypeStartsWith(query, '?') ? StringPrototypeSlice(query, 1) : query);
    }
  }

  static {
    paramsInternals = {
      link(query, onChange) {
        const params = new URLSearchParams();
        params.#list = parseForm(query);
        params.#onChange = onChange;
        return params;
      },
      reset(params, query) {
        params.#list = parseForm(query);
      },
    };
    itemAt = (params, index, kind) => {
      const name = params.#list[2 * index] as string;
      const value = params.#list[2 * index + 1] as string;
      return kind === 'key' ? name : kind === 'value' ? value : [name, value];
    };
    sizeOf = (params) => params.#list.length / 2;
  }

  /** "Update". */
  #changed(): void {
    this.#onChange?.(serializeForm(this.#list));
  }

  get size(): number {
    return sizeOf(this);
  }

  append(name: unknown, value: unknown): void {
    const list = this.#list;
    requireArguments(arguments.length, 2, "Failed to execute 'append' on 'URLSearchParams'");
    const key = usvString(name);
    const text = usvString(value);
    list[list.length] = key;
    list[list.length] = text;
    this.#changed();
  }

  delete(name: unknown, value: unknown = undefined): void {
    void this.#list;
    requireArguments(arguments.length, 1, "Failed to execute 'delete' on 'URLSearchParams'");
    const key = usvString(name);
    const text = value === undefined ? undefined : usvString(value);
    const list = this.#list;
    const rest = createList<string>();
    for (let index = 0; index < list.length; index += 2) {
      if (list[index] !== key || (text !== undefined && list[index + 1] !== text)) {
        rest[rest.length] = list[index] as string;
        rest[rest.length] = list[index + 1] as string;
      }
    }
    this.#list = rest;
    this.#changed();
  }

  get(name: unknown): string | null {
    void this.#list;
    requireArguments(arguments.length, 1, "Failed to execute 'get' on 'URLSearchParams'");
    const index = this.#find(usvString(name), undefined);
    return index === -1 ? null : (this.#list[index + 1] as string);
  }

  getAll(name: unknown): string[] {
    void this.#list;
    requireArguments(arguments.length, 1, "Failed to execute 'getAll' on 'URLSearchParams'");
    const key = usvString(name);
    const all: string[] = [];
    for (let index = 0; index < this.#list.length; index += 2) {
      if (this.#list[index] === key) {
        defineOwn(all, `${all.length}`, this.#list[index + 1]);
      }
    }
    return all;
  }

  has(name: unknown, value: unknown = undefined): boolean {
    void this.#list;
    requireArguments(arguments.length, 1, "Failed to execute 'has' on 'URLSearchParams'");
    const key = usvString(name);
    return this.#find(key, value === undefined ? undefined : usvString(value)) !== -1;
  }

  #find(name: string, value: string | undefined): number {
    const list = this.#list;
    for (let index = 0; index < list.length; index += 2) {
      if (list[index] === name && (value === undefined || list[index + 1] === value)) {
        return index;
      }
    }
    return -1;
  }

  set(name: unknown, value: unknown): void {
    void this.#list;
    requireArguments(arguments.length, 2, "Failed to execute 'set' on 'URLSearchParams'");
    const key = usvString(name);
    const text = usvString(value);
    const first = this.#find(key, undefined);
    const list = this.#list;
    const rest = createList<string>();
    for (let index = 0; index < list.length; index += 2) {
      if (list[index] !== key || index === first) {
        rest[rest.length] = list[index] as string;
        rest[rest.length] = index === first ? text : (list[index + 1] as string);
      }
    }
    if (first === -1) {
      rest[rest.length] = key;
      rest[rest.length] = text;
    }
    this.#list = rest;
    this.#changed();
  }

  /** By the UTF-16 units of the names; pairs of one name keep their order. */
  sort(): void {
    const list = this.#list;
    const pairs = createList<readonly [string, string]>();
    for (let index = 0; index < list.length; index += 2) {
      pairs[pairs.length] = [list[index] as string, list[index + 1] as string];
    }
    ArrayPrototypeSort(pairs, (left, right) => (left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0));
    const sorted = createList<string>();
    for (let index = 0; index < pairs.length; index++) {
      const pair = pairs[index] as readonly [string, string];
      sorted[2 * index] = pair[0];
      sorted[2 * index + 1] = pair[1];
    }
    this.#list = sorted;
    this.#changed();
  }

  toString(): string {
    return serializeForm(this.#list);
  }

  entries(): object {
    return createIterator(this, 'entry');
  }

  keys(): object {
    return createIterator(this, 'key');
  }

  values(): object {
    return createIterator(this, 'value');
  }

  /** Web IDL, "forEach": over the pairs as they are at each step. */
  forEach(callback: unknown, thisArg: unknown = undefined): void {
    void this.#list;
    requireArguments(arguments.length, 1, "Failed to execute 'forEach' on 'URLSearchParams'");
    if (typeof callback !== 'function') {
      throw new TypeErrorConstructor(
        "Failed to execute 'forEach' on 'URLSearchParams': parameter 1 is not of type 'Function'.",
      );
    }
    for (let index = 0; index < sizeOf(this); index++) {
      const args = [itemAt(this, index, 'value'), itemAt(this, index, 'key'), this];
      ReflectApply(callback as (...args: unknown[]) => unknown, thisArg, args);
    }
  }
}

const MEMBERS = ['size', 'append', 'delete', 'get', 'getAll', 'has', 'set', 'sort', 'toString'] as const;
defineInterface(URLSearchParams, 'URLSearchParams', [...MEMBERS, 'entries', 'keys', 'values', 'forEach']);
const { entries } = URLSearchParams.prototype;
ObjectDefineProperty(URLSearchParams.prototype, SymbolIterator, { value: entries, writable: true, configurable: true });

/** Web IDL, section 3.7.10.2: the iterators share a prototype that inherits from the language's; it knows them by this. */
interface IteratorState {
  readonly params: URLSearchParams;
  readonly kind: Kind;
  index: number;
}
const states = new WeakMapConstructor<object, IteratorState>();

const iteratorPrototype = ObjectCreate(IteratorPrototype) as object;
const { next } = {
  next(this: object): { value: unknown; done: boolean } {
    const state = WeakMapPrototypeGet(states, this);
    if (state === undefined) {
      throw new TypeErrorConstructor("'next' called on an object that is not a URLSearchParams Iterator.");
    }
    const done = state.index >= sizeOf(state.params);
    return { value: done ? undefined : itemAt(state.params, state.index++, state.kind), done };
  },
};
ObjectDefineProperty(iteratorPrototype, 'next', { value: next, enumerable: true, writable: true, configurable: true });
ObjectDefineProperty(iteratorPrototype, SymbolToStringTag, { value: 'URLSearchParams Iterator', configurable: true });

function createIterator(params: URLSearchParams, kind: Kind): object {
  // Throws where it is none.
  sizeOf(params);
  const iterator = ObjectCreate(iteratorPrototype) as object;
  WeakMapPrototypeSet(states, iterator, { params, kind, index: 0 });
  return iterator;
}

/** Web IDL `sequence<sequence<USVString>>`, of pairs. */
function pairList(pairs: object, method: () => unknown): string[] {
  const list = createList<string>();
  // Web IDL converts all of them before the constructor looks at any.
  let isOfPairs = true;
  sequence(pairs, method, FAILED, (pair) => {
    const each = iteratorMethod(pair, FAILED);
    if (each === undefined) {
      throw notPairs();
    }
    let count = 0;
    sequence(pair, each, FAILED, (part) => {
      list[list.length] = usvString(part);
      count++;
    });
    isOfPairs &&= count === 2;
  });
  if (!isOfPairs) {
    throw notPairs();
  }
  return list;
}

function notPairs(): unknown {
  return new TypeErrorConstructor(
    `${FAILED}: Sequence initializer must only contain pair elements`,
  );
}

/** Web IDL `record<USVString, USVString>`. Names that become the same one have the last of the values. */
function recordList(record: object): string[] {
  const list = createList<string>();
  const keys = ReflectOwnKeys(record);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    if (ReflectGetOwnPropertyDescriptor(record, key)?.enumerable !== true) {
      continue;
    }
    const name = usvString(key);
    const value = usvString((record as Record<string, unknown>)[key]);
    let at = 0;
    while (at < list.length && list[at] !== name) {
      at += 2;
    }
    list[at] = name;
    list[at + 1] = value;
  }
  return list;
}
