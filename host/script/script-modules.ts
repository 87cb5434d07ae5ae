import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AnswerOf, QuestionOf } from '../../wire/questions.ts';
import { AirlockError, codeOf, messageOf } from '../errors.ts';
import { PermissionDenied, logText } from '../policy/permission-denied.ts';
import type { LimitName } from '../policy/limits.ts';
import { realPath } from '../policy/read-permission.ts';
import { AddressQueue } from '../sockets/address-queue.ts';
import { fetchGuarded } from '../sockets/guarded-fetch.ts';
import type { ScriptSetup } from './script-setup.ts';
import { decodeSource, stripTypes } from './script-source.ts';

export type ScriptModulesOptions = Pick<ScriptSetup, 'permissions' | 'limits' | 'url' | 'proxies' | 'tls' | 'log'>;

type LoadAnswer = AnswerOf<'load'>;

/** Loads the modules that one script asks for: from the folders and the hosts that it may. */
export class ScriptModules {
  readonly #options: ScriptModulesOptions;
  readonly #ending = new AbortController();
  /** Lets its fetches from one address begin one after the other, as its connections do. */
  readonly #queue = new AddressQueue();
  readonly #onLimit: (limit: LimitName) => void;
  #turnBegan = 0;

  /** @param onLimit called when a module is too large */
  constructor(options: ScriptModulesOptions, onLimit: (limit: LimitName) => void) {
    this.#options = options;
    this.#onLimit = onLimit;
  }

  turnBegins(): void {
    this.#turnBegan = performance.now();
  }

  /** The script waits inside its turn. Only what comes over the network takes a promise. */
  load({ id, url: address }: QuestionOf<'load'>): LoadAnswer | Promise<LoadAnswer> {
    const url = URL.parse(address);
    try {
      switch (url?.protocol) {
        case 'file:':
          return this.#answer(url, this.#readFile(url, id));
        case 'http:':
        case 'https:':
          return this.#fetch(url).catch((error: unknown) => this.#failed(error));
        default:
          throw notLoaded(`'${id}' is not the address of a module: it must be one of a file, http: or https:`);
      }
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** The script has ended: nobody waits any more. */
  stop(): void {
    this.#ending.abort(notLoaded('the script has ended'));
  }

  get #largest(): number {
    const { memory, moduleBytes } = this.#options.limits;
    // V8 evaluates a source of no more than an eighth of the isolate's memory.
    return Math.min(moduleBytes, (memory * 1024 * 1024) / 8);
  }

  #readFile(url: URL, id: string): Buffer {
    let path: string;
    try {
      path = fileURLToPath(url);
    } catch {
      throw notLoaded(`'${id}' names no file`);
    }
    this.#options.permissions.checkRead(realPath(path), id);
    try {
      // A real path has no links in it. A pipe without a writer would let the host wait, were it opened to block.
      const file = openSync(realpathSync(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      try {
        const status = fstatSync(file);
        if (!status.isFile()) {
          throw notLoaded(`'${id}' is not a file`);
        }
        this.#checkSize(id, status.size);
        const bytes = readFileSync(file);
        this.#checkSize(id, bytes.length);
        return bytes;
      } finally {
        closeSync(file);
      }
    } catch (error) {
      // The system's own words would name the host's folders.
      throw error instanceof AirlockError ? error : notLoaded(codeOf(error) === 'ENOENT' ? `there is no '${id}'` : `'${id}' cannot be read`);
    }
  }

  async #fetch(url: URL): Promise<LoadAnswer> {
    const { limits, log, permissions, proxies, tls } = this.#options;
    // It is the turn's time that goes by; what the script does with an error needs some of it too.
    const left = this.#turnBegan + limits.turnTimeout - performance.now();
    const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(Math.max(1, Math.ceil(Math.min(left, limits.turnTimeout / 2))))]);
    const warn = (message: string, code?: AirlockError['code']): void => log('warning', message, code);
    const { body, url: last } = await fetchGuarded(url, {
      guard: (target) => permissions.guardImport(target, warn),
      network: { proxies, tls, queue: this.#queue },
      warn,
      signal,
      largest: this.#largest,
      onTooLarge: () => this.#onLimit('moduleBytes'),
    });
    return this.#answer(last, body);
  }

  #checkSize(id: string, size: number): void {
    if (size > this.#largest) {
      this.#onLimit('moduleBytes');
      throw notLoaded(`'${id}' has ${size} bytes or more; the limit moduleBytes is ${this.#largest}`);
    }
  }

  #answer(url: URL, bytes: Uint8Array): LoadAnswer {
    const name = moduleName(url, this.#options.url);
    const source = stripTypes({ source: decodeSource(bytes), url: url.href }, name);
    return { type: 'load', url: url.href, name, source, code: '', error: '' };
  }

  #failed(error: unknown): LoadAnswer {
    const failure = error instanceof AirlockError ? error : notLoaded(messageOf(error));
    if (failure instanceof PermissionDenied && failure.advice !== '') {
      this.#options.log('warning', logText(failure), failure.code);
    }
    return { type: 'load', url: '', name: '', source: '', code: failure.code, error: failure.message };
  }
}

/** What stack traces call a module: its path from the script on, or its address. */
function moduleName(url: URL, script: string): string {
  return pathFrom(script, url).replaceAll("'", '%27');
}

function pathFrom(script: string, url: URL): string {
  const base = URL.parse(script);
  if (base === null || base.protocol !== url.protocol || base.host !== url.host) {
    return url.protocol === 'file:' ? posix.basename(url.pathname) : url.href;
  }
  const way = posix.relative(posix.dirname(base.pathname), url.pathname);
  return way.startsWith('../') ? posix.basename(url.pathname) : way;
}

function notLoaded(message: string): AirlockError {
  return new AirlockError('ERR_AIRLOCK_MODULE_NOT_LOADED', message);
}
