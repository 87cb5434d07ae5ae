import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setImmediate as nextLoop } from 'node:timers/promises';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { openClient, openTcpServer, type TestClient } from '../../support/sockets.ts';
import { closePayload, frame, OPCODE } from '../../support/websocket-frames.ts';

/** A client, and the server's bare socket with the right answer to its handshake, which is not given yet. */
async function asked(perMessageDeflate: boolean): Promise<{ readonly client: TestClient; readonly socket: Socket; readonly answer: string }> {
  const request = Promise.withResolvers<readonly [Socket, string]>();
  const { port } = await openTcpServer((socket) => {
    socket.setNoDelay(true);
    let text = '';
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1');
      if (text.includes('\r\n\r\n')) {
        request.resolve([socket, text]);
      }
    });
  });
  const client = openClient(`ws://127.0.0.1:${port}/`, { perMessageDeflate });
  const [socket, text] = await request.promise;
  const key = /sec-websocket-key: (.*)\r\n/i.exec(text)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const extension = perMessageDeflate ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : '';
  const answer = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n${extension}\r\n`;
  return { client, socket, answer };
}

const FRAMES = Buffer.concat([
  frame({ opcode: OPCODE.text, payload: 'first' }),
  frame({ opcode: OPCODE.binary, payload: 'se', final: false }),
  frame({ opcode: OPCODE.ping, payload: 'between' }),
  frame({ opcode: 0, payload: 'cond' }),
  frame({ opcode: OPCODE.close, payload: closePayload(3000) }),
]);
const TOLD = [['text', 'first'], ['ping', 'between'], ['binary', 'second'], ['closed', 3000, '', true]];

describe.each([
  ['compressed or not', true],
  ['never compressed', false],
])('a connection whose messages are %s', (_what, perMessageDeflate) => {
  test('reads the answer and the frames behind it, wherever they are cut', async () => {
    const cuts = fc.array(fc.oneof(fc.nat(4), fc.nat(120)), { maxLength: 12 });
    const interim = fc.constantFrom('', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 x\r\n\r\n');
    await fc.assert(
      fc.asyncProperty(cuts, interim, async (sizes, before) => {
        const { answer, client, socket } = await asked(perMessageDeflate);
        const all = Buffer.concat([Buffer.from(before + answer), FRAMES]);
        let at = 0;
        for (const size of sizes) {
          socket.write(all.subarray(at, at + size));
          at = Math.min(all.length, at + size);
          await nextLoop();
        }
        socket.end(all.subarray(at));
        await client.owner.first('closed');
        expect(client.owner.told).toEqual([['opened', '', perMessageDeflate ? 'permessage-deflate' : ''], ...TOLD]);
      }),
      { numRuns: 60 },
    );
  });

  test('is held and released at any moment: what was sent is told in its order, and nothing while it is held', async () => {
    const moments = fc.array(fc.record({ bytes: fc.nat(40), holds: fc.boolean() }), { minLength: 5, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(moments, async (all) => {
        const { answer, client, socket } = await asked(perMessageDeflate);
        socket.write(answer);
        await client.owner.first('opened');
        const sent: string[] = [];
        let isHeld = false;
        for (const { bytes, holds } of all) {
          socket.write(Buffer.concat(Array.from({ length: bytes }, () => {
            sent.push(String(sent.length));
            return frame({ opcode: OPCODE.text, payload: String(sent.length - 1) });
          })));
          const before = client.owner.messages.length;
          await nextLoop();
          if (isHeld) {
            expect(client.owner.messages).toHaveLength(before);
          }
          isHeld = holds;
          if (holds) {
            client.connection.pause();
          } else {
            client.connection.resume();
          }
        }
        client.connection.resume();
        socket.end(frame({ opcode: OPCODE.close }));
        await client.owner.first('closed');
        expect(client.owner.messages.map(String)).toEqual(sent);
      }),
      { numRuns: 40 },
    );
  });

  test.each(['', 'HTTP/1.1 1', 'SSH-2.0-OpenSSH_9.6\r\n', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'])(
    'fails at once where the server ends TCP behind "%s"',
    async (answer) => {
      const { client, socket } = await asked(perMessageDeflate);
      socket.end(answer);
      expect(await client.owner.first('closed')).toEqual(['closed', 1006, '', false]);
      expect(client.owner.order).toEqual(['failed', 'closed']);
    },
  );

  test('sends back a burst of pings in as many pongs, as long as its peer reads', async () => {
    const { answer, client, socket } = await asked(perMessageDeflate);
    socket.write(answer);
    await client.owner.first('opened');
    const expected = Array.from({ length: 500 }, (_, index) => `ping ${index}`);
    let bytes = 0;
    socket.on('data', (data: Buffer) => (bytes += data.length));
    socket.write(Buffer.concat(expected.map((payload) => frame({ opcode: OPCODE.ping, payload }))));
    const size = expected.reduce((sum, payload) => sum + 6 + payload.length, 0);
    while (bytes < size) {
      await once(socket, 'data');
    }
    expect(client.owner.told.slice(1)).toEqual(expected.map((payload) => ['ping', payload]));
  });

  test('takes a message of 4 MiB in 65,536 fragments, and one of 16 MiB', async () => {
    const { answer, client, socket } = await asked(perMessageDeflate);
    socket.write(answer);
    await client.owner.first('opened');
    const piece = Buffer.alloc(64, 'é');
    const first = frame({ opcode: OPCODE.text, payload: piece, final: false });
    const middle = Buffer.concat(Array.from({ length: 65_534 }, () => frame({ opcode: 0, payload: piece, final: false })));
    socket.write(Buffer.concat([first, middle, frame({ opcode: 0, payload: piece })]));
    socket.write(frame({ opcode: OPCODE.binary, payload: Buffer.alloc(16 * 1024 * 1024, 7) }));
    await client.owner.received(2);
    expect(client.owner.messages.map(({ length }) => length)).toEqual([4 * 1024 * 1024, 16 * 1024 * 1024]);
    expect(client.owner.messages[0]?.equals(Buffer.alloc(4 * 1024 * 1024, 'é'))).toBe(true);
  });
});
