/**
 * Builds `dist/`: the host, the wire and the cell by tsc; the bindings, bundled to one file for the V8 snapshot; the command and
 * the program of cell processes, bundled too, as what they would wait for most when they start is the search for 200 files.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleCell } from './bundle-cell.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
// Taken first: a source that changes while it is built is built again.
const started = new Date();

/**
 * A module that imports one of Node's makes Node read each property of it, also those that load what hardly anybody needs: all of
 * undici for `node:http`, and Web Cryptography for `node:crypto`. So the command takes them by a call.
 */
const builtInsAsTheyAre = {
  name: 'built-ins as they are',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'built-in' }));
    build.onLoad({ filter: /.*/, namespace: 'built-in' }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule('${path}');` }));
  },
};

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
writeLicenses('bindings', metafile);
await bundleCell(root);
const command = await build({
  absWorkingDir: root,
  entryPoints: { entry: join(root, 'host/cli/entry.ts') },
  outdir: join(dist, 'command'),
  bundle: true,
  // What is imported when it is needed stays in a file of its own.
  splitting: true,
  format: 'esm',
  target: 'node24',
  platform: 'node',
  external: ['isolated-vm'],
  // Some of the packages are CommonJS.
  banner: { js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);" },
  plugins: [builtInsAsTheyAre],
  metafile: true,
  logLevel: 'warning',
});
writeLicenses('command', command.metafile);
writeFileSync(join(dist, '.built'), started.toISOString());

/** Packages that are bundled leave their own folders, and their licenses with them. */
function writeLicenses(folder, { inputs }) {
  const bundled = new Set(Object.keys(inputs).flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  const texts = [...bundled].map((name) => `${name}\n\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8')}`);
  writeFileSync(join(dist, folder, 'LICENSES.txt'), texts.join('\n\n'));
}
