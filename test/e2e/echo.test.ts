import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { WebSocket, type RawData } from 'ws';
import { ECHO_SERVER, LOOPBACK, runServer, startHost } from '../support/host.ts';

describe.each(['owner', 'script', 'context', 'in-process'] as const)('a sandboxed server, isolation: %s', (isolation) => {
  test('answers 200 messages of a plain ws client in order: text, binary and Blob', async () => {
    const host = await startHost(isolation);
    // A message "blob N" is answered with a Blob, so that all three kinds of `send` are on the way.
    const { port } = await runServer(
      host,
      ECHO_SERVER.replace(
        'socket.send(event.data)',
        "socket.send(typeof event.data === 'string' && event.data.startsWith('blob') ? new Blob([event.data]) : event.data)",
      ),
    );
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(client, 'open');
    const expected: { text: string; isBinary: boolean }[] = [];
    for (let index = 0; index < 200; index++) {
      const kind = ['text', 'binary', 'blob'][index % 3] as string;
      const text = `${kind} ${index} ${'é€😀'.repeat(index % 7)}`;
      client.send(kind === 'binary' ? Buffer.from(text) : text);
      expected.push({ text, isBinary: kind !== 'text' });
    }
    const received: { text: string; isBinary: boolean }[] = [];
    await new Promise<void>((resolve) => {
      client.on('message', (data: RawData, isBinary) => {
        received.push({ text: String(data), isBinary });
        if (received.length === expected.length) {
          resolve();
        }
      });
    });
    expect(received).toEqual(expected);
    client.close(3001, 'enough');
    await once(client, 'close');
  });

  test('carries messages of every size, in both directions and unchanged', async () => {
    const host = await startHost(isolation);
    const { port } = await runServer(host);
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(client, 'open');
    // Around the limits of frame headers, arena windows and batches.
    for (const size of [0, 1, 125, 126, 127, 8191, 8192, 65_535, 65_536, 65_537, 1_000_000, 5_000_000]) {
      const bytes = Buffer.alloc(size, size % 251);
      client.send(bytes);
      const [binary] = (await once(client, 'message')) as [Buffer];
      expect(binary.equals(bytes)).toBe(true);
      client.send('€'.repeat(size));
      const [text] = (await once(client, 'message')) as [Buffer];
      expect(text.toString() === '€'.repeat(size)).toBe(true);
    }
    client.terminate();
  });

  test('serves a client in another sandbox, which closes with a code and a reason', async () => {
    const host = await startHost(isolation);
    const server = await runServer(host);
    const client = await host.run({
      name: 'client.js',
      args: [`ws://127.0.0.1:${server.port}/chat?room=1`],
      source: `
        const socket = new WebSocket(Script.args[0]);
        print(socket.url, socket.readyState === WebSocket.CONNECTING);
        socket.onopen = () => socket.send('hello');
        socket.onmessage = ({ data }) => { print('got', data); socket.close(3001, 'thank you'); };
        socket.onclose = ({ code, reason, wasClean }) => { print('closed', code, reason, wasClean); Script.stop(); };
      `,
    });
    expect(await client.script.ended).toMatchObject({ reason: 'stopped' });
    expect(client.lines).toEqual([
      `ws://127.0.0.1:${server.port}/chat?room=1 true`,
      'got hello',
      'closed 3001 thank you true',
    ]);
    expect(await server.line(/^closed/)).toBe('closed 3001 thank you true');
  });

  test('holds a fast peer back instead of gathering its messages, and loses none', async () => {
    const host = await startHost(isolation);
    const { port } = await runServer(
      host,
      `
        let count = 0, bytes = 0, next = 0;
        const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
        server.newConnection.connect((socket) => {
          socket.onmessage = ({ data }) => {
            const number = new DataView(data).getUint32(0);
            if (number !== next++) { print('wrong order at', number); }
            if (next === 300) { socket.send('all'); }
          };
        });
        print('port', server.port);
      `,
      { limits: { inboxBytes: 200_000 }, permissions: LOOPBACK },
    );
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(client, 'open');
    for (let index = 0; index < 300; index++) {
      const message = Buffer.alloc(100_000);
      message.writeUInt32BE(index);
      client.send(message);
    }
    const [answer] = (await once(client, 'message')) as [Buffer];
    expect(answer.toString()).toBe('all');
    client.terminate();
  });
});
