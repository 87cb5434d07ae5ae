import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');

test('the types that the package declares come with it: a program is checked without skipLibCheck', () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly dependencies: Readonly<Record<string, string>> };
  const imported = new Set<string>();
  for (const file of globSync('dist/**/*.d.ts', { cwd: ROOT })) {
    for (const [, name = ''] of readFileSync(join(ROOT, file), 'utf8').matchAll(/(?:from|import\()\s*'([^.'][^']*)'/g)) {
      imported.add(name);
    }
  }
  const packages = [...imported].filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
  expect(packages).toContain('ws');
  const hasTypes = (name: string): boolean => /"(?:types|typings)":/.test(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'));
  const declaredBy = (name: string): string => (hasTypes(name) ? name : `@types/${name}`);
  expect(packages.map(declaredBy).filter((name) => !Object.hasOwn(dependencies, name))).toEqual([]);
});
