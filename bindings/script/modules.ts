import { runProgram } from '../boundary/programs.ts';
import { ask } from '../bridge.ts';
import { parseURL } from '../cell-services.ts';
import { reportException } from '../errors.ts';
import {
  ArrayIsArray,
  ErrorConstructor,
  JSONParse,
  ObjectCreate,
  ObjectDefineProperty,
  SetConstructor,
  SetPrototypeAdd,
  SetPrototypeHas,
  StringPrototypeEndsWith,
  StringPrototypeIndexOf,
  StringPrototypeSlice,
  StringPrototypeSplit,
  StringPrototypeStartsWith,
  StringPrototypeToLowerCase,
  SyntaxErrorConstructor,
  TypeErrorConstructor,
} from '../primordials.ts';
import { script } from '../settings.ts';
import { rememberSource } from './sources.ts';
import { defineOwn } from '../web/define.ts';
import { queueMicrotask } from '../web/microtask.ts';

/** CommonJS, as Overte has it: one evaluation for each address. */
interface Module {
  exports: unknown;
  readonly id: string;
  readonly filename: string;
  loaded: boolean;
}

interface Loaded {
  readonly url: string;
  /** What stack traces call it. */
  readonly name: string;
  readonly source: string;
}

type Require = ((id: unknown) => unknown) & { cache?: unknown; resolve?: unknown };

/** What a module is wrapped in, on its first line. */
const BEFORE_MODULE = '(function (module, exports, require, __filename, __dirname) {';

/** `require.cache`, by address. A script may take entries out of it, to have them loaded again. */
const cache = ObjectCreate(null) as Record<string, Module | undefined>;
const included = new SetConstructor<string>();
/** The address that `include` and `require` of the script itself count from; that of a file that is being included. */
let current: string | undefined;

/** `require`, for the script itself (without `base`) or for the module at this address. */
export function createRequire(base?: string): Require {
  const from = (): string => base ?? current ?? script().url;
  const require: Require = (id) => requireModule(resolveModule(id, from()), `${id as string}`);
  ObjectDefineProperty(require, 'name', { value: 'require', configurable: true });
  defineOwn(require, 'cache', cache);
  defineOwn(require, 'resolve', (id: unknown) => resolveModule(id, from()));
  return require;
}

function resolveModule(given: unknown, base: string): string {
  if (typeof given !== 'string' || given === '') {
    throw new TypeErrorConstructor('require: the argument must be the address of a module, as ./lib.js');
  }
  const isRelative = StringPrototypeStartsWith(given, './') || StringPrototypeStartsWith(given, '../') || StringPrototypeStartsWith(given, '/');
  const url = isRelative ? parseURL(given, base) : parseURL(given, '');
  if (url === undefined || !isOfModules(url)) {
    throw failed(
      isRelative && url === undefined
        ? `Cannot find module '${given}': the script has no address that it could count from`
        : `Cannot find module '${given}': begin with ./ or ../, or give a whole address; there are no modules with names alone`,
      'ERR_AIRLOCK_MODULE_NOT_LOADED',
    );
  }
  return url;
}

function isOfModules(url: string): boolean {
  return StringPrototypeStartsWith(url, 'file:') || StringPrototypeStartsWith(url, 'http:') || StringPrototypeStartsWith(url, 'https:');
}

function requireModule(url: string, id: string): unknown {
  const known = cache[url];
  if (known !== undefined) {
    // One that is being loaded has as much as it has exported so far.
    return known.exports;
  }
  const loaded = load(url, id, 'Cannot find module');
  const module: Module = { exports: {}, id: url, filename: loaded.url, loaded: false };
  cache[url] = module;
  try {
    if (isJSON(loaded.url)) {
      module.exports = parseJSON(loaded);
    } else {
      const { name, source } = loaded;
      const program = { source: `${BEFORE_MODULE}${source}\n})`, filename: name, columnOffset: -BEFORE_MODULE.length, tellsPlace: true };
      const run = runProgram(program, true) as (...args: unknown[]) => void;
      run(module, module.exports, createRequire(loaded.url), loaded.url, folderOf(loaded.url));
    }
  } catch (error) {
    delete cache[url];
    throw error;
  }
  module.loaded = true;
  return module.exports;
}

/** Overte's `Script.include`: evaluated in the global scope, each address once. What goes wrong is reported, not thrown. */
export function include(urls: unknown, callback: unknown): void {
  const list = (ArrayIsArray(urls) ? urls : [urls]) as readonly unknown[];
  const base = current ?? script().url;
  for (let index = 0; index < list.length; index++) {
    try {
      includeOne(`${list[index] as string}`, base);
    } catch (error) {
      reportException(error);
    }
  }
  if (typeof callback === 'function') {
    queueMicrotask(callback);
  }
}

function includeOne(given: string, base: string): void {
  const url = parseURL(given, base);
  if (url === undefined) {
    throw failed(`Script.include: '${given}' is not an address`, 'ERR_AIRLOCK_MODULE_NOT_LOADED');
  }
  if (SetPrototypeHas(included, url)) {
    return;
  }
  const loaded = load(url, given, 'Script.include');
  SetPrototypeAdd(included, url);
  const outer = current;
  current = loaded.url;
  try {
    runProgram({ source: loaded.source, filename: loaded.name }, false);
  } finally {
    current = outer;
  }
}

function load(url: string, id: string, what: string): Loaded {
  const answer = ask('load', { url, id });
  if (answer.error !== '') {
    throw failed(`${what} '${id}': ${answer.error}`, answer.code);
  }
  rememberSource(answer.name, answer.source);
  return answer;
}

function parseJSON({ name, source }: Loaded): unknown {
  try {
    return JSONParse(source) as unknown;
  } catch (error) {
    throw new SyntaxErrorConstructor(`${name}: ${(error as Error).message}`);
  }
}

function isJSON(url: string): boolean {
  return StringPrototypeEndsWith(StringPrototypeToLowerCase(StringPrototypeSplit(url, '?')[0] as string), '.json');
}

function folderOf(url: string): string {
  const query = StringPrototypeIndexOf(url, '?');
  const path = query === -1 ? url : StringPrototypeSlice(url, 0, query);
  let end = path.length - 1;
  while (end > 0 && path[end] !== '/') {
    end--;
  }
  return StringPrototypeSlice(path, 0, end);
}

function failed(message: string, code: string): Error {
  const error = new ErrorConstructor(message);
  ObjectDefineProperty(error, 'code', { value: code, enumerable: true, configurable: true, writable: true });
  return error;
}
