import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { folderWith, start, startAirlock } from '../support/command.ts';
import { testWhere } from '../support/skip.ts';

const AIRLOCK = resolve(import.meta.dirname, '../../bin/airlock.cjs');
const HINT = /no script has a socket, a server or a timer any more/g;
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;

testWhere(hasScript, 'there is no script(1) of util-linux')('on a terminal, it is told once how an idle script ends', async () => {
  const folder = folderWith({ 'a.js': "print('ready');" });
  const { child, result, stdout } = start(folder, 'script', '-qec', `exec '${process.execPath}' '${AIRLOCK}' run a.js`, '/dev/null');
  await stdout(HINT);
  child.kill('SIGTERM');
  expect((await result).stdout.match(HINT)).toHaveLength(1);
});

test('without a terminal, it is not told', async () => {
  const { child, result, stdout } = startAirlock(folderWith({ 'a.js': "print('ready'); Script.setTimeout(() => print('last'), 1);" }), 'run', 'a.js');
  await stdout(/last/);
  child.kill('SIGTERM');
  expect(await result).toMatchObject({ stderr: '' });
});
