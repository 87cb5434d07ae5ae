import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { ERROR_CODES, LIMITS } from '../../host/index.ts';
import { ROOT } from '../sandbox-types/type-check.ts';
import { folderWith } from '../support/command.ts';
import { DOCS, code, tableOf } from './tables.ts';

const source = (path: string): string => readFileSync(join(ROOT, 'host', path), 'utf8');

/** What an interface or a class declares for everybody, in order: what is private has a `#`, and all else is indented deeper. */
function membersOf(path: string, name: string): string[] {
  const [, body = ''] = new RegExp(`^export (?:interface|class) ${name} .*?\\{\\n(.*?)\\n\\}`, 'ms').exec(source(path)) ?? [];
  const names = [...body.matchAll(/^ {2}(?:(?:static|async|readonly|override|get|set) )*(\w+)\??[:(<]/gm)].map(([, each = '']) => each);
  expect(names).not.toEqual([]);
  return names.filter((each) => each !== 'constructor');
}

/** The names in the cells of a column, where one may have several. */
const namesIn = (firstHeading: string, column = firstHeading): string[] =>
  tableOf('embedding.md', firstHeading).flatMap((row) => [...(row[column] ?? '').matchAll(/`(\w+)(?:\([\w, ]*\))?`/g)].map(([, name = '']) => name));

describe('docs/embedding.md', () => {
  test.each([
    ['HostOptions', 'run-options.ts', 'option of the host'],
    ['RunOptions', 'run-options.ts', 'option of a script'],
    ['ScriptHost', 'script-host.ts', '`ScriptHost`'],
    ['Script', 'script/script.ts', '`Script`'],
    ['HostEvents', 'script-host.ts', 'event of the host'],
    ['ScriptEvents', 'script/script-setup.ts', 'event of a script'],
  ])('has a line for every member of %s', (name, path, heading) => {
    expect(namesIn(heading).sort()).toEqual(membersOf(path, name).sort());
  });

  test('has every member of what listeners are given, in order', () => {
    const types = [
      ['observe/log.ts', 'LogEntry'], ['script/script-setup.ts', 'PrintedLine'], ['script/script-setup.ts', 'Restart'],
      ['script/script-setup.ts', 'ScriptEnd'], ['errors.ts', 'AirlockError'], ['errors.ts', 'ScriptError'],
    ] as const;
    expect(tableOf('embedding.md', 'of').map(({ of, member }) => [of, member])).toEqual(
      types.flatMap(([path, name]) => membersOf(path, name).map((member) => [code(name), code(member)])),
    );
  });

  test('has every export', () => {
    const exported = [...source('index.ts').matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = '']) => names.match(/\w+(?=,|\s*$)/g) ?? []);
    expect(namesIn('export').sort()).toEqual(exported.sort());
  });

  test('speaks of no error and no limit that does not exist', () => {
    const mentioned = readFileSync(join(DOCS, 'embedding.md'), 'utf8').match(/ERR_AIRLOCK_\w+/g) ?? [];
    expect(Object.keys(ERROR_CODES)).toEqual(expect.arrayContaining(mentioned));
    expect(Object.keys(LIMITS)).toEqual(expect.arrayContaining(namesIn('`reason`', '`limit.name`')));
  });

  test('has an example that prints what the page says', async () => {
    const [, example = '', said = ''] = /```js\n(.*?)```\n\n`node main.js` prints (.*?)\n/s.exec(readFileSync(join(DOCS, 'embedding.md'), 'utf8')) ?? [];
    const folder = folderWith({ 'package.json': '{ "type": "module" }', 'main.js': example });
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules/airlock-runtime'), 'junction');
    const { stderr, stdout } = await promisify(execFile)(process.execPath, ['main.js'], { cwd: folder });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n').map(code)).toEqual(said.replace(/\.$/, '').split(' and '));
  });
});
