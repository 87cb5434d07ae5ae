import { once } from 'node:events';
import { setTimeout as passed } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { SOCKET_ERRORS } from '../../../wire/socket-codes.ts';
import type { LivenessOptions } from '../../../host/sockets/liveness.ts';
import { openRawClient, type RawPeer } from '../../support/raw-peer.ts';
import { openServer, send, type TestClient, type TestServer } from '../../support/sockets.ts';
import { closePayload, frame, OPCODE } from '../../support/websocket-frames.ts';

const MASK = Buffer.alloc(4);
const HEARTBEAT = { interval: 40, timeout: 120 };

interface Pair {
  readonly server: TestServer;
  readonly accepted: TestClient;
  readonly peer: RawPeer;
}

async function openPair(liveness: Partial<LivenessOptions> = {}): Promise<Pair> {
  const server = openServer({ liveness: { heartbeat: HEARTBEAT, idleTimeout: 0, ...liveness } });
  const peer = await openRawClient(server.server.port);
  return { server, peer, accepted: await server.client(0) };
}

/** Has the peer answer each ping, after so many milliseconds. */
function answerPings({ peer }: Pair, delay = 0): void {
  let answered = 0;
  const answer = (): void => {
    for (const { payload } of peer.frames.filter(({ opcode }) => opcode === OPCODE.ping).slice(answered)) {
      answered++;
      setTimeout(() => peer.socket.write(frame({ opcode: OPCODE.pong, payload, mask: MASK })), delay);
    }
  };
  peer.socket.on('data', answer);
  answer();
}

describe("a server's heartbeat", () => {
  test('ends a connection whose peer does not answer: a timeout, and 1006', async () => {
    const { accepted, peer, server } = await openPair();
    expect(await accepted.owner.first('closed')).toEqual(['closed', 1006, '', false]);
    expect(accepted.owner.told).toEqual([
      ['failed', SOCKET_ERRORS.SocketTimeoutError, expect.stringMatching(/ failed: the peer did not answer a ping within 120 ms$/)],
      ['closed', 1006, '', false],
    ]);
    expect(await peer.framesOf(OPCODE.ping, 1)).toHaveLength(1);
    expect(server.server.watchedCount).toBe(0);
  });

  test('leaves one alone whose peer answers, tells its owner nothing, and knows the time of a round trip', async () => {
    const pair = await openPair();
    expect(pair.accepted.connection.latency).toBeUndefined();
    const began = performance.now();
    answerPings(pair, 30);
    const pings = await pair.peer.framesOf(OPCODE.ping, 4);
    expect(new Set(pings.map(({ payload }) => payload.toString('hex'))).size).toBe(4);
    expect(pings.every(({ fin, masked, reserved }) => fin && !masked && reserved === 0)).toBe(true);
    expect(pair.accepted.connection.latency).toBeGreaterThan(25);
    expect(pair.accepted.connection.latency).toBeLessThan(performance.now() - began);
    expect(pair.accepted.owner.told).toEqual([]);
  });

  test('takes anything for an answer, be it half a frame', async () => {
    const { accepted, peer } = await openPair({ heartbeat: { interval: 20, timeout: 300 } });
    const message = frame({ opcode: OPCODE.binary, payload: Buffer.alloc(60, 1), mask: MASK });
    for (let at = 0; at < message.length; at += 2) {
      await peer.framesOf(OPCODE.ping, at / 2 + 1);
      peer.socket.write(message.subarray(at, at + 2));
    }
    expect(await accepted.owner.first('binary')).toEqual(['binary', '\x01'.repeat(60)]);
    expect(accepted.owner.order).toEqual(['binary']);
  });

  test('does not take a pong of the peer\'s own for a round trip, but tells it', async () => {
    const { accepted, peer } = await openPair({ heartbeat: { interval: 60_000, timeout: 60_000 } });
    peer.socket.write(frame({ opcode: OPCODE.pong, payload: 'unasked', mask: MASK }));
    expect(await accepted.owner.first('pong')).toEqual(['pong', 'unasked']);
    expect(accepted.connection.latency).toBeUndefined();
  });

  test('takes nobody for gone while nothing is read', async () => {
    const { accepted } = await openPair();
    accepted.connection.pause();
    await passed(3 * (HEARTBEAT.interval + HEARTBEAT.timeout));
    expect(accepted.owner.order).toEqual([]);
    accepted.connection.resume();
    await accepted.owner.first('closed');
  });

  test('nor one that takes what was sent, however slowly', async () => {
    const heartbeat = { interval: 20, timeout: 800 };
    const { accepted, peer } = await openPair({ heartbeat });
    peer.socket.pause();
    send(accepted.connection, { type: 'sendBinary', data: Buffer.alloc(128 * 1024 * 1024) });
    accepted.connection.flush();
    const began = performance.now();
    // A megabyte at a time, and never as far as the ping behind it all.
    while (performance.now() - began < 2 * heartbeat.timeout) {
      let taken = 0;
      peer.socket.resume();
      while (taken < 1024 * 1024) {
        taken += ((await once(peer.socket, 'data')) as [Buffer])[0].length;
      }
      peer.socket.pause();
      await passed(heartbeat.interval);
    }
    expect(accepted.owner.order).toEqual([]);
    // From now on it takes nothing.
    expect((await accepted.owner.first('closed'))[1]).toBe(1006);
  });

  test('a hundred peers that vanish together leave nothing behind', async () => {
    const { server, clients } = openServer({ liveness: { heartbeat: HEARTBEAT, idleTimeout: 0 } });
    const sockets = (): number => process.getActiveResourcesInfo().filter((type) => type === 'TCPSocketWrap').length;
    const before = sockets();
    const peers = await Promise.all(Array.from({ length: 100 }, () => openRawClient(server.port)));
    await Promise.all(clients.map(({ owner }) => owner.first('closed')));
    expect(clients.map(({ owner }) => owner.told.at(-1))).toEqual(clients.map(() => ['closed', 1006, '', false]));
    await Promise.all(peers.map(({ socket }) => socket.closed || once(socket, 'close')));
    expect(clients).toHaveLength(100);
    while (sockets() > before) {
      await passed(5);
    }
    expect(server.watchedCount).toBe(0);
  });
});

describe('a connection without a message for as long as idleTimeout', () => {
  const IDLE = { heartbeat: undefined, idleTimeout: 200 };

  test('is closed with 1001', async () => {
    const { accepted, peer, server } = await openPair(IDLE);
    const began = performance.now();
    expect((await peer.frame(OPCODE.close)).payload).toEqual(closePayload(1001, 'Idle timeout.'));
    expect(performance.now() - began).toBeGreaterThan(150);
    peer.socket.write(frame({ opcode: OPCODE.close, payload: closePayload(1001), mask: MASK }));
    expect(await accepted.owner.first('closed')).toEqual(['closed', 1001, '', true]);
    expect(server.server.watchedCount).toBe(0);
  });

  test('whatever pings come and go', async () => {
    const pair = await openPair({ heartbeat: HEARTBEAT, idleTimeout: 200 });
    answerPings(pair);
    pair.peer.socket.write(frame({ opcode: OPCODE.ping, mask: MASK }));
    expect(await pair.peer.closeCode()).toBe(1001);
  });

  test.each(['sends', 'is sent'])('but not one that %s messages', async (what) => {
    const { accepted, peer } = await openPair(IDLE);
    const began = performance.now();
    while (performance.now() - began < 600) {
      if (what === 'sends') {
        peer.socket.write(frame({ opcode: OPCODE.text, payload: 'x', mask: MASK }));
      } else {
        send(accepted.connection, { type: 'sendText', data: 'x' });
        accepted.connection.flush();
      }
      await passed(50);
    }
    expect(peer.frames.filter(({ opcode }) => opcode === OPCODE.close)).toEqual([]);
    expect(await peer.closeCode()).toBe(1001);
  });
});
