import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles the program of cell processes, in the package in this folder, from what tsc has made of it. */
export async function bundleCell(folder) {
  await build({
    absWorkingDir: folder,
    entryPoints: [join(folder, 'dist/cell/main.js')],
    outfile: join(folder, 'dist/cell/main.cjs'),
    bundle: true,
    // Node is faster at starting it than a module.
    format: 'cjs',
    target: 'node24',
    platform: 'node',
    external: ['isolated-vm'],
    define: { 'import.meta.dirname': '__dirname' },
    logLevel: 'warning',
  });
}
