import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { WebSocket as UndiciWebSocket, type CloseEvent, type ErrorEvent } from 'undici';
import { WebSocket as WsWebSocket } from 'ws';
import { runServer, startHost, type ObservedScript } from '../support/host.ts';

/** Beats fast, sends back what it gets, and closes when it is asked to. */
const SERVER = `
  const server = new WebSocketServer({
    host: '127.0.0.1', perMessageDeflate: Script.args[0] === 'compressed', heartbeat: { interval: 20, timeout: 5000 },
  });
  server.onconnection = ({ socket }) => {
    socket.onmessage = ({ data }) => data === 'close' ? socket.close(4001, 'as you like') : socket.send(data);
    socket.onclose = ({ code, reason, wasClean }) => print('closed', code, reason, wasClean);
  };
  print('port', server.port);
`;

const LENGTHS = [0, 1, 125, 126, 1023, 1024, 65_535, 65_536, 1_000_000];
const MESSAGES = LENGTHS.flatMap((length) => ['fü€😀'.repeat(length / 5 + 1).slice(0, length).toWellFormed(), Buffer.alloc(length, 'xyz')]);

type SocketClass = typeof UndiciWebSocket | typeof WsWebSocket;
type AnySocket = InstanceType<typeof UndiciWebSocket>;

const CLIENTS: Readonly<Record<string, SocketClass>> = { undici: UndiciWebSocket, ws: WsWebSocket };

async function open(name: string, server: ObservedScript & { readonly port: number }): Promise<AnySocket> {
  const Client = CLIENTS[name] as typeof UndiciWebSocket;
  const socket = new Client(`ws://127.0.0.1:${server.port}/room`, ['chat', 'other']);
  socket.binaryType = 'arraybuffer';
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = (event) => reject((event as ErrorEvent).error as Error);
  });
  return socket;
}

async function reply(socket: AnySocket, message: string | Buffer): Promise<string | Buffer> {
  const replied = new Promise<string | Buffer>((resolve) => {
    socket.onmessage = ({ data }) => resolve(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer));
  });
  socket.send(message as string);
  return replied;
}

const closed = (socket: AnySocket): Promise<CloseEvent> => new Promise((resolve) => (socket.onclose = resolve));

describe.each(Object.keys(CLIENTS))('the client of %s', (name) => {
  test.each(['compressed', 'plain'])('%s: texts and bytes come back, and both may close', async (kind) => {
    const server = await runServer(await startHost(), SERVER, { args: [kind], limits: { heartbeatInterval: 1 } });
    const socket = await open(name, server);
    expect(socket.protocol).toBe('chat');
    expect(socket.extensions.startsWith('permessage-deflate')).toBe(kind === 'compressed');
    for (const message of MESSAGES) {
      const replied = await reply(socket, message);
      // Not by `toEqual`, which would look at each byte of them.
      expect(typeof message === 'string' ? replied === message : message.equals(replied as Buffer)).toBe(true);
    }
    const first = closed(socket);
    socket.send('close');
    expect(await first).toMatchObject({ code: 4001, reason: 'as you like', wasClean: true });
    const other = await open(name, server);
    const second = closed(other);
    other.close(4002, 'enough');
    expect(await second).toMatchObject({ code: 4002, wasClean: true });
    await server.line('closed 4002 enough true');
    // undici's close frame repeats the code alone: RFC 6455, 5.5.1, asks for no more.
    expect(server.lines.slice(1)).toEqual([expect.stringMatching(/^closed 4001 (as you like)? true$/), 'closed 4002 enough true']);
  });

  test('is told 1001 when the script ends', async () => {
    const server = await runServer(await startHost(), SERVER, { limits: { heartbeatInterval: 1 } });
    const end = closed(await open(name, server));
    await server.script.stop();
    expect(await end).toMatchObject({ code: 1001, wasClean: true });
  });
});

test('the pings of the heartbeat come to a client that looks at them, and its own are answered', async () => {
  const server = await runServer(await startHost(), SERVER, { limits: { heartbeatInterval: 1 } });
  const socket = new WsWebSocket(`ws://127.0.0.1:${server.port}/`);
  await once(socket, 'ping');
  socket.ping('here?');
  expect(String(((await once(socket, 'pong')) as [Buffer])[0])).toBe('here?');
  socket.terminate();
  await server.line('closed 1006  false');
});
