import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ScriptType } from '../../host/index.ts';
import { ROOT } from './type-check.ts';

/** The globals that the `.d.ts` file of a type declares, and the files that it refers to: sorted. */
export function declaredGlobals(type: ScriptType): string[] {
  const names = new Set<string>();
  const seen = new Set<string>();
  const read = (file: string): void => {
    if (seen.has(file)) {
      return;
    }
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, path] of text.matchAll(/^\/\/\/ <reference path="(.+)" \/>$/gm)) {
      read(join(dirname(file), path as string));
    }
    for (const [, name] of text.matchAll(/^declare (?:var|let|const|function|class) (\w+)/gm)) {
      names.add(name as string);
    }
  };
  read(join(ROOT, `sandbox-types/${type}.d.ts`));
  return [...names].sort();
}
