/**
 * The arena: memory that a cell and one isolate's bindings share, through which bytes cross the boundary. A script never
 * sees it.
 *
 *     0                       ARENA_IN                  ARENA_OUT
 *     | control words (u32) | bytes for the script    | bytes from the script    |
 */
export const ARENA_HALF_BYTES = 64 * 1024;
export const ARENA_IN = 64;
export const ARENA_OUT = ARENA_IN + ARENA_HALF_BYTES;
export const ARENA_BYTES = ARENA_OUT + ARENA_HALF_BYTES;

/** Control word 0: how many bytes from the script lie in the arena. */
export const CONTROL_OUT_LENGTH = 0;
