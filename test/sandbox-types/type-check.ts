import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dialect, ScriptType } from '../../host/index.ts';

export const ROOT = join(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** Runs tsc and gives what it says: nothing where all is well. Paths in it count from the project's folder. */
export async function checkProject(folder: string): Promise<string> {
  const child = spawn(process.execPath, [TSC, '--project', folder, '--pretty', 'false'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(child, 'close');
  return output.trim();
}

export interface CheckOptions {
  readonly dialect?: Dialect;
  /** A `.ts` file lets a test say what it means; scripts are checked as `.js`. */
  readonly extension?: 'js' | 'ts';
}

/** Checks the source of one script as the tsconfig files of `scripts-examples/` check theirs. */
export async function checkSource(type: ScriptType, source: string, options: CheckOptions = {}): Promise<string> {
  const { dialect = 'overte', extension = 'js' } = options;
  const folder = mkdtempSync(join(tmpdir(), 'airlock-types-'));
  const script = join(folder, 'scripts', `script.${extension}`);
  const declarations = dialect === 'web' ? [type, 'web-dialect'] : [type];
  try {
    mkdirSync(join(folder, 'scripts'));
    writeFileSync(script, source);
    writeFileSync(
      join(folder, 'scripts', 'tsconfig.json'),
      JSON.stringify({
        extends: join(ROOT, 'scripts-examples/tsconfig.base.json'),
        files: [script, ...declarations.map((name) => join(ROOT, `sandbox-types/${name}.d.ts`))],
      }),
    );
    return await checkProject(join(folder, 'scripts'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
