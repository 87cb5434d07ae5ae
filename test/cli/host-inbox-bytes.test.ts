import { expect, test } from '@jest/globals';
import { airlock, folderWith } from '../support/command.ts';

test.each([
  ['1023', 1],
  ['many', 1],
  ['1.5', 1],
  ['1024', 0],
])('--host-inbox-bytes %s exits with %d', async (bytes, code) => {
  const result = await airlock(folderWith({ 'hello.js': 'print("hello")' }), 'run', 'hello.js', '--exit-when-idle', '--host-inbox-bytes', bytes);
  expect(result).toEqual({ code, stdout: code === 0 ? 'hello\n' : '', stderr: code === 0 ? '' : expect.stringMatching(/^airlock: --host-inbox-bytes: .*\(ERR_AIRLOCK_INVALID_ARGUMENT\)\n$/) });
});
