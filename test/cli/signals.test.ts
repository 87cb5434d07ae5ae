import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { folderWith, startAirlock } from '../support/command.ts';
import { childProcesses } from '../support/processes.ts';

const TICKS = "let n = 0; print('ready'); Script.setInterval(() => print('tick', ++n), 20);";

/** Waits until the script has printed a line that it had not printed yet. */
async function nextTick(stdout: (pattern: RegExp) => Promise<RegExpExecArray>): Promise<void> {
  const [, last] = await stdout(/[^]*tick (\d+)\n/);
  await stdout(new RegExp(`tick ${Number(last) + 2}\n`));
}

test('SIGHUP without --server-tls does not end the command, and it is told', async () => {
  const { child, result, stdout } = startAirlock(folderWith({ 'a.js': TICKS }), 'run', 'a.js');
  await stdout(/tick/);
  const told = once(child.stderr, 'data');
  child.kill('SIGHUP');
  await Promise.race([told, result]);
  await nextTick(stdout);
  child.kill('SIGTERM');
  expect(await result).toMatchObject({ code: 0, stderr: 'airlock: SIGHUP: there is nothing to read again, as there is no --server-tls\n' });
});

test('SIGUSR1 opens no inspector, in the command and in its cells', async () => {
  const { child, result, stdout } = startAirlock(folderWith({ 'a.js': TICKS }), 'run', 'a.js');
  await stdout(/tick/);
  const cells = childProcesses(child.pid);
  expect(cells).not.toEqual([]);
  for (const pid of [child.pid as number, ...cells]) {
    process.kill(pid, 'SIGUSR1');
    await nextTick(stdout);
  }
  child.kill('SIGTERM');
  // Node says on standard error where its inspector listens, or why it cannot.
  expect(await result).toMatchObject({ code: 0, stderr: '' });
});
