import { describeError } from '../errors.ts';
import {
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
  NumberIsNaN,
  ObjectGetOwnPropertyDescriptor,
  ObjectGetPrototypeOf,
  ObjectHasOwn,
  ObjectKeys,
  RegExpConstructor,
  RegExpPrototypeToString,
  SetConstructor,
  SetPrototypeForEach,
  SetPrototypeGetSize,
  StringConstructor,
  StringPrototypeSlice,
  StringPrototypeStartsWith,
  createList,
} from '../primordials.ts';
import { byteRange } from '../web/buffer-source.ts';

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
  if (typeof value === 'string') {
    return value;
  }
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
    return depth > 0 || stack === '' ? `[${text}]` : `${text}\n${stack}`;
  }
  const range = byteRange(value);
  const name = nameOf(value);
  if (range !== undefined) {
    return `${name} (${range.length} bytes)`;
  }
  if (depth >= DEEPEST) {
    return ArrayIsArray(value) ? '[Array]' : `[${name}]`;
  }
  const chain = createList<object>();
  for (let index = 0; index < parents.length; index++) {
    chain[index] = parents[index] as object;
  }
  chain[chain.length] = value;
  const show = (entry: unknown): string => inspect(entry, depth + 1, chain);
  // A getter is not run: printing must not change anything.
  const showProperty = (key: PropertyKey): string => {
    const descriptor = ObjectGetOwnPropertyDescriptor(value, key);
    return descriptor === undefined ? '<empty>' : ObjectHasOwn(descriptor, 'value') ? show(descriptor.value) : '[Getter]';
  };
  if (ArrayIsArray(value)) {
    return bracket('[', listEntries(value.length, showProperty), ']');
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
  const keys = ObjectKeys(value);
  const entries = listEntries(keys.length, (index) => `${keys[index] as string}: ${showProperty(keys[index] as string)}`);
  const body = bracket('{', entries, '}');
  return name === 'Object' ? body : entries.length === 0 ? `[${name}]` : `${name} ${body}`;
}

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
