import { describeError } from '../errors.ts';
import {
  ArrayBufferPrototypeGetDetached,
  ArrayIsArray,
  ArrayPrototypeJoin,
  DateConstructor,
  DatePrototypeGetTime,
  DatePrototypeToISOString,
  ErrorConstructor,
  FunctionPrototypeToString,
  MapConstructor,
  MapPrototypeForEach,
  MapPrototypeGetSize,
  MathMin,
  NumberIsNaN,
  ObjectCreate,
  ObjectGetOwnPropertyDescriptor,
  ObjectGetPrototypeOf,
  ObjectHasOwn,
  ReflectApply,
  ReflectOwnKeys,
  RegExpConstructor,
  RegExpPrototypeToString,
  SetConstructor,
  SetPrototypeForEach,
  SetPrototypeGetSize,
  StringConstructor,
  StringPrototypeSlice,
  StringPrototypeStartsWith,
  TypedArrayPrototypeGetLength,
  TypedArrayPrototypeGetToStringTag,
  Uint8ArrayConstructor,
  createList,
} from '../primordials.ts';
import { byteRange } from '../web/buffer-source.ts';
import { interfaceParts } from '../web/define.ts';

const DEEPEST = 3;
const MOST_ENTRIES = 100;
const LONGEST_LINE = 16 * 1024;

/** The values of a `print` or `console.log` as one text, joined with spaces. */
export function formatValues(values: readonly unknown[]): string {
  const texts = createList<string>();
  for (let index = 0; index < values.length; index++) {
    texts[index] = formatValue(values[index]);
  }
  const text = ArrayPrototypeJoin(texts, ' ');
  return text.length <= LONGEST_LINE
    ? text
    : `${StringPrototypeSlice(text, 0, LONGEST_LINE)}... (${text.length - LONGEST_LINE} more)`;
}

function formatValue(value: unknown): string {
  return typeof value === 'string' ? value : inspectThrown(value);
}

/** A value as it is shown inside of an object. It does not throw. */
export function inspectThrown(value: unknown): string {
  try {
    return inspect(value, 0, []);
  } catch {
    return '[a value that cannot be shown]';
  }
}

function inspect(value: unknown, depth: number, parents: readonly object[]): string {
  switch (typeof value) {
    case 'string':
      return `'${value}'`;
    case 'bigint':
      return `${value}n`;
    case 'function': {
      const name = ObjectGetOwnPropertyDescriptor(value, 'name')?.value as unknown;
      const kind = StringPrototypeStartsWith(FunctionPrototypeToString(value), 'class') ? 'class' : 'function';
      return typeof name === 'string' && name !== '' ? `[${kind} ${name}]` : `[${kind}]`;
    }
    case 'object':
      return value === null ? 'null' : inspectObject(value, depth, parents);
    default:
      return StringConstructor(value);
  }
}

function inspectObject(value: object, depth: number, parents: readonly object[]): string {
  for (let index = 0; index < parents.length; index++) {
    if (parents[index] === value) {
      return '[Circular]';
    }
  }
  if (value instanceof ErrorConstructor) {
    const { text, stack } = describeError(value);
    const properties = depth < DEEPEST ? ownEntries(value, depth, parents) : createList<string>();
    const body = properties.length === 0 ? '' : ` ${bracket('{', properties, '}')}`;
    return depth > 0 || stack === '' ? `[${text}]${body}` : `${text}\n${stack}${body}`;
  }
  const name = nameOf(value);
  const bytes = inspectBytes(value, name);
  if (bytes !== undefined) {
    return bytes;
  }
  if (depth >= DEEPEST) {
    return ArrayIsArray(value) ? '[Array]' : `[${name}]`;
  }
  const chain = withParent(parents, value);
  const show = (entry: unknown): string => inspect(entry, depth + 1, chain);
  if (ArrayIsArray(value)) {
    return bracket('[', listEntries(value.length, (index) => showProperty(value, index, show)), ']');
  }
  if (value instanceof MapConstructor) {
    const entries = collectEntries((add) => MapPrototypeForEach(value, (each, key) => add(() => `${show(key)} => ${show(each)}`)));
    return `Map(${MapPrototypeGetSize(value)}) ${bracket('{', entries, '}')}`;
  }
  if (value instanceof SetConstructor) {
    const entries = collectEntries((add) => SetPrototypeForEach(value, (each) => add(() => show(each))));
    return `Set(${SetPrototypeGetSize(value)}) ${bracket('{', entries, '}')}`;
  }
  if (value instanceof DateConstructor) {
    return NumberIsNaN(DatePrototypeGetTime(value)) ? 'Invalid Date' : DatePrototypeToISOString(value);
  }
  if (value instanceof RegExpConstructor) {
    return RegExpPrototypeToString(value);
  }
  const platform = platformEntries(value, show);
  const entries = ownEntries(value, depth, parents, platform);
  const body = bracket('{', entries, '}');
  return name === 'Object' ? body : entries.length === 0 ? (platform === undefined ? `[${name}]` : `${name} {}`) : `${name} ${body}`;
}

function withParent(parents: readonly object[], value: object): readonly object[] {
  const chain = createList<object>();
  for (let index = 0; index < parents.length; index++) {
    chain[index] = parents[index] as object;
  }
  chain[chain.length] = value;
  return chain;
}

/** A getter is not run: printing must not change anything. */
function showProperty(value: object, key: PropertyKey, show: (entry: unknown) => string): string {
  const descriptor = ObjectGetOwnPropertyDescriptor(value, key);
  return descriptor === undefined ? '<empty>' : ObjectHasOwn(descriptor, 'value') ? show(descriptor.value) : '[Getter]';
}

/**
 * The object's own properties that can be enumerated.
 *
 * @param platform what a platform object shows of itself; it comes first
 */
function ownEntries(value: object, depth: number, parents: readonly object[], platform?: readonly string[]): string[] {
  const chain = withParent(parents, value);
  const show = (entry: unknown): string => inspect(entry, depth + 1, chain);
  const isError = value instanceof ErrorConstructor;
  const keys = createList<PropertyKey>();
  const all = ReflectOwnKeys(value);
  for (let index = 0; index < all.length; index++) {
    const key = all[index] as PropertyKey;
    const descriptor = ObjectGetOwnPropertyDescriptor(value, key);
    if (descriptor?.enumerable === true && !isHidden(key, descriptor, isError, platform !== undefined)) {
      keys[keys.length] = key;
    }
  }
  const count = platform?.length ?? 0;
  return listEntries(count + keys.length, (index) => {
    if (platform !== undefined && index < count) {
      return platform[index] as string;
    }
    const key = keys[index - count] as PropertyKey;
    return `${typeof key === 'symbol' ? `[${StringConstructor(key)}]` : StringConstructor(key)}: ${showProperty(value, key, show)}`;
  });
}

function isHidden(key: PropertyKey, descriptor: PropertyDescriptor, isError: boolean, isPlatform: boolean): boolean {
  if (isError) {
    return key === 'cause' || key === 'errors' || key === 'message' || key === 'stack';
  }
  // An unforgeable attribute of the platform is an accessor of the object itself; and streams keep their state so.
  return isPlatform && (!ObjectHasOwn(descriptor, 'value') || (typeof key === 'string' && StringPrototypeStartsWith(key, '_')));
}

/** Attributes that are not shown: a second name of another one, what makes the host do something, what is of no use to a reader. */
const HIDDEN = ObjectCreate(null) as Record<string, true | undefined>;
for (const name of [
  ...['cancelBubble', 'composed', 'currentTarget', 'eventPhase', 'returnValue', 'srcElement', 'target'],
  ...['closed', 'latency', 'newConnection', 'opened', 'ports', 'signal', 'source'],
]) {
  HIDDEN[name] = true;
}

/** Prototypes above this number are not looked at: a Proxy can have them without end. */
const LONGEST_CHAIN = 16;

/** What an object of the web platform, or of Airlock, shows of itself, by the getters that its class was made with. */
function platformEntries(value: object, show: (entry: unknown) => string): readonly string[] | undefined {
  const entries = createList<string>();
  let isPlatform = false;
  let prototype = ObjectGetPrototypeOf(value) as object | null;
  for (let length = 0; length < LONGEST_CHAIN && prototype !== null; length++) {
    const parts = interfaceParts(prototype);
    if (parts !== undefined) {
      isPlatform = true;
      for (let index = 0; index < parts.attributes.length; index++) {
        const { get, name } = parts.attributes[index] as (typeof parts.attributes)[number];
        // Handlers, as onmessage, are the script's own functions.
        if (HIDDEN[name] !== true && !StringPrototypeStartsWith(name, 'on')) {
          try {
            entries[entries.length] = `${name}: ${show(ReflectApply(get, value, []))}`;
          } catch {
            // It only inherits from such an object.
          }
        }
      }
      if (parts.forEach !== undefined) {
        try {
          ReflectApply(parts.forEach, value, [
            (each: unknown, key: unknown): void => {
              entries[entries.length] = `${show(key)} => ${show(each)}`;
            },
          ]);
        } catch {
          // As above.
        }
      }
    }
    prototype = ObjectGetPrototypeOf(prototype) as object | null;
  }
  return isPlatform ? entries : undefined;
}

/** So many bytes of a buffer are shown. */
const MOST_BYTES = 50;

/** A typed array with its numbers, a buffer and a DataView with their bytes; undefined for anything else. */
function inspectBytes(value: object, name: string): string | undefined {
  const range = byteRange(value);
  if (range === undefined) {
    return undefined;
  }
  if (TypedArrayPrototypeGetToStringTag(value) !== undefined) {
    const array = value as Uint8Array;
    const length = TypedArrayPrototypeGetLength(array);
    // The elements of a typed array are neither getters nor the script's to change.
    const numbers = listEntries(length, (index) => inspect(array[index], 0, createList()));
    return `${name}(${length}) ${bracket('[', numbers, ']')}`;
  }
  if (ArrayBufferPrototypeGetDetached(range.buffer as ArrayBuffer)) {
    return `${name} { (detached) }`;
  }
  const shown = new Uint8ArrayConstructor(range.buffer, range.start, MathMin(range.length, MOST_BYTES));
  let digits = '';
  for (let index = 0; index < MathMin(range.length, MOST_BYTES); index++) {
    const byte = shown[index] as number;
    digits += `${index === 0 ? '' : ' '}${HEX[byte >> 4] as string}${HEX[byte & 15] as string}`;
  }
  const more = range.length > MOST_BYTES ? ` ... ${range.length - MOST_BYTES} more bytes` : '';
  return `${name} { <${digits}${more}>, byteLength: ${range.length} }`;
}

const HEX = '0123456789abcdef';

function listEntries(count: number, format: (index: number) => string): string[] {
  const entries = createList<string>();
  for (let index = 0; index < count && index < MOST_ENTRIES; index++) {
    entries[index] = format(index);
  }
  if (count > MOST_ENTRIES) {
    entries[MOST_ENTRIES] = `... ${count - MOST_ENTRIES} more`;
  }
  return entries;
}

/** The same for what can only be walked from its beginning. */
function collectEntries(walk: (add: (format: () => string) => void) => void): string[] {
  const formats = createList<() => string>();
  walk((format) => {
    formats[formats.length] = format;
  });
  return listEntries(formats.length, (index) => (formats[index] as () => string)());
}

function bracket(open: string, entries: readonly string[], close: string): string {
  return entries.length === 0 ? `${open}${close}` : `${open} ${ArrayPrototypeJoin(entries, ', ')} ${close}`;
}

function nameOf(value: object): string {
  const prototype = ObjectGetPrototypeOf(value) as object | null;
  if (prototype === null) {
    return 'null prototype';
  }
  const constructor = ObjectGetOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown;
  const name =
    typeof constructor === 'function'
      ? (ObjectGetOwnPropertyDescriptor(constructor, 'name')?.value as unknown)
      : undefined;
  return typeof name === 'string' && name !== '' ? name : 'Object';
}
