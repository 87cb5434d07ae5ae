/**
 * Writes a line: strings as they are, other values as far as they can be shown, joined with spaces. At most 16,384
 * UTF-16 units of it; the rest is counted.
 */
declare function print(...values: unknown[]): void;

/** Overte's `console`. It writes as `print` does, without `%` formats, each line with a level. */
interface Console {
  /** A line of the level `log`, as `print` writes. */
  log(...values: unknown[]): void;
  /** A line of the level `debug`. */
  debug(...values: unknown[]): void;
  /** A line of the level `info`. */
  info(...values: unknown[]): void;
  /** A line of the level `warning`. */
  warn(...values: unknown[]): void;
  /** A line of the level `error`. */
  error(...values: unknown[]): void;
  /** The same as `error`. */
  exception(...values: unknown[]): void;
  /** Writes "Assertion failed : " and the values, as `error` does, where `condition` is falsy. */
  assert(condition: unknown, ...values: unknown[]): void;
  /** Writes the values, and indents the lines that follow by four spaces. */
  group(...values: unknown[]): void;
  /** The same as `group`. */
  groupCollapsed(...values: unknown[]): void;
  groupEnd(): void;
  /** Starts a stopwatch. Default label: `default`. */
  time(label?: string): void;
  /** Writes what the stopwatch shows, in milliseconds, and drops it. An unknown label is ignored. */
  timeEnd(label?: string): void;
  /** Writes how often it was called with this label. Default label: `default`. */
  count(label?: string): void;
  /** Writes the values and where in the script this is. */
  trace(...values: unknown[]): void;
  /** Does nothing: there is no screen to clear. */
  clear(): void;
}

declare var console: Console;
