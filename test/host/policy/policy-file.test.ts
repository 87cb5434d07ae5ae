import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readPolicyFile } from '../../../host/policy/policy-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'airlock-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(content: unknown): string {
  const file = join(folder, 'permissions.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('a file of permissions', () => {
  test('holds what is for all scripts, and what is for some by name', () => {
    const permissions = { connect: ['example.com'], deny: { connect: ['10.0.0.0/8'] } };
    const file = fileWith({ permissions, limits: { memory: 32 }, scripts: { 'chat.js': { permissions: { listen: true } }, 'b.js': {} } });
    expect(readPolicyFile(file)).toEqual({
      file,
      permissions,
      limits: { memory: 32 },
      scripts: new Map([
        ['chat.js', { permissions: { listen: true }, limits: {} }],
        ['b.js', { permissions: {}, limits: {} }],
      ]),
    });
  });

  test('may be empty, and begin with a byte order mark', () => {
    expect(readPolicyFile(fileWith('\ufeff{}'))).toMatchObject({ permissions: {}, limits: {}, scripts: new Map() });
  });

  test('has its folders beside it', () => {
    const { permissions } = readPolicyFile(fileWith({ permissions: { read: ['lib', '/srv/lib'], deny: { read: ['lib/secret'] } } }));
    expect(permissions).toEqual({ read: [join(folder, 'lib'), '/srv/lib'], deny: { read: [join(folder, 'lib/secret')] } });
  });
});

describe('what is wrong in it is told with the file, the key, the value and what would be right', () => {
  test.each<[string, unknown, string]>([
    ['no JSON', '{"limits": {', ': this is not JSON: Expected property name'],
    ['no object', [], ': [] is not an object, as { "permissions": { "connect"'],
    ['a key that there is not', { allow: {} }, ": there is no key 'allow' here; there are permissions, limits and scripts"],
    ['permissions that are none', { permissions: 7 }, ': permissions: 7 is not an object, as { "connect": ["example.com:443"]'],
    ['a permission that there is not', { permissions: { net: true } }, ": permissions.net: there is no permission 'net'; there are connect, listen"],
    ['a list that is none', { permissions: { connect: 'a.example' } }, ': permissions.connect: "a.example" is not true, false or a list of rules'],
    ['a rule that is none', { permissions: { connect: ['a.example', 'a b'] } }, ": permissions.connect[1]: 'a b' is not a rule for connect: write host,"],
    ['a rule of a deny list', { permissions: { deny: { listen: ['x'] } } }, ": permissions.deny.listen[0]: 'x' is not a rule for listen: write port,"],
    ['a script that is none', { scripts: { 'a.js': 8 } }, ': scripts["a.js"]: 8 is not an object, as { "chat.js": {'],
    ["a script's key that there is not", { scripts: { 'a.js': { memory: 8 } } }, ": scripts[\"a.js\"]: there is no key 'memory' here; there are permissions and limits"],
    ["a script's rule", { scripts: { 'a.js': { permissions: { env: ['='] } } } }, ": scripts[\"a.js\"].permissions.env[0]: '=' is not a rule for env"],
    ["a script's limits", { scripts: { 'a.js': { limits: [] } } }, ': scripts["a.js"].limits: [] is not an object, as { "memory": 32 }'],
    ['a limit that there is not', { limits: { speed: 1 } }, ": limits.speed: There is no limit 'speed'; there are memory,"],
    ['a limit that is too low', { limits: { memory: 5 } }, ': limits.memory: The limit memory must be a whole number from 8 to 4096, not 5'],
    ['a limit that is no number', { limits: { memory: '32' } }, ': limits.memory: "32" is not a number'],
  ])('%s', (_what, content, message) => {
    const file = fileWith(content);
    expect(() => readPolicyFile(file)).toThrow(expect.objectContaining({ code: 'ERR_AIRLOCK_INVALID_ARGUMENT', message: expect.stringContaining(`${file}${message}`) }));
  });

  test('a file that is not there', () => {
    expect(() => readPolicyFile(join(folder, 'none.json'))).toThrow(`Cannot read ${join(folder, 'none.json')}: there is no such file`);
  });
});
