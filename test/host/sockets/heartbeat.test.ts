import { once } from 'node:events';
import { setTimeout as passed } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { SOCKET_ERRORS } from '../../../wire/socket-codes.ts';
import { openRawServer, type RawPeer } from '../../support/raw-peer.ts';
import { openClient, type TestClient } from '../../support/sockets.ts';
import { frame, OPCODE, type ParsedFrame } from '../../support/websocket-frames.ts';

const HEARTBEAT = { interval: 20, timeout: 100 };

interface Beating {
  readonly client: TestClient;
  readonly peer: RawPeer;
}

async function openBeating(heartbeat = HEARTBEAT): Promise<Beating> {
  const peers: RawPeer[] = [];
  const { port } = await openRawServer((peer) => peers.push(peer));
  const client = openClient(`ws://127.0.0.1:${port}/`, { heartbeat });
  await client.owner.first('opened');
  return { client, peer: peers[0] as RawPeer };
}

/** Resolves when so many pings have come. */
async function pings(peer: RawPeer, count: number): Promise<ParsedFrame[]> {
  for (;;) {
    const found = peer.frames.filter(({ opcode }) => opcode === OPCODE.ping);
    if (found.length >= count) {
      return found;
    }
    await once(peer.socket, 'data');
  }
}

/** @param before called before each answer */
function answerPings(peer: RawPeer, before?: () => void): void {
  let answered = 0;
  peer.socket.on('data', () => {
    for (const { payload } of peer.frames.filter(({ opcode }) => opcode === OPCODE.ping).slice(answered)) {
      before?.();
      answered++;
      peer.socket.write(frame({ opcode: OPCODE.pong, payload }));
    }
  });
}

test('a peer that says nothing is gone: the script is told a timeout, and 1006', async () => {
  const { client, peer } = await openBeating();
  expect(await client.owner.first('closed')).toEqual(['closed', 1006, '', false]);
  expect(client.owner.told.slice(1, -1)).toEqual([
    ['failed', SOCKET_ERRORS.SocketTimeoutError, expect.stringMatching(/ failed: the peer did not answer a ping within 100 ms$/)],
  ]);
  expect(await pings(peer, 1)).toHaveLength(1);
});

test('a peer that answers stays, and the script is told nothing of it', async () => {
  const { client, peer } = await openBeating();
  answerPings(peer);
  await pings(peer, 10);
  expect(client.owner.order).toEqual(['opened']);
});

test('a peer that answered while the process stood still is not gone', async () => {
  const { client, peer } = await openBeating();
  answerPings(peer, () => {
    const until = performance.now() + 2 * HEARTBEAT.timeout;
    while (performance.now() < until);
  });
  await pings(peer, 3);
  expect(client.owner.order).toEqual(['opened']);
});

test('a pong that answers no ping of the heartbeat is told', async () => {
  const { client, peer } = await openBeating();
  peer.socket.write(frame({ opcode: OPCODE.pong, payload: 'unasked' }));
  expect(await client.owner.first('pong')).toEqual(['pong', 'unasked']);
});

test('any bytes count as an answer, be they the middle of a message', async () => {
  const { client, peer } = await openBeating({ interval: 20, timeout: 300 });
  const message = frame({ opcode: OPCODE.binary, payload: Buffer.alloc(100, 1) });
  let at = 0;
  // Two bytes for each ping: never an answer, and never a whole message, for longer than a peer may be silent.
  const began = performance.now();
  while (performance.now() - began < 900) {
    await pings(peer, peer.frames.length + 1);
    peer.socket.write(message.subarray(at, (at += 2)));
  }
  expect(client.owner.order).toEqual(['opened']);
  peer.socket.write(message.subarray(at));
  expect(await client.owner.first('binary')).toEqual(['binary', '\x01'.repeat(100)]);
});

test('while nothing is read nobody is gone, and when reading goes on the heart beats on', async () => {
  const { client, peer } = await openBeating();
  client.connection.pause();
  await passed(4 * (HEARTBEAT.interval + HEARTBEAT.timeout));
  expect(client.owner.order).toEqual(['opened']);
  const before = peer.frames.length;
  client.connection.resume();
  await pings(peer, before + 1);
  await client.owner.first('failed');
});

test('a connection that is closed has no heart any more', async () => {
  const { client, peer } = await openBeating();
  peer.socket.end(frame({ opcode: OPCODE.close, payload: Buffer.from([3, 0xe8]) }));
  expect(await client.owner.first('closed')).toEqual(['closed', 1000, '', true]);
  client.connection.resume();
  await passed(2 * (HEARTBEAT.interval + HEARTBEAT.timeout));
  expect(client.owner.order).toEqual(['opened', 'closed']);
});
