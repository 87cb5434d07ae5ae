/** A module of CommonJS, as the module itself sees it. */
interface Module {
  /** What `require` gives: `any`, as nobody knows of what type that is. */
  exports: any;
  /** Its address, as it was asked for. */
  readonly id: string;
  /** Its address, where it came from in the end. */
  readonly filename: string;
  /** Whether it has been evaluated to its end. */
  readonly loaded: boolean;
}

interface Require {
  /**
   * What a module exports. It is evaluated once, in a function of its own, with `module`, `exports`, `require`, `__filename`
   * and `__dirname` (both addresses). A file that ends in `.json` gives its value; `.ts` is stripped of its types.
   *
   * The script waits: a module over http has half of the turn's time to come.
   *
   * @param id an address that begins with `./` or `../` counts from the file that the call stands in; or a whole one of
   *   `file:` (permission `read`), `http:` or `https:` (permission `import`)
   * @throws Error with a `code` where it may not be loaded, or cannot; and what the module throws
   */
  (id: string): any;

  /** The modules that are loaded, by their addresses. One that is deleted is loaded anew. */
  readonly cache: Record<string, Module | undefined>;

  /** The address that an id leads to. */
  resolve(id: string): string;
}

declare const require: Require;
