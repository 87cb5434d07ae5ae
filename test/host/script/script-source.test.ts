import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { loadSource } from '../../../host/script/script-source.ts';
import { folderWith } from '../../support/command.ts';
import { afterThisTest } from '../../support/sockets.ts';

const LIMIT = 1000;

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  afterThisTest(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a source', () => {
  test('as text is called script.js and has no address', async () => {
    expect(await loadSource({ source: 'print(1)' }, undefined, LIMIT)).toEqual({
      source: 'print(1)',
      name: 'script.js',
      url: 'about:blank',
    });
  });

  test('from a file, by path or by URL, is called as the file is', async () => {
    const path = join(folderWith({ 'a b.js': '\ufeffprint("€")' }), 'a b.js');
    const loaded = { source: 'print("€")', name: 'a b.js', url: pathToFileURL(path).href };
    expect(await loadSource({ file: path }, undefined, LIMIT)).toEqual(loaded);
    expect(await loadSource({ url: pathToFileURL(path).href }, undefined, LIMIT)).toEqual(loaded);
  });

  test('from HTTP is called as the last part of its path', async () => {
    const origin = await serve((_request, response) => response.end('print("€")'));
    expect(await loadSource({ url: `${origin}/folder/chat.js?v=2` }, undefined, LIMIT)).toEqual({
      source: 'print("€")',
      name: 'chat.js',
      url: `${origin}/folder/chat.js?v=2`,
    });
    expect(await loadSource({ url: origin }, undefined, LIMIT)).toMatchObject({ name: new URL(origin).host });
  });

  test.each(['ts', 'mts', 'cts'])('in TypeScript (.%s) loses its types, and nothing moves', async (ending) => {
    const path = join(folderWith({ [`typed.${ending}`]: 'const n: number = 1;\nprint(n as unknown);\n' }), `typed.${ending}`);
    const { source } = await loadSource({ file: path }, undefined, LIMIT);
    expect(source.split('\n').map((line) => line.length)).toEqual([20, 20, 0]);
    expect(source).not.toMatch(/number|unknown/);
  });

  test('in JavaScript is left as it is', async () => {
    const path = join(folderWith({ 'plain.js': 'const n: number = 1;' }), 'plain.js');
    expect((await loadSource({ file: path }, undefined, LIMIT)).source).toBe('const n: number = 1;');
  });
});

describe('a source is refused', () => {
  test.each([
    [{}, 'ERR_AIRLOCK_INVALID_ARGUMENT', 'exactly one of source, file and url'],
    [{ source: 'a', url: 'http://127.0.0.1/' }, 'ERR_AIRLOCK_INVALID_ARGUMENT', 'exactly one of source, file and url'],
    [{ url: 'data:text/javascript,1' }, 'ERR_AIRLOCK_INVALID_ARGUMENT', 'is not an address of a script'],
    [{ url: 'chat.js' }, 'ERR_AIRLOCK_INVALID_ARGUMENT', 'is not an address of a script'],
    [{ url: 'file:///a%2Fb.js' }, 'ERR_AIRLOCK_INVALID_ARGUMENT', "'file:///a%2Fb.js' names no file"],
    [{ source: ' \n\t' }, 'ERR_AIRLOCK_SCRIPT_EMPTY', 'script.js is empty'],
    [{ file: 'no/such.js' }, 'ERR_AIRLOCK_SCRIPT_NOT_FOUND', 'Cannot read no/such.js: there is no such file'],
  ])('%j: %s', async (origin, code, message) => {
    await expect(loadSource(origin, undefined, LIMIT)).rejects.toMatchObject({
      name: 'AirlockError',
      code,
      message: expect.stringContaining(message),
    });
  });

  test('of more bytes than it may have', async () => {
    await expect(loadSource({ source: '€'.repeat(334) }, undefined, LIMIT)).rejects.toMatchObject({
      code: 'ERR_AIRLOCK_SCRIPT_TOO_LARGE',
      message: 'the source is larger than 1000 bytes: it has 1002 bytes or more; see the limit scriptBytes',
    });
  });

  test('where the file is a folder, or larger than the limit', async () => {
    const folder = folderWith({ 'large.js': ' '.repeat(LIMIT + 1), 'just.js': '1'.repeat(LIMIT) });
    mkdirSync(join(folder, 'folder.js'));
    const load = (name: string): Promise<unknown> => loadSource({ file: join(folder, name) }, undefined, LIMIT);
    await expect(load('folder.js')).rejects.toMatchObject({ code: 'ERR_AIRLOCK_SCRIPT_NOT_FOUND' });
    await expect(load('large.js')).rejects.toMatchObject({ code: 'ERR_AIRLOCK_SCRIPT_TOO_LARGE' });
    expect(await load('just.js')).toMatchObject({ name: 'just.js' });
  });

  test('where TypeScript does not parse, by the name of the script and the place in it', async () => {
    const path = join(folderWith({ 'bad.ts': 'let a: number;\nlet b = ;' }), 'bad.ts');
    await expect(loadSource({ file: path }, undefined, LIMIT)).rejects.toMatchObject({
      code: 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED',
      message: expect.stringMatching(/^bad\.ts:2:9: \w/),
    });
  });

  test.each<[string, RequestListener, string, string]>([
    ['is not there', (_request, response) => response.writeHead(404).end(), 'ERR_AIRLOCK_SCRIPT_FETCH_FAILED', 'HTTP status 404'],
    [
      'is elsewhere',
      (_request, response) => response.writeHead(302, { Location: '/other.js' }).end(),
      'ERR_AIRLOCK_SCRIPT_FETCH_FAILED',
      'HTTP status 302',
    ],
    ['breaks off', (request) => request.socket.destroy(), 'ERR_AIRLOCK_SCRIPT_FETCH_FAILED', 'Cannot fetch http://127.0.0.1:'],
    [
      'has no end',
      (_request, response) => {
        const more = setInterval(() => response.write('x'.repeat(500)), 1);
        response.on('close', () => clearInterval(more));
      },
      'ERR_AIRLOCK_SCRIPT_TOO_LARGE',
      'is larger than 1000 bytes',
    ],
  ])('where what is fetched %s', async (_what, listener, code, message) => {
    const origin = await serve(listener);
    await expect(loadSource({ url: `${origin}/a.js` }, undefined, LIMIT)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});
