/** Builds `dist/`: the host, the wire and the cell by tsc; the bindings, bundled to one file for the V8 snapshot. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
// Taken first: a source that changes while it is built is built again.
const started = new Date();

rmSync(dist, { recursive: true, force: true });
for (const project of ['tsconfig.json', 'bindings/tsconfig.json']) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) {
    process.exit(1);
  }
}
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [join(root, 'bindings/guest.ts')],
  outfile: join(dist, 'bindings/guest.js'),
  bundle: true,
  format: 'iife',
  // The isolates run on the V8 of this very Node: nothing needs to be written in an older language.
  target: 'esnext',
  platform: 'neutral',
  // The source is part of the snapshot, and so of each isolate. Names stay: scripts see those of functions.
  minifyWhitespace: true,
  // What the packages look up when they are used is taken now, before a script can change it.
  inject: [join(root, 'bindings/web/package-globals.ts')],
  sourcemap: 'external',
  metafile: true,
  logLevel: 'warning',
});
// Packages that are bundled leave their own folders, and their licenses with them.
const bundled = new Set(
  Object.keys(metafile.inputs).flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
);
writeFileSync(
  join(dist, 'bindings/LICENSES.txt'),
  [...bundled].map((name) => `${name}\n\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8')}`).join('\n\n'),
);
writeFileSync(join(dist, '.built'), started.toISOString());
