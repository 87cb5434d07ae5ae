import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');

interface Import {
  readonly file: string;
  /** A path from the root for a module of the project, else the specifier. */
  readonly target: string;
}

function importsOf(folder: string): Import[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const path = join(root, folder, name);
      const source = readFileSync(path, 'utf8');
      const specifiers = [...source.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1] as string);
      return specifiers.map((specifier) => ({
        file: relative(root, path),
        target: specifier.startsWith('.') ? relative(root, resolve(dirname(path), specifier)) : specifier,
      }));
    });
}

/** The imports of a folder that do not go where they may. */
function strangers(folder: string, allowed: (target: string, file: string) => boolean): string[] {
  return importsOf(folder)
    .filter(({ file, target }) => !allowed(target, file))
    .map(({ file, target }) => `${file} imports ${target}`);
}

const within = (...folders: string[]) => (target: string): boolean =>
  folders.some((folder) => target === folder || target.startsWith(`${folder}${sep}`));

describe('the borders between the folders', () => {
  test('wire/ imports nothing, but for what knows bytes', () => {
    expect(strangers('wire', within('wire', 'node:buffer'))).toEqual([]);
  });

  test('bindings/ imports wire/ and the packages that are bundled with it, and knows no Node', () => {
    const packages = ['#text-codecs', 'web-streams-polyfill'];
    expect(strangers('bindings', within('bindings', 'wire', ...packages))).toEqual([]);
    const nodeOnly = [
      'wire/byte-reader.ts', 'wire/byte-writer.ts', 'wire/encoded.ts', 'wire/flat-reader.ts', 'wire/flat-writer.ts', 'wire/frames.ts', 'wire/utf8.ts',
    ];
    expect(strangers('bindings', (target) => !nodeOnly.includes(target))).toEqual([]);
  });

  test('cell/ imports wire/, Node and isolated-vm', () => {
    const allowed = within('cell', 'wire', 'isolated-vm');
    expect(strangers('cell', (target) => allowed(target) || target.startsWith('node:'))).toEqual([]);
  });

  test('host/ imports wire/, and cell/ only for cells in its own process', () => {
    const project = within('bindings', 'cell');
    expect(
      strangers('host', (target, file) => !project(target) || (file === 'host/cells/in-process-cell.ts' && target === 'cell/cell.ts')),
    ).toEqual([]);
  });

  test('only cell/ knows isolated-vm, and only host/sockets/ knows ws', () => {
    for (const folder of ['host', 'wire', 'bindings']) {
      expect(strangers(folder, (target) => target !== 'isolated-vm')).toEqual([]);
    }
    expect(
      strangers('host', (target, file) => target !== 'ws' || file.startsWith(join('host', 'sockets'))),
    ).toEqual([]);
  });
});

describe('imports inside host/ run one way', () => {
  /** What each folder may not import: what stands above it. */
  const above: Record<string, readonly string[]> = {
    'host/sockets': ['host/cli', 'host/script-host.ts', 'host/script', 'host/cells', 'host/index.ts'],
    'host/cells': ['host/cli', 'host/script-host.ts', 'host/script', 'host/sockets', 'host/index.ts'],
    'host/policy': ['host/cli', 'host/script-host.ts', 'host/script', 'host/cells', 'host/sockets', 'host/index.ts'],
    'host/observe': ['host/cli', 'host/script-host.ts', 'host/script', 'host/cells', 'host/sockets', 'host/index.ts'],
    'host/script': ['host/cli', 'host/script-host.ts', 'host/index.ts'],
  };

  test.each(Object.entries(above))('%s imports nothing from above it', (folder, forbidden) => {
    const isAbove = within(...forbidden);
    expect(strangers(folder, (target) => !isAbove(target))).toEqual([]);
  });
});

test('no file of the product has more than 400 lines', () => {
  const long = ['host', 'wire', 'cell', 'bindings'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => ({ name: join(folder, name), lines: readFileSync(join(root, folder, name), 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > 400),
  );
  expect(long).toEqual([]);
});
