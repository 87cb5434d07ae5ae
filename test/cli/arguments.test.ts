import { expect, test } from '@jest/globals';
import { airlock, folderWith } from '../support/command.ts';

const FILES = { 'client.js': "print('client')", 'lib.js': "print('lib')" };

test.each<[string, readonly string[], string]>([
  ['airlock check', ['check', 'client.js', '--fly'], "error: unknown option '--fly'\n(airlock check --help tells more)\n"],
  ['airlock check', ['check'], "error: missing required argument 'file'\n(airlock check --help tells more)\n"],
  ['airlock run', ['run'], "error: missing required argument 'file'\n(airlock run --help tells more)\n"],
  ['airlock', ['runn', 'client.js'], "error: unknown command 'runn'\n(Did you mean run?)\n(airlock --help tells more)\n"],
])('a mistake in the arguments of %s names its own help', async (_command, args, stderr) => {
  expect(await airlock(folderWith(FILES), ...args)).toEqual({ code: 1, stdout: '', stderr });
});
