import { describe, expect } from '@jest/globals';
import { chromium, openPage } from '../support/chromium.ts';
import { runServer, startHost } from '../support/host.ts';
import { testWhere } from '../support/skip.ts';

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
  server.onrequest = () => ({ headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: Script.args[0] });
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
    report('done');
  })();
</script>`;

/** Serves two pages: one that connects to it, and one that connects to another. */
const PAGES = `
  const server = new WebSocketServer({ host: '127.0.0.1', path: '/socket', protocols: ['echo'] });
  const page = (script) => ({ headers: { 'Content-Type': 'text/html' }, body: '<!doctype html><script>' + script + '</script>' });
  const own = \`
    const socket = new WebSocket(location.href.replace('http', 'ws') + 'socket', ['other', 'echo']);
    socket.onopen = () => socket.send('open ' + socket.protocol);
    socket.onmessage = ({ data }) => socket.send('got ' + data);
    socket.onclose = ({ code, reason, wasClean }) => fetch('/closed', { method: 'POST', body: [code, reason, wasClean].join(' ') });\`;
  const other = (port) => \`
    new WebSocket('ws://127.0.0.1:\${port}/socket').onclose = ({ code }) => fetch('/refused', { method: 'POST', body: String(code) });\`;
  server.onrequest = (request) => {
    if (request.method === 'POST') {
      print(request.path, request.text());
      return '';
    }
    return request.path === '/' ? page(own) : request.path === '/other' ? page(other(request.query.get('port'))) : undefined;
  };
  server.onupgrade = ({ headers }) => { print('origin', headers.get('origin').replace(/:\\\\d+/, '')); return true; };
  server.newConnection.connect((socket) => {
    socket.onmessage = ({ data }) => {
      print('browser:', data);
      if (data.startsWith('open')) { socket.send('grüße'); } else { socket.close(4000, 'enough'); }
    };
  });
  print('port', server.port);
`;

describe('Chromium', () => {
  testWithChromium('echoes, compression, pings and closings, from a page that the script serves', async () => {
    const server = await runServer(await startHost(), SERVER, { args: [PAGE], limits: { heartbeatInterval: 1 } });
    openPage(`http://127.0.0.1:${server.port}/`);
    await server.line('page: done');
    await server.line('pong there?');
    expect(server.lines.filter((line) => line.startsWith('page: '))).toEqual([
      'page: open chat permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12',
      'page: echoed 18',
      'page: was closed 1000  true',
      'page: was closed 1001 away true',
      'page: was closed 4001 für dich true',
      'page: closed 4002 enough true',
      'page: done',
    ]);
    expect(server.lines.filter((line) => line.startsWith('closed'))).toEqual([
      'closed 1000  true',
      'closed 1001 away true',
      'closed 4001 für dich true',
      'closed 4002 enough true',
    ]);
  });

  testWithChromium('loads a page from a script and connects from it', async () => {
    const { line, port } = await runServer(await startHost(), PAGES);
    openPage(`http://127.0.0.1:${port}/`);
    await line(/^origin http:\/\/127/);
    await line('browser: open echo');
    await line('browser: got grüße');
    expect(await line(/^\/closed/)).toBe('/closed 4000 enough true');
  });

  testWithChromium('is not let in from the page of another server', async () => {
    const host = await startHost();
    const { port, script } = await runServer(host, PAGES);
    const other = await runServer(host, PAGES);
    openPage(`http://127.0.0.1:${other.port}/other?port=${port}`);
    expect(await other.line(/^\/refused/)).toBe('/refused 1006');
    expect(script.statistics.servers[0]).toMatchObject({ accepted: 0, refused: { origin: 1 } });
  });
});
