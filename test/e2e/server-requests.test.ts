import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextLoop } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { RunOptions } from '../../host/index.ts';
import { runServer, startHost, type ObservedHost } from '../support/host.ts';
import { handshakeRequest, openTcp, openTcpServer, readUntilHungUp } from '../support/sockets.ts';

type Server = Awaited<ReturnType<typeof runServer>> & { readonly host: ObservedHost };

/** Runs a script that has the `server` already. */
async function serve(source: string, options = '', run: Omit<RunOptions, 'source'> = {}): Promise<Server> {
  const host = await startHost();
  const server = await runServer(
    host,
    `server = new WebSocketServer({ host: '127.0.0.1', ${options} });
     server.newConnection.connect((socket) => { print('open', socket.url.replace(/:\\d+/, ''), socket.protocol); });
     ${source}
     print('port', server.port);`,
    run,
  );
  return { ...server, host };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What a client of the package ws is answered: 101 where it is let in. */
async function connect(port: number, path = '/', options: object = {}, protocols: string[] = []): Promise<Answer & { readonly protocol: string }> {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, options);
  let headers: Record<string, unknown> = {};
  client.on('upgrade', (response) => (headers = response.headers));
  return new Promise((resolve) => {
    client.on('open', () => {
      resolve({ status: 101, headers, body: '', protocol: client.protocol });
      client.terminate();
    });
    // It wants one of the subprotocols that it offers.
    client.on('error', () => resolve({ status: Object.keys(headers).length > 0 ? 101 : 0, headers, body: '', protocol: '' }));
    client.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body, protocol: '' }));
    });
  });
}

describe('onupgrade', () => {
  test('sees what the client asked for, and who it is', async () => {
    const { line, port } = await serve(`
      server.onupgrade = function (request) {
        print(this === server, request.method, request.url, request.path, request.query.get('room'), request.query === request.query);
        print(request.headers.get('X-TOKEN'), request.headers.has('x-no'), request.headers.get('x-no'), [...request.headers.keys()].includes('host'));
        print(request.remoteAddress, request.remotePort > 0, JSON.stringify(request.protocols), request.peerCertificate, request.aborted);
        return true;
      };`);
    const answer = await connect(port, '/chat?room=a%20b', { headers: { 'X-Token': 'secret' } }, ['v2', 'v1']);
    expect(answer).toMatchObject({ status: 101, protocol: 'v2' });
    await line('true GET /chat?room=a%20b /chat a b true');
    await line('secret false null true');
    await line('127.0.0.1 true ["v2","v1"] null false');
    await line('open ws://127.0.0.1/chat?room=a%20b v2');
  });

  test.each([
    ['true', { status: 101, protocol: 'a' }],
    ["{ protocol: 'b' }", { status: 101, protocol: 'b' }],
    ["{ protocol: null, headers: { 'X-Room': '7' } }", { status: 101, protocol: '', headers: { 'x-room': '7' } }],
    ['{}', { status: 101, protocol: 'a' }],
    ['false', { status: 403, body: '' }],
    ["{ status: 401, body: 'who?', headers: { 'WWW-Authenticate': 'Basic' } }", { status: 401, body: 'who?', headers: { 'www-authenticate': 'Basic', 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' } }],
    ['{ status: 302, headers: [["Location", "/other"]] }', { status: 302, headers: { location: '/other' } }],
    ['{ status: 404, body: new Uint8Array([104, 105]) }', { status: 404, body: 'hi', headers: { 'content-type': 'application/octet-stream' } }],
    ['Promise.resolve(true)', { status: 101 }],
    ['Promise.resolve({ status: 429 })', { status: 429 }],
    ['new Promise((resolve) => setTimeout(resolve, 20, false))', { status: 403 }],
    ['void request.accept()', { status: 101 }],
    ['void request.reject(410, "gone")', { status: 410, body: 'gone' }],
    ['void setTimeout(() => request.accept({ protocol: "b" }), 20)', { status: 101, protocol: 'b' }],
    ['(request.accept(), false)', { status: 101 }],
  ])('that gives %s answers', async (value, expected) => {
    const { errors, port } = await serve(`server.onupgrade = (request) => (${value});`);
    expect(await connect(port, '/', {}, ['a', 'b'])).toMatchObject(expected);
    expect(errors).toEqual([]);
  });

  test.each([
    ['throws', "() => { throw new Error('oh') }", /oh/],
    ['rejects', "async () => { throw new Error('oh') }", /oh/],
    ['gives a number', '() => 5', /must be true, false or an object/],
    ['gives a status that is none', '() => ({ status: 99 })', /The status must be a whole number from 300 to 599, not 99/],
    ['accepts what was not offered', "() => ({ protocol: 'x' })", /has not offered the subprotocol 'x'/],
    ['splits a header', "() => ({ headers: { A: 'b\\r\\nC: d' } })", /no line breaks/],
    ['sets a header of the handshake', "() => ({ headers: { 'Sec-WebSocket-Accept': 'x' } })", /may not hold 'Sec-WebSocket-Accept'/],
  ])('that %s: the client gets 500, and the exception is reported with its line', async (_what, handler, message) => {
    const { errors, port } = await serve(`server.onupgrade = ${handler};`);
    expect(await connect(port)).toMatchObject({ status: 500, body: 'Internal Server Error\n' });
    expect(errors.map(({ code }) => code)).toEqual(['ERR_AIRLOCK_UNCAUGHT_EXCEPTION']);
    expect(errors[0]?.message).toMatch(message);
  });

  test('answered twice throws an InvalidStateError', async () => {
    const { line, port } = await serve(`server.onupgrade = (request) => {
      request.accept();
      for (const again of [() => request.accept(), () => request.reject(403)]) {
        try { again(); } catch (error) { print(error.name, error.message); }
      }
    };`);
    expect(await connect(port)).toMatchObject({ status: 101 });
    await line("InvalidStateError Failed to execute 'reject' on 'UpgradeRequest': The request is answered already.");
  });

  test('that does not answer within handshakeTimeout: 503, and the log says so', async () => {
    const { host, line, port, script } = await serve(
      `server.onupgrade = (request) => { request.signal.onabort = () => print('aborted', request.aborted, request.accept()); };`,
      'handshakeTimeout: 300',
    );
    expect(await connect(port, '/late')).toMatchObject({ status: 503, body: 'The server did not answer in time.\n' });
    await line('aborted true undefined');
    expect(host.log.map(({ message }) => message)).toEqual([
      `the script did not answer a handshake for /late to port ${port} within 300 ms: refused with 503`,
    ]);
    expect(script.statistics.servers[0]).toMatchObject({ accepted: 0, waiting: 0, refused: { unanswered: 1 } });
  });

  test('a client that goes away meanwhile is forgotten', async () => {
    const { line, port, script } = await serve(`server.onupgrade = (request) => {
      print('asked');
      request.signal.onabort = () => print('gone', request.aborted);
    };`);
    const socket = await openTcp(port);
    socket.write(handshakeRequest());
    await line('asked');
    expect(script.statistics.servers[0]).toMatchObject({ pending: 1, waiting: 1 });
    socket.destroy();
    await line('gone true');
    while (script.statistics.servers[0]?.pending !== 0) {
      await nextLoop();
    }
    expect(script.statistics.servers[0]).toMatchObject({ waiting: 0, refused: { gone: 1 } });
  });

  test('what the client sends before it is let in comes first', async () => {
    const { line, port } = await serve(`
      server.onupgrade = () => new Promise((resolve) => setTimeout(resolve, 50, true));
      server.newConnection.connect((socket) => { socket.onmessage = ({ data }) => print('got', data); });`);
    const socket = await openTcp(port);
    // 'hi', masked with zeros.
    socket.write(Buffer.concat([Buffer.from(handshakeRequest()), Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68])]));
    setTimeout(() => socket.write(Buffer.from([0x69])), 10);
    await line('got hi');
  });

  test('is asked about a client that connects while the script has not set it yet', async () => {
    const host = await startHost('script');
    const { server } = await openTcpServer(() => {});
    const { port } = server.address() as AddressInfo;
    server.close();
    const script = host.run({
      type: 'assignment-client',
      source: `const server = new WebSocketServer({ host: '127.0.0.1', port: ${port} });
        for (const end = Date.now() + 500; Date.now() < end;);
        server.onupgrade = () => false;`,
      permissions: { listen: true },
    });
    await script;
    let answer = await connect(port);
    // As long as nobody listens.
    while (answer.status === 0) {
      answer = await connect(port);
    }
    expect(answer).toMatchObject({ status: 403 });
  });

  test('as many wait as maxPendingHandshakes; the next gets 503', async () => {
    const { line, lines, port } = await serve("server.onupgrade = () => print('asked');", 'maxPendingHandshakes: 2');
    for (const _ of [1, 2]) {
      const socket = await openTcp(port);
      socket.write(handshakeRequest());
    }
    while (lines.filter((each) => each === 'asked').length < 2) {
      await line('asked');
      await nextLoop();
    }
    expect(await connect(port)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });

  test('that is taken away lets everybody in', async () => {
    const { port } = await serve('server.onupgrade = () => false; server.onupgrade = null; print(server.onupgrade);');
    expect(await connect(port)).toMatchObject({ status: 101 });
  });

  test('a server that is closed refuses those that wait', async () => {
    const { line, port, script } = await serve(`
      server.onupgrade = (request) => { print('asked'); setTimeout(() => { server.close(); print('closed', request.aborted); }, 0); };`);
    const answer = connect(port);
    await line('asked');
    expect(await answer).toMatchObject({ status: 503 });
    expect(script.statistics.servers).toEqual([]);
  });
});

describe('onrequest', () => {
  test('answers pages, beside WebSockets', async () => {
    const { port, script } = await serve(`
      server.onrequest = ({ method, path, query }) => {
        switch (path) {
          case '/': return { headers: { 'Content-Type': 'text/html' }, body: '<h1>hi</h1>' };
          case '/healthz': return 'ok';
          case '/bytes': return new Uint8Array([0, 1, 2]);
          case '/blob': return new Blob(['{}'], { type: 'application/json' });
          case '/later': return new Promise((resolve) => setTimeout(resolve, 10, method + ' ' + query.get('x')));
          case '/nothing': return { status: 204 };
        }
      };`);
    const get = async (path: string, options: RequestInit = {}): Promise<Answer> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, options);
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    };
    expect(await get('/')).toMatchObject({ status: 200, body: '<h1>hi</h1>', headers: { 'content-type': 'text/html', 'x-content-type-options': 'nosniff', 'content-length': '11' } });
    expect(await get('/healthz')).toMatchObject({ status: 200, body: 'ok', headers: { 'content-type': 'text/plain; charset=utf-8' } });
    expect(await get('/bytes')).toMatchObject({ body: '\0\x01\x02', headers: { 'content-type': 'application/octet-stream' } });
    expect(await get('/blob')).toMatchObject({ body: '{}', headers: { 'content-type': 'application/json' } });
    expect(await get('/later?x=1', { method: 'POST', body: 'b' })).toMatchObject({ body: 'POST 1' });
    expect(await get('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '', headers: { 'content-length': '11' } });
    expect(await get('/nothing')).toMatchObject({ status: 204, body: '' });
    expect(await get('/else')).toMatchObject({ status: 404, body: 'Not Found\n' });
    expect(await get('/', { method: 'DELETE' })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, POST' } });
    expect(await connect(port)).toMatchObject({ status: 101 });
    expect(script.statistics.servers[0]).toMatchObject({ requests: 9, answered: 8, accepted: 1, refused: { method: 1 } });
  });

  test('gets the body', async () => {
    const { port } = await serve('server.onrequest = (request) => `${request.body.byteLength} ${request.text()}`;', '', { limits: { requestBytes: 10 } });
    const post = (body: string): Promise<Response> => fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
    expect(await (await post('grüße')).text()).toBe('7 grüße');
    expect((await post('0123456789a')).status).toBe(413);
    const socket = await openTcp(port, true);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n01234567890123456789012345678901\r\n0\r\n\r\n');
    expect(await readUntilHungUp(socket)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test.each([
    ['throws', "() => { throw new Error('oh') }", /oh/],
    ['gives what is no answer', '() => 5', /must be a string, bytes, or an object/],
    ['gives too much', "() => 'x'.repeat(101)", /may have 100 bytes, the script's limit answerBytes; it has 101/],
    ['sets the length', "() => ({ headers: { 'Content-Length': '1' } })", /may not hold 'Content-Length'/],
  ])('that %s: 500, and the exception is reported', async (_what, handler, message) => {
    const { errors, port } = await serve(`server.onrequest = ${handler};`, '', { limits: { answerBytes: 100 } });
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
    expect(errors[0]?.message).toMatch(message);
  });

  test('keeps a connection for the next request, and not longer than keepAliveTimeout', async () => {
    const { port } = await serve("server.onrequest = ({ path }) => path;", '', { limits: { keepAliveTimeout: 200 } });
    const socket = await openTcp(port, true);
    socket.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.write('GET /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await readUntilHungUp(socket)).toMatch(/\/b[^]*\/c$/);
  });

  test('answers a burst of clients that all want a large page, though one turn could not', async () => {
    const { errors, port } = await serve("server.onrequest = () => 'x'.repeat(1_000_000);", '', { limits: { commandBytesPerTurn: 20_000_000 } });
    const lengths = await Promise.all(
      Array.from({ length: 40 }, async () => (await (await fetch(`http://127.0.0.1:${port}/`)).text()).length),
    );
    expect(lengths).toEqual(lengths.map(() => 1_000_000));
    expect(errors).toEqual([]);
  });
});
