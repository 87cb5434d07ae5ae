import { describe, expect, test } from '@jest/globals';
import type { Script } from '../../../host/script/script.ts';
import type { Command } from '../../../wire/commands.ts';
import { startFakeScript, type FakeCell } from '../../support/fake-cell.ts';
import { openClient, send, type TestClient } from '../../support/sockets.ts';
import { listenQuestion } from '../../support/server-items.ts';

const LISTEN = listenQuestion();
const drain = (socket = 1): Command => ({ type: 'drain', socket });
const block: Command = { type: 'sendBinary', socket: 1, data: Buffer.alloc(1024 * 1024) };
const wake: Command = { type: 'timer', delay: 0 };

/** A script whose turn is under way, that has accepted a connection: the socket 1. */
async function acceptedPeer(limits = {}): Promise<{ readonly cell: FakeCell; readonly peer: TestClient; readonly script: Script }> {
  const { cell, script } = startFakeScript({ limits });
  await cell.endTurn([{ type: 'loaded' }]);
  const { port } = cell.client.answer([], LISTEN);
  const peer = openClient(`ws://127.0.0.1:${port}/`);
  await peer.owner.first('opened');
  await cell.given('accepted');
  return { cell, peer, script };
}

describe('drain', () => {
  test('is answered when the kernel has taken all, and that alone begins a turn', async () => {
    const { cell, peer } = await acceptedPeer();
    await cell.endTurn([{ type: 'sendText', socket: 1, data: 'small' }, drain()]);
    await cell.turnBegins();
    expect(cell.lastTurn).toEqual([{ type: 'drained', socket: 1 }]);
    peer.connection.pause();
    // Until the kernel takes no more.
    for (;;) {
      await cell.endTurn([block, wake]);
      await cell.turnBegins();
      if (cell.lastTurn.length > 1) {
        break;
      }
    }
    await cell.endTurn([drain(), wake]);
    for (let turn = 0; turn < 50; turn++) {
      await cell.turnBegins();
      expect(cell.lastTurn).toEqual([{ type: 'timer' }]);
      await cell.endTurn([wake]);
    }
    await cell.endTurn();
    peer.connection.resume();
    await cell.turnBegins();
    expect(cell.lastTurn).toEqual([{ type: 'buffered', socket: 1, bytes: 0 }, { type: 'drained', socket: 1 }]);
  });

  test('asked thousands of times is answered once; where nothing was sent, at once', async () => {
    const { cell } = await acceptedPeer();
    await cell.endTurn([...Array.from({ length: 5000 }, () => drain()), wake]);
    await cell.given('timer');
    expect(cell.events.filter(({ type }) => type === 'drained')).toHaveLength(1);
  });

  test('is told for what is sent after it was asked, too', async () => {
    const { cell, peer } = await acceptedPeer({ bufferedBytes: 128 * 1024 * 1024 });
    peer.connection.pause();
    const blocks = 64;
    await cell.endTurn([block, drain(), wake]);
    for (let turn = 1; turn < blocks; turn++) {
      await cell.turnBegins();
      await cell.endTurn([block, wake]);
    }
    const before = cell.events.filter(({ type }) => type === 'drained').length;
    await cell.turnBegins();
    await cell.endTurn([drain()]);
    peer.connection.resume();
    await peer.owner.received(blocks);
    await cell.turnBegins();
    expect(cell.events.filter(({ type }) => type === 'drained')).toHaveLength(before + 1);
  });

  test.each([drain(0), drain(2), drain(3), drain(2 ** 32 - 1)])('of a socket that there is not is ignored: %p', async (command) => {
    const { cell } = await acceptedPeer();
    await cell.endTurn([command, wake]);
    await cell.turnBegins();
    expect(cell.lastTurn).toEqual([{ type: 'timer' }]);
  });

  test('of a connection that is lost is never answered', async () => {
    const { cell, peer } = await acceptedPeer();
    peer.connection.pause();
    await cell.endTurn([...Array.from({ length: 48 }, () => block), drain()]);
    peer.connection.terminate();
    await cell.given('closed');
    expect(cell.events.map(({ type }) => type)).not.toContain('drained');
  });
});

describe('pause', () => {
  test('holds the peer back until resume, also where the inbox was full meanwhile; nothing is lost', async () => {
    const { cell, peer } = await acceptedPeer({ inboxBytes: 64 * 1024 });
    await cell.endTurn([{ type: 'pause', socket: 1 }, { type: 'pause', socket: 1 }, wake]);
    await cell.turnBegins();
    const count = 200;
    for (let index = 0; index < count; index++) {
      send(peer.connection, { type: 'sendBinary', data: Buffer.alloc(256 * 1024, index) });
    }
    peer.connection.flush();
    const received = (): number[] => cell.events.flatMap((event) => (event.type === 'binary' ? [event.data[0] as number] : []));
    // As many turns as it takes until nothing more comes.
    let last = -1;
    for (let same = 0; same < 50; ) {
      await cell.endTurn([wake]);
      await cell.turnBegins();
      const now = peer.connection.bufferedAmount;
      same = now === last ? same + 1 : 0;
      last = now;
    }
    expect(last).toBeGreaterThan(0);
    expect(received()).toEqual([]);
    await cell.endTurn([{ type: 'resume', socket: 1 }, { type: 'resume', socket: 1 }]);
    while (received().length < count) {
      await cell.turnBegins();
      await cell.endTurn();
    }
    expect(received()).toEqual(Array.from({ length: count }, (_, index) => index));
  });
});

describe('a socket with a window', () => {
  const window = (bytes: number): Command => ({ type: 'window', socket: 1, bytes });
  const taken = (messages: number): Command => ({ type: 'taken', socket: 1, messages });

  /** Sends messages of so many bytes, and gives how many the script was told in all when nothing more comes. */
  async function receive(cell: FakeCell, peer: TestClient, count: number, size: number): Promise<number> {
    for (let each = 0; each < count; each++) {
      peer.connection.send('sendBinary', Buffer.alloc(size), 0, size);
    }
    peer.connection.flush();
    // Whatever the socket does, turns go around the loop.
    for (let turn = 0; turn < 50; turn++) {
      await cell.endTurn([wake]);
      await cell.turnBegins();
    }
    return cell.events.filter(({ type }) => type === 'binary').length;
  }

  test('is read until so much was told, and read on when that is taken', async () => {
    const { cell, peer } = await acceptedPeer();
    await cell.endTurn([window(1000), wake]);
    await cell.turnBegins();
    // Each counts 128 bytes more.
    expect(await receive(cell, peer, 10, 372)).toBe(3);
    await cell.endTurn([taken(1), wake]);
    await cell.turnBegins();
    expect(await receive(cell, peer, 0, 0)).toBe(4);
    await cell.endTurn([taken(3), wake]);
    await cell.turnBegins();
    expect(await receive(cell, peer, 0, 0)).toBe(7);
  });

  test('is filled by empty messages too', async () => {
    const { cell, peer } = await acceptedPeer();
    await cell.endTurn([window(1000), wake]);
    await cell.turnBegins();
    expect(await receive(cell, peer, 100, 0)).toBe(8);
  });

  test('is paused by its script as any other', async () => {
    const { cell, peer } = await acceptedPeer();
    await cell.endTurn([{ type: 'pause', socket: 1 }, wake]);
    await cell.turnBegins();
    expect(await receive(cell, peer, 3, 10)).toBe(0);
    await cell.endTurn([{ type: 'resume', socket: 1 }, wake]);
    await cell.turnBegins();
    expect(await receive(cell, peer, 0, 0)).toBe(3);
  });

  test.each([
    ['more than was told', [window(1000), taken(1)], '1 messages taken of 0'],
    ['without a window', [taken(0)], '0 messages taken of 0'],
  ])('of which a script has taken %s ends the script', async (_what, commands, text) => {
    const { cell, script } = await acceptedPeer();
    await cell.endTurn(commands);
    expect(await script.ended).toMatchObject({ reason: 'fault', error: { code: 'ERR_AIRLOCK_MALFORMED_COMMAND', message: expect.stringContaining(text) } });
  });

  test('that is closed is no more, whatever is taken of it', async () => {
    const { cell, peer } = await acceptedPeer();
    await cell.endTurn([window(1000), wake]);
    peer.connection.terminate();
    await cell.given('closed');
    await cell.endTurn([taken(9), window(9), { type: 'pause', socket: 1 }, wake]);
    await cell.turnBegins();
  });
});
