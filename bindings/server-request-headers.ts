import {
  ArrayPrototypeValues,
  MapConstructor,
  MapPrototypeGet,
  MapPrototypeSet,
  ObjectDefineProperty,
  ReflectApply,
  StringPrototypeToLowerCase,
  SymbolIterator,
  TypeErrorConstructor,
  createList,
} from './primordials.ts';
import { defineInterface, defineOwn, requireArguments } from './web/define.ts';

/** The headers of a request, to be read: as `Headers` of the Fetch Standard, where it reads. */
export class RequestHeaders {
  /** Lower-case names, each once, in the order in which they came. */
  readonly #names = createList<string>();
  readonly #values = createList<string>();
  /** Where each name is: a client may send thousands. */
  readonly #places = new MapConstructor<string, number>();

  /** @param flat name, value, name, value and so on */
  constructor(flat: readonly string[]) {
    for (let index = 0; index < flat.length; index += 2) {
      const name = StringPrototypeToLowerCase(flat[index] as string);
      const value = flat[index + 1] as string;
      const at = this.#find(name);
      if (at === -1) {
        MapPrototypeSet(this.#places, name, this.#names.length);
        this.#names[this.#names.length] = name;
        this.#values[this.#values.length] = value;
      } else {
        // RFC 9110, 5.2; and of cookies RFC 6265, 5.4.
        this.#values[at] += `${name === 'cookie' ? '; ' : ', '}${value}`;
      }
    }
  }

  get(name: unknown): string | null {
    requireArguments(arguments.length, 1, "Failed to execute 'get' on 'RequestHeaders'");
    const at = this.#find(StringPrototypeToLowerCase(`${name as string}`));
    return at === -1 ? null : (this.#values[at] as string);
  }

  has(name: unknown): boolean {
    requireArguments(arguments.length, 1, "Failed to execute 'has' on 'RequestHeaders'");
    return this.#find(StringPrototypeToLowerCase(`${name as string}`)) !== -1;
  }

  entries(): Iterator<unknown> {
    return this.#iterator((index) => [this.#names[index], this.#values[index]]);
  }

  keys(): Iterator<unknown> {
    return this.#iterator((index) => this.#names[index]);
  }

  values(): Iterator<unknown> {
    return this.#iterator((index) => this.#values[index]);
  }

  forEach(callback: unknown, thisArg: unknown = undefined): void {
    void this.#names;
    if (typeof callback !== 'function') {
      throw new TypeErrorConstructor("Failed to execute 'forEach' on 'RequestHeaders': parameter 1 is not of type 'Function'.");
    }
    for (let index = 0; index < this.#names.length; index++) {
      const args = [this.#values[index], this.#names[index], this];
      ReflectApply(callback as (...args: unknown[]) => unknown, thisArg, args);
    }
  }

  #iterator(item: (index: number) => unknown): Iterator<unknown> {
    const items: unknown[] = [];
    for (let index = 0; index < this.#names.length; index++) {
      defineOwn(items, `${index}`, item(index));
    }
    return ArrayPrototypeValues(items);
  }

  #find(name: string): number {
    return MapPrototypeGet(this.#places, name) ?? -1;
  }
}

defineInterface(RequestHeaders, 'RequestHeaders', ['get', 'has', 'entries', 'keys', 'values', 'forEach']);
const { entries } = RequestHeaders.prototype;
ObjectDefineProperty(RequestHeaders.prototype, SymbolIterator, { value: entries, writable: true, configurable: true });
