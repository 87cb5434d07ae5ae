import { existsSync } from 'node:fs';
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
export const CELL_ENTRY = join(BUILT, 'cell', 'main.js');

/** All that a cell process may read: its own code, and isolated-vm with what loads it. */
export function cellReadableFolders(): readonly string[] {
  const require = createRequire(import.meta.url);
  const isolatedVm = dirname(require.resolve('isolated-vm'));
  const loader = dirname(createRequire(join(isolatedVm, 'isolated-vm.js')).resolve('node-gyp-build'));
  return [
    join(BUILT, 'cell', '*'),
    join(BUILT, 'wire', '*'),
    join(BUILT, 'bindings', '*'),
    PACKAGE_JSON,
    join(isolatedVm, '*'),
    join(loader, '*'),
    // node-gyp-build tells musl from glibc by whether this file exists.
    '/etc/alpine-release',
  ];
}
