import { cellReadableFolders } from './paths.ts';

/** The flags that Node starts a cell process with: what is not allowed here, the process cannot do. */
export function cellProcessFlags(): readonly string[] {
  return [
    '--no-node-snapshot',
    // Nobody but who has started the host is to look into an isolate: a signal opens no inspector.
    '--disable-sigusr1',
    '--permission',
    '--allow-addons',
    '--disable-warning=PERM0001',
    ...cellReadableFolders().map((folder) => `--allow-fs-read=${folder}`),
  ];
}

/** How a process has ended. */
export interface Exit {
  /** In our words, as `was ended by SIGTRAP (V8 ran out of memory)`. */
  readonly message: string;
  /** The line that V8 or Node has written about it, if there is one: for the log. */
  readonly said: string | undefined;
}

/** What V8 says when it gives up, and what it means. */
const CRASHES: readonly (readonly [RegExp, string])[] = [
  [/invalid (?:array length|size|string length|table size)|Invalid\w* size/i, 'V8 was asked for something larger than it can make'],
  [/out of memory|is_heap_oom|Allocation failed|heap limit/i, 'V8 ran out of memory'],
  [/FATAL ERROR|Fatal JavaScript|# Fatal error|Check failed/, 'V8 found itself in a state that it cannot go on from'],
];

/** What is told of a process that has ended. */
export function describeExit(code: number | null, signal: NodeJS.Signals | null, stderr: string): Exit {
  const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
  // V8 and Node say what was wrong in one line among many.
  const lines = stderr.split('\n').filter((line) => /FATAL ERROR|Fatal JavaScript|# Fatal error|# Check failed|is_heap_oom|Error:/.test(line));
  if (lines.length === 0) {
    return { message: how, said: undefined };
  }
  const said = lines.slice(0, 3).map((line) => line.trim()).join(' ');
  // What Node says of its own code is for whoever has installed it.
  const words = CRASHES.find(([pattern]) => pattern.test(said))?.[1] ?? said;
  return { message: `${how} (${words})`, said };
}
