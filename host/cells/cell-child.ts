import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { parse } from 'node:path';

/** How much of what a dying cell writes to its standard error is kept, in characters. */
const KEPT_STDERR = 2048;

/** Starts the process of a cell: without an environment, and with nothing but its pipes. */
export function startChild(flags: readonly string[], entry: string): ChildProcess {
  return spawn(process.execPath, [...flags, entry], {
    env: {},
    // The host's own folder is none of the cell's business.
    cwd: parse(entry).root,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
}

/** Whether this process waits for the child's end: `ref` or `unref`. */
export function countChild(child: ChildProcess, how: 'ref' | 'unref'): void {
  child[how]();
  for (const stream of child.stdio) {
    (stream as Socket | null)?.[how]();
  }
}

/** Returns what gives the end of what the child has written to its standard error. */
export function keepLastWords(child: ChildProcess): () => string {
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-KEPT_STDERR);
  });
  return () => words;
}
