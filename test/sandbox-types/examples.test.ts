import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { ScriptType, TlsOptions } from '../../host/index.ts';
import { certificateAuthority } from '../support/certificates.ts';
import { openClient, type TestClient } from '../support/sockets.ts';
import { startHost, type ObservedHost, type ObservedScript } from '../support/host.ts';
import { ROOT, checkProject } from './type-check.ts';

const EXAMPLES = join(ROOT, 'scripts-examples');

/** The folder of each kind of script. An avatar script is an interface script that starts and ends otherwise. */
const FOLDERS: Readonly<Partial<Record<ScriptType, string>>> = {
  'interface': 'interface',
  'client-entity': 'entity/client',
  'server-entity': 'entity/server',
  'assignment-client': 'assignment-client',
};

const examples = Object.entries(FOLDERS).flatMap(([type, folder]) =>
  globSync('*.{js,ts}', { cwd: join(EXAMPLES, folder) }).map((name) => ({ type, file: `${folder}/${name}` })),
);

describe('the examples', () => {
  test.each(Object.entries(FOLDERS))('of the type %s agree with its types', async (type, folder) => {
    const { files } = JSON.parse(readFileSync(join(EXAMPLES, folder, 'tsconfig.json'), 'utf8')) as { files: string[] };
    expect(files.map((file) => join(EXAMPLES, folder, file))).toEqual([join(ROOT, `sandbox-types/${type}.d.ts`)]);
    expect(await checkProject(join(EXAMPLES, folder))).toBe('');
  });

  test('stand in these folders, so that none goes unchecked', () => {
    const all = globSync('**/*.{js,ts}', { cwd: EXAMPLES });
    expect(all.map((file) => file.replaceAll('\\', '/')).sort()).toEqual(examples.map(({ file }) => file).sort());
  });

  test.each(examples)('$file says by which command it is run', ({ file, type }) => {
    const [header] = /^\/\*\*.*?\*\//s.exec(readFileSync(join(EXAMPLES, file), 'utf8')) ?? [];
    expect(header).toContain(`airlock run scripts-examples/${file} ${type === 'interface' ? '' : `--type ${type} `}`);
    expect(header).toMatch(/ --allow-(connect|listen)=/);
  });
});

/** Runs one of the examples. */
async function startExample(
  host: ObservedHost,
  file: string,
  type: ScriptType,
  ...args: readonly string[]
): Promise<ObservedScript> {
  return host.run({ file: join(EXAMPLES, file), name: basename(file), type, args });
}

type Guest = (host: ObservedHost, url: string) => Promise<ObservedScript>;

describe('the chat', () => {
  const guests: Readonly<Record<'interface' | 'entity', Guest>> = {
    interface: (host, url) => startExample(host, 'interface/chat-client.js', 'interface', url),
    entity: (host, url) => startExample(host, 'entity/client/chat-entity.js', 'client-entity', url),
  };
  const goodbyes = { interface: '1000 good night', entity: '3001 the entity sleeps' };

  async function startServer(host: ObservedHost): Promise<ObservedScript & { url: string }> {
    const server = await startExample(host, 'assignment-client/chat-server.js', 'assignment-client');
    const first = await server.line(/./);
    expect(first).toMatch(/^listening on ws:\/\/127\.0\.0\.1:\d+$/);
    return { ...server, url: first.slice('listening on '.length) };
  }

  test.each([
    ['interface', 'entity'],
    ['entity', 'interface'],
  ] as const)('comes to its end when %s comes before %s', async (first, second) => {
    const host = await startHost('owner');
    const server = await startServer(host);
    const one = await guests[first](host, server.url);
    await server.line(`${first} joined`);
    const other = await guests[second](host, server.url);
    expect([await one.script.ended, await other.script.ended]).toMatchObject([{ reason: 'stopped' }, { reason: 'stopped' }]);
    expect(one.lines.at(-1)).toBe(`closed with ${goodbyes[first]}`);
    expect(other.lines.at(-1)).toBe(`closed with ${goodbyes[second]}`);
    await server.line(`${second} left with ${goodbyes[second]}`);
    // The text of each line is the guests' own business.
    expect(server.lines.slice(1).map((line) => line.replace(/:.*/, ': ...'))).toEqual([
      `${first} joined`,
      `${second} joined`,
      ...[first, second, first, second, first, second].map((speaker) => `${speaker}: ...`),
      `${first} left with ${goodbyes[first]}`,
      `${second} left with ${goodbyes[second]}`,
    ]);
    expect([...server.errors, ...one.errors, ...other.errors]).toEqual([]);
  });

  test('ends for both when they come at the same time', async () => {
    const host = await startHost();
    const { url } = await startServer(host);
    const both = await Promise.all([guests.interface(host, url), guests.entity(host, url)]);
    expect(await Promise.all(both.map(({ script }) => script.ended))).toMatchObject([{ reason: 'stopped' }, { reason: 'stopped' }]);
  });

  test('does not let two guests have one name', async () => {
    const host = await startHost();
    const server = await startServer(host);
    await guests.entity(host, server.url);
    await server.line('entity joined');
    const { lines, script } = await guests.entity(host, server.url);
    await script.ended;
    expect(lines.at(-1)).toBe('closed with 3011 the name is taken');
  });

  test('sends away who does not keep to the protocol', async () => {
    const host = await startHost();
    const { url } = await startServer(host);
    for (const wrong of ['"hello"', '\'{"say":"nobody yet"}\'', "'null'", 'new Uint8Array(3)', '\'{"join":""}\'']) {
      const stranger = await host.run({
        source: `
          const socket = new WebSocket('${url}');
          socket.onopen = () => socket.send(${wrong});
          socket.onclose = ({ code, reason }) => print(code, reason);`,
      });
      expect(await stranger.line(/./)).toMatch(
        wrong.includes('join') ? '3010 a name has 1 to 32 characters' : '1008 send your name, then what you say',
      );
    }
  });
});

/** Starts an example that says where it listens. */
async function startServerExample(host: ObservedHost, file: string): Promise<ObservedScript & { readonly url: string }> {
  const server = await startExample(host, file, 'assignment-client');
  return { ...server, url: (await server.line(/^listening on ws:/)).slice('listening on '.length) };
}

/** The next messages that a client gets, as text. */
async function next({ owner }: TestClient, count: number): Promise<string[]> {
  await owner.received(count);
  return owner.messages.splice(0, count).map(String);
}

function say({ connection }: TestClient, text: string): void {
  connection.send('sendText', text, 0, text.length);
  connection.flush();
}

describe('the chat rooms', () => {
  test('let everybody hear what is said in the own room, and who comes and goes', async () => {
    const host = await startHost('owner');
    const server = await startServerExample(host, 'assignment-client/chat-rooms.js');
    const ada = openClient(`${server.url}/lobby?name=Ada`);
    expect(await next(ada, 1)).toEqual(['Ada has come to lobby']);
    const bob = openClient(`${server.url}/lobby?name=Bob`);
    expect(await next(bob, 1)).toEqual(['Bob has come to lobby']);
    const eve = openClient(`${server.url}/garden?name=Eve`);
    expect(await next(eve, 1)).toEqual(['Eve has come to garden']);
    say(ada, 'Hello.');
    expect(await next(bob, 1)).toEqual(['Ada: Hello.']);
    say(bob, '/room garden');
    expect(await next(eve, 1)).toEqual(['Bob has come to garden']);
    say(bob, '/rooms');
    expect(await next(bob, 2)).toEqual(['Bob has come to garden', '2 in garden, 3 in all']);
    expect(await next(ada, 2)).toEqual(['Bob has come to lobby', 'Bob has left lobby']);
    bob.connection.close(1000, '');
    expect(await next(eve, 1)).toEqual(['Bob has left garden']);
    await server.line('Bob has gone');
    expect(server.errors).toEqual([]);
  });

  test.each(['/lobby', '/?name=Ada', '/lobby?name=A%20B'])('turn away who does not say room and name: %s', async (path) => {
    const { url } = await startServerExample(await startHost(), 'assignment-client/chat-rooms.js');
    const { owner } = openClient(url + path);
    expect(await owner.first('closed')).toEqual(['closed', 1008, 'connect to /ROOM?name=NAME', true]);
  });
});

describe('the presence server', () => {
  const SINCE = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
  const parse = (texts: readonly string[]): unknown[] => texts.map((text) => JSON.parse(text) as unknown);

  test('tells who is there, and each change', async () => {
    const host = await startHost('owner');
    const server = await startServerExample(host, 'assignment-client/presence.js');
    const ada = openClient(`${server.url}/?user=Ada`);
    expect(parse(await next(ada, 1))).toEqual([{ present: [{ user: 'Ada', status: 'here', since: SINCE }] }]);
    say(ada, '{ "status": "away" }');
    say(ada, '{ "status": "away" }');
    const bob = openClient(`${server.url}/?user=Bob`);
    expect(parse(await next(bob, 1))).toEqual([
      { present: [{ user: 'Ada', status: 'away', since: SINCE }, { user: 'Bob', status: 'here', since: SINCE }] },
    ]);
    expect(parse(await next(ada, 1))).toEqual([{ changed: { user: 'Bob', status: 'here', since: SINCE } }]);
    say(bob, '{ "status": "busy" }');
    expect(parse(await next(ada, 1))).toEqual([{ changed: { user: 'Bob', status: 'busy', since: SINCE } }]);
    ada.connection.close(1000, '');
    expect(parse(await next(bob, 1))).toEqual([{ gone: 'Ada' }]);
    await server.line('Ada has gone, as away');
    say(bob, '{ "status": "asleep" }');
    expect(await bob.owner.first('closed')).toEqual(['closed', 1008, 'send a status: here, away, busy', true]);
    expect(server.errors).toEqual([]);
  });
});

describe('the echo server and its client', () => {
  test('give back what was sent, of every kind', async () => {
    const host = await startHost('owner');
    const server = await startExample(host, 'entity/server/echo-server-entity.js', 'server-entity');
    const url = (await server.line(/^echoing on ws:/)).slice('echoing on '.length);
    const client = await startExample(host, 'interface/binary.js', 'interface', url);
    expect(await client.script.ended).toMatchObject({ reason: 'stopped' });
    expect(client.lines).toEqual([
      'a text comes back as the text "grüß dich"',
      'an ArrayBuffer comes back as an ArrayBuffer of 3 bytes: 1 2 3',
      'part of a typed array comes back as an ArrayBuffer of 8 bytes: 0 0 0 63 0 0 128 63',
      'a Blob comes back as a Blob of 9 bytes: "two parts"',
      'closed with 1000 all of it came back',
    ]);
    await server.line('a client left with 1000 all of it came back');
    await server.script.stop();
    expect(server.lines.at(-1)).toBe('echoed 4 messages');
  });
});

describe('the one with a list of origins', () => {
  test('lets in the pages of these, and what is no browser', async () => {
    const host = await startHost();
    const server = await startExample(host, 'assignment-client/origin-list.js', 'assignment-client', 'https://a.example', 'https://b.example:8443');
    const url = (await server.line(/^echoing on ws:/)).slice('echoing on '.length);
    const answer = async (origin: string | undefined): Promise<string> => {
      const socket = new WebSocket(url, origin === undefined ? {} : { headers: { Origin: origin } });
      const answered = await Promise.race([
        once(socket, 'open').then(() => 'open'),
        once(socket, 'unexpected-response').then(([, response]) => String((response as { statusCode: number }).statusCode)),
      ]);
      socket.on('error', () => {});
      socket.close(1000);
      return answered;
    };
    const asked = ['https://a.example', 'https://b.example:8443', undefined, 'https://b.example', 'http://a.example', 'null'];
    const answers: string[] = [];
    for (const origin of asked) {
      answers.push(await answer(origin));
    }
    expect(answers).toEqual(['open', 'open', 'open', '403', '403', '403']);
    await server.line('a client left with 1000');
    expect(server.errors).toEqual([]);
  });
});

describe('the one over TLS', () => {
  test('echoes to the client of the examples, and knows by name who shows a certificate', async () => {
    const authority = certificateAuthority();
    const { cert, key } = authority.issue({ hosts: ['127.0.0.1'] });
    const ada = authority.issue({ name: 'Ada' });
    const folder = mkdtempSync(join(tmpdir(), 'airlock-tls-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const ca = file('ca.pem', authority.cert);
    const host = await startHost('owner', {
      serverTls: { main: { cert: file('cert.pem', cert), key: file('key.pem', key), ca, requestClientCertificate: true } },
    });
    rmSync(folder, { recursive: true });
    const server = await startExample(host, 'assignment-client/tls-server.js', 'assignment-client');
    const url = (await server.line(/^echoing on wss:/)).slice('echoing on '.length);
    const echo = async (tls: TlsOptions): Promise<string[]> => {
      const client = await host.run({ file: join(EXAMPLES, 'interface/wss-client.js'), args: [url, 'psst'], tls });
      await client.line(/^closed with/);
      return client.lines;
    };
    expect(await echo({ ca: authority.cert })).toEqual(['psst', 'closed with 1000']);
    expect(await echo({ ca: authority.cert, cert: ada.cert, key: ada.key })).toEqual(['psst', 'closed with 1000']);
    expect(await echo({})).toEqual(['the server is not whom it says, or nobody we know:', expect.any(String), 'closed with 1015']);
    await server.line('Ada left with 1000');
    expect(server.lines.slice(1)).toEqual(['a stranger is here', 'a stranger left with 1000', 'Ada is here', 'Ada left with 1000']);
    expect(server.errors).toEqual([]);
  });
});

describe('the one that reconnects', () => {
  test('comes back when its server does, with what it had to say meanwhile', async () => {
    const host = await startHost();
    const serve = (port: number): Promise<ObservedScript> =>
      host.run({
        type: 'assignment-client',
        source: `
          const server = new WebSocketServer({ host: '127.0.0.1', port: ${port} });
          server.newConnection.connect((socket) => { socket.onmessage = ({ data }) => { print(data); socket.send(data); }; });
          print(server.port);`,
      });
    const first = await serve(0);
    const port = Number(await first.line(/^\d+$/));
    const { line } = await startExample(host, 'interface/reconnecting.js', 'interface', `ws://127.0.0.1:${port}`);
    await line('connected');
    await line('got: tick 1');
    await first.script.stop();
    await line(/^closed with 1001; trying again in \d+ ms$/);
    // The address is refused until somebody listens there again.
    await line(/failed: connection refused$/);
    const second = await serve(port);
    const [tick] = (await second.line(/^tick \d+$/)).match(/\d+/) ?? [];
    await line(`got: tick ${tick}`);
    // Nothing that was said while nobody was there is missing.
    const told = [...first.lines, ...second.lines].filter((text) => text.startsWith('tick '));
    expect(told).toEqual(told.map((_, index) => `tick ${index + 1}`));
  });
});

describe('the streams', () => {
  test('bring back what was written, and say where no server is', async () => {
    const host = await startHost('owner');
    const server = await startExample(host, 'entity/server/echo-server-entity.js', 'server-entity');
    const url = (await server.line(/^echoing on ws:/)).slice('echoing on '.length);
    const client = await startExample(host, 'interface/streams.js', 'interface', url);
    expect(await client.script.ended).toMatchObject({ reason: 'stopped' });
    // 16,384 numbers in each of the blocks 0 to 63.
    expect(client.lines).toEqual([`the numbers that came back make ${16_384 * 2016}`, 'closed with 1000 all of it came back']);
    expect(client.errors).toEqual([]);
    await server.script.stop();
    const alone = await startExample(host, 'interface/streams.js', 'interface', url);
    await alone.script.ended;
    expect(alone.lines).toEqual([expect.stringMatching(/^failed with 1006: WebSocket connection to .* failed/)]);
    expect(alone.errors).toEqual([]);
  });
});

test.each(['interface/chat-client.js', 'interface/binary.js', 'interface/streams.js'])('%s says what argument is missing', async (file) => {
  const host = await startHost();
  const { script } = await startExample(host, file, 'interface');
  const { error, reason } = await script.ended;
  expect(reason).toBe('fault');
  expect(error?.message).toMatch(/Say where the (chat|echo) server listens/);
});

test('the page that counts is served, and only its own page may connect', async () => {
  const host = await startHost();
  const { line, script } = await startExample(host, 'assignment-client/page-server.js', 'assignment-client');
  const url = await line(/^http:/);
  const page = await (await fetch(url)).text();
  expect(page).toContain('<title>Counter</title>');
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  expect(await (await fetch(`${url}healthz`)).text()).toBe('ok, 0 open\n');
  const { lines, ...client } = await host.run({
    source: `
      const url = Script.args[0].replace('http', 'ws') + 'count';
      const socket = new WebSocket(url, 'counter');
      socket.onmessage = ({ data }) => { print('count', data); if (data === '0') socket.send('count'); };
      new WebSocket(url, { protocols: ['counter'], headers: { Origin: 'http://evil.example' } }).onclose = ({ code }) => print('refused', code);
    `,
    args: [url],
    permissions: { connect: ['127.0.0.1'], headers: ['origin'] },
  });
  await client.line('count 1');
  await client.line('refused 1006');
  expect(lines).toContain('count 0');
  expect(script.statistics.servers[0]).toMatchObject({ accepted: 1, refused: { origin: 1 } });
});
