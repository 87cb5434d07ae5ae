import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { ScriptError, ScriptHost, type RunOptions } from '../../host/index.ts';
import { temporaryFolder } from '../support/folders.ts';
import { runServer, startHost } from '../support/host.ts';
import { afterThisTest } from '../support/sockets.ts';

describe('ScriptHost.run', () => {
  test.each<[string, unknown, string]>([
    ['no source', {}, 'Give a script by exactly one of source, file and url, as a string'],
    ['two sources', { source: '1', file: 'a.js' }, 'Give a script by exactly one of source, file and url, as a string'],
    ['an unknown option', { source: '1', colour: 'red' }, 'host.run: Unrecognized key: "colour"'],
    ['an unknown type', { source: '1', type: 'robot' }, "There is no script type 'robot'; there are interface, avatar, client-entity, server-entity, assignment-client"],
    ['a baseUrl that is relative', { source: '1', baseUrl: '/x' }, 'host.run: baseUrl: must be a whole http:, https:, ws: or wss: URL, as https://example.com/'],
    ['a baseUrl of a file', { source: '1', baseUrl: 'file:///x' }, 'host.run: baseUrl: must be a whole http:, https:, ws: or wss: URL, as https://example.com/'],
    ['an unknown dialect', { source: '1', dialect: 'latin' }, 'host.run: dialect: Invalid option: expected one of "overte"|"web"'],
    ['a name that would break a log', { source: '1', name: 'a\nb' }, 'host.run: name: must not hold control characters'],
    ['an unknown limit', { source: '1', limits: { legs: 4 } }, "There is no limit 'legs'; there are memory, resizableMemory"],
    ['a limit out of bounds', { source: '1', limits: { memory: 1 } }, 'The limit memory must be a whole number from 8 to 4096, not 1'],
    ['an unknown permission', { source: '1', permissions: { fly: true } }, "permissions.fly: there is no permission 'fly'; there are connect, listen, headers, read, import, env"],
    ['a header that cannot be permitted', { source: '1', permissions: { headers: ['host'] } }, "permissions.headers[0]: 'host' is not a rule for headers: write cookie or origin"],
    ['a check of TLS turned off', { source: '1', tls: { rejectUnauthorized: false } }, 'host.run: tls: Unrecognized key: "rejectUnauthorized"'],
    ['an old version of TLS', { source: '1', tls: [{ minVersion: 'TLSv1.1' }] }, 'host.run: tls: 0.minVersion: Invalid option: expected one of "TLSv1.2"|"TLSv1.3"'],
    ['a key without a certificate', { source: '1', tls: { key: 'a.pem' } }, 'host.run: tls: cert and key are given together'],
    ['a TLS rule for no host', { source: '1', tls: { hosts: ['https://a/'] } }, "tls.hosts: 'https://a/' is not a host pattern"],
    ['an authority that cannot be read', { source: '1', tls: { ca: 'no/such.pem' } }, 'tls.ca: cannot read no/such.pem: there is no such file'],
    ['TLS of another kind', { source: '1', tls: 'strict' }, 'host.run: tls: must be an object or a list of objects'],
    ['a proxy, which is the host\'s business', { source: '1', proxy: {} }, 'host.run: Unrecognized key: "proxy"'],
    ['an empty source', { source: ' \n', name: 'void.js' }, 'void.js is empty'],
    ['a source over its limit', { source: 'x'.repeat(100), limits: { scriptBytes: 99 } }, 'the source is larger than 99 bytes: it has 100 bytes or more; see the limit scriptBytes'],
    ['a missing file', { file: 'no/such.js' }, 'Cannot read no/such.js: there is no such file'],
    ['a folder', { file: '/' }, '/ is not a file'],
    ['an address of another kind', { url: 'ftp://127.0.0.1/a.js' }, "'ftp://127.0.0.1/a.js' is not an address of a script: give an http:, https: or file: URL"],
  ])('refuses %s and says why', async (_what, options, message) => {
    const { host } = await startHost();
    await expect(host.run(options as RunOptions)).rejects.toThrow(message);
    expect(host.scripts).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['a proxy of another kind', { proxy: 'http://proxy.example' }, 'ScriptHost.start: proxy: must be false, "environment" or an object of http, https, noProxy and resolve'],
    ['a proxy that is no address', { proxy: { http: 'proxy' } }, 'proxy.http is not the address of a proxy'],
    ['TLS files that are not there', { tls: { cert: 'a.pem', key: 'b.pem' } }, 'tls.cert: cannot read a.pem: there is no such file'],
  ])('is not there where the host is given %s', async (_what, options, message) => {
    await expect(ScriptHost.start(options as never)).rejects.toThrow(message);
  });

  test('refuses to run anything after stop()', async () => {
    const { host } = await startHost();
    await host.stop();
    await expect(host.run({ source: '1' })).rejects.toMatchObject({ code: 'ERR_AIRLOCK_HOST_STOPPED' });
  });

  test('loads a script from http, and TypeScript from a file', async () => {
    const observed = await startHost();
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/missing.js' ? 404 : 200;
      response.end(`print('loaded from', Script.resolvePath('other.js'));`);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const fetched = await observed.run({ url: `http://127.0.0.1:${port}/folder/script.js` });
    await fetched.line(`loaded from http://127.0.0.1:${port}/folder/other.js`);
    expect(fetched.script.name).toBe('script.js');
    await expect(observed.run({ url: `http://127.0.0.1:${port}/missing.js` })).rejects.toThrow(
      `Cannot fetch http://127.0.0.1:${port}/missing.js: HTTP status 404`,
    );
    server.close();

    const folder = temporaryFolder();
    await writeFile(join(folder, 'typed.ts'), 'const count: number = 3;\nprint(count satisfies number);\nnull!.x;\n');
    const typed = await observed.run({ file: join(folder, 'typed.ts') });
    await typed.script.ended;
    expect(typed.lines).toEqual(['3']);
    expect(typed.errors[0]?.position).toEqual({ file: 'typed.ts', line: 3, column: 7 });
  });

  test('gives a listener that is added at once every line and every error', async () => {
    const { host } = await startHost('owner');
    const script = await host.run({ source: `print('first'); throw new RangeError('at once');`, name: 'eager.js' });
    const lines: string[] = [];
    script.on('print', ({ text }) => lines.push(text));
    const [error] = (await once(script, 'error')) as unknown as [ScriptError];
    expect(lines).toEqual(['first']);
    expect(error).toBeInstanceOf(ScriptError);
    expect(error).toMatchObject({
      code: 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED',
      script: 'eager.js',
      message: 'RangeError: at once',
      position: { file: 'eager.js', line: 1, column: 23 },
    });
    expect(await script.ended).toMatchObject({ reason: 'fault', error });
  });

  test('does not end the host where nobody listens to a script error', async () => {
    const { host } = await startHost();
    const script = await host.run({ source: 'throw 1' });
    expect((await script.ended).reason).toBe('fault');
  });
});

describe('the base of relative addresses', () => {
  test('is baseUrl; Script.resolvePath counts from the script itself', async () => {
    const host = await startHost();
    const { lines, script } = await host.run({
      source: "const ws = new WebSocket('room'); print(ws.url); ws.close(); print(Script.resolvePath('')); Script.stop();",
      baseUrl: 'https://example.com/chat/',
    });
    await script.ended;
    expect(lines).toEqual(['wss://example.com/chat/room', 'about:blank']);
  });
});

describe('a script ends', () => {
  const SOURCE = `
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.newConnection.connect((socket) => {
      print('connected');
      Script.scriptEnding.connect(() => { print('ending', socket.readyState); socket.send('bye'); });
      socket.onclose = () => print('never told');
    });
    Script.setInterval(() => {}, 1);
    Script.scriptEnding.connect(() => Script.setTimeout(() => print('never fires'), 1));
    print('port', server.port);
  `;

  test.each(['owner', 'in-process'] as const)('in order: scriptEnding, then its sockets with 1001 (%s)', async (cells) => {
    const host = await startHost(cells);
    const server = await runServer(host, SOURCE);
    const client = new WebSocket(`ws://127.0.0.1:${server.port}`);
    const closed = once(client, 'close');
    const said = once(client, 'message');
    await server.line('connected');
    expect(await server.script.stop()).toMatchObject({ reason: 'stopped' });
    expect(server.lines).toEqual([`port ${server.port}`, 'connected', 'ending 1']);
    expect(String((await said)[0])).toBe('bye');
    expect((await closed)[0]).toBe(1001);
    expect(server.script.idle).toBe(true);
  });

  test('with its sockets closed with 1011 where it ends by a fault', async () => {
    const host = await startHost();
    const server = await runServer(
      host,
      `
        const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
        server.newConnection.connect((socket) => { socket.onmessage = () => { for (;;); }; });
        print('port', server.port);
      `,
      { limits: { turnTimeout: 50 } },
    );
    const client = new WebSocket(`ws://127.0.0.1:${server.port}`);
    await once(client, 'open');
    client.send('loop');
    const [code] = (await once(client, 'close')) as [number];
    expect(code).toBe(1011);
    expect((await server.script.ended).error).toMatchObject({
      code: 'ERR_AIRLOCK_TURN_TIMEOUT',
      message: expect.stringMatching(/^ran for more than 50 ms in one turn, at server.js:3:\d+; raise it with --limit turnTimeout=100$/),
      position: { file: 'server.js', line: 3 },
    });
  });

  test('at once where it never ran a turn', async () => {
    const { host } = await startHost();
    const script = await host.run({ source: `print('never')` });
    expect(await script.stop()).toMatchObject({ reason: 'stopped' });
  });

  test('though scriptEnding takes longer than it may', async () => {
    const host = await startHost('owner');
    const script = await host.run({
      source: `Script.scriptEnding.connect(() => { for (;;); }); print('up');`,
      limits: { stopTimeout: 100, turnTimeout: 1000 },
    });
    await script.line('up');
    expect(await script.script.stop()).toMatchObject({ reason: 'stopped', limit: { message: 'took more than 100 ms to end' } });
  });
});

describe('host.stop()', () => {
  test('ends every script, and is the same promise when it is called again', async () => {
    const { host, run } = await startHost('owner');
    const scripts = await Promise.all([1, 2, 3].map(() => run({ source: `setInterval(() => {}, 1000)` })));
    const stopped = host.stop();
    expect(host.stop()).toBe(stopped);
    await stopped;
    expect(await Promise.all(scripts.map(({ script }) => script.ended))).toMatchObject(
      scripts.map(() => ({ reason: 'stopped' })),
    );
    expect(host.scripts).toEqual([]);
  });
});

test('host.stop() refuses a script that is being loaded, though other scripts still end', async () => {
  const { host, run } = await startHost('owner');
  const { line } = await run({ source: `Script.scriptEnding.connect(() => print('ending')); print('up');` });
  await line('up');
  const loading = host.run({ source: 'setInterval(() => {}, 1000)' });
  const stopped = host.stop();
  await expect(loading).rejects.toMatchObject({ code: 'ERR_AIRLOCK_HOST_STOPPED' });
  await stopped;
  expect(host.scripts).toEqual([]);
});

describe('idle', () => {
  test('is told also where the last script could not be started, after the others had become idle', async () => {
    const { host, run } = await startHost();
    const missing = createServer((_request, response) => {
      // Answered only when the first script has nothing to do any more.
      void first.line('done').then(() => setImmediate(() => setImmediate(() => response.writeHead(404).end())));
    });
    await once(missing.listen(0, '127.0.0.1'), 'listening');
    const { port } = missing.address() as AddressInfo;
    const first = await run({ source: `print('done')` });
    await expect(host.run({ url: `http://127.0.0.1:${port}/late.js` })).rejects.toThrow('HTTP status 404');
    await once(host, 'idle');
    missing.close();
  });

  test('is told when no script has a socket, a server or a timer', async () => {
    const { host, run } = await startHost();
    const idle = once(host, 'idle');
    await run({ source: `setTimeout(() => print('done'), 20)` });
    const server = await run({
      type: 'assignment-client',
      source: `const server = new WebSocketServer({ host: '127.0.0.1' }); setTimeout(() => server.close(), 30);`,
    });
    expect(server.script.idle).toBe(false);
    await idle;
    expect(host.scripts.map(({ idle: isIdle }) => isIdle)).toEqual([true, true]);
  });
});

test('ScriptHost.start refuses unknown options', async () => {
  await expect(ScriptHost.start({ isolation: 'paper' as 'owner' })).rejects.toThrow(
    'ScriptHost.start: isolation: Invalid option: expected one of "owner"|"script"|"context"|"in-process"',
  );
});

describe('the option cells', () => {
  test.each([
    ['process', { cells: 'process' }, 'owner'],
    ['in-process', { cells: 'in-process' }, 'in-process'],
    ['process, and an isolation of that kind', { cells: 'process', isolation: 'script' }, 'script'],
  ] as const)('%s', async (_what, options, isolation) => {
    const host = await ScriptHost.start(options);
    afterThisTest(() => void host.stop());
    const script = await host.run({ source: "print('here')" });
    expect(await once(script, 'print')).toMatchObject([{ text: 'here' }]);
    expect(script.isolation).toBe(isolation);
  });

  test.each([
    [{ cells: 'threads' as 'process' }, 'ScriptHost.start: cells: Invalid option: expected one of "process"|"in-process"'],
    [{ cells: 'in-process', isolation: 'owner' }, 'ScriptHost.start: cells: it contradicts isolation; leave one of them out'],
    [{ cells: 'process', isolation: 'in-process' }, 'ScriptHost.start: cells: it contradicts isolation; leave one of them out'],
  ] as const)('%j is refused', async (options, message) => {
    await expect(ScriptHost.start(options)).rejects.toMatchObject({ code: 'ERR_AIRLOCK_INVALID_ARGUMENT', message });
  });
});

test('a permitted name that leads to a private address is told to the operator with the flag, to the script without the address', async () => {
  const { log, run } = await startHost();
  const client = await run({
    name: 'client.js',
    permissions: { connect: ['*:8009'] },
    source: `
      const socket = new WebSocket('ws://localhost:8009/');
      socket.onerror = (error, { message }) => { print(error, message); Script.stop(); };
    `,
  });
  await client.script.ended;
  expect(client.lines).toEqual([
    "3 WebSocket connection to 'ws://localhost:8009/' failed: localhost leads to an address that is not public; permit that address itself (permission connect)",
  ]);
  expect(log).toMatchObject([
    {
      level: 'warning',
      script: 'client.js',
      code: 'ERR_AIRLOCK_ADDRESS_DENIED',
      message: expect.stringMatching(
        /^localhost leads to (127\.0\.0\.1|::1), which is not public; allow it with --allow-connect=(127\.0\.0\.1|\[::1\]):8009$/,
      ),
    },
  ]);
});

describe('every event', () => {
  test('says of which script it is, whose that is, and when it happened', async () => {
    const { log, run } = await startHost();
    const source = "print('up'); setTimeout(() => { throw new Error('oh'); }, 1); new WebSocket('ws://10.0.0.1'); setTimeout(() => Script.stop(), 50);";
    const began = Date.now() - 60_000;
    const first = await run({ source, owner: 'ann' });
    const printed = once(first.script, 'print');
    const error = once(first.script, 'error');
    const second = await run({ source, owner: 'ann' });
    const end = await first.script.ended;
    await second.script.ended;
    const origin = { script: first.script.name, owner: 'ann', id: first.script.id };
    for (const event of [(await printed)[0], (await error)[0], end, log.find(({ id }) => id === first.script.id)]) {
      expect(event).toMatchObject({ ...origin, time: expect.any(Number) });
      expect(event.time).toBeGreaterThan(began);
    }
    expect(second.script.id).not.toBe(first.script.id);
    expect(log.some(({ id }) => id === second.script.id)).toBe(true);
  });
});

test('a host is made by ScriptHost.start alone, and ends with its block', async () => {
  expect(() => new (ScriptHost as unknown as new () => ScriptHost)()).toThrow(expect.objectContaining({ code: 'ERR_AIRLOCK_INVALID_ARGUMENT' }));
  let script;
  {
    await using block = await ScriptHost.start({ isolation: 'in-process' });
    script = await block.run({ source: 'setInterval(() => {}, 1e6)' });
  }
  expect(await script.ended).toMatchObject({ reason: 'stopped' });
});
