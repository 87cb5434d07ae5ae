/**
 * The arena: memory that a cell and one isolate's bindings share, through which numbers and bytes cross the boundary,
 * window by window. A script never sees it.
 *
 *     | control words (u32) | numbers in | numbers out | bytes in | bytes out |
 *
 * "In" is towards the script. The side that reads a window asks for the next one; the side that has filled one has it
 * taken.
 */
export const NUMBER_WINDOW = 8 * 1024;
export const BYTE_WINDOW = 64 * 1024;

const CONTROL_BYTES = 64;
const NUMBER_WINDOW_BYTES = NUMBER_WINDOW * 8;

export const ARENA_BYTES = CONTROL_BYTES + 2 * NUMBER_WINDOW_BYTES + 2 * BYTE_WINDOW;

/** Control word 0: how many numbers lie in the out window. */
export const NUMBERS_OUT = 0;
/** Control word 1: how many bytes lie in the out window. */
export const BYTES_OUT = 1;
/** Control word 2: how many timers the script has. */
export const TIMERS = 2;
/** Control word 3: the limits that something was refused for since the turn began, a bit for each of GUEST_LIMITS. */
export const REFUSED = 3;
/** Control word 4: how many events of the turn are left, because its slice of time is over. */
export const EVENTS_LEFT = 4;

export interface ArenaViews {
  readonly control: Uint32Array;
  readonly numbersIn: Float64Array;
  readonly numbersOut: Float64Array;
  readonly bytesIn: Uint8Array;
  /** Where `bytesIn` begins in the arena. */
  readonly bytesInOffset: number;
  readonly bytesOut: Uint8Array;
}

/** The windows of an arena. */
export function arenaViews(arena: ArrayBufferLike): ArenaViews {
  const numbersIn = CONTROL_BYTES;
  const numbersOut = numbersIn + NUMBER_WINDOW_BYTES;
  const bytesIn = numbersOut + NUMBER_WINDOW_BYTES;
  const bytesOut = bytesIn + BYTE_WINDOW;
  return {
    control: new Uint32Array(arena, 0, CONTROL_BYTES / 4),
    numbersIn: new Float64Array(arena, numbersIn, NUMBER_WINDOW),
    numbersOut: new Float64Array(arena, numbersOut, NUMBER_WINDOW),
    bytesIn: new Uint8Array(arena, bytesIn, BYTE_WINDOW),
    bytesInOffset: bytesIn,
    bytesOut: new Uint8Array(arena, bytesOut, BYTE_WINDOW),
  };
}
