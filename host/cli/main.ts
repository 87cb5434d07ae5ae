import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { PACKAGE_JSON } from '../cells/paths.ts';
import { ANYTHING, addRunCommand } from './run.ts';

/** Runs the `airlock` command. Its result is `process.exitCode`: 0, or 1 where something went wrong. */
export async function main(argv: readonly string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(PACKAGE_JSON, 'utf8')) as { version: string };
  const program = new Command('airlock')
    .description('Runs untrusted scripts in V8 isolates and gives them real WebSockets.')
    .version(version)
    .showHelpAfterError('(airlock run --help tells more)');
  addRunCommand(program);
  await program.parseAsync(bareFlags(argv), { from: 'node' });
}

/** Options whose value is optional, and stands only behind `=`: the next word is a file, not a value. */
const OPTIONAL_VALUES = ['--allow-connect', '--allow-listen', '--allow-headers'];

function bareFlags(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, index) =>
    OPTIONAL_VALUES.includes(word) && (end === -1 || index < end) ? `${word}=${ANYTHING}` : word,
  );
}
