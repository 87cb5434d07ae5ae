import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { openRawClient, openRawServer, type RawPeer } from '../../support/raw-peer.ts';
import { openClient, openServer, send, type TestClient } from '../../support/sockets.ts';
import { closePayload, frame, OPCODE, type FrameOptions } from '../../support/websocket-frames.ts';

const MASK = Buffer.from([7, 77, 177, 0]);

interface Ends {
  readonly near: TestClient;
  readonly peer: RawPeer;
  readonly of: (options: FrameOptions) => Buffer;
}

async function endsOf(kind: string): Promise<Ends> {
  if (kind === 'opened') {
    const peers: RawPeer[] = [];
    const { port } = await openRawServer((peer) => peers.push(peer));
    const near = openClient(`ws://127.0.0.1:${port}/`);
    await near.owner.first('opened');
    return { near, peer: peers[0] as RawPeer, of: frame };
  }
  const server = openServer();
  const peer = await openRawClient(server.server.port);
  return { near: await server.client(0), peer, of: (options) => frame({ mask: MASK, ...options }) };
}

/** What its owner was told after it opened. */
async function toldUntilClosed({ owner }: TestClient): Promise<readonly unknown[]> {
  await owner.first('closed');
  return owner.told.filter(([name]) => name !== 'opened');
}

describe.each(['opened', 'accepted'])('RFC 6455, 7: the closing handshake of a connection that was %s', (kind) => {
  test.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    'the peer closes with %d: it is answered with the same, and told',
    async (code) => {
      const { near, of, peer } = await endsOf(kind);
      peer.socket.write(of({ opcode: OPCODE.close, payload: closePayload(code, 'why €') }));
      expect(await peer.closeCode()).toBe(code);
      peer.socket.end();
      expect(await toldUntilClosed(near)).toEqual([['closed', code, 'why €', true]]);
    },
  );

  test('the longest reason, and none', async () => {
    for (const reason of ['r'.repeat(123), '']) {
      const { near, of, peer } = await endsOf(kind);
      peer.socket.end(of({ opcode: OPCODE.close, payload: closePayload(1000, reason) }));
      expect(await toldUntilClosed(near)).toEqual([['closed', 1000, reason, true]]);
    }
  });

  test('the peer closes without a code: it is answered without one, and 1005 is told', async () => {
    const { near, of, peer } = await endsOf(kind);
    peer.socket.write(of({ opcode: OPCODE.close }));
    expect(await peer.closeCode()).toBe(1005);
    peer.socket.end();
    expect(await toldUntilClosed(near)).toEqual([['closed', 1005, '', true]]);
  });

  test('what follows a close frame is nothing: messages, pings, another close frame, garbage', async () => {
    const { near, of, peer } = await endsOf(kind);
    peer.socket.write(
      Buffer.concat([
        of({ opcode: OPCODE.text, payload: 'before' }),
        of({ opcode: OPCODE.text, payload: 'half', final: false }),
        of({ opcode: OPCODE.close, payload: closePayload(3001) }),
        of({ opcode: OPCODE.text, payload: 'after' }),
        of({ opcode: OPCODE.ping, payload: 'after' }),
        of({ opcode: OPCODE.close, payload: closePayload(3002) }),
        Buffer.alloc(70_000, 0xff),
      ]),
    );
    expect(await peer.closeCode()).toBe(3001);
    peer.socket.end();
    expect(await toldUntilClosed(near)).toEqual([['text', 'before'], ['closed', 3001, '', true]]);
    expect(peer.frames.map(({ opcode }) => opcode)).toEqual([OPCODE.close]);
  });

  test('both close at once: each is told what the other has said', async () => {
    const { near, of, peer } = await endsOf(kind);
    near.connection.close(3001, 'mine');
    peer.socket.write(of({ opcode: OPCODE.close, payload: closePayload(3002, 'its') }));
    expect(await peer.closeCode()).toBe(3001);
    peer.socket.end();
    expect(await toldUntilClosed(near)).toEqual([['closed', 3002, 'its', true]]);
  });

  test('it is closed here, and the peer answers late: what it sends before is told no more, its pings are not answered', async () => {
    const { near, of, peer } = await endsOf(kind);
    near.connection.close(1000, '');
    await peer.closeCode();
    peer.socket.write(Buffer.concat([of({ opcode: OPCODE.text, payload: 'late' }), of({ opcode: OPCODE.ping, payload: 'late' })]));
    peer.socket.write(Buffer.concat(Array.from({ length: 100 }, () => of({ opcode: OPCODE.binary, payload: Buffer.alloc(10_000) }))));
    peer.socket.end(of({ opcode: OPCODE.close, payload: closePayload(1000) }));
    expect(await toldUntilClosed(near)).toEqual([['closed', 1000, '', true]]);
    expect(peer.frames.map(({ opcode }) => opcode)).toEqual([OPCODE.close]);
  });

  test('it is closed while it is paused, and much waits before the answer of the peer: it is closed all the same', async () => {
    const { near, of, peer } = await endsOf(kind);
    near.connection.pause();
    peer.socket.write(Buffer.concat(Array.from({ length: 2000 }, () => of({ opcode: OPCODE.binary, payload: Buffer.alloc(10_000) }))));
    near.connection.close(1000, 'no more');
    near.connection.pause();
    await peer.closeCode();
    peer.socket.end(of({ opcode: OPCODE.close, payload: closePayload(1000) }));
    expect((await toldUntilClosed(near)).at(-1)).toEqual(['closed', 1000, '', true]);
    expect(near.owner.messages).toEqual([]);
  });

  test('the peer answers with an invalid code, or with what is no frame: it has failed', async () => {
    for (const answer of [{ opcode: OPCODE.close, payload: closePayload(1006) }, { opcode: 5 }]) {
      const { near, of, peer } = await endsOf(kind);
      near.connection.close(1000, '');
      await peer.closeCode();
      peer.socket.end(of(answer));
      await near.owner.first('closed');
      expect(near.owner.order.slice(-2)).toEqual(['failed', 'closed']);
      expect(near.owner.told.at(-1)).toEqual(['closed', 1006, '', false]);
    }
  });

  test.each<[string, (peer: RawPeer, of: Ends['of']) => void]>([
    ['ends TCP without a word', (peer) => peer.socket.end()],
    ['resets TCP', (peer) => peer.socket.resetAndDestroy()],
    ['ends TCP within a frame', (peer, of) => peer.socket.end(of({ opcode: OPCODE.text, payload: 'whole' }).subarray(0, -2))],
    ['ends TCP within a message', (peer, of) => peer.socket.end(of({ opcode: OPCODE.text, payload: 'half', final: false }))],
    ['ends TCP within a close frame', (peer, of) => peer.socket.end(of({ opcode: OPCODE.close, payload: closePayload(1000) }).subarray(0, -1))],
  ])('the peer %s: the connection has failed, with 1006', async (_what, cut) => {
    const { near, of, peer } = await endsOf(kind);
    cut(peer, of);
    expect(await near.owner.first('closed')).toEqual(['closed', 1006, '', false]);
    expect(near.owner.order.filter((name) => name !== 'opened')).toEqual(['failed', 'closed']);
  });

  test('TCP is cut before the peer has answered: 1006; and right after its answer: that is clean', async () => {
    const cutBefore = await endsOf(kind);
    cutBefore.near.connection.close(1000, '');
    await cutBefore.peer.closeCode();
    cutBefore.peer.socket.destroy();
    expect(await cutBefore.near.owner.first('closed')).toEqual(['closed', 1006, '', false]);
    const cutAfter = await endsOf(kind);
    cutAfter.near.connection.close(1000, '');
    await cutAfter.peer.closeCode();
    cutAfter.peer.socket.end(cutAfter.of({ opcode: OPCODE.close, payload: closePayload(1000) }), () => cutAfter.peer.socket.destroy());
    expect(await cutAfter.near.owner.first('closed')).toEqual(['closed', 1000, '', true]);
  });

  test('what the peer has sent before it ended TCP is told, though it was held', async () => {
    const { near, of, peer } = await endsOf(kind);
    near.connection.pause();
    peer.socket.end(Buffer.concat(Array.from({ length: 100 }, (_, index) => of({ opcode: OPCODE.text, payload: `${index}` }))));
    await once(peer.socket, 'finish');
    near.connection.resume();
    await near.owner.first('closed');
    expect(near.owner.messages.map(String)).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
  });

  test('a peer that breaks the protocol and then keeps TCP open is cut off', async () => {
    const { near, of, peer } = await endsOf(kind);
    peer.socket.pause();
    peer.socket.write(of({ opcode: 3 }));
    expect(await near.owner.first('closed')).toEqual(['closed', 1006, '', false]);
  });

  test('what is sent after the script has closed goes nowhere', async () => {
    const { near, of, peer } = await endsOf(kind);
    near.connection.close(1000, '');
    send(near.connection, { type: 'sendText', data: 'late' });
    near.connection.ping(Buffer.from('late'));
    near.connection.flush();
    await peer.closeCode();
    peer.socket.end(of({ opcode: OPCODE.close, payload: closePayload(1000) }));
    await near.owner.first('closed');
    expect(peer.frames.map(({ opcode }) => opcode)).toEqual([OPCODE.close]);
  });
});
