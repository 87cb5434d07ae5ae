import type { CellSettings } from './cell.ts';

/** The bounds that the host holds a cell to, whatever the cell does by itself. */

/** What the bindings may give out in one turn, and some more for what they say of themselves. */
export function mostCommands({ guest }: CellSettings): number {
  return 2 * guest.commandsPerTurn + 1024;
}

/** What a process with these scripts may have, in MiB. Those that share an isolate have the memory of one. */
export function memoryCeiling(tenants: Iterable<{ readonly settings: CellSettings }>): number {
  let own = 0;
  let shared = 0;
  let beyond = 0;
  for (const { settings } of tenants) {
    if (settings.shared) {
      shared = Math.max(shared, settings.memory);
    } else {
      own += settings.memory;
    }
    beyond = Math.max(beyond, settings.bounds.memory);
  }
  return own + shared + beyond;
}

/** What the bindings say of a turn that has given out all that it may, in bytes. */
const BEYOND_THE_BOUNDS = 64 * 1024;

/** How many copies of lines a turn may have that takes all its time; a cell counts by the second, from whenever it likes. */
export function mostCopies({ bounds, copies, guest }: CellSettings): { frames: number; bytes: number } {
  const frames = copies.lines * (Math.ceil(bounds.turn / 1000) + 2) + 1;
  // Three bytes for a UTF-16 unit, and what a frame has around each line.
  return { frames, bytes: 3 * guest.bytesPerTurn + 64 * frames + BEYOND_THE_BOUNDS };
}
