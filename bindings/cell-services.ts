import { guarded } from './guarded.ts';
import { ErrorConstructor } from './primordials.ts';

/** What the cell does by itself, without the host's answer: URLs, entropy, the time, and copies of lines. Nothing here is reachable by a script. */

/** What the cell gives the guest for that when an isolate starts. None of these throws. */
export interface CellServices {
  /** The parts of a URL, as `URLParts` has them, or an empty list where it is not one. */
  readonly parseURL: (url: string, base: string) => string[];
  /** Sets one part of a serialized URL and gives all; an empty list where that is no URL. */
  readonly changeURL: (href: string, part: string, value: string) => string[];
  /** At most 65,536 random bytes, as the characters U+0000 to U+00FF. */
  readonly randomBytes: (count: number) => string;
  /** Milliseconds since the isolate was made; never goes back. */
  readonly now: () => number;
  /** Takes a copy of a line that the turn gives back: the code and level of its command, and its texts. */
  readonly copyLine: (code: number, level: number, text: string, stack: string) => boolean;
}

let services: CellServices;

export function connectServices(cell: CellServices): void {
  services = {
    parseURL: guarded(cell.parseURL),
    changeURL: guarded(cell.changeURL),
    randomBytes: guarded(cell.randomBytes),
    now: guarded(cell.now),
    copyLine: guarded(cell.copyLine),
  };
}

/** The parts of a URL by WHATWG URL, serialized, in the order in which the cell gives them. */
export const URL_PARTS = {
  href: 0,
  origin: 1,
  protocol: 2,
  username: 3,
  password: 4,
  host: 5,
  hostname: 6,
  port: 7,
  pathname: 8,
  search: 9,
  hash: 10,
} as const;
export type URLPart = keyof typeof URL_PARTS;
export type URLParts = readonly string[];

/** The URL's parts, or undefined where it is not a URL. The cell parses: WHATWG URL. An empty `base` is none. */
export function parseURLParts(url: string, base: string): URLParts | undefined {
  const parts = services.parseURL(url, base);
  return parts.length === 0 ? undefined : parts;
}

/** The URL in its serialized form, or undefined where it is not a URL. */
export function parseURL(url: string, base: string): string | undefined {
  return parseURLParts(url, base)?.[URL_PARTS.href];
}

/** The parts of a URL after the setter of that name has run on it; undefined where `href` is set to what is not a URL. */
export function changeURL(href: string, part: URLPart, value: string): URLParts | undefined {
  const parts = services.changeURL(href, part, value);
  return parts.length === 0 ? undefined : parts;
}

/** At most 65,536 bytes of the cell's entropy, as the characters U+0000 to U+00FF. */
export function randomBytes(count: number): string {
  const bytes = services.randomBytes(count);
  if (bytes.length !== count) {
    throw new ErrorConstructor('The cell gave no random bytes.');
  }
  return bytes;
}

/** Milliseconds since the script's isolate was made, in steps of 0.1 ms; never goes back. */
export function monotonicNow(): number {
  return services.now();
}

/** Whether the cell takes copies of lines in this turn. */
let copiesLines = true;

/** A turn begins. */
export function beginLineCopies(): void {
  copiesLines = true;
}

/**
 * Hands the cell a copy of a line that was given out. A turn that runs out of memory, or takes its cell with it, loses all that
 * it has given out; an author should still see how far the script came.
 */
export function copyLine(code: number, level: number, text: string, stack: string): void {
  try {
    if (copiesLines) {
      copiesLines = services.copyLine(code, level, text, stack);
    }
  } catch {
    // There is no stack left for it. The line itself has been given out.
  }
}
