import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { airlock, folderWith } from '../support/command.ts';
import { afterThisTest } from '../support/sockets.ts';
import { DOCS } from './tables.ts';

test('the sample of a stream in docs/websocket.md runs as it is printed', async () => {
  const [, sample = ''] = /```js\n(\/\/ feed\.js.*?)```/s.exec(readFileSync(join(DOCS, 'websocket.md'), 'utf8')) ?? [];
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'feed' });
  afterThisTest(() => server.close());
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      socket.send(`${String(data)}d`);
      socket.close(3000, 'that was all');
    });
  });
  const { port } = server.address() as AddressInfo;
  const folder = folderWith({ 'feed.js': sample });
  const result = await airlock(folder, 'run', 'feed.js', `--allow-connect=127.0.0.1:${port}`, '--exit-when-idle', '--', `ws://127.0.0.1:${port}`);
  expect(result).toMatchObject({ stdout: 'subscribed\nclosed 3000 that was all\n', stderr: '', code: 0 });
});
