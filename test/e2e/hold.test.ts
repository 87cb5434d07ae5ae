import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { RunOptions, Script } from '../../host/index.ts';
import { LOOPBACK, startHost, type ObservedHost, type ObservedScript } from '../support/host.ts';
import { afterThisTest } from '../support/sockets.ts';

/** Says what each message is, and how many it has seen of its socket in this life of the script. */
const COUNTING_SERVER = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: Number(Script.args[0] ?? 0) });
  server.newConnection.connect((socket) => {
    print('connected', String(socket.attachment));
    socket.onmessage = ({ data }) => {
      if (data.startsWith('attach ')) {
        socket.attachment = data.slice('attach '.length);
      }
      socket.send(data);
    };
    socket.onclose = ({ code }) => print('closed', code);
  });
  print('port', server.port);
`;

interface Running extends ObservedScript {
  readonly port: number;
}

async function run(host: ObservedHost, options: Omit<RunOptions, 'source'> & { readonly source?: string } = {}): Promise<Running> {
  const running = await host.run({ name: 'server.js', source: COUNTING_SERVER, type: 'assignment-client', onFault: 'hold', ...options });
  return { ...running, port: Number((await running.line(/^port /)).slice('port '.length)) };
}

/** Ends the script's process from outside. */
function kill(script: Script): void {
  process.kill(script.processId as number, 'SIGKILL');
}

interface Client {
  readonly socket: WebSocket;
  readonly received: string[];
  readonly closed: Promise<number>;
  /** Resolves when it has received this. */
  receives(text: string): Promise<void>;
}

async function connect(port: number): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  socket.on('error', () => {});
  afterThisTest(() => socket.terminate());
  const received: string[] = [];
  socket.on('message', (data) => received.push(String(data)));
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  const receives = async (text: string): Promise<void> => {
    while (!received.includes(text)) {
      await Promise.race([
        once(socket, 'message'),
        closed.then((code) => {
          throw new Error(`closed with ${code} before '${text}' came`);
        }),
      ]);
    }
  };
  return { socket, received, closed, receives };
}

describe('a server whose process has ended through no fault of its script, with onFault "hold"', () => {
  test('keeps its connections: what they send meanwhile follows in order, and their attachments are there', async () => {
    const host = await startHost('owner');
    const server = await run(host, { limits: { restartDelay: 300 } });
    const one = await connect(server.port);
    const other = await connect(server.port);
    one.socket.send('attach one');
    other.socket.send('attach other');
    await Promise.all([one.receives('attach one'), other.receives('attach other')]);
    server.lines.length = 0;
    const restarted = once(server.script, 'restarted');
    kill(server.script);
    for (let index = 0; index < 1000; index++) {
      one.socket.send(`one ${index}`);
      other.socket.send(`other ${index}`);
    }
    await Promise.all([restarted, one.receives('one 999'), other.receives('other 999')]);
    const numbers = Array.from({ length: 1000 }, (_, index) => index);
    expect(one.received).toEqual(['attach one', ...numbers.map((index) => `one ${index}`)]);
    expect(other.received).toEqual(['attach other', ...numbers.map((index) => `other ${index}`)]);
    expect(server.lines).toEqual([`port ${server.port}`, 'connected one', 'connected other']);
    expect(one.socket.readyState).toBe(WebSocket.OPEN);
  });
});
