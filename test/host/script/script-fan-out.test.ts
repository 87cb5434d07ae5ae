import { describe, expect, test } from '@jest/globals';
import type { Limits } from '../../../host/policy/limits.ts';
import type { Command } from '../../../wire/commands.ts';
import { startFakeScript, type FakeScript } from '../../support/fake-cell.ts';
import { openClient, type TestClient } from '../../support/sockets.ts';
import { listenQuestion } from '../../support/server-items.ts';

type Publish = Extract<Command, { type: 'publishText' }>;

const publish = (data: string, more: Partial<Publish> = {}): Command => ({ type: 'publishText', server: 1, topic: '', except: 0, newest: 99, data, ...more });
const send = (socket: number, data: string): Command => ({ type: 'sendText', socket, data });
const subscribe = (socket: number, topic: string): Command => ({ type: 'subscribe', socket, topic });
const unsubscribe = (socket: number, topic: string): Command => ({ type: 'unsubscribe', socket, topic });

interface Served extends FakeScript {
  /** In the order of their numbers: 1, 3, 5. */
  readonly peers: readonly TestClient[];
}

/** A script whose turn is under way, and whose server 1 has accepted so many sockets. */
async function served(count: number, limits: Partial<Limits> = {}): Promise<Served> {
  const script = startFakeScript({ limits });
  await script.cell.endTurn([{ type: 'loaded' }]);
  const { port } = script.cell.client.answer([], listenQuestion());
  const peers: TestClient[] = [];
  for (let index = 0; index < count; index++) {
    const peer = openClient(`ws://127.0.0.1:${port}/`);
    await peer.owner.first('opened');
    peers.push(peer);
  }
  while (script.cell.events.filter(({ type }) => type === 'accepted').length < count) {
    await script.cell.endTurn();
    await script.cell.turnBegins();
  }
  return { ...script, peers };
}

/** What each peer gets up to the text `end`, which all are sent at last. */
async function received({ cell, peers }: Served, ...commands: readonly Command[]): Promise<string[][]> {
  await cell.endTurn([...commands, ...peers.map((_, index) => send(2 * index + 1, 'end'))]);
  return Promise.all(
    peers.map(async ({ owner }) => {
      while (owner.messages.at(-1)?.toString() !== 'end') {
        await owner.received(owner.messages.length + 1);
      }
      return owner.messages.slice(0, -1).map(String);
    }),
  );
}

describe('what is published', () => {
  test('goes to all of a server, but not to the one that is left out, nor to those that the script does not know of', async () => {
    const script = await served(3);
    expect(await received(script, publish('a'), publish('b', { except: 3 }), publish('c', { newest: 3 }), publish('d', { newest: 0 }))).toEqual([
      ['a', 'b', 'c'],
      ['a', 'c'],
      ['a', 'b'],
    ]);
  });

  test('goes to those that subscribe to its topic at that moment', async () => {
    const script = await served(2);
    const news = (data: string): Command => publish(data, { topic: 'news' });
    const commands = [news('nobody'), subscribe(1, 'news'), news('a'), subscribe(3, 'news'), subscribe(3, 'other'), news('b'), unsubscribe(1, 'news'), news('c')];
    expect(await received(script, ...commands)).toEqual([['a', 'b'], ['b', 'c']]);
  });

  test('keeps its place among what is sent to the socket itself', async () => {
    const script = await served(2);
    const large = 'x'.repeat(20_000);
    const ping: Command = { type: 'ping', socket: 1, data: Buffer.alloc(0) };
    const commands = [send(1, '1'), publish('2'), publish(large), send(1, '3'), ping, publish('4'), publish('5'), send(3, '6'), publish(large)];
    expect(await received(script, ...commands)).toEqual([
      ['1', '2', large, '3', '4', '5', large],
      ['2', large, '4', '5', '6', large],
    ]);
  });

  test('is text or bytes as it was given', async () => {
    const script = await served(1);
    const bytes = Buffer.from([1, 2, 3]);
    await received(script, { type: 'publishBinary', server: 1, topic: '', except: 0, newest: 99, data: bytes }, publish('grüß €'));
    expect(script.peers[0]?.owner.told.slice(1, 3)).toEqual([['binary', '\x01\x02\x03'], ['text', 'grüß €']]);
  });

  test('by a server that there is not goes to nobody', async () => {
    const script = await served(1);
    expect(await received(script, publish('a', { server: 2 }), publish('b', { topic: 'no such' }))).toEqual([[]]);
  });

  test('goes on where one of the sockets has closed, and one that comes later has none of its topics', async () => {
    const script = await served(2);
    await script.cell.endTurn([subscribe(1, 'news'), subscribe(3, 'news')]);
    script.peers[0]?.connection.close(1000, '');
    await script.cell.given('closed');
    const rest = { ...script, peers: [] };
    await received(rest, publish('a', { topic: 'news' }));
    await script.peers[1]?.owner.received(1);
    expect(script.peers[1]?.owner.messages.map(String)).toEqual(['a']);
  });
});

describe('a script whose isolate does not keep to the limits is ended', () => {
  test.each<[string, Partial<Limits>, readonly Command[], string]>([
    ['an empty topic', {}, [subscribe(1, '')], 'subscribe beyond a limit: a topic of 0 characters, after 0 of the socket\'s and 0 in all'],
    ['a long topic', { topicLength: 3 }, [subscribe(1, 'abcd')], 'subscribe beyond a limit: a topic of 4 characters'],
    ['many topics of a socket', { topicsPerSocket: 1 }, [subscribe(1, 'a'), subscribe(1, 'a'), subscribe(1, 'b')], 'after 1 of the socket\'s and 1 in all'],
    ['many subscriptions', { subscriptions: 1 }, [subscribe(1, 'a'), subscribe(3, 'a')], 'after 0 of the socket\'s and 1 in all'],
    ['many deliveries', { deliveriesPerTurn: 3 }, [publish('a'), publish('b')], 'publish more than 3 times in one turn'],
    ['a large attachment', { attachmentBytes: 3 }, [{ type: 'attach', socket: 1, data: Buffer.alloc(4) }], 'attach 4 bytes'],
  ])('%s', async (_what, limits, commands, message) => {
    const { cell, script } = await served(2, limits);
    await cell.endTurn(commands);
    const { error, reason } = await script.ended;
    expect(reason).toBe('fault');
    expect(error).toMatchObject({ code: 'ERR_AIRLOCK_MALFORMED_COMMAND', message: expect.stringContaining(message) });
  });

  test('what is at a limit is carried out, and each turn counts by itself', async () => {
    const script = await served(2, { topicLength: 3, topicsPerSocket: 1, subscriptions: 2, deliveriesPerTurn: 2, attachmentBytes: 3 });
    await script.cell.endTurn([subscribe(1, 'abc'), subscribe(3, 'abc'), { type: 'attach', socket: 1, data: Buffer.alloc(3) }, publish('a'), { type: 'timer', delay: 0 }]);
    await script.cell.turnBegins();
    expect(await received(script, unsubscribe(1, 'abc'), subscribe(1, 'ab'), publish('b'))).toEqual([['a', 'b'], ['a', 'b']]);
  });
});

describe('commands for a socket that there is not, or that no server has accepted', () => {
  test.each<Command>([
    subscribe(7, 'a'),
    subscribe(2, 'a'),
    unsubscribe(7, 'a'),
    { type: 'attach', socket: 7, data: Buffer.alloc(1) },
    { type: 'terminate', socket: 7 },
    { type: 'watchDrain', socket: 7 },
  ])('are ignored: %p', async (command) => {
    const script = await served(1);
    expect(await received(script, command)).toEqual([[]]);
  });
});

test('a socket that is cut by its script is closed with 1006, and that is no error', async () => {
  const { cell } = await served(1);
  await cell.endTurn([{ type: 'terminate', socket: 1 }]);
  expect(await cell.given('closed')).toMatchObject({ code: 1006, wasClean: false });
  expect(cell.events.map(({ type }) => type)).not.toContain('failed');
});

test('the latency of a socket without a heartbeat is not known', async () => {
  const { cell } = await served(1);
  expect([1, 7].map((socket) => cell.client.answer([], { type: 'latency', socket }))).toEqual([
    { type: 'latency', milliseconds: -1 },
    { type: 'latency', milliseconds: -1 },
  ]);
});

test('an accepted socket is told with its address and the headers of its request', async () => {
  const { cell, peers } = await served(1);
  const event = await cell.given('accepted');
  expect(event).toMatchObject({ socket: 1, remoteAddress: '127.0.0.1', target: '/', headers: expect.stringMatching(/^Sec-WebSocket-Version: 13\n(.*\n)*Host: 127\.0\.0\.1:\d+$/m) });
  expect(event.remotePort).toBeGreaterThan(0);
  expect(event.attachment).toHaveLength(0);
  expect(peers).toHaveLength(1);
});

describe('bytesSentPerSecond counts bytes, not characters', () => {
  const COUNT = 400;
  const hits = async (...commands: readonly Command[]): Promise<string[]> => {
    const { cell, script } = await served(1, { bytesSentPerSecond: 1024 });
    await cell.endTurn([...commands, { type: 'timer', delay: 0 }]);
    // What the turn has sent counts when the next one is to begin.
    await cell.turnBegins();
    return script.statistics.limits.map(({ name }) => name).filter((name) => name === 'bytesSentPerSecond');
  };

  test.each([
    ['sent', (data: string) => [send(1, data)]],
    // Short texts come out of an isolate in another way.
    ['sent in short messages', (data: string) => (data.match(/.{10}/gu) ?? []).map((part) => send(1, part))],
    ['published', (data: string) => [publish(data)]],
  ])('of text that is %s', async (_how, command) => {
    expect(await hits(...command('a'.repeat(COUNT)))).toEqual([]);
    // Three bytes each.
    expect(await hits(...command('\u20ac'.repeat(COUNT)))).toEqual(['bytesSentPerSecond']);
  });
});
