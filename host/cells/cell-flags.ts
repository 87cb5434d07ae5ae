import { cellReadableFolders } from './paths.ts';

/** The flags that Node starts a cell process with: what is not allowed here, the process cannot do. */
export function cellProcessFlags(): readonly string[] {
  return [
    '--no-node-snapshot',
    '--permission',
    '--allow-addons',
    '--disable-warning=PERM0001',
    ...cellReadableFolders().map((folder) => `--allow-fs-read=${folder}`),
  ];
}

/** What is told of a process that has ended. */
export function describeExit(code: number | null, signal: NodeJS.Signals | null, stderr: string): string {
  const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
  // V8 and Node say what was wrong in one line among many.
  const reason = /^.*(?:FATAL ERROR|Fatal JavaScript|# Fatal error|is_heap_oom|Error:).*$/m.exec(stderr)?.[0].trim();
  return reason === undefined ? how : `${how} (${reason})`;
}
