import { URL_PARTS, changeURL, parseURLParts, type URLPart, type URLParts } from '../cell-services.ts';
import { StringPrototypeSlice, TypeErrorConstructor } from '../primordials.ts';
import { defineInterface, requireArguments } from './define.ts';
import { paramsInternals, type URLSearchParams } from './url-search-params.ts';
import { defineStatics, usvString } from './webidl.ts';

/**
 * URL Standard, section 6.1. The record of the standard is kept as the cell serialized it, whose parser is that which the
 * host checks addresses with: what a script sees of a URL is what will be connected to.
 */
export class URL {
  #parts: URLParts;
  #searchParams: URLSearchParams | undefined;

  constructor(url: unknown, base: unknown = undefined) {
    requireArguments(arguments.length, 1, "Failed to construct 'URL'");
    const text = usvString(url);
    const parts = parse(text, base);
    if (parts === undefined) {
      throw new TypeErrorConstructor(`Failed to construct 'URL': Invalid URL '${text}'`);
    }
    this.#parts = parts;
  }

  static parse(url: unknown, base: unknown = undefined): URL | null {
    requireArguments(arguments.length, 1, "Failed to execute 'parse' on 'URL'");
    const parts = parse(usvString(url), base);
    if (parts === undefined) {
      return null;
    }
    const parsed = new URL('about:blank');
    parsed.#parts = parts;
    return parsed;
  }

  static canParse(url: unknown, base: unknown = undefined): boolean {
    requireArguments(arguments.length, 1, "Failed to execute 'canParse' on 'URL'");
    return parse(usvString(url), base) !== undefined;
  }

  #part(part: URLPart): string {
    return this.#parts[URL_PARTS[part]] as string;
  }

  #change(part: URLPart, value: string): void {
    this.#parts = changeURL(this.#part('href'), part, value) ?? this.#parts;
  }

  /** The query's own setter: what changes it from outside of the params changes the params. */
  #resetParams(): void {
    if (this.#searchParams !== undefined) {
      paramsInternals.reset(this.#searchParams, StringPrototypeSlice(this.#part('search'), 1));
    }
  }

  get href(): string {
    return this.#part('href');
  }

  set href(value: unknown) {
    void this.#parts;
    const text = usvString(value);
    const parts = parseURLParts(text, '');
    if (parts === undefined) {
      throw new TypeErrorConstructor(`Failed to set the 'href' property on 'URL': Invalid URL '${text}'`);
    }
    this.#parts = parts;
    this.#resetParams();
  }

  get origin(): string {
    return this.#part('origin');
  }

  get protocol(): string {
    return this.#part('protocol');
  }

  set protocol(value: unknown) {
    this.#change('protocol', usvString(value));
  }

  get username(): string {
    return this.#part('username');
  }

  set username(value: unknown) {
    this.#change('username', usvString(value));
  }

  get password(): string {
    return this.#part('password');
  }

  set password(value: unknown) {
    this.#change('password', usvString(value));
  }

  get host(): string {
    return this.#part('host');
  }

  set host(value: unknown) {
    this.#change('host', usvString(value));
  }

  get hostname(): string {
    return this.#part('hostname');
  }

  set hostname(value: unknown) {
    this.#change('hostname', usvString(value));
  }

  get port(): string {
    return this.#part('port');
  }

  set port(value: unknown) {
    this.#change('port', usvString(value));
  }

  get pathname(): string {
    return this.#part('pathname');
  }

  set pathname(value: unknown) {
    this.#change('pathname', usvString(value));
  }

  get search(): string {
    return this.#part('search');
  }

  set search(value: unknown) {
    this.#change('search', usvString(value));
    this.#resetParams();
  }

  get searchParams(): URLSearchParams {
    return (this.#searchParams ??= paramsInternals.link(StringPrototypeSlice(this.#part('search'), 1), (query) =>
      this.#change('search', query),
    ));
  }

  get hash(): string {
    return this.#part('hash');
  }

  set hash(value: unknown) {
    this.#change('hash', usvString(value));
  }

  toJSON(): string {
    return this.#part('href');
  }

  toString(): string {
    return this.#part('href');
  }
}

const PARTS = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search'];
defineInterface(URL, 'URL', [...PARTS, 'searchParams', 'hash', 'toJSON', 'toString']);
defineStatics(URL, ['parse', 'canParse']);

/** "API URL parser". An empty base is one that is given, and not a URL. */
function parse(url: string, base: unknown): URLParts | undefined {
  if (base === undefined) {
    return parseURLParts(url, '');
  }
  const text = usvString(base);
  return text === '' ? undefined : parseURLParts(url, text);
}
