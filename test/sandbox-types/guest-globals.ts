import { runInNewContext } from 'node:vm';
import type { ScriptType } from '../../host/index.ts';
import { startHost } from '../support/host.ts';

/** Runs a script, in this process, whose completion value is the entity constructor where its type asks for one. */
export async function askScript<Answer>(type: ScriptType, expression: string): Promise<Answer> {
  const host = await startHost();
  const { line } = await host.run({
    type,
    source: `print('answer ' + JSON.stringify(${expression})); (function () {})`,
  });
  return JSON.parse((await line(/^answer /)).slice('answer '.length)) as Answer;
}

/** The globals that a script of this type really finds, those of the language itself left out: sorted. */
export async function guestGlobals(type: ScriptType): Promise<string[]> {
  const ofTheLanguage = new Set(runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[]);
  // V8 brings one to every context, but no standard of the language knows it.
  ofTheLanguage.delete('console');
  const names = await askScript<string[]>(type, 'Object.getOwnPropertyNames(globalThis)');
  return names.filter((name) => !ofTheLanguage.has(name)).sort();
}
