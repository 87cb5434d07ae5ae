import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { openRawClient, openRawServer, type RawPeer } from '../../support/raw-peer.ts';
import { handshakeRequest, openClient, openServer, openTcp, readUntilHungUp, send } from '../../support/sockets.ts';
import { closePayload, frame, OPCODE } from '../../support/websocket-frames.ts';

describe('a server that closes', () => {
  test.each([
    ['nothing', ''],
    ['half a handshake', handshakeRequest().slice(0, 60)],
  ])('answers those with 503 who have sent %s so far', async (_what, text) => {
    const { server } = openServer();
    const socket = await openTcp(server.port, true);
    const connected = new Promise<void>((resolve) => socket.write(`${text}`, () => resolve()));
    await connected;
    // The server knows of it when it has accepted one that came later.
    await openRawClient(server.port);
    server.close();
    expect(await readUntilHungUp(socket)).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\nConnection: close\r\n/);
  });

  test('may be closed again', () => {
    const { server } = openServer();
    server.close();
    server.close();
  });
});

describe('a peer that does not answer a close frame is cut off after closeTimeout:', () => {
  test("a server's", async () => {
    const { client, server } = openServer({ closeTimeout: 100 });
    const peer = await openRawClient(server.port);
    const { connection, owner } = await client(0);
    const began = performance.now();
    connection.close(1001, 'Server closing.');
    expect((await peer.frame(OPCODE.close)).payload).toEqual(closePayload(1001, 'Server closing.'));
    expect(await owner.first('closed')).toEqual(['closed', 1006, '', false]);
    expect(performance.now() - began).toBeGreaterThan(95);
    await once(peer.socket, 'close');
  });

  test("a client's", async () => {
    const peers: RawPeer[] = [];
    const { port } = await openRawServer((peer) => peers.push(peer));
    const { connection, owner } = openClient(`ws://127.0.0.1:${port}/`, { closeTimeout: 100 });
    await owner.first('opened');
    connection.close(1000, '');
    expect(await peers[0]?.closeCode()).toBe(1000);
    expect(await owner.first('closed')).toEqual(['closed', 1006, '', false]);
  });

  test('one that answers and does not hang up', async () => {
    const { client, server } = openServer({ closeTimeout: 100 });
    const peer = await openRawClient(server.port);
    peer.socket.allowHalfOpen = true;
    const { connection, owner } = await client(0);
    connection.close(3000, '');
    await peer.frame(OPCODE.close);
    peer.socket.write(frame({ opcode: OPCODE.close, payload: closePayload(3000), mask: Buffer.alloc(4) }));
    expect(await owner.first('closed')).toEqual(['closed', 3000, '', true]);
  });

  test('one that does not read, and whose close frame waits behind what was sent', async () => {
    const { client, server } = openServer({ closeTimeout: 200 });
    const peer = await openRawClient(server.port);
    peer.socket.pause();
    const { connection, owner } = await client(0);
    do {
      send(connection, { type: 'sendBinary', data: Buffer.alloc(1024 * 1024) });
      connection.flush();
    } while (connection.bufferedAmount < 16 * 1024 * 1024);
    connection.close(1001, '');
    expect((await owner.first('closed'))[1]).toBe(1006);
  });
});
