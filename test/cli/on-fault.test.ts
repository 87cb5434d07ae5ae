import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { folderWith, startAirlock } from '../support/command.ts';
import { afterThisTest } from '../support/sockets.ts';

/** Ends its process when it is told so. */
const SERVER = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.newConnection.connect((socket) => {
    print('connected', String(socket.attachment));
    socket.onmessage = ({ data }) => {
      if (data === 'crash') {
        '"a"'.repeat(1e8).split('');
      }
      socket.attachment = data;
      socket.send(data);
    };
  });
  print('port', server.port);
`;

async function echo(client: WebSocket, text: string): Promise<void> {
  const message = once(client, 'message');
  client.send(text);
  expect(String((await message)[0])).toBe(text);
}

test('airlock run --on-fault hold runs a script once more that has brought its process down, and its clients wait for that', async () => {
  const folder = folderWith({ 'server.js': SERVER });
  const command = startAirlock(folder, 'run', 'server.js', '--type', 'assignment-client', '--allow-listen=127.0.0.1', '--on-fault', 'hold');
  afterThisTest(() => command.child.kill('SIGKILL'));
  const [, port] = await command.stdout(/port (\d+)\n/);
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  afterThisTest(() => client.terminate());
  await once(client, 'open');
  await echo(client, 'first');
  client.send('crash');
  await command.stdout(new RegExp(`port ${port}\nconnected undefined\nport ${port}\nconnected first\n`));
  await echo(client, 'second');
  client.send('crash');
  const closed = once(client, 'close');
  const { code, stderr } = await command.result;
  expect((await closed)[0]).toBe(1011);
  expect(code).toBe(1);
  expect(stderr).toContain('server.js has brought its process down 2 times and is not started again');
}, 60_000);

test('airlock run --on-fault hold runs a script again that has run for too long, and its clients wait for that', async () => {
  const folder = folderWith({ 'server.js': SERVER.replace(/'"a"'.*/, 'for (;;);') });
  const command = startAirlock(folder, 'run', 'server.js', '--type', 'assignment-client', '--allow-listen=127.0.0.1', '--on-fault', 'hold', '--limit', 'turnTimeout=300');
  afterThisTest(() => command.child.kill('SIGKILL'));
  const [, port] = await command.stdout(/port (\d+)\n/);
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  afterThisTest(() => client.terminate());
  await once(client, 'open');
  await echo(client, 'first');
  client.send('crash');
  await command.stdout(new RegExp(`port ${port}\nconnected undefined\nport ${port}\nconnected first\n`));
  await echo(client, 'second');
  command.child.kill('SIGTERM');
  const { stderr } = await command.result;
  expect(stderr).toContain('server.js: runs again in 100 ms');
}, 60_000);

test('a script that airlock run --on-fault hold does not run again leaves no client waiting, although others go on', async () => {
  const folder = folderWith({ 'server.js': SERVER.replace(/'"a"'.*/, 'for (;;);'), 'other.js': 'setInterval(() => {}, 1000)' });
  const limits = ['--limit', 'turnTimeout=300', '--limit', 'restarts=0', '--limit', 'holdTimeout=600000'];
  const command = startAirlock(folder, 'run', 'server.js', 'other.js', '--type', 'assignment-client', '--allow-listen=127.0.0.1', '--on-fault', 'hold', ...limits);
  afterThisTest(() => command.child.kill('SIGKILL'));
  const [, port] = await command.stdout(/port (\d+)\n/);
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  afterThisTest(() => client.terminate());
  await once(client, 'open');
  const closed = once(client, 'close');
  client.send('crash');
  expect((await closed)[0]).toBe(1011);
}, 60_000);
