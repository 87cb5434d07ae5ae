import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { temporaryFolder } from './folders.ts';

const AIRLOCK = resolve(import.meta.dirname, '../../bin/airlock.cjs');

export interface RunningCommand {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves when what was printed so far matches. */
  stdout(pattern: RegExp): Promise<RegExpExecArray>;
  readonly result: Promise<CommandResult>;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with these files, in which commands can run. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Starts `airlock` with these arguments, in this folder. */
export function startAirlock(folder: string, ...args: readonly string[]): RunningCommand {
  return start(folder, process.execPath, AIRLOCK, ...args);
}

/** Runs `airlock` to its end. */
export function airlock(folder: string, ...args: readonly string[]): Promise<CommandResult> {
  return startAirlock(folder, ...args).result;
}

/** Without the proxies of this machine: tests talk to loopback only. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:https?|no)_proxy$/i.test(name)));

export function start(folder: string, program: string, ...args: readonly string[]): RunningCommand {
  const child = spawn(program, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const result = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    child,
    result,
    async stdout(pattern) {
      for (;;) {
        const match = pattern.exec(stdout);
        if (match !== null) {
          return match;
        }
        const ended = await Promise.race([once(child.stdout, 'data').then(() => false), result.then(() => true)]);
        if (ended && !pattern.test(stdout)) {
          throw new Error(`ended without ${pattern}; it printed ${stdout}${stderr}`);
        }
      }
    },
  };
}
