import { randomBytes } from 'node:crypto';
import { setImmediate as nextLoop } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../host/sockets/connection.ts';
import { SharedFrames } from '../../../host/sockets/shared-frames.ts';
import type { SendLimit } from '../../../host/sockets/slow-readers.ts';
import { openRawClient, openRawServer, type RawPeer } from '../../support/raw-peer.ts';
import { openClient, openServer, type TestClient } from '../../support/sockets.ts';
import { OPCODE } from '../../support/websocket-frames.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const BLOCK = 64 * KIB;
const LIMIT = MIB;

/** A peer that reads nothing, and the connection that the server has of it. */
async function slowReader(policy: SendLimit['policy'], bytes = LIMIT): Promise<TestClient & { readonly peer: RawPeer; readonly counts: SendLimit['counts'] }> {
  const counts = { messagesDropped: 0, slowReadersClosed: 0 };
  const server = openServer({ sendLimit: { bytes, policy, counts } });
  const peer = await openRawClient(server.server.port);
  const client = await server.client(0);
  peer.socket.pause();
  return { ...client, peer, counts };
}

/** A message that can be told from others. */
function block(number: number): Buffer {
  const data = Buffer.alloc(BLOCK);
  data.writeUInt32BE(number);
  return data;
}

function sendBlock(connection: Connection, number: number): void {
  connection.send('sendBinary', block(number), 0, BLOCK);
  connection.flush();
}

/** Sends blocks from this number on until `isEnough`. Returns the number of the next one. */
async function sendUntil(connection: Connection, from: number, isEnough: () => boolean): Promise<number> {
  let number = from;
  while (!isEnough()) {
    sendBlock(connection, number++);
    await nextLoop();
  }
  return number;
}

/** The numbers of the blocks that the peer has got. */
function numbers(peer: RawPeer): number[] {
  return peer.frames.filter(({ opcode }) => opcode === OPCODE.binary).map(({ payload }) => payload.readUInt32BE(0));
}

async function numberCame(peer: RawPeer, number: number): Promise<void> {
  while (numbers(peer).at(-1) !== number) {
    await nextLoop();
  }
}

describe('a peer that does not read', () => {
  test('is closed with 1013, after what it was sent, where too much waits', async () => {
    const { connection, counts, owner, peer } = await slowReader('close');
    const sent = await sendUntil(connection, 0, () => owner.told.length > 0);
    expect(owner.told).toEqual([['failed', 4, expect.stringContaining('the peer reads too slowly: more than 1048576 bytes would wait to be sent')]]);
    expect(counts).toEqual({ messagesDropped: 0, slowReadersClosed: 1 });
    peer.socket.resume();
    expect(await peer.closeCode()).toBe(1013);
    expect(numbers(peer)).toEqual(Array.from({ length: sent - 1 }, (_, number) => number));
    peer.socket.end();
    expect(await owner.first('closed')).toEqual(['closed', 1013, 'Reads too slowly.', false]);
  });

  test('is cut off where it does not read the close frame either', async () => {
    const { connection, owner } = await slowReader('close');
    await sendUntil(connection, 0, () => owner.told.length > 0);
    expect(await owner.first('closed')).toEqual(['closed', 1013, 'Reads too slowly.', false]);
    expect(owner.order).toEqual(['failed', 'closed']);
  });

  test('gets one message of any size, as nothing waits before it', async () => {
    const { connection, owner, peer } = await slowReader('close');
    connection.send('sendBinary', Buffer.alloc(8 * MIB), 0, 8 * MIB);
    connection.flush();
    expect(connection.bufferedAmount).toBe(8 * MIB);
    peer.socket.resume();
    expect((await peer.frame(OPCODE.binary)).payload).toHaveLength(8 * MIB);
    expect(owner.told).toEqual([]);
  });

  test.each(['close', 'drop'] as const)('and is sent empty messages takes no more memory than with others: %s', async (policy) => {
    const { connection, counts } = await slowReader(policy);
    await sendUntil(connection, 0, () => connection.isBackpressured);
    const isOver = (): boolean => counts.slowReadersClosed + counts.messagesDropped > 0;
    let count = 0;
    for (; !isOver() && count < 10_000; count++) {
      connection.send('sendText', '', 0, 0);
      connection.flush();
      // As the sockets of a script do after each batch.
      expect(connection.bufferedAmount).toBeGreaterThan(0);
    }
    expect(count).toBeLessThan(10_000);
  });

  test('and is pinged by the script without end is closed as well', async () => {
    const { connection, owner } = await slowReader('close');
    await sendUntil(connection, 0, () => connection.isBackpressured);
    for (let count = 0; owner.told.length === 0 && count < 10_000; count++) {
      connection.ping(Buffer.alloc(0));
    }
    expect(owner.order).toEqual(['failed']);
  });
});

describe('the policy `drop`', () => {
  test('leaves out what comes when too much waits; what has waited comes, whole and in order', async () => {
    const { connection, counts, owner, peer } = await slowReader('drop');
    const next = await sendUntil(connection, 0, () => counts.messagesDropped === 50);
    peer.socket.resume();
    await numberCame(peer, next - 51);
    expect(numbers(peer)).toEqual(Array.from({ length: next - 50 }, (_, number) => number));
    while (connection.isBackpressured) {
      await nextLoop();
    }
    sendBlock(connection, next);
    await numberCame(peer, next);
    expect(owner.told).toEqual([]);
    expect(counts).toEqual({ messagesDropped: 50, slowReadersClosed: 0 });
  });
});

describe('the policy `drop-oldest`', () => {
  test('leaves out what has waited longest and of which the kernel has nothing', async () => {
    const { connection, counts, owner, peer } = await slowReader('drop-oldest');
    const next = await sendUntil(connection, 0, () => counts.messagesDropped === 50);
    expect(connection.bufferedAmount).toBeLessThanOrEqual(LIMIT + BLOCK);
    peer.socket.resume();
    await numberCame(peer, next - 1);
    const came = numbers(peer);
    expect(came).toEqual([...came].sort((a, b) => a - b));
    expect(came).toHaveLength(next - 50);
    // One gap: before it what the kernel had, after it the newest.
    expect(came.filter((number, index) => index > 0 && number !== (came[index - 1] as number) + 1)).toHaveLength(1);
    expect(owner.told).toEqual([]);
  });

  test('keeps the newest message, also where it alone is more than the limit', async () => {
    const { connection, peer } = await slowReader('drop-oldest', KIB);
    const next = await sendUntil(connection, 0, () => connection.isBackpressured);
    for (let number = next; number < next + 10; number++) {
      sendBlock(connection, number);
    }
    peer.socket.resume();
    await numberCame(peer, next + 9);
  });

  test('drops also among what is sent in one batch', async () => {
    const { connection, counts, peer } = await slowReader('drop-oldest', 10 * BLOCK);
    for (let number = 0; number < 100; number++) {
      connection.send('sendBinary', block(number), 0, BLOCK);
    }
    expect(counts.messagesDropped).toBe(91);
    connection.flush();
    peer.socket.resume();
    await numberCame(peer, 99);
    expect(numbers(peer)).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99]);
  });

  test('closing sends what has waited, and then the close frame', async () => {
    const { connection, counts, peer } = await slowReader('drop-oldest');
    const next = await sendUntil(connection, 0, () => counts.messagesDropped === 1);
    connection.close(3000, 'enough');
    peer.socket.resume();
    expect(await peer.closeCode()).toBe(3000);
    expect(numbers(peer).at(-1)).toBe(next - 1);
  });

  test('`whenSent` waits for what is not given to the kernel yet', async () => {
    const { connection, peer } = await slowReader('drop-oldest');
    const next = await sendUntil(connection, 0, () => connection.bufferedAmount > LIMIT / 2);
    const sent = new Promise<number>((resolve) => connection.whenSent(() => resolve(connection.bufferedAmount)));
    peer.socket.resume();
    expect(await sent).toBe(0);
    await numberCame(peer, next - 1);
  });
});

describe('a compressed connection', () => {
  test.each(['close', 'drop', 'drop-oldest'] as const)('keeps to the limit, by the policy %p', async (policy) => {
    const counts = { messagesDropped: 0, slowReadersClosed: 0 };
    const deflate = { contextTakeover: false, threshold: 0, windowBits: 12 };
    const server = openServer({ deflate, sendLimit: { bytes: LIMIT, policy, counts } });
    const peer = openClient(`${server.url}/`, { perMessageDeflate: true });
    await peer.owner.first('opened');
    const { connection, owner } = await server.client(0);
    peer.connection.pause();
    const frames = new SharedFrames();
    let sent = 0;
    while (counts.messagesDropped + counts.slowReadersClosed === 0) {
      // Random, so that it does not become small.
      connection.sendShared(frames.message('all', 'sendBinary', randomBytes(BLOCK)));
      connection.flush();
      sent++;
      await nextLoop();
    }
    peer.connection.resume();
    if (policy === 'close') {
      expect((await owner.first('closed')).slice(0, 3)).toEqual(['closed', 1013, 'Reads too slowly.']);
    } else {
      await peer.owner.received(sent - 1);
      expect(owner.told).toEqual([]);
    }
  });
});

describe('a connection that the script has opened', () => {
  test('fails where too much waits for its server', async () => {
    const counts = { messagesDropped: 0, slowReadersClosed: 0 };
    const { port } = await openRawServer(({ socket }) => socket.pause());
    const { connection, owner } = openClient(`ws://127.0.0.1:${port}/`, { sendLimit: { bytes: LIMIT, policy: 'close', counts } });
    await owner.first('opened');
    await sendUntil(connection, 0, () => owner.told.length > 1);
    expect(owner.told[1]).toEqual(['failed', 4, expect.stringContaining('the peer reads too slowly: more than 1048576 bytes')]);
    expect(await owner.first('closed')).toEqual(['closed', 1006, '', false]);
    expect(counts.slowReadersClosed).toBe(1);
  });
});
