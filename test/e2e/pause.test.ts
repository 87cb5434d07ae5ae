import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { standsStill } from '../support/backpressure.ts';
import { startHost, type ObservedScript } from '../support/host.ts';
import { afterThisTest } from '../support/sockets.ts';

const BLOCK = 64 * 1024;
/** 64 MiB, which is more than the kernel and the host keep together. */
const BLOCKS = 1024;

/** A server script, and a WebSocket by which it is told to go on, and asked something that takes the host's loop around. */
async function startServer(isolation: 'owner' | 'context' | 'in-process', source: string): Promise<ObservedScript & { ask(): Promise<number>; goOn(): void; url: string }> {
  const host = await startHost(isolation);
  const script = await host.run({
    source: `
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
      let goOn;
      const told = new Promise((resolve) => { goOn = resolve; });
      let count = 0;
      const check = (data) => {
        const bytes = new Uint8Array(data);
        if (bytes.length !== ${BLOCK} || new DataView(data).getUint32(0) !== count || bytes[${BLOCK} - 1] !== count % 256) print('wrong', count);
        count++;
      };
      server.onconnection = ({ socket }) => {
        if (socket.request.path === '/control') {
          socket.onmessage = ({ data }) => data === 'go on' ? goOn() : socket.send('' + count);
        } else {
          accepted(socket);
        }
      };
      ${source}
      print('port', server.port);`,
    type: 'assignment-client',
  });
  const url = `ws://127.0.0.1:${(await script.line(/^port/)).slice(5)}`;
  const control = client(`${url}/control`);
  await once(control, 'open');
  return {
    ...script,
    url,
    goOn: () => control.send('go on'),
    async ask() {
      control.send('how far?');
      const [answer] = (await once(control, 'message')) as [Buffer];
      return Number(String(answer));
    },
  };
}

function client(url: string): WebSocket {
  const webSocket = new WebSocket(url);
  afterThisTest(() => webSocket.terminate());
  return webSocket;
}

/** Sends more than is kept anywhere, and closes. */
function flood(webSocket: WebSocket): void {
  for (let index = 0; index < BLOCKS; index++) {
    const block = Buffer.alloc(BLOCK, index % 256);
    block.writeUInt32BE(index, 0);
    webSocket.send(block);
  }
  webSocket.close(4000, 'that is all');
}

describe.each(['owner', 'context', 'in-process'] as const)('a socket that is paused, cells: %s', (isolation) => {
  test.each([
    ['accepted as paused', 'server.onupgrade = ({ path }) => path === "/control" || { paused: true };', ''],
    ['accepted as paused later on', 'server.onupgrade = (request) => { if (request.path === "/control") return true; setTimeout(() => request.accept({ paused: true }), 1); };', ''],
    ['paused by onconnection', '', 'socket.pause();'],
  ])('%s tells nothing and holds its peer; resumed, it gives every message in order, and then its end', async (_how, before, first) => {
    const script = await startServer(isolation, `${before}
      const accepted = async (socket) => {
        ${first}
        print('accepted', socket.isPaused);
        await told;
        print('told', count);
        socket.onmessage = ({ data }) => check(data);
        socket.onclose = ({ code, reason }) => print('closed', code, reason, count);
        socket.resume();
      };`);
    const webSocket = client(`${script.url}/flood`);
    await once(webSocket, 'open');
    flood(webSocket);
    await script.line('accepted true');
    expect(await standsStill(script, () => webSocket.bufferedAmount)).toBeGreaterThan((BLOCKS * BLOCK) / 4);
    script.goOn();
    expect(await script.line(/^(closed|wrong)/)).toBe(`closed 4000 that is all ${BLOCKS}`);
    expect(script.lines).toContain('told 0');
    expect(script.errors).toEqual([]);
  });

  test('a client that was accepted as paused, greets and leaves, has said all that it said', async () => {
    const script = await startServer(isolation, `
      server.onupgrade = ({ path }) => path === '/control' || { paused: true };
      const accepted = async (socket) => {
        print('accepted');
        await told;
        socket.onmessage = ({ data }) => print('message', data, socket.readyState);
        socket.onclose = ({ code }) => print('closed', code);
        socket.resume();
      };`);
    const webSocket = client(`${script.url}/greet`);
    await once(webSocket, 'open');
    webSocket.send('hello');
    webSocket.send('bye');
    webSocket.close(4001);
    await script.line('accepted');
    await script.ask();
    script.goOn();
    await script.line('closed 4001');
    expect(script.lines.slice(2)).toEqual(['message hello 1', 'message bye 1', 'closed 4001']);
  });

  test('one that the script has opened holds its server, from before it is open', async () => {
    const script = await startServer(isolation, `
      const accepted = (socket) => {
        const block = new Uint8Array(${BLOCK});
        let next = 0;
        const fill = () => {
          for (; next < ${BLOCKS} && socket.bufferedAmount < 1e6; next++) {
            block.fill(next);
            new DataView(block.buffer).setUint32(0, next);
            socket.send(block);
          }
          if (next === ${BLOCKS}) socket.close(4000, 'that is all');
        };
        socket.ondrain = fill;
        fill();
        sent = () => next;
      };
      let sent = () => 0;
      const ws = new WebSocket(server.url + '/flood');
      ws.binaryType = 'arraybuffer';
      ws.pause();
      ws.onopen = async () => {
        await told;
        print('told', count, sent() < ${BLOCKS});
        ws.onmessage = ({ data }) => check(data);
        ws.onclose = ({ code, reason }) => print('closed', code, reason, count);
        ws.resume();
      };`);
    await standsStill(script, (count) => count);
    script.goOn();
    expect(await script.line(/^(closed|wrong)/)).toBe(`closed 4000 that is all ${BLOCKS}`);
    expect(script.lines).toContain('told 0 true');
  });
});

test('a client that is paused for longer than the idle timeout is not closed for it, and the heartbeat waits', async () => {
  const host = await startHost('in-process');
  const script = await host.run({
    source: `
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0, idleTimeout: 30, heartbeat: { interval: 20, timeout: 20 } });
      server.onconnection = ({ socket }) => {
        socket.pause();
        socket.onclose = ({ code }) => print('closed', code);
        socket.onmessage = ({ data }) => print('message', data);
        setTimeout(() => { print('resume'); socket.resume(); }, 300);
      };
      print('port', server.port);`,
    type: 'assignment-client',
    limits: { heartbeatInterval: 1 },
  });
  const webSocket = client(`ws://127.0.0.1:${(await script.line(/^port/)).slice(5)}`);
  await once(webSocket, 'open');
  webSocket.send('hello');
  await script.line('closed 1001');
  expect(script.lines.slice(1)).toEqual(['resume', 'message hello', 'closed 1001']);
});
