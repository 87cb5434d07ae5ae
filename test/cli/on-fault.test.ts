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
  expect((await closed)[0]).toBe(1001);
  expect(code).toBe(1);
  expect(stderr).toContain('server.js has brought its process down 2 times and is not started again');
}, 60_000);
