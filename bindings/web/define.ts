import {
  MapConstructor,
  MapPrototypeGet,
  MapPrototypeHas,
  MapPrototypeSet,
  ObjectCreate,
  ObjectDefineProperty,
  ObjectGetOwnPropertyDescriptor,
  ObjectKeys,
  SymbolToStringTag,
  TypeErrorConstructor,
  createList,
} from '../primordials.ts';

/** What a platform object shows of itself, taken before any script runs. */
export interface InterfaceParts {
  /** The names of its attributes, in order, each with its getter. */
  readonly attributes: readonly { readonly name: string; readonly get: (this: object) => unknown }[];
  /** Of a map, as URLSearchParams: calls back with each value and its key. */
  readonly forEach: ((this: object, callback: (value: unknown, key: unknown) => void) => void) | undefined;
}

/** The prototypes of the web platform's interfaces: what inherits from one is a platform object. */
const prototypes = new MapConstructor<object, InterfaceParts>();

export function isInterfacePrototype(value: object): boolean {
  return MapPrototypeHas(prototypes, value);
}

/** The parts of the interface that has this prototype. */
export function interfaceParts(prototype: object): InterfaceParts | undefined {
  return MapPrototypeGet(prototypes, prototype);
}

/**
 * Makes a class look as WebIDL has it: its members enumerable, its prototype tagged with its name. The bundler may have
 * given the class another name.
 *
 * WebIDL counts the required arguments only for a function's `length`, and ECMAScript the parameters before the first one
 * with a default: so the parameters that WebIDL calls optional have `undefined` for one.
 */
export function defineInterface(
  constructor: { readonly prototype: object },
  name: string,
  members: readonly string[],
): void {
  const { prototype } = constructor;
  const attributes = createList<InterfaceParts['attributes'][number]>();
  for (let index = 0; index < members.length; index++) {
    const member = members[index] as string;
    const descriptor = ObjectGetOwnPropertyDescriptor(prototype, member);
    if (descriptor === undefined) {
      throw new TypeErrorConstructor(`${name} has no member ${member}`);
    }
    descriptor.enumerable = true;
    ObjectDefineProperty(prototype, member, descriptor);
    if (descriptor.get !== undefined) {
      attributes[attributes.length] = { name: member, get: descriptor.get };
    }
  }
  const forEach = ObjectGetOwnPropertyDescriptor(prototype, 'forEach')?.value as InterfaceParts['forEach'];
  MapPrototypeSet(prototypes, prototype, { attributes, forEach });
  ObjectDefineProperty(prototype, SymbolToStringTag, { value: name, configurable: true });
  ObjectDefineProperty(constructor, 'name', { value: name, configurable: true });
}

/** WebIDL constants: on the class and on its prototype, enumerable, for good. */
export function defineConstants(
  constructor: { readonly prototype: object },
  constants: Readonly<Record<string, unknown>>,
): void {
  const names = ObjectKeys(constants);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    const descriptor = { value: constants[name], enumerable: true, configurable: false, writable: false };
    ObjectDefineProperty(constructor, name, descriptor);
    ObjectDefineProperty(constructor.prototype, name, descriptor);
  }
}

/** The error that WebIDL asks for where arguments are missing. */
export function requireArguments(given: number, required: number, operation: string): void {
  if (given < required) {
    throw new TypeErrorConstructor(
      `${operation}: ${required} argument${required === 1 ? '' : 's'} required, but only ${given} present.`,
    );
  }
}

/** An ordinary property, whatever a script has put on `Object.prototype`. */
export function defineOwn(target: object, name: string, value: unknown): void {
  const descriptor = ObjectCreate(null) as PropertyDescriptor;
  descriptor.value = value;
  descriptor.enumerable = true;
  descriptor.configurable = true;
  descriptor.writable = true;
  ObjectDefineProperty(target, name, descriptor);
}

/** What a member throws where it is called on an object of another class: WebIDL, "implements". */
export function illegalInvocation(name: string): TypeError {
  return new TypeErrorConstructor(`Illegal invocation: the object that this was called on is not of the type '${name}'.`);
}
