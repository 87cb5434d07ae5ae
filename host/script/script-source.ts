import { open } from 'node:fs/promises';
import module from 'node:module';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AirlockError, messageOf, readingProblem } from '../errors.ts';
import { limitWords } from '../policy/limit-words.ts';

/** Where a script comes from: exactly one of these. */
export interface ScriptOrigin {
  /** The source itself. */
  readonly source?: string | undefined;
  /** The path of a file, relative to the working directory. */
  readonly file?: string | undefined;
  /** An `http:`, `https:` or `file:` address. */
  readonly url?: string | undefined;
}

export interface LoadedSource {
  readonly source: string;
  /** The name that the origin suggests: the last part of its path. */
  readonly name: string;
  /** The script's own address, the base of its relative URLs. */
  readonly url: string;
}

const FETCH_TIMEOUT = 10_000;

/**
 * Reads a script, whole. TypeScript (`.ts`) is stripped of its types, which moves no line and no column.
 *
 * @param limit the most bytes that the source may have
 */
export async function loadSource(origin: ScriptOrigin, name: string | undefined, limit: number): Promise<LoadedSource> {
  const given = [origin.source, origin.file, origin.url].filter((value) => value !== undefined);
  if (given.length !== 1 || typeof given[0] !== 'string') {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', 'Give a script by exactly one of source, file and url, as a string');
  }
  const loaded = await readOrigin(origin, limit);
  if (loaded.source.trim() === '') {
    throw new AirlockError('ERR_AIRLOCK_SCRIPT_EMPTY', `${name ?? loaded.name} is empty`);
  }
  return { ...loaded, source: stripTypes(loaded, name ?? loaded.name) };
}

async function readOrigin({ source, file, url }: ScriptOrigin, limit: number): Promise<LoadedSource> {
  if (source !== undefined) {
    const size = Buffer.byteLength(source);
    if (size > limit) {
      throw tooLarge('the source', size, limit);
    }
    return { source, name: 'script.js', url: 'about:blank' };
  }
  if (file !== undefined) {
    return readFileOrigin(file, limit);
  }
  const address = URL.parse(url as string);
  if (address?.protocol === 'file:') {
    return readFileOrigin(pathOf(address), limit);
  }
  if (address?.protocol !== 'http:' && address?.protocol !== 'https:') {
    throw new AirlockError(
      'ERR_AIRLOCK_INVALID_ARGUMENT',
      `'${url}' is not an address of a script: give an http:, https: or file: URL`,
    );
  }
  return fetchOrigin(address, limit);
}

/** Not every file: URL names a file of this machine. */
function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `'${url.href}' names no file: ${messageOf(error)}`, { cause: error });
  }
}

async function readFileOrigin(file: string, limit: number): Promise<LoadedSource> {
  const path = resolve(file);
  let bytes: Buffer;
  try {
    await using handle = await open(path, 'r');
    const status = await handle.stat();
    if (!status.isFile()) {
      throw new AirlockError('ERR_AIRLOCK_SCRIPT_NOT_FOUND', `${file} is not a file`);
    }
    if (status.size > limit) {
      throw tooLarge(file, status.size, limit);
    }
    bytes = await handle.readFile();
  } catch (error) {
    if (error instanceof AirlockError) {
      throw error;
    }
    const reason = readingProblem(error);
    throw new AirlockError('ERR_AIRLOCK_SCRIPT_NOT_FOUND', `Cannot read ${file}: ${reason}`, { cause: error });
  }
  return { source: decodeSource(bytes), name: basename(path), url: pathToFileURL(path).href };
}

async function fetchOrigin(url: URL, limit: number): Promise<LoadedSource> {
  // Loaded where it is needed: most hosts fetch no script.
  const { request } = await import('undici');
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const response = await request(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT) });
    if (response.statusCode !== 200) {
      await response.body.dump();
      throw new AirlockError('ERR_AIRLOCK_SCRIPT_FETCH_FAILED', `Cannot fetch ${url.href}: HTTP status ${response.statusCode}`);
    }
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > limit) {
        throw tooLarge(url.href, size, limit);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AirlockError) {
      throw error;
    }
    throw new AirlockError('ERR_AIRLOCK_SCRIPT_FETCH_FAILED', `Cannot fetch ${url.href}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return { source: decodeSource(Buffer.concat(chunks)), name: basename(url.pathname) || url.host, url: url.href };
}

export function decodeSource(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Throws ERR_AIRLOCK_SCRIPT_LOAD_FAILED where types cannot be stripped. */
export function stripTypes({ source, url }: Pick<LoadedSource, 'source' | 'url'>, name: string): string {
  if (!/\.[cm]?ts$/.test(URL.parse(url)?.pathname ?? '')) {
    return source;
  }
  // Node calls its own stripping an experiment, once, on standard error; nobody here can do anything about that.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return module.stripTypeScriptTypes(source, { mode: 'strip' });
  } catch (error) {
    throw new AirlockError('ERR_AIRLOCK_SCRIPT_LOAD_FAILED', `${name}${placeOf(error)}: ${messageOf(error)}`, { cause: error });
  } finally {
    process.emitWarning = emitWarning;
  }
}

/**
 * Where Node could not strip the types: `:2:5`, or nothing where it does not say. The stack begins with the line's number, this
 * and the line before it, and carets under the place.
 */
function placeOf(error: unknown): string {
  const { stack } = (error ?? {}) as { readonly stack?: unknown };
  const [, line, indentation] = /^[^\n]*:(\d+)\n(?:[^\n]*\n){1,2}?( *)\^/.exec(String(stack)) ?? [];
  return line === undefined || indentation === undefined ? '' : `:${line}:${indentation.length + 1}`;
}

function tooLarge(what: string, size: number, limit: number): AirlockError {
  return new AirlockError(
    'ERR_AIRLOCK_SCRIPT_TOO_LARGE',
    `${what} ${limitWords('scriptBytes', limit)}: it has ${size} bytes or more; see the limit scriptBytes`,
  );
}
