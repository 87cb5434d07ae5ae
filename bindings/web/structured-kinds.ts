import {
  DataViewConstructor,
  IteratorPrototype,
  ObjectGetPrototypeOf,
  SetConstructor,
  SetPrototypeHas,
  typedArrayConstructors,
} from '../primordials.ts';
import { isInterfacePrototype } from './define.ts';

/** A constructor of views, and how many bytes an element has. */
interface ViewKind {
  readonly construct: new (buffer: ArrayBuffer, start: number, length: number | undefined) => object;
  readonly bytes: number;
}

/** @param name of a typed array's class; undefined for DataView */
export function viewConstructor(name: string | undefined): ViewKind {
  if (name === undefined) {
    return { construct: DataViewConstructor, bytes: 1 };
  }
  const construct = typedArrayConstructors[name] as Uint8ArrayConstructor;
  return { construct, bytes: construct.BYTES_PER_ELEMENT };
}

const AsyncIteratorPrototype = Object.getPrototypeOf(
  Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())),
) as object;

/** Of the language's objects that have no clones: their prototypes. An object has a slot that a script cannot give it. */
const unserializable = new SetConstructor<object>([
  Promise.prototype,
  WeakMap.prototype,
  WeakSet.prototype,
  WeakRef.prototype,
  FinalizationRegistry.prototype,
  Symbol.prototype,
  IteratorPrototype,
  AsyncIteratorPrototype,
]);

/** Whether it is a platform object without serialization steps, or one of the language's that has internal slots. */
export function isUnserializable(value: object): boolean {
  for (let each: object | null = value; each !== null; each = ObjectGetPrototypeOf(each) as object | null) {
    if (SetPrototypeHas(unserializable, each) || isInterfacePrototype(each)) {
      return true;
    }
  }
  return false;
}
