import { randomFillSync } from 'node:crypto';

/**
 * What the cell answers a script by itself: URLs, entropy and the time. Each takes whatever the isolate hands over, throws
 * nothing (a script would read this process's stack), and gives primitives back.
 */

/** The longest URL that is parsed, in UTF-16 units, as in Chromium: the parser runs outside of the turn's time limit. */
const LONGEST_URL = 2 * 1024 * 1024;

/** The most bytes of one answer: Web Cryptography, `getRandomValues`, step 2. */
const MOST_RANDOM_BYTES = 65_536;

/** What a script may set of a URL, by the names of WHATWG URL's setters. */
const SETTABLE = [
  'href',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const;

/**
 * Parses by WHATWG URL, with the parser that the host checks addresses with.
 *
 * @param base an absolute URL; none where it is empty
 * @returns the URL's parts in the order of `URLPart` of the bindings; nothing where it is not a URL
 */
export function parseURL(url: unknown, base: unknown): string[] {
  try {
    if (typeof url !== 'string' || typeof base !== 'string' || url.length > LONGEST_URL || base.length > LONGEST_URL) {
      return [];
    }
    const parsed = URL.parse(url, base === '' ? undefined : base);
    return parsed === null ? [] : partsOf(parsed);
  } catch {
    return [];
  }
}

/** Sets one part of a serialized URL, as the setter of that name does. Gives the parts; nothing where `href` is set to what is none. */
export function changeURL(href: unknown, part: unknown, value: unknown): string[] {
  try {
    const name = SETTABLE.find((each) => each === part);
    if (typeof href !== 'string' || typeof value !== 'string' || name === undefined) {
      return [];
    }
    const url = new URL(href);
    if (href.length + value.length <= LONGEST_URL) {
      url[name] = value;
    }
    return partsOf(url);
  } catch {
    return [];
  }
}

function partsOf(url: URL): string[] {
  const { href, hostname, origin, password, pathname, port, protocol, search, username, hash, host } = url;
  return [href, origin, protocol, username, password, host, hostname, port, pathname, search, hash];
}

/** So many random bytes, as the characters U+0000 to U+00FF; none where the number is not one from 0 to 65,536. */
export function randomBytes(count: unknown): string {
  try {
    if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > MOST_RANDOM_BYTES) {
      return '';
    }
    return randomFillSync(Buffer.alloc(count)).toString('latin1');
  } catch {
    return '';
  }
}

/**
 * A clock that begins now and never goes back, in milliseconds. Its steps of 0.1 ms are those of browsers without
 * cross-origin isolation: too coarse to time what another script does to the processor's caches.
 */
export function startClock(): () => number {
  const start = performance.now();
  return () => Math.floor((performance.now() - start) * 10) / 10;
}
