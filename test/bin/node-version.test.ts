import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { folderWith, start, type CommandResult } from '../support/command.ts';

const BIN = resolve(import.meta.dirname, '../../bin');

/** Has a program believe that it runs on another Node. */
function on(version: string, program: string, ...args: readonly string[]): Promise<CommandResult> {
  const folder = folderWith({
    'version.cjs': `Object.defineProperties(process, {
      version: { value: 'v${version}' },
      versions: { value: { ...process.versions, node: '${version}' } },
    });`,
  });
  return start(folder, process.execPath, '--require', './version.cjs', program, ...args).result;
}

/** The folder of the package's commands, where the package is one that another depends on. */
function installed(): string {
  const bin = join(folderWith({}), 'node_modules', 'airlock-runtime', 'bin');
  cpSync(BIN, bin, { recursive: true });
  return bin;
}

const told = (version: string): CommandResult => ({ code: 1, stdout: '', stderr: `airlock needs Node.js 24.21 or later; this is v${version}.\n` });

describe.each(['0.10.48', '20.20.2', '24.20.0'])('on Node %s', (version) => {
  test('`airlock` says in one line that it is too old', async () => {
    expect(await on(version, join(BIN, 'airlock.cjs'), 'run', 'a.js')).toEqual(told(version));
  });

  test('so does the installation of the package, which goes no further', async () => {
    expect(await on(version, join(installed(), 'preinstall.cjs'))).toEqual(told(version));
  });

  test('in a checkout, the set-up brings the Node that runs it', async () => {
    expect(await on(version, join(BIN, 'preinstall.cjs'))).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

test.each(['24.21.0', '25.0.0', '26.10.0'])('Node %s is taken', async (version) => {
  expect(await on(version, join(installed(), 'preinstall.cjs'))).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await on(version, join(BIN, 'airlock.cjs'), '--version')).toMatchObject({ code: 0, stderr: '' });
});
