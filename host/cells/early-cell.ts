import { ProcessCell } from './process-cell.ts';

/**
 * A cell process that the command has started before it has read its own code: what both take most of their time for, they
 * then do at the same time. The first pool that keeps a spare process takes it.
 */
let early: ProcessCell | undefined;

/** Starts one. It does not keep this process alive. */
export function startEarly(): void {
  early = ProcessCell.spawn();
  early.unref();
}

/** Takes the one that was started, if there is one. */
export function takeEarly(): ProcessCell | undefined {
  const cell = early;
  early = undefined;
  return cell;
}
