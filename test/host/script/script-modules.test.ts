import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { RunOptions } from '../../../host/index.ts';
import { startHost, type ObservedHost, type ObservedScript } from '../../support/host.ts';
import { afterThisTest } from '../../support/sockets.ts';

/** A folder with these files, a link to `secret.js` among them; gone after the test. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'airlock-modules-')));
  afterThisTest(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function runIn(folder: string, options: Partial<RunOptions> = {}): Promise<ObservedScript & Pick<ObservedHost, 'log'>> {
  const host = await startHost();
  const script = await host.run({ file: join(folder, 'main.js'), permissions: { read: [join(folder, 'lib')] }, ...options });
  return { ...script, log: host.log };
}

/** Runs the script until it prints `end`, and gives the lines before that. */
async function linesOf(files: Readonly<Record<string, string>>, options: Partial<RunOptions> = {}): Promise<string[]> {
  const { line, lines } = await runIn(folderWith({ ...files, 'main.js': `${files['main.js']}\nprint('end');` }), options);
  await line('end');
  return lines.slice(0, -1);
}

const thrown = (expression: string): string =>
  `try { ${expression}; print('nothing'); } catch (error) { print(error.code, error.name + ': ' + error.message); }`;

describe('require', () => {
  test('gives what a module exports, evaluated once', async () => {
    const lines = await linesOf({
      'main.js': `const a = require('./lib/a.js'); print(a.value, a === Script.require('./lib/../lib/a.js'), require === Script.require);`,
      'lib/a.js': `print('once'); exports.value = 42;`,
    });
    expect(lines).toEqual(['once', '42 true true']);
  });

  test('counts from the module that it stands in, which knows its own address', async () => {
    const folder = folderWith({
      'main.js': `print(require('./lib/a.js')());`,
      'lib/a.js': `module.exports = () => require('./deep/b').concat(__filename === module.filename);`,
      'lib/deep/b': `module.exports = __dirname + ' ' + require('../c.json').name + ' ';`,
      'lib/c.json': `{ "name": "c" }`,
    });
    const { line } = await runIn(folder);
    expect(await line(/lib/)).toBe(`${pathToFileURL(join(folder, 'lib/deep')).href} c true`);
  });

  test('gives what is exported so far where modules require one another', async () => {
    const lines = await linesOf({
      'main.js': `print(JSON.stringify(require('./lib/a.js')));`,
      'lib/a.js': `exports.early = 1; exports.b = require('./b.js'); exports.late = 2;`,
      'lib/b.js': `exports.seen = Object.keys(require('./a.js'));`,
    });
    expect(lines).toEqual(['{"early":1,"b":{"seen":["early"]},"late":2}']);
  });

  test('takes TypeScript, and variables of a module stay in it', async () => {
    const lines = await linesOf({
      'main.js': `print(require('./lib/a.ts').twice(4), typeof hidden);`,
      'lib/a.ts': `const hidden: number = 2; exports.twice = (value: number): number => hidden * value;`,
    });
    expect(lines).toEqual(['8 undefined']);
  });

  test('loads anew what has been taken out of require.cache, and what has failed', async () => {
    const lines = await linesOf({
      'main.js': `
        const first = require('./lib/a.js');
        delete require.cache[require.resolve('./lib/a.js')];
        print(first === require('./lib/a.js'));
        ${thrown(`require('./lib/bad.js')`)}
        ${thrown(`require('./lib/bad.js')`)}
      `,
      'lib/a.js': 'module.exports = {};',
      'lib/bad.js': `print('tried'); throw new RangeError('no');`,
    });
    expect(lines).toEqual(['false', 'tried', 'undefined RangeError: no', 'tried', 'undefined RangeError: no']);
  });

  test('errors of a module name it, from the script on', async () => {
    const { errors, script } = await runIn(folderWith({ 'main.js': `require('./lib/my bad.js');`, 'lib/my bad.js': `\n\nnull.x;` }));
    expect(await script.ended).toMatchObject({ reason: 'fault' });
    expect(errors[0]?.position).toMatchObject({ file: 'lib/my%20bad.js', line: 3 });
    expect(errors[0]?.scriptStack).toContain('main.js:1:1');
    expect(errors[0]?.scriptStack).not.toContain(tmpdir());
  });

  test.each([
    ['that does not parse', './lib/syntax.js', "undefined SyntaxError: lib/syntax.js:1:3: Unexpected identifier 'y'"],
    ['that is no JSON', './lib/bad.json', 'undefined SyntaxError: lib/bad.json: Expected property name'],
    ['that is not there', './lib/none.js', "ERR_AIRLOCK_MODULE_NOT_LOADED Error: Cannot find module './lib/none.js': there is no './lib/none.js'"],
    ['that is a folder', './lib', "ERR_AIRLOCK_MODULE_NOT_LOADED Error: Cannot find module './lib': './lib' is not a file"],
    ['with a name alone', 'fs', "ERR_AIRLOCK_MODULE_NOT_LOADED Error: Cannot find module 'fs': begin with ./ or ../, or give a whole address"],
    ['of another scheme', 'data:text/javascript,1', "Cannot find module 'data:text/javascript,1': begin with ./ or ../"],
    ['of another machine', 'file://server/lib/a.js', "'file://server/lib/a.js' names no file"],
    ['that is too large', './lib/large.js', "'./lib/large.js' has 2000 bytes or more; the limit moduleBytes is 1000"],
    ['whose types cannot be stripped', './lib/enum.ts', 'lib/enum.ts:1:1: TypeScript enum is not supported'],
    ['outside of the folder', './secret.js', "ERR_AIRLOCK_READ_DENIED Error: Cannot find module './secret.js': reading ./secret.js is not permitted (permission read)"],
    ['outside of it that is not there', './none.js', 'ERR_AIRLOCK_READ_DENIED Error: '],
    ['outside, by ..', './lib/../secret.js', 'ERR_AIRLOCK_READ_DENIED Error: '],
    ['outside, by %2e', './lib/%2e%2e/secret.js', 'ERR_AIRLOCK_READ_DENIED Error: '],
    ['outside, by a link', './lib/link.js', 'ERR_AIRLOCK_READ_DENIED Error: '],
    ['of the system', '/etc/passwd', 'ERR_AIRLOCK_READ_DENIED Error: '],
    ['of the system by its URL', 'file:///etc/passwd', 'ERR_AIRLOCK_READ_DENIED Error: '],
    ['of the kernel', 'file:///proc/self/environ', 'ERR_AIRLOCK_READ_DENIED Error: '],
  ])('throws for a module %s', async (_what, id, message) => {
    const folder = folderWith({
      'main.js': thrown(`require(${JSON.stringify(id)})`),
      'secret.js': `exports.key = 1;`,
      'lib/syntax.js': 'x y',
      'lib/bad.json': '{,',
      'lib/enum.ts': 'enum Colour { Red }',
      'lib/large.js': ' '.repeat(2000),
    });
    symlinkSync(join(folder, 'secret.js'), join(folder, 'lib/link.js'));
    const { line } = await runIn(folder, { limits: { moduleBytes: 1000 } });
    const said = await line(/./);
    expect(said).toContain(message);
    expect(said).not.toContain(folder);
  });

  test('reads nothing without a permission; the log names the flag', async () => {
    const folder = folderWith({ 'main.js': thrown(`require('./lib/a.js')`), 'lib/a.js': '' });
    const { line, log } = await runIn(folder, { permissions: {} });
    await line(/ERR_AIRLOCK_READ_DENIED/);
    expect(log).toMatchObject([
      {
        level: 'warning',
        script: 'main.js',
        code: 'ERR_AIRLOCK_READ_DENIED',
        message: `reading ./lib/a.js is not permitted (permission read); allow it with --allow-read=${join(folder, 'lib')}`,
      },
    ]);
  });
});

test('modules load for a script that has patched what it could', async () => {
  const lines = await linesOf({
    'main.js': `
      const patched = () => { throw new Error('patched'); };
      const prototypes = [String.prototype, Array.prototype, Function.prototype, Set.prototype, Map.prototype, RegExp.prototype];
      for (let i = 0; i < prototypes.length; i++) {
        const names = Reflect.ownKeys(prototypes[i]);
        for (let j = 0; j < names.length; j++) {
          if (names[j] !== 'constructor') { try { prototypes[i][names[j]] = patched; } catch {} }
        }
      }
      const fields = ['url', 'name', 'source', 'code', 'error', 'exports', 'id', 'loaded', 'filename'];
      for (let i = 0; i < fields.length; i++) {
        Object.defineProperty(Object.prototype, fields[i], { set: patched, get: () => undefined, configurable: true });
      }
      JSON.parse = Object.defineProperty = globalThis.eval = undefined;
      print(require('./lib/a.js').a, require('./lib/b.json')[0]);
    `,
    'lib/a.js': `exports.a = 1;`,
    'lib/b.json': '[2]',
  });
  expect(lines).toEqual(['1 2']);
});

describe('Script.include', () => {
  test('evaluates in the global scope, each file once, from where it stands', async () => {
    const lines = await linesOf({
      'main.js': `Script.include(['lib/a.js', './lib/deep/b.js']); Script.include('lib/a.js'); print(shared, typeof other);`,
      'lib/a.js': `print('a'); var shared = 1; Script.include('deep/b.js');`,
      'lib/deep/b.js': `print('b'); function other() {}`,
    });
    expect(lines).toEqual(['a', 'b', '1 function']);
  });

  test('reports what goes wrong, goes on, and calls back', async () => {
    const folder = folderWith({
      'main.js': `Script.include(['lib/none.js', 'lib/bad.js', 'lib/a.js'], () => { print('called back'); Script.stop(); }); print('first');`,
      'lib/bad.js': 'null.x;',
      'lib/a.js': `print('a');`,
    });
    const { errors, lines, script } = await runIn(folder);
    await script.ended;
    expect(lines).toEqual(['a', 'first', 'called back']);
    expect(errors.map(({ message }) => message)).toEqual([
      "Error: Script.include 'lib/none.js': there is no 'lib/none.js'",
      "TypeError: Cannot read properties of null (reading 'x')",
    ]);
  });
});

async function serve(listener: RequestListener): Promise<{ readonly url: string; readonly port: number }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterThisTest(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}` };
}

/** Serves modules by their path; a value that is a number is a redirect's. */
async function serveModules(modules: Readonly<Record<string, string | readonly [number, string]>>): Promise<{ readonly url: string; readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = await serve(({ url = '' }, response) => {
    asked.push(url);
    const module = modules[url];
    if (typeof module === 'object') {
      response.writeHead(module[0], { location: module[1] }).end('elsewhere');
    } else {
      response.writeHead(module === undefined ? 404 : 200).end(module ?? 'nothing here');
    }
  });
  return { ...server, asked };
}

describe('modules over http, in a process of their own', () => {
  const run = async (source: string, permissions: RunOptions['permissions'], options: Partial<RunOptions> = {}): Promise<ObservedScript & Pick<ObservedHost, 'log'>> => {
    const host = await startHost('owner');
    return { ...(await host.run({ name: 'main.js', source, permissions, ...options })), log: host.log };
  };

  test('are fetched, and those that they require from where they came', async () => {
    const { asked, url } = await serveModules({ '/a.js': `exports.b = require('./lib/b.ts').b;`, '/lib/b.ts': `exports.b = 2 as number;` });
    const { line } = await run(`print(require('${url}/a.js').b, require('${url}/a.js').b)`, { import: ['127.0.0.1'] });
    await line('2 2');
    expect(asked).toEqual(['/a.js', '/lib/b.ts']);
  });

  test('may be as large as the limit', async () => {
    const { url } = await serveModules({ '/large.js': `exports.text = '${'\u00e4'.repeat(1_500_000)}';` });
    const { line } = await run(`print(require('${url}/large.js').text.length)`, { import: true });
    await line('1500000');
  });

  test('are denied without a permission, which the log names', async () => {
    const { asked, port, url } = await serveModules({ '/a.js': '' });
    const { line, log } = await run(thrown(`require('${url}/a.js')`), { connect: true, import: ['example.com'] });
    expect(await line(/./)).toBe(
      `ERR_AIRLOCK_IMPORT_DENIED Error: Cannot find module '${url}/a.js': importing from 127.0.0.1:${port} is not permitted (permission import)`,
    );
    expect(log.map(({ message }) => message)).toEqual([expect.stringMatching(/; allow it with --allow-import=127\.0\.0\.1:\d+$/)]);
    expect(asked).toEqual([]);
  });

  test.each([
    ['that leads to a private address', ['*'], 'http://localhost:8080/a.js', 'ERR_AIRLOCK_ADDRESS_DENIED'],
    ['of a metadata service', ['*'], 'http://169.254.169.254/latest', 'ERR_AIRLOCK_ADDRESS_DENIED'],
    ['without TLS, where TLS is asked for', ['https://127.0.0.1'], 'http://127.0.0.1/a.js', 'ERR_AIRLOCK_IMPORT_DENIED'],
    ['at a port of another protocol', true, 'http://127.0.0.1:25/', 'ERR_AIRLOCK_PORT_BLOCKED'],
  ])('are denied from a host %s', async (_what, hosts, url, code) => {
    const { line } = await run(thrown(`require('${url}')`), { import: hosts });
    expect(await line(/./)).toMatch(new RegExp(`^${code} `));
  });

  test('follow redirects, each of which is checked', async () => {
    const { port, url } = await serveModules({
      '/a.js': [302, '/b/c.js'],
      '/b/c.js': `exports.from = __filename;`,
      '/private.js': [307, 'http://127.0.0.2:8080/'],
      '/file.js': [301, 'file:///etc/passwd'],
      '/loop.js': [302, '/loop.js'],
    });
    const ask = ['a', 'private', 'file', 'loop'].map((name) =>
      name === 'a' ? `print(require('${url}/a.js').from);` : thrown(`require('${url}/${name}.js')`),
    );
    const { line, lines } = await run(`${ask.join('\n')}\nprint('end');`, { import: [`127.0.0.1:${port}`] });
    await line('end');
    expect(lines.slice(0, -1)).toEqual([
      `${url}/b/c.js`,
      expect.stringContaining('ERR_AIRLOCK_IMPORT_DENIED'),
      expect.stringContaining('it is redirected to what is no address of a module'),
      expect.stringContaining('it is redirected more than 5 times'),
    ]);
  });

  test('say why they could not be had', async () => {
    const { url } = await serveModules({ '/large.js': ' '.repeat(5000) });
    const { line, lines } = await run(
      `${thrown(`require('${url}/none.js')`)} ${thrown(`require('${url}/large.js')`)} ${thrown(`require('http://127.0.0.1:1024/')`)} print('end');`,
      { import: true },
      { limits: { moduleBytes: 1000 } },
    );
    await line('end');
    expect(lines.slice(0, -1)).toEqual([
      expect.stringContaining(`${url}/none.js could not be loaded: the server answered with the HTTP status 404`),
      expect.stringContaining('the limit moduleBytes is 1000'),
      expect.stringContaining('http://127.0.0.1:1024/ could not be loaded: connection refused'),
    ]);
  });

  test('that never come cost the turn half of its time, and nobody outside of the cell any', async () => {
    const { url } = await serve(() => {});
    const { line } = await run(thrown(`require('${url}/a.js')`), { import: true }, { limits: { turnTimeout: 1001 } });
    expect(await line(/./)).toContain(`${url}/a.js could not be loaded: it took too long`);
  });

  test('are waited for no longer when the script is stopped', async () => {
    const asked = Promise.withResolvers<void>();
    const { url } = await serve(() => asked.resolve());
    const { script } = await run(`require('${url}/a.js')`, { import: true }, { limits: { turnTimeout: 60_000, stopTimeout: 100 } });
    await asked.promise;
    expect(await script.stop()).toMatchObject({ reason: 'stopped' });
  });
});

test('a script in the process of its host loads modules from files only', async () => {
  const { line } = await (await startHost()).run({ source: thrown(`require('http://127.0.0.1:8080/a.js')`), permissions: { import: true } });
  expect(await line(/./)).toContain('a script in the process of its host can load modules from files only');
});
