import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { folderWith, start, type CommandResult } from './command.ts';

const HOST = pathToFileURL(resolve(import.meta.dirname, '../../dist/host/index.js')).href;

/**
 * Runs a program with `ScriptHost` in a process of its own, which a hostile script may bring down without harm to the
 * tests, and gives what it printed as JSON. `ARGUMENT` is what the program is given.
 */
export async function inSpawnedHost(program: string, argument: unknown): Promise<unknown> {
  const folder = folderWith({
    'program.mjs': `
      import { once } from 'node:events';
      import { ScriptHost } from ${JSON.stringify(HOST)};
      const ARGUMENT = ${JSON.stringify(argument)};
      ${program}
    `,
  });
  const result: CommandResult = await start(folder, process.execPath, '--no-node-snapshot', 'program.mjs').result;
  if (result.code !== 0) {
    throw new Error(`the host process ended with code ${result.code}: ${result.stderr}`);
  }
  return JSON.parse(result.stdout);
}
