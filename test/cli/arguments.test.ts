import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { PERMISSION_NAMES } from '../../host/policy/permission-table.ts';
import { airlock, folderWith } from '../support/command.ts';

const FILES = { 'client.js': "print('client')", 'lib.js': "print('lib')" };
const LIST_FLAGS = PERMISSION_NAMES.flatMap((name) => [`--allow-${name}`, `--deny-${name}`]);

/** What is refused before anything runs. */
const refused = (message: string): object => ({ code: 1, stdout: '', stderr: `airlock: ${message} (ERR_AIRLOCK_INVALID_ARGUMENT)\n` });

describe('a list behind a space, which would leave everything permitted to the scripts', () => {
  test.each([['run'], ['check']])('is refused by airlock %s, before the scripts and behind them', async (command) => {
    const message = '--allow-connect example.com: a list is given with =, as in --allow-connect=example.com; there is no such script';
    const folder = folderWith(FILES);
    expect(await airlock(folder, command, '--allow-connect', 'example.com', 'client.js')).toEqual(refused(message));
    expect(await airlock(folder, command, 'client.js', '--allow-connect', 'example.com')).toEqual(refused(message));
  });

  test.each(LIST_FLAGS)('is refused of %s', async (flag) => {
    const message = `${flag} X: a list is given with =, as in ${flag}=X; there is no such script`;
    expect(await airlock(folderWith(FILES), 'run', 'client.js', flag, 'X')).toEqual(refused(message));
  });

  test('is refused where it is a folder', async () => {
    const folder = folderWith(FILES);
    mkdirSync(join(folder, 'modules'));
    expect(await airlock(folder, 'run', '--allow-read', 'modules', 'client.js')).toEqual(
      refused('--allow-read modules: a list is given with =, as in --allow-read=modules; there is no such script'),
    );
  });

  test('is refused where it is a file to read or a script, and nobody can tell', async () => {
    expect(await airlock(folderWith(FILES), 'run', '--allow-read', 'lib.js', 'client.js')).toEqual(
      refused('--allow-read lib.js: a list is given with =, as in --allow-read=lib.js; a script goes before the flag'),
    );
  });

  test.each([
    ['--allow-listen = 8080', '--allow-listen =: a list is given with =, as in --allow-listen=LIST; there is no such script'],
    ['--allow-listen =8080', '--allow-listen =8080: a list is given with =, as in --allow-listen=8080; there is no such script'],
  ])('is refused as %s', async (words, message) => {
    expect(await airlock(folderWith(FILES), 'run', 'client.js', ...words.split(' '))).toEqual(refused(message));
  });

  test.each<[string, readonly string[], string]>([
    ['a script', ['--allow-connect', 'client.js'], 'client\n'],
    ['the only script', ['--allow-read', 'client.js'], 'client\n'],
    ['a flag', ['--allow-read', '--deny-env', '--exit-when-idle', 'client.js'], 'client\n'],
    ['--', ['client.js', '--allow-connect', '--', 'example.com'], 'client\n'],
    ['nothing', ['client.js', '--allow-connect'], 'client\n'],
  ])('is none where %s stands there', async (_what, words, stdout) => {
    expect(await airlock(folderWith(FILES), 'run', '--exit-when-idle', ...words)).toEqual({ code: 0, stdout, stderr: '' });
  });

  test('is none behind --', async () => {
    const folder = folderWith({ 'client.js': 'print(...Script.args)' });
    const { stdout } = await airlock(folder, 'run', '--exit-when-idle', 'client.js', '--', '--allow-connect', 'example.com');
    expect(stdout).toBe('--allow-connect example.com\n');
  });

  test.each([['run'], ['check']])('is not how airlock %s --help shows it', async (command) => {
    const { stdout } = await airlock(folderWith({}), command, '--help');
    for (const flag of LIST_FLAGS) {
      expect(stdout).toContain(`${flag}[=LIST] `);
    }
    expect(stdout).not.toContain('[list]');
  });
});

test.each([
  ['run', 'http://host/x.js'],
  ['run', 'file:///x.js'],
  ['check', 'https://host/x.js'],
  ['run', 'ws://127.0.0.1:8080'],
])('airlock %s %s says that a URL is no file', async (command, url) => {
  expect(await airlock(folderWith(FILES), command, 'client.js', url)).toEqual(
    refused(`${url}: airlock ${command} takes files; scripts from URLs are for ScriptHost.run({ url }), and what is an argument of the scripts goes behind --`),
  );
});

test.each<[string, readonly string[], string]>([
  ['airlock check', ['check', 'client.js', '--fly'], "error: unknown option '--fly'\n(airlock check --help tells more)\n"],
  ['airlock check', ['check'], "error: missing required argument 'file'\n(airlock check --help tells more)\n"],
  ['airlock run', ['run'], "error: missing required argument 'file'\n(airlock run --help tells more)\n"],
  ['airlock', ['runn', 'client.js'], "error: unknown command 'runn'\n(Did you mean run?)\n(airlock --help tells more)\n"],
])('a mistake in the arguments of %s names its own help', async (_command, args, stderr) => {
  expect(await airlock(folderWith(FILES), ...args)).toEqual({ code: 1, stdout: '', stderr });
});
