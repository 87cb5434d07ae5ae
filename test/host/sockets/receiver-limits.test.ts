import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { handshakeRequest, openServer, openTcp } from '../../support/sockets.ts';
import { OPCODE, parseFrames } from '../../support/websocket-frames.ts';

/** A message in `count` fragments that carry `size` bytes each, and a last one that is empty. */
function fragments(count: number, size: number): Buffer {
  const frame = (first: number, length: number): Buffer => Buffer.concat([Buffer.from([first, 0x80 | length, 0, 0, 0, 0]), Buffer.alloc(length, 'x')]);
  return Buffer.concat([
    frame(OPCODE.text, size),
    ...Array.from({ length: count - 1 }, () => frame(0, size)),
    frame(0x80, 0),
  ]);
}

describe('a message comes in as many fragments as its peer likes', () => {
  test('4 MiB in fragments of 64 bytes, as fuzzing suites send it', async () => {
    const server = openServer();
    const socket = await openTcp(server.server.port);
    socket.write(handshakeRequest());
    const { owner } = await server.client(0);
    socket.write(fragments(65_536, 64));
    expect(await owner.first('text')).toEqual(['text', 'x'.repeat(4 * 1024 * 1024)]);
  });

  test('but they may not cost more than what they carry: too many end the connection with 1008', async () => {
    const server = openServer({ maxPayload: 2000 });
    const socket = await openTcp(server.server.port);
    socket.write(handshakeRequest());
    await once(socket, 'data');
    const { owner } = await server.client(0);
    socket.write(fragments(1022, 1));
    expect(await owner.first('text')).toEqual(['text', 'x'.repeat(1022)]);
    const answer = once(socket, 'data');
    socket.write(fragments(1025, 1));
    const [close] = parseFrames(((await answer) as [Buffer])[0]);
    expect(close).toMatchObject({ opcode: OPCODE.close, payload: Buffer.from([0x03, 0xf0]) });
    expect((await owner.first('closed')).slice(1)).toEqual([1006, '', false]);
  });
});
