import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { startHost, type ObservedScript } from '../support/host.ts';

const KIB = 1024;
const HOST_INBOX_BYTES = 512 * KIB;
/** So large that the kernel hands it on in parts. */
const MESSAGE = 256 * KIB;
const GREEDY = 3;
const CLIENTS = 4;
const EACH = 8;

/** It takes nothing before it may: then all that its peers have sent comes. */
const SLOW = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  let got = 0;
  server.newConnection.connect((socket) => {
    socket.onmessage = ({ data }) => {
      const until = Date.now() + 3;
      while (Date.now() < until) {}
      if (++got === ${CLIENTS * EACH}) { print('all'); }
    };
  });
  print('port ' + server.port);
`;

const ECHO = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.newConnection.connect((socket) => { socket.onmessage = ({ data }) => socket.send(data); });
  print('port ' + server.port);
`;

async function client(observed: ObservedScript): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${(await observed.line(/^port /)).slice(5)}`, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}

describe.each(['in-process', 'script'] as const)('hostInboxBytes of a host with isolation %s', (isolation) => {
  test('bounds what waits for all scripts; each gets all of its messages, and a neighbour its own', async () => {
    const { run } = await startHost(isolation, { hostInboxBytes: HOST_INBOX_BYTES });
    const start = (source: string): Promise<ObservedScript> => run({ source, type: 'assignment-client' });
    const greedy = await Promise.all(Array.from({ length: GREEDY }, () => start(SLOW)));
    const neighbour = await client(await start(ECHO));
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, greedy.reduce((sum, { script }) => sum + script.statistics.inboxBytes, 0));
    }, 1);
    const sockets = await Promise.all(greedy.flatMap((each) => Array.from({ length: CLIENTS }, () => client(each))));
    const message = Buffer.alloc(MESSAGE, 0x61);
    sockets.forEach((socket) => { for (let count = 0; count < EACH; count++) { socket.send(message); } });
    for (let count = 0; count < 5; count++) {
      neighbour.send(`${count}`);
      const [data] = (await once(neighbour, 'message')) as [Buffer];
      expect(data.toString()).toBe(`${count}`);
    }
    await Promise.all(greedy.map((each) => each.line('all')));
    clearInterval(timer);
    [...sockets, neighbour].forEach((socket) => socket.terminate());
    expect(most).toBeGreaterThan(MESSAGE);
    // An eighth more, one message, and a chunk of the kernel for each script.
    expect(most).toBeLessThanOrEqual(HOST_INBOX_BYTES * 9 / 8 + MESSAGE + GREEDY * 64 * KIB);
  }, 60_000);
});
