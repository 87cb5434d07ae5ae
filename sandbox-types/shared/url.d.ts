/** URLs: URL Standard, section 6. */

/**
 * A URL in its parts, which can be set; what a part cannot be is ignored. The same parser reads the addresses of sockets.
 * It takes at most 2,097,152 characters.
 */
declare class URL {
  /**
   * @param base what a relative `url` is resolved against; must be absolute
   * @throws TypeError where it is not a URL
   */
  constructor(url: string | URL, base?: string | URL);

  /** Whether the constructor would take it. */
  static canParse(url: string | URL, base?: string | URL): boolean;
  /** As the constructor, but null where it is not a URL. */
  static parse(url: string | URL, base?: string | URL): URL | null;

  /** All of it. Setting it to what is not a URL throws a TypeError. */
  href: string;
  /** Scheme, host and port; `null` as text for schemes that have none. */
  readonly origin: string;
  /** With its colon: `wss:`. */
  protocol: string;
  username: string;
  password: string;
  /** The host's name and, where it is not the scheme's own, the port. */
  host: string;
  hostname: string;
  /** Empty for the scheme's own port. */
  port: string;
  pathname: string;
  /** The query with its `?`; empty without one. */
  search: string;
  /** The query in pairs. Changing them changes the URL, and the other way round. Always the same object. */
  readonly searchParams: URLSearchParams;
  /** The fragment with its `#`; empty without one. */
  hash: string;

  /** `href`. */
  toJSON(): string;
  /** `href`. */
  toString(): string;
}

/** The pairs of a query, in their order; a name may be there more than once. URL Standard, section 6.2. */
declare class URLSearchParams {
  /**
   * @param init a query, with or without its `?`; pairs; or an object
   * @throws TypeError where an item is not a pair
   */
  constructor(init?: string | URLSearchParams | Iterable<Iterable<string>> | Record<string, string>);

  /** How many pairs. */
  readonly size: number;

  append(name: string, value: string): void;
  /** Takes away all pairs of that name or, where a value is given, those of that value as well. */
  delete(name: string, value?: string): void;
  /** The first value of that name. */
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  /** Sets the first pair of that name and takes the others away; appends where there is none. */
  set(name: string, value: string): void;
  /** Sorts by names, by their UTF-16 units. Pairs of one name keep their order. */
  sort(): void;
  /** The query, as application/x-www-form-urlencoded. */
  toString(): string;

  entries(): IteratorObject<[string, string]>;
  keys(): IteratorObject<string>;
  values(): IteratorObject<string>;
  forEach(callback: (value: string, name: string, params: URLSearchParams) => unknown, thisArg?: unknown): void;
  [Symbol.iterator](): IteratorObject<[string, string]>;
}
