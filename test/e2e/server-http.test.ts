import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, test } from '@jest/globals';
import { certificateAuthority } from '../support/certificates.ts';
import { runServer, startHost } from '../support/host.ts';
import { afterThisTest, handshakeRequest, openTcp } from '../support/sockets.ts';

const authority = certificateAuthority();
const { cert, key } = authority.issue({ name: 'Server' });

const PAGES = `server.onrequest = async (request) => {
  await null;
  print('asked', request.method, request.url, request.headers.get('host'));
  return request.url + ' ' + request.text();
};`;

async function serve(source = PAGES, options = ''): Promise<Awaited<ReturnType<typeof runServer>>> {
  const host = await startHost('in-process', { serverTls: { main: { cert, key } } });
  return runServer(host, `const server = new WebSocketServer({ host: '127.0.0.1', ${options} }); ${source} print('port', server.port);`);
}

async function openTls(port: number): Promise<Socket> {
  // Half open, as the socket that it lies over is.
  const socket = connectTls({ socket: await openTcp(port, true), host: '127.0.0.1', ca: authority.cert });
  socket.on('error', () => {});
  afterThisTest(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** All that comes until the server has ended its side. */
async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (data: string) => (text += data));
  await once(socket, 'end');
  return text;
}

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`;
const post = (path: string, body: string): string => `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** The statuses and the bodies, in the order in which they came. */
function shown(text: string): string[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d+)[^]*?\r\n\r\n([^]*?)(?=HTTP\/1\.1 |$)/g)].map(([, status, body]) => `${status} ${body?.trim()}`);
}

test.each([
  ['TCP', '', (port: number) => openTcp(port, true)],
  ['TLS', "tls: 'main'", openTls],
])('a client that ends its side after its requests has all answers: %s', async (_kind, options, open) => {
  const { line, port } = await serve(
    `let answer;
     server.onrequest = (request) => {
       print('asked', request.url);
       if (request.url === '/now') { answer('waited'); }
       return request.url === '/wait' ? new Promise((resolve) => answer = resolve) : request.url + ' ' + request.text();
     };`,
    options,
  );
  const socket = await open(port);
  socket.end(get('/wait') + post('/b', 'body'));
  const text = readToEnd(socket);
  await line('asked /b');
  // What this client asks comes to the server behind the end of the other one.
  (await open(port)).write(get('/now'));
  expect(shown(await text)).toEqual(['200 waited', '200 /b body']);
});

const CONNECT = 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n';

test.each([
  ['an upgrade', handshakeRequest(), '101 '],
  ['an upgrade that is refused', handshakeRequest({ 'Sec-WebSocket-Version': '8' }), '426 The version of the WebSocket protocol must be 13.'],
  ['CONNECT', CONNECT, '405 There is no such method here.'],
  ['garbage', '\0\0\0\r\n\r\n', '400 This is no HTTP request.'],
  ['a request without a Host', 'GET / HTTP/1.1\r\n\r\n', '400 There must be one Host header.'],
  ['a body that is malformed', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', '400 This is no HTTP request.'],
  ['RTSP', 'OPTIONS * RTSP/1.1\r\nHost: h\r\n\r\n', '400 This is a request of another protocol.'],
])('requests that are whole have their answers first, and then what is behind them: %s', async (_name, behind, last) => {
  const { port } = await serve();
  const socket = await openTcp(port, true);
  socket.write(get('/a') + post('/b', 'body') + behind);
  const expected = ['200 /a', '200 /b body', last];
  let text = '';
  socket.setEncoding('latin1');
  while (shown(text).length < expected.length) {
    text += ((await once(socket, 'data', { signal: closed(socket) })) as [string])[0];
  }
  expect(shown(text)).toEqual(expected);
  socket.destroy();
});

function closed(socket: Socket): AbortSignal {
  const controller = new AbortController();
  socket.once('close', () => controller.abort());
  return controller.signal;
}

test('a WebSocket that was asked for behind a request works, with what came behind it', async () => {
  const { line, port } = await serve(`${PAGES} server.onconnection = ({ socket }) => { socket.onmessage = ({ data }) => print('got', data); };`);
  const socket = await openTcp(port, true);
  // A masked text frame: "hi".
  socket.write(Buffer.concat([Buffer.from(get('/a') + handshakeRequest()), Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])]));
  let text = '';
  socket.setEncoding('latin1');
  while (!/101 Switching[^]*\r\n\r\n/.test(text)) {
    text += ((await once(socket, 'data', { signal: closed(socket) })) as [string])[0];
  }
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  await line('got hi');
  socket.destroy();
});

test('answers keep the order of their requests, whichever the script gives first', async () => {
  const { port } = await serve(`
    let first;
    server.onrequest = ({ url }) => {
      if (url === '/first') return new Promise((resolve) => first = resolve);
      first('first');
      return url;
    };`);
  const socket = await openTcp(port, true);
  socket.end(get('/first') + get('/second'));
  expect(shown(await readToEnd(socket))).toEqual(['200 first', '200 /second']);
});

test.each([
  ['RTSP/1.1', 'GET / RTSP/1.1\r\nHost: h\r\n\r\n', 400],
  ['RTSP/1.0', 'OPTIONS * RTSP/1.0\r\nHost: h\r\n\r\n', 400],
  ['RTSP in two parts', ['GET /a RT', 'SP/1.1\r\nHost: h\r\n\r\n'], 400],
  ['an upgrade in RTSP', handshakeRequest().replace('HTTP/1.1', 'RTSP/1.1'), 400],
  ['HTTP/0.9', 'GET / HTTP/0.9\r\nHost: h\r\n\r\n', 505],
  ['HTTP/2.0', 'GET / HTTP/2.0\r\nHost: h\r\n\r\n', 505],
  ['a request without a version', 'GET /\r\n\r\n', 505],
  ['a URL without a host', 'GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a URL with a user', 'GET http://me@h/x HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a target that is neither a path nor a URL', 'GET x HTTP/1.1\r\nHost: h\r\n\r\n', 400],
])('what is no request of HTTP/1.x for a path or a URL is refused: %s', async (_name, request, status) => {
  const { port } = await serve();
  const socket = await openTcp(port, true);
  socket.setNoDelay(true);
  const parts = Array.isArray(request) ? request : [request];
  const text = readToEnd(socket);
  for (const part of parts) {
    await new Promise((resolve) => socket.write(part, resolve));
  }
  expect(await text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

test('a body that holds a line of RTSP is a body', async () => {
  const { port } = await serve();
  const socket = await openTcp(port, true);
  socket.end(post('/a', 'OPTIONS * RTSP/1.0\r\n') + get('/b'));
  expect(shown(await readToEnd(socket))).toEqual(['200 /a OPTIONS * RTSP/1.0', '200 /b']);
});

test('of an absolute target the host counts, and Host does not: for a page and for the rule self', async () => {
  const { line, port } = await serve();
  const socket = await openTcp(port, true);
  const origin = (host: string): string =>
    handshakeRequest({ Host: 'other', Origin: `http://${host}` }).replace('GET / ', 'GET http://asked:81/ws?x ');
  socket.end('GET http://asked:81/a?b HTTP/1.1\r\nHost: other\r\n\r\n' + origin('other'));
  expect(shown(await readToEnd(socket))).toEqual(['200 /a?b', '403 Pages of this origin may not connect.']);
  await line('asked GET /a?b asked:81');
  const page = await openTcp(port);
  page.write(origin('asked:81'));
  expect(String(((await once(page, 'data')) as [Buffer])[0])).toMatch(/^HTTP\/1\.1 101 /);
  page.destroy();
});

test('a server has the methods that it asks for, with their bodies, and names them to others', async () => {
  const { port } = await serve(PAGES, "methods: ['PUT', 'OPTIONS', 'GET', 'PATCH', 'DELETE', 'GET']");
  const url = `http://127.0.0.1:${port}/x`;
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const answer = await fetch(url, { method, body: method });
    expect([answer.status, await answer.text()]).toEqual([200, `/x ${method}`]);
  }
  const refused = await fetch(url, { method: 'POST', body: '' });
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, PUT, PATCH, DELETE, OPTIONS']);
});

test('without asking, a server has GET, HEAD and POST', async () => {
  const { port } = await serve();
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'OPTIONS' });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
});

test.each([
  ['TCP', '', (socket: Socket) => socket],
  ['TLS', "tls: 'main'", (socket: Socket) => connectTls({ socket, ca: authority.cert, host: '127.0.0.1' })],
])('a client that comes again from its port right after a reset is served: %s', async (_kind, options, secure) => {
  const { port } = await serve(PAGES, options);
  // A port that nobody else is given while it is in use here.
  let localPort: number | undefined;
  let again = 0;
  for (let round = 0; round < 60; round++) {
    const raw = connectTcp({ port, host: '127.0.0.1', ...(localPort === undefined ? {} : { localPort }) });
    const socket = secure(raw);
    let problem: NodeJS.ErrnoException | undefined;
    raw.on('error', (error) => (problem = error));
    socket.on('error', () => {});
    socket.write(get(`/${round}`));
    const [data] = (await once(socket, 'data', { signal: closed(raw) }).catch((error: unknown) => {
      if (problem?.code === 'EADDRINUSE') {
        return [];
      }
      throw error;
    })) as [Buffer?];
    if (data === undefined) {
      // Another process of this machine was given the port in between.
      localPort = undefined;
      continue;
    }
    expect(data.toString()).toMatch(/^HTTP\/1\.1 200 /);
    again += localPort === undefined ? 0 : 1;
    ({ localPort } = raw);
    raw.resetAndDestroy();
    await once(raw, 'close');
  }
  expect(again).toBeGreaterThan(30);
});

test.each([
  ['a window that is too small', 'permessage-deflate; server_max_window_bits=8, permessage-deflate', /permessage-deflate/],
  ['an unknown parameter', 'permessage-deflate; foo, permessage-deflate', /permessage-deflate/],
  ['a window that is too small, and then a smaller one than the own', 'permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=9', /server_max_window_bits=9/],
])('of offers of compression the first that can be accepted counts: %s', async (_name, offers, agreed) => {
  const { port } = await serve('', 'perMessageDeflate: true');
  const socket = await openTcp(port);
  socket.write(handshakeRequest({ 'Sec-WebSocket-Extensions': offers }));
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(/^sec-websocket-extensions: (.*)$/im.exec(head.toString())?.[1] ?? 'declined').toMatch(agreed);
  socket.destroy();
});
