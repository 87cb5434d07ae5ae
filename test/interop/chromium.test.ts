import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { runServer, startHost } from '../support/host.ts';
import { testWhere } from '../support/skip.ts';
import { afterThisTest } from '../support/sockets.ts';

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (program) => spawnSync(program, ['--version']).status === 0,
);
const testWithChromium = testWhere(chromium !== undefined, 'no Chromium');

/** Opens a page in a browser of its own, which is ended after the test. */
function browse(url: string): void {
  const profile = mkdtempSync(join(tmpdir(), 'airlock-chromium-'));
  const child = spawn(
    chromium as string,
    ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', `--user-data-dir=${profile}`, '--remote-debugging-port=0', url],
    { stdio: 'ignore', detached: true },
  );
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  afterThisTest(() => {
    // The browser has processes of its own.
    process.kill(-(child.pid as number), 'SIGKILL');
    void gone.then(() => rmSync(profile, { recursive: true, force: true, maxRetries: 10 }));
  });
}

const SERVER = `
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

describe('a browser', () => {
  testWithChromium('loads a page from a script and connects from it', async () => {
    const { line, port } = await runServer(await startHost(), SERVER);
    browse(`http://127.0.0.1:${port}/`);
    await line(/^origin http:\/\/127/);
    await line('browser: open echo');
    await line('browser: got grüße');
    expect(await line(/^\/closed/)).toBe('/closed 4000 enough true');
  });

  testWithChromium('is not let in from the page of another server', async () => {
    const host = await startHost();
    const { port, script } = await runServer(host, SERVER);
    const other = await runServer(host, SERVER);
    browse(`http://127.0.0.1:${other.port}/other?port=${port}`);
    expect(await other.line(/^\/refused/)).toBe('/refused 1006');
    expect(script.statistics.servers[0]).toMatchObject({ accepted: 0, refused: { origin: 1 } });
  });
});
