import { afterEach, expect, test } from '@jest/globals';
import { startHost } from '../../support/host.ts';

const NAMES = ['AIRLOCK_TEST_A', 'AIRLOCK_TEST_B'] as const;

afterEach(() => {
  for (const name of NAMES) {
    delete process.env[name];
  }
});

test('Script.getEnv gives the variables that are permitted, and the log names the flag for another', async () => {
  const [first, second] = NAMES;
  process.env[first] = 'a value';
  process.env[second] = 'a secret';
  const { log, run } = await startHost('owner');
  const { line, lines } = await run({
    name: 'main.js',
    permissions: { env: ['AIRLOCK_TEST_*'], deny: { env: [second] } },
    source: `
      print(Script.getEnv('${first}'), Script.getEnv('AIRLOCK_TEST_UNSET'));
      for (const name of ['${second}', 'PATH', '__proto__', 'toString']) {
        try { print(Script.getEnv(name)); } catch (error) { print(error.code, error.message); }
      }
      try { Script.getEnv(); } catch (error) { print(error.name); }
      print('end');
    `,
  });
  await line('end');
  expect(lines).toEqual([
    'a value undefined',
    ...[second, 'PATH', '__proto__', 'toString'].map((name) => `ERR_AIRLOCK_ENV_DENIED Script.getEnv: reading the environment variable ${name} is not permitted (permission env)`),
    'TypeError',
    'end',
  ]);
  expect(log.map(({ message }) => message.split('; ')[1])).toEqual([
    `--deny-env=${second} denies it`,
    ...['PATH', '__proto__', 'toString'].map((name) => `allow it with --allow-env=${name}`),
  ]);
});
