import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { describe, expect } from '@jest/globals';
import { chromium, openPage } from '../support/chromium.ts';
import { runServer, startHost } from '../support/host.ts';
import { testWhere } from '../support/skip.ts';
import { afterThisTest } from '../support/sockets.ts';

const testWithChromium = testWhere(chromium !== undefined, 'no Chromium');

/** Prints what the page reports, and sends back the rest. */
const SERVER = `
  const server = new WebSocketServer({
    host: '127.0.0.1', perMessageDeflate: true, heartbeat: { interval: 50, timeout: 5000 },
  });
  server.onconnection = ({ socket }) => {
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') return socket.send(data);
      const [what, ...words] = data.split(' ');
      if (what === 'report') return print('page:', words.join(' '));
      if (what === 'close') return socket.close(Number(words[0]), words.slice(1).join(' '));
      if (what === 'ping') return socket.ping('there?');
      socket.send(data);
    };
    socket.onpong = ({ data }) => print('pong', new TextDecoder().decode(data));
    socket.onclose = ({ code, reason, wasClean }) => print('closed', code, reason, wasClean);
  };
  print('port', server.port);
`;

const PAGE = `<!doctype html><script>
  const events = (socket) => new Promise((resolve) => {
    const seen = [];
    socket.onopen = () => seen.push('open');
    socket.onerror = () => seen.push('error');
    socket.onclose = ({ code, reason, wasClean }) => resolve([...seen, code, reason, wasClean].join(' '));
  });
  const opened = async (protocols = []) => {
    const socket = new WebSocket('ws://' + location.host + '/room', protocols);
    socket.binaryType = 'arraybuffer';
    await new Promise((resolve) => { socket.onopen = resolve; });
    return socket;
  };
  const reply = async (socket, message) => {
    const replied = new Promise((resolve) => { socket.onmessage = ({ data }) => resolve(data); });
    socket.send(message);
    return replied;
  };
  const bytes = (length) => Uint8Array.from({ length }, (_, index) => index * 7);
  (async () => {
    const main = await opened(['chat', 'other']);
    const report = (...words) => main.send('report ' + words.join(' '));
    report('open', main.protocol, main.extensions);
    let right = 0;
    for (const length of [0, 1, 125, 126, 1023, 1024, 65535, 65536, 1000000]) {
      const text = 'fü€😀'.repeat(length / 5 + 1).slice(0, length).toWellFormed();
      right += await reply(main, text) === text;
      const back = new Uint8Array(await reply(main, bytes(length)));
      right += back.length === length && back.every((byte, index) => byte === (index * 7 & 255));
    }
    report('echoed', right);
    main.send('ping');
    for (const [code, reason] of [[1000, ''], [1001, 'away'], [4001, 'für dich']]) {
      const socket = await opened();
      const end = events(socket);
      socket.send('close ' + code + ' ' + reason);
      report('was closed', await end);
    }
    const socket = await opened();
    const end = events(socket);
    socket.close(4002, 'enough');
    report('closed', await end);
    const { port } = new URLSearchParams(location.search).size === 0 ? location : Object.fromEntries(new URLSearchParams(location.search));
    report('as another origin', await events(new WebSocket('ws://127.0.0.1:' + port)));
    report('done');
  })();
</script>`;

/** A page, and behind the same address the server: Chromium's page has the origin that its WebSocket asks. */
async function openFront(port: number): Promise<string> {
  const front = createServer((_request, response) => response.setHeader('Content-Type', 'text/html; charset=utf-8').end(PAGE));
  front.on('upgrade', ({ rawHeaders, url }, socket, head) => {
    const to = connect(port, '127.0.0.1');
    const lines = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`));
    to.write(`GET ${url} HTTP/1.1\r\n${lines.join('')}\r\n`);
    to.write(head);
    socket.pipe(to).pipe(socket);
    to.on('error', () => socket.destroy());
    socket.on('error', () => to.destroy());
  });
  await once(front.listen(0, '127.0.0.1'), 'listening');
  afterThisTest(() => void (front.close(), front.closeAllConnections()));
  return `http://127.0.0.1:${(front.address() as AddressInfo).port}/?port=${port}`;
}

describe('Chromium', () => {
  testWithChromium('echoes, compression, pings and closings, from a page of the same origin', async () => {
    const server = await runServer(await startHost(), SERVER);
    openPage(await openFront(server.port));
    await server.line('page: done');
    await server.line('pong there?');
    expect(server.lines.filter((line) => line.startsWith('page: '))).toEqual([
      'page: open chat permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12',
      'page: echoed 18',
      'page: was closed 1000  true',
      'page: was closed 1001 away true',
      'page: was closed 4001 für dich true',
      'page: closed 4002 enough true',
      'page: as another origin error 1006  false',
      'page: done',
    ]);
    expect(server.lines.filter((line) => line.startsWith('closed'))).toEqual([
      'closed 1000  true',
      'closed 1001 away true',
      'closed 4001 für dich true',
      'closed 4002 enough true',
    ]);
  });
});
