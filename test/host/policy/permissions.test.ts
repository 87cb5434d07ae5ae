import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { targetOf as targetOfURL, type Target } from '../../../host/policy/host-rules.ts';
import { Permissions, joinPermissions, type PermissionOptions } from '../../../host/policy/permissions.ts';
import { realPath } from '../../../host/policy/read-permission.ts';

type List = readonly string[] | boolean | undefined;

describe('permission to connect', () => {
  test.each<[List, string, string]>([
    [undefined, 'wss://example.com', 'denied'],
    [false, 'wss://example.com', 'denied'],
    [[], 'wss://example.com', 'denied'],
    [true, 'ws://10.0.0.1:1', 'any'],
    [['example.com'], 'wss://example.com', 'guarded'],
    [['EXAMPLE.com'], 'wss://example.com', 'guarded'],
    [['example.com'], 'wss://example.com.', 'guarded'],
    [['example.com.'], 'wss://example.com', 'guarded'],
    [['example.com'], 'wss://www.example.com', 'denied'],
    [['example.com:443'], 'wss://example.com', 'guarded'],
    [['example.com:443'], 'ws://example.com', 'denied'],
    [['b\u00fccher.example'], 'ws://b\u00fccher.example', 'guarded'],
    [['xn--bcher-kva.example'], 'ws://B\u00dcCHER.example', 'guarded'],
    [['*.example.com'], 'ws://a.b.example.com', 'guarded'],
    [['*.example.com'], 'ws://a.example.com.', 'guarded'],
    [['*.example.com'], 'ws://example.com', 'denied'],
    [['*.example.com'], 'ws://badexample.com', 'denied'],
    [['*:443'], 'wss://example.org', 'guarded'],
    [['*:443'], 'ws://example.org', 'denied'],
    [['*'], 'ws://10.0.0.1', 'guarded'],
    [['*'], 'ws://localhost', 'guarded'],
    [['127.0.0.1'], 'ws://127.0.0.1', 'any'],
    [['127.0.0.1:80'], 'ws://127.0.0.1:81', 'denied'],
    [['127.0.0.1'], 'ws://localhost', 'denied'],
    [['127.0.0.1'], 'ws://[::ffff:127.0.0.1]', 'any'],
    [['localhost'], 'ws://localhost', 'any'],
    [['localhost'], 'ws://127.0.0.1', 'denied'],
    [['localhost'], 'ws://localhost.', 'any'],
    [['localhost'], 'ws://a.localhost', 'denied'],
    [['a.localhost'], 'ws://a.localhost.', 'any'],
    [['*.localhost'], 'ws://a.localhost', 'any'],
    [['*'], 'ws://a.localhost', 'guarded'],
    [['[::1]:80'], 'ws://[::1]', 'any'],
    [['::1'], 'ws://[::1]', 'any'],
    [['0:0:0:0:0:0:0:1'], 'ws://[::1]', 'any'],
    [['[::1]:80'], 'ws://[::1]:81', 'denied'],
    [['0x7f.1'], 'ws://127.0.0.1', 'any'],
    [['10.0.0.0/8'], 'ws://10.255.0.1', 'any'],
    [['10.0.0.0/8'], 'ws://11.0.0.1', 'denied'],
    [['10.0.0.0/8'], 'ws://[64:ff9b::a00:1]', 'denied'],
    [['10.0.0.0/8:8000-8999'], 'ws://10.0.0.1:8999', 'any'],
    [['10.0.0.0/8:8000-8999'], 'ws://10.0.0.1:9000', 'denied'],
    [['10.0.0.0/8'], 'ws://ten.example', 'denied'],
    [['fd00::/8'], 'ws://[fd12::1]', 'any'],
    [['[fd00::/8]:443'], 'wss://[fd12::1]', 'any'],
    [['[fd00::/8]:443'], 'ws://[fd12::1]', 'denied'],
    [['::/0'], 'ws://127.0.0.1', 'denied'],
    [['wss://example.com'], 'wss://example.com', 'guarded'],
    [['wss://example.com'], 'ws://example.com:443', 'denied'],
    [['wss://*'], 'wss://example.org:8443', 'guarded'],
    [['WSS://*.example.com:443'], 'wss://a.example.com', 'guarded'],
    [['wss://10.0.0.0/8'], 'ws://10.0.0.1', 'denied'],
  ])('%j: %s is %s', (connect, url, verdict) => {
    expect(new Permissions({ connect }).connect(targetOf(url)).verdict).toBe(verdict);
  });

  test.each<[PermissionOptions, string, string | undefined]>([
    [{ connect: true, deny: { connect: true } }, 'wss://example.com', ''],
    [{ connect: ['example.com'], deny: { connect: ['example.com'] } }, 'wss://example.com.', 'example.com'],
    [{ connect: ['*'], deny: { connect: ['*.example.com'] } }, 'wss://a.example.com', '*.example.com'],
    [{ connect: ['*'], deny: { connect: ['*.example.com'] } }, 'wss://example.com', undefined],
    [{ connect: ['*'], deny: { connect: ['*:8000-8999'] } }, 'wss://example.com:8080', '*:8000-8999'],
    [{ connect: ['127.0.0.1'], deny: { connect: ['127.0.0.0/8'] } }, 'ws://127.0.0.1', '127.0.0.0/8'],
    [{ connect: true, deny: { connect: ['localhost'] } }, 'ws://a.localhost', 'localhost'],
    [{ connect: true, deny: { connect: ['localhost'] } }, 'ws://[::1]', 'localhost'],
    [{ connect: true, deny: { connect: ['localhost'] } }, 'ws://[::ffff:127.0.0.1]', 'localhost'],
    [{ connect: true, deny: { connect: ['10.0.0.1'] } }, 'ws://[2002:a00:1::]', '10.0.0.1'],
  ])('what is denied is denied, whatever permits it: %j, %s by %j', (options, url, rule) => {
    const decision = new Permissions(options).connect(targetOf(url));
    expect(decision.verdict === 'denied' ? decision.rule : undefined).toBe(rule);
  });
});

const targetOf = (url: string): Target => targetOfURL(new URL(url));

describe('permission to import', () => {
  test.each<[List, string, string]>([
    [undefined, 'https://example.com', 'denied'],
    [['example.com'], 'http://example.com', 'guarded'],
    [['https://example.com'], 'http://example.com:443', 'denied'],
    [['https://example.com'], 'https://example.com', 'guarded'],
  ])('%j: %s is %s', (list, url, verdict) => {
    expect(new Permissions({ import: list, connect: ['other.example'] }).import(targetOf(url)).verdict).toBe(verdict);
  });
});

describe('permission to listen', () => {
  test.each<[List, string, number, boolean]>([
    [undefined, '', 0, false],
    [true, '', 80, true],
    [['8080'], '', 8080, true],
    [['8080'], '127.0.0.1', 8080, true],
    [['8080'], '', 8081, false],
    [['8000-8999'], '', 8999, true],
    [['8000-8999'], '', 9000, false],
    [['8000-8999'], '', 0, false],
    [['0'], '', 0, true],
    [['0'], '', 8080, false],
    [['127.0.0.1'], '127.0.0.1', 8080, true],
    [['127.0.0.1'], '', 8080, false],
    [['127.0.0.1:8080'], '127.0.0.1', 8081, false],
    [['127.0.0.1:8000-8999'], '127.0.0.1', 8080, true],
    [['127.0.0.0/8:0'], '127.0.0.2', 0, true],
    [['127.0.0.0/8'], '', 0, false],
    [['localhost:0'], '127.0.0.1', 0, true],
    [['[::1]:8080'], '::1', 8080, true],
    [['[::1]:8080'], '0:0::1', 8080, true],
    [['*:8080'], '', 8080, true],
  ])('%j: address "%s" port %d: %s', (listen, address, port, allowed) => {
    expect(new Permissions({ listen }).listen(address, port).allowed).toBe(allowed);
  });

  test.each<[List, string, number, boolean]>([
    [true, '', 80, false],
    [['8080'], '127.0.0.1', 8080, false],
    [['8080'], '127.0.0.1', 8081, true],
    [['10.0.0.1'], '10.0.0.1', 80, false],
    // All interfaces are that address too.
    [['10.0.0.1'], '', 80, false],
    [['10.0.0.1'], '0.0.0.0', 80, false],
    [['10.0.0.1'], '::', 80, false],
    [['10.0.0.1:81'], '', 80, true],
    [['127.0.0.1'], '::ffff:127.0.0.1', 80, false],
    [['fe80::/10'], 'fe80::1%eth0', 80, false],
  ])('denied %j: address "%s" port %d: %s', (denied, address, port, allowed) => {
    expect(new Permissions({ listen: true, deny: { listen: denied } }).listen(address, port).allowed).toBe(allowed);
  });

  test('a denial names the permission, and to the operator the flag; without an address, this machine as well', () => {
    const denial = (options: PermissionOptions, address: string): unknown => {
      try {
        return new Permissions(options).checkListen(address, 8080);
      } catch (error) {
        return [(error as Error).message, (error as { advice?: string }).advice];
      }
    };
    expect(denial({}, '::1')).toEqual(['listening on [::1]:8080 is not permitted (permission listen)', 'allow it with --allow-listen=[::1]:8080']);
    expect(denial({}, '')).toEqual([
      'listening on port 8080 of all interfaces is not permitted (permission listen)',
      "allow it with --allow-listen=8080, or let the script listen on this machine alone, with host: '127.0.0.1'",
    ]);
    expect(denial({ listen: true, deny: { listen: ['8080'] } }, '')).toEqual([
      'listening on port 8080 of all interfaces is not permitted (permission listen)',
      '--deny-listen=8080 denies it',
    ]);
  });

  test('a free port that is denied is known when the system has chosen it', () => {
    const permissions = new Permissions({ listen: true, deny: { listen: ['40000-50000'] } });
    expect(permissions.listen('127.0.0.1', 0).allowed).toBe(true);
    expect(() => permissions.checkBound('127.0.0.1', 44_000)).toThrow('listening on 127.0.0.1:44000 is not permitted (permission listen)');
    permissions.checkBound('127.0.0.1', 39_999);
  });
});

describe('permission for headers and variables', () => {
  test('headers are permitted by name, and denied by name', () => {
    expect(new Permissions({}).headers).toEqual([]);
    expect(new Permissions({ headers: ['Cookie'] }).headers).toEqual(['cookie']);
    expect(new Permissions({ headers: true, deny: { headers: ['cookie'] } }).headers).toEqual(['origin']);
  });

  test.each<[PermissionOptions, readonly string[]]>([
    [{}, []],
    [{ env: ['LANG'] }, ['LANG']],
    [{ env: ['CHAT_*'] }, ['CHAT_NAME', 'CHAT_KEY']],
    [{ env: ['CHAT_*', 'LANG'], deny: { env: ['CHAT_KEY'] } }, ['LANG', 'CHAT_NAME']],
    [{ env: true, deny: { env: ['CHAT_*'] } }, ['LANG']],
    [{ env: ['lang', 'LAN', 'LANG*'], deny: { env: true } }, []],
  ])('variables: %j shows %j', (options, names) => {
    const environment = { LANG: 'C', CHAT_NAME: 'a', CHAT_KEY: 'b', UNSET: undefined };
    expect(Object.keys(new Permissions(options).visibleEnvironment(environment))).toEqual(names);
  });
});

describe('permission to read', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'airlock-read-')));
  for (const name of ['lib/deep', 'secret']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  for (const name of ['lib/a.js', 'lib/deep/b.js', 'secret/key.js', 'library.js']) {
    writeFileSync(join(folder, name), '');
  }
  symlinkSync(join(folder, 'secret/key.js'), join(folder, 'lib/link.js'));
  symlinkSync(join(folder, 'secret'), join(folder, 'lib/folder'));
  symlinkSync(join(folder, 'lib'), join(folder, 'alias'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const allowed = (options: PermissionOptions, path: string): boolean => new Permissions(options).read(realPath(join(folder, path))).allowed;
  const within = (...paths: string[]): string[] => paths.map((path) => join(folder, path));

  test.each<[string, string[], boolean]>([
    ['lib/a.js', ['lib'], true],
    ['lib/deep/b.js', ['lib'], true],
    ['lib/a.js', ['lib/a.js'], true],
    ['lib/a.js', ['alias'], true],
    ['alias/a.js', ['lib'], true],
    ['lib/missing.js', ['lib'], true],
    ['lib/../lib/a.js', ['lib'], true],
    ['lib/../secret/key.js', ['lib'], false],
    ['library.js', ['lib'], false],
    ['lib/link.js', ['lib'], false],
    ['lib/folder/key.js', ['lib'], false],
    ['lib/folder/missing.js', ['lib'], false],
    ['secret/missing.js', ['lib'], false],
    ['lib/a.js', [], false],
    ['lib/a.js', ['missing'], false],
  ])('%s under %j: %s', (path, folders, expected) => {
    expect(allowed({ read: within(...folders) }, path)).toBe(expected);
  });

  test('a denied folder is denied, by whatever way', () => {
    const options = { read: true, deny: { read: within('secret') } };
    expect(['lib/a.js', 'lib/link.js', 'lib/folder/key.js', 'secret/key.js'].map((path) => allowed(options, path))).toEqual([true, false, false, false]);
  });

  test('folders count from the working directory', () => {
    expect(allowed({ read: [relative(process.cwd(), folder)] }, 'lib/a.js')).toBe(true);
  });
});

describe('a rule that is none', () => {
  test.each([
    ['connect', ''],
    ['connect', 'a b'],
    ['connect', 'ws://example.com'],
    ['connect', 'https://example.com'],
    ['connect', 'wss://example.com/'],
    ['connect', 'example.com:port'],
    ['connect', 'example.com:70000'],
    ['connect', 'example.com:9-8'],
    ['connect', 'example.com:'],
    ['connect', 'a:b:c'],
    ['connect', 'api.*.example.com'],
    ['connect', '*.127.0.0.1'],
    ['connect', 'user@example.com'],
    ['connect', '10.0.0.1/8'],
    ['connect', '10.0.0.0/33'],
    ['connect', '[127.0.0.1]:80'],
    ['connect', '[::1'],
    ['connect', 'fe80::1%eth0'],
    ['connect', '8080'],
    ['import', 'wss://example.com'],
    ['listen', 'example.com'],
    ['listen', 'wss://127.0.0.1'],
    ['listen', '70000'],
    ['listen', '9-8'],
    ['listen', ''],
    ['headers', 'host'],
    ['env', ''],
    ['env', 'A=B'],
    ['env', '*'],
    ['read', ''],
    ['read', 'file:///srv'],
  ])('is refused by name: %s=%s', (kind, rule) => {
    expect(() => new Permissions({ [kind]: ['127.0.0.1', rule].slice(kind === 'headers' ? 1 : 0) })).toThrow(`'${rule}' is not a rule for ${kind}: write `);
    expect(() => new Permissions({ deny: { [kind]: [rule] } })).toThrow(`permissions.deny.${kind}[0]: '${rule}' is not a rule for ${kind}: write `);
  });

  test('says more where more is known', () => {
    expect(() => new Permissions({ connect: ['8080'] })).toThrow('(for a port of any host, write *:8080)');
    expect(() => new Permissions({ connect: ['10.0.0.1/8'] })).toThrow('with zeros behind them, as 10.0.0.0/8)');
  });

  test('so is a value of another form, and a permission that there is not', () => {
    expect(() => new Permissions({ connect: 'example.com' as unknown as string[] })).toThrow(
      'permissions.connect: "example.com" is not true, false or a list of rules',
    );
    expect(() => new Permissions({ connect: [7 as unknown as string] })).toThrow('permissions.connect[0]: 7 is not a rule for connect');
    expect(() => new Permissions({ net: true } as PermissionOptions)).toThrow("permissions.net: there is no permission 'net'; there are connect, listen,");
    expect(() => new Permissions({ deny: { net: true } } as PermissionOptions)).toThrow("permissions.deny.net: there is no permission 'net'");
    expect(() => new Permissions({ deny: ['connect'] as unknown as object })).toThrow('permissions.deny: ["connect"] is not an object');
  });
});

describe('joinPermissions', () => {
  test('permits what one of them permits, and denies what one of them denies', () => {
    const joined = joinPermissions([{ connect: ['a.example'], deny: { connect: ['b.example'] } }, { connect: ['b.example'], env: true }]);
    expect(joined).toMatchObject({ connect: ['a.example', 'b.example'], env: true, listen: [], deny: { connect: ['b.example'], env: [] } });
    const permissions = new Permissions(joined);
    expect(['a', 'b', 'c'].map((name) => permissions.connect(targetOf(`ws://${name}.example`)).verdict)).toEqual(['guarded', 'denied', 'denied']);
  });
});
