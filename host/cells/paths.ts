import { existsSync, lstatSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's folder, whether this module runs from the sources or from what was built of them. */
const PACKAGE = packageFolder(dirname(fileURLToPath(import.meta.url)));

function packageFolder(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : packageFolder(dirname(folder));
}

/** The package's own description. */
export const PACKAGE_JSON = join(PACKAGE, 'package.json');

const BUILT = join(PACKAGE, 'dist');

/** The bundled bindings. */
export const BINDINGS_BUNDLE = join(BUILT, 'bindings', 'guest.js');

/** The entry of the cell process. */
export const CELL_ENTRY = join(BUILT, 'cell', 'main.cjs');

/**
 * All that a cell process may read: its own code, and isolated-vm with what loads it. A package manager may have put links
 * where the packages are looked for; both the link and what it leads to are read.
 */
export function cellReadableFolders(): readonly string[] {
  const fromHost = createRequire(import.meta.url);
  const fromIsolatedVm = createRequire(fromHost.resolve('isolated-vm'));
  return [
    CELL_ENTRY,
    BINDINGS_BUNDLE,
    ...packageFolders(fromHost, 'isolated-vm'),
    ...packageFolders(fromIsolatedVm, 'node-gyp-build'),
    // node-gyp-build tells musl from glibc by whether this file exists.
    '/etc/alpine-release',
  ];
}

/** Where a package is found, where it really is, and the links between the two. */
function packageFolders(require: NodeJS.Require, name: string): readonly string[] {
  const found = (require.resolve.paths(name) ?? []).map((folder) => join(folder, name)).filter((folder) => existsSync(folder));
  return [...new Set([...found, dirname(require.resolve(name))])].flatMap((folder) => [join(folder, '*'), ...linksOn(folder)]);
}

function linksOn(path: string): readonly string[] {
  const parent = dirname(path);
  if (parent === path) {
    return [];
  }
  return lstatSync(path).isSymbolicLink() ? [path, ...linksOn(parent)] : linksOn(parent);
}
