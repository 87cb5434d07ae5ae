import { describe, expect, test } from '@jest/globals';
import { airlock, folderWith, startAirlock } from '../support/command.ts';

const ECHO_SERVER = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: Number(Script.args[0] ?? 0) });
  server.newConnection.connect((socket) => { socket.onmessage = ({ data }) => socket.send(data); });
  Script.scriptEnding.connect(() => print('ending in order'));
  print('port', server.port);
`;

describe('airlock run prints', () => {
  test('the lines of a single script as they are, to standard output, its warnings to standard error', async () => {
    const folder = folderWith({ 'hello.js': `print('hello', 1, { a: [true] }); console.warn('two\\nlines');` });
    expect(await airlock(folder, 'run', 'hello.js', '--exit-when-idle')).toEqual({
      code: 0,
      stdout: 'hello 1 { a: [ true ] }\n',
      stderr: 'two\nlines\n',
    });
  });

  test('the lines of several scripts behind the name of each', async () => {
    const folder = folderWith({ 'a.js': `print('one\\ntwo')`, 'b.js': `print(...Script.args)` });
    const { code, stdout } = await airlock(folder, 'run', 'a.js', 'b.js', '--exit-when-idle', '--', '--x', 'y');
    expect(code).toBe(0);
    expect(stdout.split('\n').sort()).toEqual(['', 'a.js: one', 'a.js: two', 'b.js: --x y']);
  });

  test('control characters as text, so that no script steers the terminal', async () => {
    const folder = folderWith({ 'esc.js': `print('\\x1b[2J\\x07\\x9b1m\\ttab')` });
    const { stdout } = await airlock(folder, 'run', 'esc.js', '--exit-when-idle');
    expect(stdout).toBe('\\x1b[2J\\x07\\x9b1m\ttab\n');
  });

  test('no line of a script as one of its own', async () => {
    const folder = folderWith({ 'forger.js': `throw new Error('m\\nairlock: other.js: fake')` });
    const { stderr } = await airlock(folder, 'run', 'forger.js', '--exit-when-idle');
    expect(stderr).toBe('airlock: forger.js:1:7: Error: m\\nairlock: other.js: fake (ERR_AIRLOCK_SCRIPT_LOAD_FAILED)\n');
  });

  test('an uncaught exception with file, line and column, to standard error, and goes on', async () => {
    const folder = folderWith({
      'late.js': `function inner() {\n  throw new TypeError('oh');\n}\nsetTimeout(() => inner(), 1);\nsetTimeout(() => print('still here'), 20);\n`,
    });
    expect(await airlock(folder, 'run', 'late.js', '--exit-when-idle')).toEqual({
      code: 1,
      stdout: 'still here\n',
      stderr: 'airlock: late.js:2:9: TypeError: oh (ERR_AIRLOCK_UNCAUGHT_EXCEPTION)\n    at late.js:4:18\n',
    });
  });
});

test('TypeScript runs without its types, and what cannot be stripped is told in one line', async () => {
  const folder = folderWith({ 'typed.ts': `const two: number = 2;\nprint(two);`, 'enum.ts': 'enum Colour { Red }' });
  expect(await airlock(folder, 'run', 'typed.ts', 'enum.ts', '--exit-when-idle')).toEqual({
    code: 1,
    stdout: 'typed.ts: 2\n',
    stderr: 'airlock: enum.ts:1:1: TypeScript enum is not supported in strip-only mode (ERR_AIRLOCK_SCRIPT_LOAD_FAILED)\n',
  });
});

describe('a script that is no good gets one line, the others go on, and the exit code is 1', () => {
  const GOOD = `setTimeout(() => print('good went on'), 30)`;

  test.each<[string, string, string]>([
    ['does not parse', 'let x = 1;\n  x y;', "airlock: bad.js:2:5: SyntaxError: Unexpected identifier 'y' (ERR_AIRLOCK_SCRIPT_LOAD_FAILED)\n"],
    ['throws at once', '\nthrow new RangeError("no");', 'airlock: bad.js:2:7: RangeError: no (ERR_AIRLOCK_SCRIPT_LOAD_FAILED)\n'],
    ['throws what is no error', 'throw { toString() { throw 1; } }', 'airlock: bad.js:1:1: a value that is not an Error (ERR_AIRLOCK_SCRIPT_LOAD_FAILED)\n'],
    ['is empty', '', 'airlock: bad.js is empty (ERR_AIRLOCK_SCRIPT_EMPTY)\n'],
    ['is 50 MB', ' '.repeat(50_000_000), 'airlock: bad.js is larger than 4194304 bytes: it has 50000000 bytes or more; see the limit scriptBytes (ERR_AIRLOCK_SCRIPT_TOO_LARGE)\n'],
    [
      'opens a URL of a wrong scheme',
      'new WebSocket("ftp://127.0.0.1/");',
      "airlock: bad.js:1:1: SyntaxError: Failed to construct 'WebSocket': The URL's scheme must be either 'http', 'https', 'ws', or 'wss'. 'ftp' is not allowed. (ERR_AIRLOCK_SCRIPT_LOAD_FAILED)\n",
    ],
    [
      'asks for the port 70000',
      'new WebSocketServer({ port: 70000 });',
      "airlock: bad.js:1:1: RangeError: Failed to construct 'WebSocketServer': port must be a whole number from 0 to 65535, not 70000. (ERR_AIRLOCK_SCRIPT_LOAD_FAILED)\n",
    ],
  ])('%s', async (_what, source, stderr) => {
    const folder = folderWith({ 'bad.js': source, 'good.js': GOOD });
    expect(await airlock(folder, 'run', 'bad.js', 'good.js', '--type', 'assignment-client', '--exit-when-idle')).toEqual({
      code: 1,
      stdout: 'good.js: good went on\n',
      stderr,
    });
  });

  test.each<[string, number, string]>([
    ['web', 1, "airlock: bad.js:1:1: Error: Failed to construct 'WebSocketServer': listening on port 8080 of all interfaces is not permitted (permission listen) (ERR_AIRLOCK_SCRIPT_LOAD_FAILED)\n"],
    // Overte's constructor does not throw: the script is told by an event, and the operator by the log.
    ['overte', 1, ''],
  ])('listens without permission, in the dialect %s', async (dialect, code, error) => {
    const folder = folderWith({ 'bad.js': 'new WebSocketServer({ port: 8080 });', 'good.js': GOOD });
    const options = ['--type', 'assignment-client', '--dialect', dialect, '--exit-when-idle'];
    expect(await airlock(folder, 'run', 'bad.js', 'good.js', ...options)).toEqual({
      code,
      stdout: 'good.js: good went on\n',
      stderr: `airlock: bad.js: listening on port 8080 of all interfaces is not permitted (permission listen); allow it with --allow-listen=8080, or let the script listen on this machine alone, with host: '127.0.0.1' (ERR_AIRLOCK_LISTEN_DENIED)\n${error}`,
    });
  });

  test('is a server of a type that has none', async () => {
    const folder = folderWith({ 'bad.js': 'new WebSocketServer(8080);' });
    expect(await airlock(folder, 'run', 'bad.js')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'airlock: bad.js:1:1: ReferenceError: WebSocketServer is not defined; scripts of the type interface have no servers: ' +
        'run it with --type server-entity or --type assignment-client (ERR_AIRLOCK_SCRIPT_LOAD_FAILED)\n',
    });
  });

  test('is missing', async () => {
    const folder = folderWith({ 'good.js': GOOD });
    expect(await airlock(folder, 'run', 'none.js', 'good.js', '--exit-when-idle')).toEqual({
      code: 1,
      stdout: 'good.js: good went on\n',
      stderr: 'airlock: Cannot read none.js: there is no such file (ERR_AIRLOCK_SCRIPT_NOT_FOUND)\n',
    });
  });

  test('ends by a limit', async () => {
    const folder = folderWith({ 'long.js': 'setInterval(() => {}, 50);', 'good.js': GOOD });
    expect(await airlock(folder, 'run', 'long.js', 'good.js', '--limit', 'lifetime=500')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('airlock: long.js: has run for its lifetime of 500 ms; raise it with --limit lifetime=1000\n'),
    });
  });

  test('loops', async () => {
    const folder = folderWith({ 'loop.js': 'print("in");\nfor (;;);', 'good.js': GOOD });
    const { code, stderr, stdout } = await airlock(folder, 'run', 'loop.js', 'good.js', '--exit-when-idle');
    expect(code).toBe(1);
    expect(stdout.split('\n').sort()).toEqual(['', 'good.js: good went on', 'loop.js: in']);
    expect(stderr).toBe('airlock: loop.js:2:1: ran for more than 2000 ms in one turn, at loop.js:2:1; raise it with --limit turnTimeout=4000 (ERR_AIRLOCK_TURN_TIMEOUT)\n');
  });
});

describe('airlock run refuses', () => {
  test.each<[string, readonly string[], string]>([
    ['an unknown type', ['a.js', '--type', 'robot'], "airlock: There is no script type 'robot'; there are interface, avatar, client-entity, server-entity, assignment-client (ERR_AIRLOCK_UNKNOWN_SCRIPT_TYPE)\n"],
    ['a rule that is none', ['a.js', '--allow-connect=a b'], "airlock: --allow-connect: 'a b' is not a rule for connect: write host, host:port or [IPv6]:port, as example.com:443, wss://*.example.com or 10.0.0.0/8:8000-8999 (ERR_AIRLOCK_INVALID_ARGUMENT)\n"],
    ['a rule for listen that is none', ['a.js', '--allow-listen=127.0.0.1:99999'], "airlock: --allow-listen: '127.0.0.1:99999' is not a rule for listen: write port, address or address:port, as 127.0.0.1:8080 or 8000-8999 (a port is from 0 to 65535, a range two of them as 8000-8999) (ERR_AIRLOCK_INVALID_ARGUMENT)\n"],
    ['an empty list', ['a.js', '--allow-connect='], "error: option '--allow-connect[=LIST]' argument '' is invalid. There is an empty rule in the list.\n(airlock run --help tells more)\n"],
    ['a flag of Deno', ['a.js', '--allow-net=a.example'], 'airlock: there is no flag --allow-net; there are --allow-connect=a.example, for connections that a script opens, and --allow-listen=a.example, for its servers (ERR_AIRLOCK_INVALID_ARGUMENT)\n'],
    ['a file of permissions for another script', ['a.js', '--permissions', 'other.json'], 'airlock: other.json: scripts["b.js"] is about none of these scripts: correct the name, or take it out of the file; these are a.js (ERR_AIRLOCK_INVALID_ARGUMENT)\n'],
    ['an unknown option', ['a.js', '--fly'], "error: unknown option '--fly'\n(airlock run --help tells more)\n"],
    ['no file', [], "error: missing required argument 'file'\n(airlock run --help tells more)\n"],
    ['no file before --', ['--', 'a.js'], "error: missing required argument 'file'\n(airlock run --help tells more)\n"],
    ['an unknown dialect', ['a.js', '--dialect', 'x'], "error: option '--dialect <dialect>' argument 'x' is invalid. Allowed choices are overte, web.\n(airlock run --help tells more)\n"],
    ['a file of permissions that is not there', ['a.js', '--permissions', 'none.json'], 'airlock: Cannot read none.json: there is no such file (ERR_AIRLOCK_INVALID_ARGUMENT)\n'],
    ['a base URL that is none', ['a.js', '--base-url', '/x'], "airlock: --base-url: '/x' must be a whole http:, https:, ws: or wss: URL, as https://example.com/ (ERR_AIRLOCK_INVALID_ARGUMENT)\n"],
    ['an owner with a line break', ['a.js', '--owner', 'a\nb'], 'airlock: --owner: must not hold control characters (ERR_AIRLOCK_INVALID_ARGUMENT)\n'],
    ['a file of blame that is none', ['a.js', '--blame-file', 'list.json'], 'airlock: --blame-file: cannot use list.json: it is not of the form that this file has (ERR_AIRLOCK_INVALID_ARGUMENT)\n'],
  ])('%s', async (_what, args, stderr) => {
    const folder = folderWith({ 'a.js': 'print(1)', 'list.json': '[]', 'other.json': '{ "scripts": { "b.js": {} } }' });
    expect(await airlock(folder, 'run', ...args)).toEqual({ code: 1, stdout: '', stderr });
  });
});

describe('permissions', () => {
  const CLIENT = `
    const socket = new WebSocket(Script.args[0]);
    socket.onerror = (error) => print('error', error, error === WebSocket.SocketError.SocketAccessError);
    socket.onopen = () => socket.send('hi');
    socket.onmessage = ({ data }) => { print(data); socket.close(); };
    socket.onclose = ({ code }) => print('closed', code);
  `;

  test('nothing is permitted without a flag; the log names the flag that would permit it', async () => {
    const folder = folderWith({ 'client.js': CLIENT });
    expect(await airlock(folder, 'run', 'client.js', '--exit-when-idle', '--', 'ws://127.0.0.1:9/')).toEqual({
      code: 0,
      stdout: 'error 3 true\nclosed 1006\n',
      stderr: 'airlock: client.js: connecting to 127.0.0.1:9 is not permitted (permission connect); allow it with --allow-connect=127.0.0.1:9 (ERR_AIRLOCK_CONNECT_DENIED)\n',
    });
  });

  test.each([
    ['--allow-connect'],
    ['--allow-connect=127.0.0.1'],
    ['--allow-all'],
    ['--allow-connect=127.0.0.1', '--allow-connect=example.com'],
    ['--permissions', 'permissions.json'],
  ])('%s lets a script connect', async (...flags) => {
    const folder = folderWith({
      'server.js': ECHO_SERVER,
      'client.js': CLIENT,
      'permissions.json': '{ "scripts": { "client.js": { "permissions": { "connect": ["127.0.0.1"] } } } }',
    });
    const server = startAirlock(folder, 'run', '--allow-listen=127.0.0.1', 'server.js', '--type', 'assignment-client');
    const [, port] = await server.stdout(/port (\d+)/);
    expect(await airlock(folder, 'run', ...flags, 'client.js', '--exit-when-idle', '--', `ws://127.0.0.1:${port}/`)).toEqual({
      code: 0,
      stdout: 'hi\nclosed 1000\n',
      stderr: '',
    });
    server.child.kill('SIGINT');
    expect(await server.result).toMatchObject({ code: 0 });
  });
});

describe('a denial wins', () => {
  test.each([
    ['over a permission', ['--allow-connect', '--deny-connect=127.0.0.0/8'], '--deny-connect=127.0.0.0/8 denies it'],
    ['over all permissions', ['--allow-all', '--deny-connect'], '--deny-connect denies it'],
  ])('%s', async (_what, flags, advice) => {
    const folder = folderWith({ 'client.js': `new WebSocket('ws://127.0.0.1:9/').onerror = (error) => print(error);` });
    expect(await airlock(folder, 'run', 'client.js', ...flags, '--exit-when-idle')).toEqual({
      code: 0,
      stdout: '3\n',
      stderr: `airlock: client.js: connecting to 127.0.0.1:9 is not permitted (permission connect); ${advice} (ERR_AIRLOCK_CONNECT_DENIED)\n`,
    });
  });
});

test('limits come from a file and from flags, for each script its own', async () => {
  const source = 'print(new Array(20).fill("x").map((text) => { try { print(text); return 1; } catch { return 0; } }).reduce((a, b) => a + b));';
  const folder = folderWith({
    'a.js': source,
    'b.js': source,
    'permissions.json': '{ "limits": { "commandsPerTurn": 18 }, "scripts": { "b.js": { "limits": { "commandsPerTurn": 16 } } } }',
  });
  const counts = async (...flags: readonly string[]): Promise<number[]> => {
    const { stdout } = await airlock(folder, 'run', 'a.js', 'b.js', '--permissions', 'permissions.json', '--exit-when-idle', ...flags);
    return ['a.js: x', 'b.js: x'].map((line) => stdout.split('\n').filter((each) => each === line).length);
  };
  expect(await counts()).toEqual([18, 16]);
  expect(await counts('--limit', 'commandsPerTurn=17')).toEqual([17, 17]);
});

describe('Ctrl-C', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('ends the scripts in order, as %s does', async (signal) => {
    const folder = folderWith({ 'server.js': ECHO_SERVER });
    const server = startAirlock(folder, 'run', 'server.js', '--type', 'assignment-client', '--allow-listen');
    await server.stdout(/port \d+/);
    server.child.kill(signal);
    const { code, stdout } = await server.result;
    expect(code).toBe(0);
    expect(stdout).toMatch(/ending in order\n$/);
  });

  test('a second time ends at once', async () => {
    const folder = folderWith({
      'stuck.js': `Script.scriptEnding.connect(() => { print('stuck'); for (;;); }); print('up');`,
    });
    const command = startAirlock(folder, 'run', 'stuck.js');
    await command.stdout(/up/);
    command.child.kill('SIGINT');
    // Signals that come before the first one was taken count as one with it.
    const again = setInterval(() => command.child.kill('SIGINT'), 20);
    const { code } = await command.result;
    clearInterval(again);
    expect(code).toBe(130);
  });
});

test('--base-url is what relative addresses count from', async () => {
  const folder = folderWith({ 'a.js': "const ws = new WebSocket('/room'); print(ws.url); ws.close()" });
  const given = await airlock(folder, 'run', 'a.js', '--base-url', 'http://127.0.0.1:1/x/y', '--exit-when-idle');
  expect(given).toMatchObject({ code: 0, stdout: 'ws://127.0.0.1:1/room\n' });
  const missing = await airlock(folder, 'run', 'a.js', '--exit-when-idle');
  expect(missing.stderr).toContain("The URL '/room' is relative");
  expect(missing.stderr).not.toContain(folder);
});

test('--help tells what there is', async () => {
  const folder = folderWith({});
  const general = await airlock(folder, '--help');
  expect(general).toMatchObject({ code: 0, stderr: '' });
  expect(general.stdout).toContain('run');
  expect(general.stdout).toContain('check');
  const help = await airlock(folder, 'run', '--help');
  for (const flag of [
    '--type', '--allow-connect', '--allow-listen', '--allow-all', '--allow-headers', '--dialect', '--base-url', '--exit-when-idle', '--tls-ca', '--tls-cert',
    '--allow-read', '--allow-import', '--allow-env', '--deny-connect', '--deny-listen', '--permissions', '--limit', '--tls-key', '--tls-min-version', '--proxy', '--noproxy', '--proxy-resolve',
  ]) {
    expect(help.stdout).toContain(flag);
  }
  expect(help.stdout).toMatch(/Exit codes:\n +0 .*\n +1 .*fault or a limit[^]*\n +130 .*second Ctrl-C/);
  expect(await airlock(folder, '--version')).toMatchObject({ code: 0, stdout: '0.1.0\n' });
});

describe('the exit code tells that something went wrong, unless --ignore-errors is given:', () => {
  test.each([
    ['a callback threw', "setTimeout(() => { throw new Error('oh'); }, 1)"],
    ['a promise was rejected', "setTimeout(async () => { throw new Error('oh'); }, 1)"],
    ['a server could not listen', "new WebSocketServer({ port: 8080 })"],
  ])('%s', async (_what, source) => {
    const folder = folderWith({ 'a.js': source });
    const words = ['run', 'a.js', '--type', 'assignment-client', '--exit-when-idle'];
    expect((await airlock(folder, ...words)).code).toBe(1);
    expect((await airlock(folder, ...words, '--ignore-errors')).code).toBe(0);
  });
});

test('the same line is written once, with how many times more it came', async () => {
  const folder = folderWith({ 'a.js': "for (let i = 0; i < 5; i++) setTimeout(() => { throw new Error('same'); }, 1);" });
  const { stderr } = await airlock(folder, 'run', 'a.js', '--exit-when-idle');
  expect(stderr).toBe('airlock: a.js:1:54: Error: same (ERR_AIRLOCK_UNCAUGHT_EXCEPTION)\n... 4 times more\n');
});

test('causes are shown, and the place of what is no error', async () => {
  const folder = folderWith({ 'a.js': "setTimeout(() => { throw new Error('outer', { cause: new RangeError('in\\nner') }); }, 1);\nsetTimeout(() => { throw null; }, 9);" });
  const { stderr } = await airlock(folder, 'run', 'a.js', '--exit-when-idle');
  expect(stderr).toBe(
    'airlock: a.js:1:26: Error: outer (ERR_AIRLOCK_UNCAUGHT_EXCEPTION)\n  [cause]: RangeError: in\\nner\n      at a.js:1:54\nairlock: a.js:2:20: null (ERR_AIRLOCK_UNCAUGHT_EXCEPTION)\n',
  );
});

describe('airlock run --stats', () => {
  test('says in a line of JSON what each script has used, when it has ended', async () => {
    const folder = folderWith({ 'a.js': `print('one'); print('two'); Script.stop()` });
    const { code, stderr, stdout } = await airlock(folder, 'run', 'a.js', '--stats');
    expect([code, stdout]).toEqual([0, 'one\ntwo\n']);
    expect(JSON.parse(stderr)).toMatchObject({ script: 'a.js', reason: 'stopped', statistics: { prints: 2, turns: 2, sockets: 0, limits: [] } });
  });

  test('names the limit that a script has ended by', async () => {
    const folder = folderWith({ 'loop.js': `for (;;);` });
    const { code, stderr } = await airlock(folder, 'run', 'loop.js', '--stats');
    const [error, line = ''] = stderr.split('\n');
    expect([code, error]).toEqual([1, 'airlock: loop.js:1:1: ran for more than 2000 ms in one turn, at loop.js:1:1; raise it with --limit turnTimeout=4000 (ERR_AIRLOCK_TURN_TIMEOUT)']);
    expect(JSON.parse(line)).toMatchObject({
      reason: 'fault',
      limit: 'turnTimeout',
      statistics: { limits: [{ name: 'turnTimeout', value: 2000, message: 'ran for more than 2000 ms in one turn', count: 1 }] },
    });
  });
});
