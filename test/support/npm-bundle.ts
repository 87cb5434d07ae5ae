import { join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');

/** What an author does with a script that imports packages: one file, for browsers, in the form of a script. */
export function bundle(source: string): string {
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: ROOT, sourcefile: 'author.js' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    logLevel: 'error',
  });
  return (outputFiles[0] as { readonly text: string }).text;
}
