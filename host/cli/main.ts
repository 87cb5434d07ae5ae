import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { PACKAGE_JSON } from '../cells/paths.ts';
import { bareFlags, checkKnownFlags } from './arguments.ts';
import { addCheckCommand } from './check.ts';
import { Output } from './output.ts';
import { addRunCommand, fail } from './run.ts';

/** Runs the `airlock` command. Its result is `process.exitCode`, as `--help` of each command lists it. */
export async function main(argv: readonly string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(PACKAGE_JSON, 'utf8')) as { version: string };
  const program = new Command('airlock')
    .description('Runs untrusted scripts in V8 isolates and gives them real WebSockets.')
    .version(version)
    .showHelpAfterError('(airlock --help tells more)');
  addRunCommand(program);
  addCheckCommand(program);
  try {
    checkKnownFlags(argv);
    await program.parseAsync(bareFlags(argv), { from: 'node' });
  } catch (error) {
    // What a flag itself finds wrong, or what stands for no file.
    process.exitCode = fail(new Output(false), error);
  }
}
