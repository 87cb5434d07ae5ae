import { describe, expect, test } from '@jest/globals';
import { airlock, folderWith, type CommandResult } from '../support/command.ts';

const PERMISSIONS = JSON.stringify({
  permissions: { connect: ['*.example.com:443', 'wss://127.0.0.0/8'], deny: { connect: ['evil.example.com'] }, read: ['lib'], env: ['CHAT_*'] },
  limits: { memory: 32, sockets: 10 },
  scripts: { 'chat.js': { permissions: { listen: ['8080'] }, limits: { sockets: 20 } } },
});

const FILES = { 'chat.js': 'print(1)', 'other.js': 'print(2)', 'permissions.json': PERMISSIONS };

function check(...args: readonly string[]): Promise<CommandResult> {
  return airlock(folderWith(FILES), 'check', ...args);
}

describe('airlock check', () => {
  test('says what a script may do, and from where that comes', async () => {
    const { code, stderr, stdout } = await check(
      'chat.js', '--type', 'assignment-client', '--permissions', 'permissions.json', '--allow-connect=localhost', '--deny-env=CHAT_KEY', '--limit', 'memory=64', '--limit', 'servers=1',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')[0]).toBe('chat.js: a script of the type assignment-client');
    const rows = stdout.split('\n').slice(1, -1).map((line) => line.replace(/^  /, '').split(/ {2,}/));
    expect(rows).toEqual(
      expect.arrayContaining([
        ['connect', '*.example.com:443', 'permissions.json: permissions.connect[0]'],
        ['', 'wss://127.0.0.0/8', 'permissions.json: permissions.connect[1]'],
        ['', 'localhost', '--allow-connect'],
        ['', 'but not evil.example.com', 'permissions.json: permissions.deny.connect[0]'],
        ['listen', '8080', 'permissions.json: scripts["chat.js"].permissions.listen[0]'],
        ['headers', 'nothing', 'default'],
        ['read', expect.stringMatching(/lib$/), 'permissions.json: permissions.read[0]'],
        ['env', 'CHAT_*', 'permissions.json: permissions.env[0]'],
        ['', 'but not CHAT_KEY', '--deny-env'],
        ['memory', '64', '--limit'],
        ['sockets', '20', 'permissions.json: scripts["chat.js"].limits.sockets'],
        ['servers', '1', '--limit'],
      ]),
    );
  });

  test('lists of the limits what is not the default; all with --verbose', async () => {
    const { stdout } = await check('chat.js', '--limit', 'memory=32');
    expect(stdout).toMatch(/\n  memory +32 +--limit\n  \d+ limits are as they are by default; --verbose lists them\n$/);
    expect((await check('chat.js', '--verbose')).stdout).toMatch(/\n  turnTimeout +2000 +default\n/);
  });

  test('says of each script what is for that one, and of what is for none', async () => {
    const { code, stderr, stdout } = await check('other.js', '--permissions', 'permissions.json', '--allow-all', '--deny-listen');
    expect(code).toBe(0);
    expect(stderr).toBe('airlock: permissions.json: scripts["chat.js"] is about none of these scripts\n');
    expect(stdout).toMatch(/^other\.js: a script of the type interface, which has no WebSocketServer\n/);
    expect(stdout).toMatch(/\n  listen +anything +--allow-all\n +but nothing after all +--deny-listen\n/);
    expect(stdout).toMatch(/\n  sockets +10 +permissions\.json: limits\.sockets\n/);
  });

  test.each<[string, readonly string[], number, string]>([
    ['a rule', ['--connect', 'wss://a.example.com/room'], 0, 'connect wss://a.example.com/room: allowed by *.example.com:443 (permissions.json: permissions.connect[0]), as far as the name leads to addresses that are public or permitted'],
    ['a range', ['--connect', 'wss://0x7f.1:8443'], 0, 'connect wss://0x7f.1:8443: allowed by wss://127.0.0.0/8 (permissions.json: permissions.connect[1])'],
    ['a rule for TLS', ['--connect', 'ws://127.0.0.1:8443'], 2, 'connect ws://127.0.0.1:8443: denied: connecting to 127.0.0.1:8443 is not permitted (permission connect); allow it with --allow-connect=127.0.0.1:8443'],
    ['a deny list', ['--connect', 'wss://evil.example.com'], 2, 'connect wss://evil.example.com: denied: connecting to evil.example.com:443 is not permitted (permission connect); evil.example.com (permissions.json: permissions.deny.connect[0]) denies it'],
    ['a private address', ['--allow-connect=*', '--connect', 'ws://10.0.0.1'], 2, 'connect ws://10.0.0.1: denied: 10.0.0.1 is an address that is not public; permit that address itself (permission connect); allow it with --allow-connect=10.0.0.1:80'],
    ['a blocked port', ['--allow-all', '--connect', 'ws://example.com:25'], 2, 'connect ws://example.com:25: denied: port 25 belongs to another protocol; no rule opens it'],
    ['a listener', ['--listen', '127.0.0.1:8080'], 0, 'listen 127.0.0.1:8080: allowed by 8080 (permissions.json: scripts["chat.js"].permissions.listen[0])'],
    ['a folder', ['--read', 'lib/a.js'], 0, 'read lib/a.js: allowed by '],
    ['a way out of a folder', ['--read', 'lib/../a.js'], 2, 'read lib/../a.js: denied: reading lib/../a.js is not permitted (permission read); allow it with --allow-read='],
    ['a variable', ['--env', 'CHAT_NAME'], 0, 'env CHAT_NAME: allowed by CHAT_* (permissions.json: permissions.env[0])'],
    ['a header', ['--allow-headers', '--header', 'Cookie'], 0, 'headers Cookie: allowed by --allow-headers'],
    ['a host of modules', ['--import', 'https://a.example'], 2, 'import https://a.example: denied: importing from a.example:443 is not permitted (permission import); allow it with --allow-import=a.example:443'],
  ])('answers by %s', async (_what, flags, code, text) => {
    const result = await check('chat.js', '--permissions', 'permissions.json', ...flags);
    expect(result).toEqual({ code, stderr: '', stdout: expect.stringContaining(`chat.js: ${text}`) });
    expect(result.stdout.split('\n')).toHaveLength(2);
  });

  test('answers as many questions as are asked; one no is a no', async () => {
    const { code, stdout } = await check('chat.js', '--allow-listen=1,2', '--listen', '1', '--listen', '3', '--listen', '2');
    expect(code).toBe(2);
    expect(stdout.split('\n').map((line) => line.split(' ').slice(2, 4).join(' '))).toEqual(['1: allowed', '3: denied:', '2: allowed', '']);
  });

  test.each<[string, readonly string[], string]>([
    ['a script that does not parse', ['bad.js'], "bad.js:2:3: SyntaxError: Unexpected identifier 'y' (ERR_AIRLOCK_SCRIPT_LOAD_FAILED)"],
    ['a script that is not there', ['none.js'], 'Cannot read none.js: there is no such file (ERR_AIRLOCK_SCRIPT_NOT_FOUND)'],
    ['a file of permissions that is wrong', ['a.js', '--permissions', 'bad.json'], "bad.json: permissions.connect[0]: 'a b' is not a rule for connect: write "],
    ['a question that is none', ['a.js', '--connect', 'example.com'], "--connect: 'example.com' is not a whole ws: or wss: URL, as wss://example.com:443/ (ERR_AIRLOCK_INVALID_ARGUMENT)"],
    ['another one', ['a.js', '--listen', '127.0.0.1'], "--listen: '127.0.0.1' is not a port or ADDRESS:PORT, as 8080, 127.0.0.1:8080 or [::1]:8080"],
    ['an unknown type', ['a.js', '--type', 'robot'], "There is no script type 'robot'"],
    ['a limit that is none', ['a.js', '--limit', 'memory=1'], '--limit memory: The limit memory must be a whole number from 8 to 4096, not 1'],
    ['a limit without a value', ['a.js', '--limit', 'memory'], "--limit: 'memory' is not the name of a limit and its value: write it as memory=32 (docs/limits.md)"],
    ['a limit that there is not', ['a.js', '--limit', 'speed=1'], "--limit speed: There is no limit 'speed'; there are memory,"],
  ])('gives 1 for %s', async (_what, args, text) => {
    const folder = folderWith({ 'a.js': 'print(1)', 'bad.js': 'let x = 1;\nx y;', 'bad.json': '{ "permissions": { "connect": ["a b"] } }' });
    const { code, stderr, stdout } = await airlock(folder, 'check', ...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`airlock: ${text}`);
  });

  test('runs nothing', async () => {
    const folder = folderWith({ 'loop.js': 'for (;;);', 'entity.js': '(function () { this.preload = () => {}; })' });
    expect(await airlock(folder, 'check', 'loop.js', 'entity.js')).toMatchObject({ code: 0, stderr: '' });
  });

  test('--help tells the exit codes', async () => {
    const { stdout } = await airlock(folderWith({}), 'check', '--help');
    expect(stdout).toMatch(/Exit codes:\n +0 .*\n +1 .*\n +2 /);
  });
});
