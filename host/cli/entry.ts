import { startEarly } from '../cells/early-cell.ts';

/** The `airlock` command, which reads the code for it only when it has started the process that scripts will run in. */
export async function main(argv: readonly string[]): Promise<void> {
  if (runsInCells(argv)) {
    startEarly();
  }
  const command = await import('./main.ts');
  await command.main(argv);
}

/** Whether the arguments, as far as can be seen without reading them in earnest, want such a process. */
function runsInCells([, , command, ...flags]: readonly string[]): boolean {
  return command === 'run' && flags.length > 0 && !flags.some((flag) => /^(?:-h|--help|(?:--isolation=)?in-process)$/.test(flag));
}
