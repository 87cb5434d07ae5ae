import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import { startHost } from '../support/host.ts';

const TEXT = '\u20ac\u{1f600}\u00e4a';
const BYTES = Buffer.byteLength(TEXT);

test.each([
  ['send', 'socket.send(TEXT)'],
  ['publish', "socket.subscribe('t'); server.publish('t', TEXT)"],
  ['broadcast', 'server.broadcast(TEXT)'],
])('bytesSent counts the bytes of text that %s sends, not its characters', async (_what, code) => {
  const { run } = await startHost();
  const observed = await run({
    type: 'assignment-client',
    dialect: 'web',
    source: `const TEXT = ${JSON.stringify(TEXT)}; const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
      server.onconnection = ({ socket }) => { ${code}; }; print('port ' + server.port);`,
  });
  const port = (await observed.line(/^port /)).slice(5);
  const peer = new WebSocket(`ws://127.0.0.1:${port}`);
  const [data] = (await once(peer, 'message')) as [Buffer];
  expect(data.toString()).toBe(TEXT);
  expect(observed.script.statistics.bytesSent).toBe(BYTES);
  peer.terminate();
});
