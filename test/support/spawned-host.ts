import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { folderWith, start, type CommandResult } from './command.ts';

const HOST = pathToFileURL(resolve(import.meta.dirname, '../../dist/host/index.js')).href;

/**
 * Runs a program with `ScriptHost` in a process of its own, which a hostile script may bring down without harm to the
 * tests, and gives what it printed as JSON. `ARGUMENT` is what the program is given.
 *
 * @param within the words of a command that runs the command behind it in other circumstances
 */
export async function inSpawnedHost(program: string, argument: unknown, within: readonly string[] = []): Promise<unknown> {
  const folder = folderWith({
    'program.mjs': `
      import { once } from 'node:events';
      import { ScriptHost } from ${JSON.stringify(HOST)};
      const ARGUMENT = ${JSON.stringify(argument)};
      ${program}
    `,
  });
  const [command = '', ...words] = [...within, process.execPath, '--no-node-snapshot', 'program.mjs'];
  const result: CommandResult = await start(folder, command, ...words).result;
  if (result.code !== 0) {
    throw new Error(`the host process ended with code ${result.code}: ${result.stderr}`);
  }
  return JSON.parse(result.stdout);
}
