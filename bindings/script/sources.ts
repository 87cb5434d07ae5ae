import {
  FunctionPrototypeToString,
  StringConstructor,
  StringPrototypeCharCodeAt,
  StringPrototypeIndexOf,
  StringPrototypeStartsWith,
  createList,
} from '../primordials.ts';

/**
 * Where in the script's files a value was thrown that is no Error. V8 keeps the place of a throw only in an Error's stack. So
 * the files are looked through for what can have thrown it. A place is given only if it is the only one that fits:
 *
 * 1. the `throw` of this very string, number, `null` and so on;
 * 2. for what a callback has thrown: the `throw` of something that is not `new`, if all files have only one;
 * 3. otherwise the beginning of that callback, or of the file that was being loaded.
 */
interface Source {
  readonly name: string;
  readonly text: string;
  /** What is to be added to the columns of its first line. */
  readonly columnOffset: number;
  /** Where `throw` stands with something else than `new` behind it; undefined if nobody has asked yet. */
  throws: readonly number[] | undefined;
}

interface Place {
  readonly source: Source;
  readonly offset: number;
}

/** What was running when something was thrown: a function that the bindings had called, or the name of a file that was being loaded. */
export type Thrower = ((...args: never[]) => unknown) | string;

/** A file with more has none that is the only one. */
const MOST_THROWS = 256;
const MOST_SOURCES = 1024;

const LINE_FEED = 10;
const LARGEST_ASCII_SPACE = 32;

const sources = createList<Source>();

/** A file of the script is about to be run. */
export function rememberSource(name: string, text: string, columnOffset = 0): void {
  for (let index = 0; index < sources.length; index++) {
    const { name: other } = sources[index] as Source;
    if (other === name) {
      sources[index] = { name, text, columnOffset, throws: undefined };
      return;
    }
  }
  if (sources.length < MOST_SOURCES) {
    sources[sources.length] = { name, text, columnOffset, throws: undefined };
  }
}

/** A line as of a stack; or nothing, if the place is not known. */
export function frameOfThrown(value: unknown, thrower: Thrower | undefined): string {
  const literal = onlyThrow((text, at) => throwsLiteral(text, at, value));
  if (literal !== undefined) {
    return frame(literal, '');
  }
  if (thrower === undefined) {
    return '';
  }
  const only = onlyThrow(() => true);
  if (only !== undefined) {
    return frame(only, '');
  }
  if (typeof thrower === 'string') {
    const source = sourceNamed(thrower);
    return source === undefined ? '' : frame({ source, offset: 0 }, '');
  }
  const place = placeOfFunction(thrower);
  return place === undefined ? '' : frame(place, nameOf(thrower));
}

function sourceNamed(name: string): Source | undefined {
  for (let index = 0; index < sources.length; index++) {
    if ((sources[index] as Source).name === name) {
      return sources[index];
    }
  }
  return undefined;
}

/** The only `throw` of all files that fits. */
function onlyThrow(fits: (text: string, offset: number) => boolean): Place | undefined {
  let found: Place | undefined;
  for (let index = 0; index < sources.length; index++) {
    const source = sources[index] as Source;
    const throws = (source.throws ??= findThrows(source.text));
    if (throws.length > MOST_THROWS) {
      return undefined;
    }
    for (let each = 0; each < throws.length; each++) {
      const offset = throws[each] as number;
      if (fits(source.text, offset)) {
        if (found !== undefined) {
          return undefined;
        }
        found = { source, offset };
      }
    }
  }
  return found;
}

/** Those in comments and texts as well: then a place is not the only one, which is no harm. */
function findThrows(text: string): readonly number[] {
  const throws = createList<number>();
  for (let at = StringPrototypeIndexOf(text, 'throw'); at !== -1; at = StringPrototypeIndexOf(text, 'throw', at + 1)) {
    const after = skipSpaces(text, at + 5);
    if (
      !isNamePart(StringPrototypeCharCodeAt(text, at - 1)) &&
      !isNamePart(StringPrototypeCharCodeAt(text, at + 5)) &&
      !(StringPrototypeStartsWith(text, 'new', after) && !isNamePart(StringPrototypeCharCodeAt(text, after + 3)))
    ) {
      throws[throws.length] = at;
      if (throws.length > MOST_THROWS) {
        break;
      }
    }
  }
  return throws;
}

function throwsLiteral(text: string, offset: number, value: unknown): boolean {
  const at = skipSpaces(text, offset + 5);
  const isThere = (literal: string): boolean =>
    StringPrototypeStartsWith(text, literal, at) && !isNamePart(StringPrototypeCharCodeAt(text, at + literal.length));
  switch (typeof value) {
    case 'string':
      return isThere(`'${value}'`) || isThere(`"${value}"`) || isThere(`\`${value}\``);
    case 'number':
    case 'boolean':
    case 'undefined':
      return isThere(StringConstructor(value));
    case 'bigint':
      return isThere(`${value}n`);
    default:
      return value === null && isThere('null');
  }
}

/** The function's text, in the only file that has it, and only once. */
function placeOfFunction(callback: Exclude<Thrower, string>): Place | undefined {
  let found: Place | undefined;
  let text: string;
  try {
    text = FunctionPrototypeToString(callback);
  } catch {
    return undefined;
  }
  for (let index = 0; index < sources.length; index++) {
    const source = sources[index] as Source;
    const offset = StringPrototypeIndexOf(source.text, text);
    if (offset !== -1) {
      if (found !== undefined || StringPrototypeIndexOf(source.text, text, offset + 1) !== -1) {
        return undefined;
      }
      found = { source, offset };
    }
  }
  return found;
}

/** A name that would break the line is not shown. */
function nameOf(callback: Exclude<Thrower, string>): string {
  const { name } = callback as { name?: unknown };
  return typeof name === 'string' && name.length <= 64 && StringPrototypeIndexOf(name, '\n') === -1 ? name : '';
}

function frame({ offset, source: { columnOffset, name, text } }: Place, functionName: string): string {
  let line = 1;
  let lineBegins = 0;
  for (let at = StringPrototypeIndexOf(text, '\n'); at !== -1 && at < offset; at = StringPrototypeIndexOf(text, '\n', lineBegins)) {
    line++;
    lineBegins = at + 1;
  }
  const column = offset - lineBegins + 1 + (line === 1 ? columnOffset : 0);
  const place = `${name}:${line}:${column}`;
  return functionName === '' ? `    at ${place}` : `    at ${functionName} (${place})`;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  for (let code = StringPrototypeCharCodeAt(text, at); code <= LARGEST_ASCII_SPACE && code !== LINE_FEED; code = StringPrototypeCharCodeAt(text, at)) {
    at++;
  }
  return at;
}

/** Of an identifier: ASCII letters and digits, `_`, `$`, and all that is not ASCII. NaN, before or behind the text, is none. */
function isNamePart(code: number): boolean {
  return (
    (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95 || code === 36 || code > 127
  );
}
