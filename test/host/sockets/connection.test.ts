import { once } from 'node:events';
import { setImmediate as nextLoop } from 'node:timers/promises';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../host/sockets/connection.ts';
import { SOCKET_ERRORS } from '../../../wire/socket-codes.ts';
import { handshakeRequest, openClient, openServer, openTcp, send, type Message, type TestClient } from '../../support/sockets.ts';
import { OPCODE, parseFrames } from '../../support/websocket-frames.ts';

const text = (data: string): Message => ({ type: 'sendText', data });
const binary = (length: number, fill = 0): Message => ({ type: 'sendBinary', data: Buffer.alloc(length, fill) });

function sendAll(connection: Connection, ...messages: readonly Message[]): void {
  messages.forEach((message) => send(connection, message));
  connection.flush();
}

interface Pair {
  /** The end that is looked at. */
  readonly near: TestClient;
  readonly far: TestClient;
}

/** Two ends of one connection: the near one is that which a script has accepted, or that which it has opened. */
async function pairOf(kind: string): Promise<Pair> {
  const server = openServer();
  const opened = openClient(`${server.url}/`);
  await opened.owner.first('opened');
  const accepted = await server.client(0);
  return kind === 'accepted' ? { near: accepted, far: opened } : { near: opened, far: accepted };
}

/** The bare TCP socket of a client whose handshake is done, and the connection that the server has of it. */
async function rawClient(): Promise<{ readonly socket: Socket; readonly accepted: TestClient }> {
  const server = openServer();
  const socket = await openTcp(server.server.port);
  socket.write(handshakeRequest());
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
  return { socket, accepted: await server.client(0) };
}

const BLOCK = 256 * 1024;

/** Sends blocks until the kernel takes no more. Returns how many. */
async function fillKernel(connection: Connection): Promise<number> {
  for (let count = 1; ; count++) {
    sendAll(connection, binary(BLOCK, count % 251));
    await nextLoop();
    if (connection.bufferedAmount > 0) {
      return count;
    }
  }
}

async function drained(connection: Connection): Promise<void> {
  while (connection.bufferedAmount > 0) {
    await nextLoop();
  }
}

describe.each(['accepted', 'opened'])('a connection that was %s', (kind) => {
  test('carries text and binary messages of every size, in order', async () => {
    const { near, far } = await pairOf(kind);
    const messages = [0, 1, 125, 126, 8191, 8192, 65_535, 65_536, 300_000].flatMap((length) => [
      binary(length, length % 251),
      text('é'.repeat(length)),
    ]);
    sendAll(near.connection, ...messages);
    await far.owner.received(messages.length);
    expect(far.owner.order.filter((name) => name !== 'opened')).toEqual(
      messages.map(({ type }) => (type === 'sendText' ? 'text' : 'binary')),
    );
    messages.forEach(({ data }, index) => {
      expect(far.owner.messages[index]?.equals(Buffer.from(data as string))).toBe(true);
    });
  });

  test('sends nothing before it is flushed', async () => {
    const { near, far } = await pairOf(kind);
    send(near.connection, text('waits'));
    sendAll(far.connection, text('there'));
    await near.owner.first('text');
    sendAll(far.connection, text('and back'));
    await near.owner.received(2);
    expect(far.owner.messages).toEqual([]);
    near.connection.flush();
    expect(await far.owner.first('text')).toEqual(['text', 'waits']);
  });

  test('closes after what was sent, with a code and a reason, which both ends are told', async () => {
    const { near, far } = await pairOf(kind);
    send(near.connection, text('first'));
    send(near.connection, text('second'));
    near.connection.close(3001, 'enough, €');
    sendAll(near.connection, text('too late'));
    const closed = ['closed', 3001, 'enough, €', true];
    expect(await far.owner.first('closed')).toEqual(closed);
    expect(far.owner.told.filter(([name]) => name !== 'opened')).toEqual([['text', 'first'], ['text', 'second'], closed]);
    expect(await near.owner.first('closed')).toEqual(closed);
    expect(near.owner.order).not.toContain('failed');
  });

  test('closes without a code, which is told as 1005', async () => {
    const { near, far } = await pairOf(kind);
    near.connection.close(0, '');
    expect(await far.owner.first('closed')).toEqual(['closed', 1005, '', true]);
    expect(await near.owner.first('closed')).toEqual(['closed', 1005, '', true]);
  });

  test('is cut off: the peer is told that its remote host closed, and 1006', async () => {
    const { near, far } = await pairOf(kind);
    near.connection.terminate();
    expect(await far.owner.first('closed')).toEqual(['closed', 1006, '', false]);
    expect(await far.owner.first('failed')).toEqual([
      'failed',
      SOCKET_ERRORS.RemoteHostClosedError,
      `WebSocket connection to '${far.connection.url}' failed: the remote host closed the connection`,
    ]);
    await near.owner.first('closed');
    expect(near.owner.order.at(-1)).toBe('closed');
  });

  test('tells nothing after it is closed, whatever is done with it', async () => {
    const { near, far } = await pairOf(kind);
    near.connection.close(1000, '');
    await Promise.all([near.owner.first('closed'), far.owner.first('closed')]);
    const before = near.owner.told.length;
    near.connection.close(1001, 'again');
    sendAll(near.connection, text('lost'));
    near.connection.pause();
    near.connection.resume();
    near.connection.terminate();
    await nextLoop();
    expect(near.owner.told).toHaveLength(before);
    expect(near.connection.bufferedAmount).toBe(0);
  });

  test('that is paused reads nothing, and loses nothing when it reads on', async () => {
    const { near, far } = await pairOf(kind);
    near.connection.pause();
    const sent = await fillKernel(far.connection);
    expect(near.owner.messages).toEqual([]);
    near.connection.resume();
    await near.owner.received(sent);
    expect(near.owner.messages.map((message) => message[0])).toEqual(
      Array.from({ length: sent }, (_, index) => (index + 1) % 251),
    );
  });

  test('says when the kernel has taken all that was sent', async () => {
    const { near, far } = await pairOf(kind);
    const told: string[] = [];
    near.connection.whenSent(() => told.push('nothing was sent'));
    expect(told).toEqual(['nothing was sent']);
    far.connection.pause();
    const blocks = await fillKernel(near.connection);
    const allSent = new Promise<void>((resolve) => near.connection.whenSent(resolve));
    void allSent.then(() => told.push('all was sent'));
    // What is sent later counts, too.
    sendAll(near.connection, binary(BLOCK), text('last'));
    for (let loop = 0; loop < 100; loop++) {
      await nextLoop();
    }
    expect(told).toHaveLength(1);
    far.connection.resume();
    await allSent;
    expect(near.connection.bufferedAmount).toBe(0);
    await far.owner.received(blocks + 2);
    expect(far.owner.messages.at(-1)?.toString()).toBe('last');
  });

  test('sends what the kernel could not take yet as it was, whatever is sent after it', async () => {
    const { near, far } = await pairOf(kind);
    far.connection.pause();
    const blocks = await fillKernel(near.connection);
    const texts = Array.from({ length: 300 }, (_, index) => `message ${index}`);
    for (const each of texts) {
      sendAll(near.connection, text(each));
    }
    far.connection.resume();
    await far.owner.received(blocks + texts.length);
    expect(far.owner.messages.slice(blocks).map(String)).toEqual(texts);
  });

  test('that ends before says nothing of what was sent', async () => {
    const { near, far } = await pairOf(kind);
    far.connection.pause();
    await fillKernel(near.connection);
    let told = 0;
    near.connection.whenSent(() => told++);
    near.connection.terminate();
    await near.owner.first('closed');
    await nextLoop();
    expect(told).toBe(0);
  });

  test('counts in bufferedAmount the payload that the kernel has not taken, to the byte', async () => {
    const { near, far } = await pairOf(kind);
    far.connection.pause();
    expect(near.connection.bufferedAmount).toBe(0);
    const blocks = await fillKernel(near.connection);
    // The block that the kernel has taken a part of counts as a whole.
    let expected = BLOCK;
    expect(near.connection.bufferedAmount).toBe(expected);
    const turns = [[0], [1, 125], [126, 127, 0], [8191, 8192], [65_535], [65_536, 3]];
    for (const sizes of turns) {
      sendAll(near.connection, ...sizes.map((length) => binary(length)));
      expected += sizes.reduce((sum, length) => sum + length, 0);
      expect(near.connection.bufferedAmount).toBe(expected);
    }
    sendAll(near.connection, text('€😀'));
    expect(near.connection.bufferedAmount).toBe(expected + 7);
    far.connection.resume();
    await far.owner.received(blocks + turns.flat().length + 1);
    await drained(near.connection);
    sendAll(near.connection, text('and it is still so'));
    await far.owner.received(blocks + turns.flat().length + 2);
    await drained(near.connection);
  });
});

describe('one flush', () => {
  test('of many messages reaches the peer in few pieces', async () => {
    const { accepted, socket } = await rawClient();
    const pieces: Buffer[] = [];
    let length = 0;
    const all = new Promise<void>((resolve) => {
      socket.on('data', (data: Buffer) => {
        pieces.push(data);
        length += data.length;
        if (length === 1000 * 6) {
          resolve();
        }
      });
    });
    sendAll(accepted.connection, ...Array.from({ length: 1000 }, () => text('tick')));
    await all;
    const frames = parseFrames(Buffer.concat(pieces));
    expect(frames).toHaveLength(1000);
    expect(new Set(frames.map(({ opcode, payload }) => `${opcode} ${payload.toString()}`))).toEqual(new Set(['1 tick']));
    expect(pieces.length).toBeLessThan(10);
  });

  test('of a message and a close: the frames lie in this order, and TCP ends when the peer has answered', async () => {
    const { accepted, socket } = await rawClient();
    const pieces: Buffer[] = [];
    let bytes = 0;
    const both = new Promise<void>((resolve) => {
      socket.on('data', (data: Buffer) => {
        pieces.push(data);
        bytes += data.length;
        if (bytes === 2 + 4 + 2 + 2 + 3) {
          resolve();
        }
      });
    });
    send(accepted.connection, text('last'));
    accepted.connection.close(1000, 'bye');
    await both;
    const [message, close] = parseFrames(Buffer.concat(pieces));
    expect(message).toMatchObject({ opcode: OPCODE.text, payload: Buffer.from('last') });
    expect(close).toMatchObject({ opcode: OPCODE.close, payload: Buffer.from('\x03\xe8bye', 'latin1') });
    expect(accepted.owner.order).toEqual([]);
    // A masked close frame with the same code, the mask being zero.
    socket.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]));
    await once(socket, 'close');
    expect(await accepted.owner.first('closed')).toEqual(['closed', 1000, '', true]);
  });
});

describe('a peer that breaks the protocol is told so, and the script that it failed:', () => {
  test.each([
    ['an unmasked frame', [0x81, 0x01, 0x61], 1002],
    ['a reserved bit', [0xc1, 0x80, 0, 0, 0, 0], 1002],
    ['an unknown opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
    ['a text that is no UTF-8', [0x81, 0x81, 0, 0, 0, 0, 0xff], 1007],
    ['a close code that may not be sent', [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed], 1002],
  ])('%s', async (_what, bytes, code) => {
    const { accepted, socket } = await rawClient();
    const answer = once(socket, 'data');
    socket.write(Buffer.from(bytes));
    const [close] = parseFrames(((await answer) as [Buffer])[0]);
    expect(close?.opcode).toBe(OPCODE.close);
    expect(close?.payload.readUInt16BE(0)).toBe(code);
    await accepted.owner.first('closed');
    expect(accepted.owner.order).toEqual(['failed', 'closed']);
    expect(accepted.owner.told[1]).toEqual(['closed', 1006, '', false]);
  });
});

test('what is sent before a connection is open is lost, as it is in Overte', async () => {
  const server = openServer();
  const { connection, owner } = openClient(`${server.url}/`);
  sendAll(connection, text('too early'));
  await owner.first('opened');
  sendAll(connection, text('in time'));
  const { owner: peer } = await server.client(0);
  expect(await peer.first('text')).toEqual(['text', 'in time']);
});

test('a ping is answered, and told to its owner', async () => {
  const { accepted, socket } = await rawClient();
  const answer = once(socket, 'data');
  socket.write(Buffer.from([0x89, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
  const [pong] = parseFrames(((await answer) as [Buffer])[0]);
  expect(pong).toMatchObject({ opcode: OPCODE.pong, payload: Buffer.from('hi') });
  expect(accepted.owner.told).toEqual([['ping', 'hi']]);
});
