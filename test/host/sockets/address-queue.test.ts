import { describe, expect, test } from '@jest/globals';
import { AddressQueue } from '../../../host/sockets/address-queue.ts';
import { afterThisTest, openClient, openServer, openTcpServer } from '../../support/sockets.ts';
import { ProxySettings } from '../../../host/policy/proxy-options.ts';
import { TlsSettings } from '../../../host/sockets/tls-settings.ts';

const never = new AbortController().signal;

/** Waits in a queue. `opened` ends its turn; `order` says whose turn has come. */
class Waiting {
  readonly done = Promise.withResolvers<void>();
  readonly abort = new AbortController();
  readonly turn: Promise<void>;

  constructor(queue: AddressQueue, name: string, order: string[], ...addresses: readonly string[]) {
    this.turn = queue.turn(addresses, this.done.promise, this.abort.signal).then(() => void order.push(name));
  }
}

describe('connections to one address', () => {
  test('have their turns in order, one at a time; those to others do not wait', async () => {
    const queue = new AddressQueue();
    const order: string[] = [];
    const [a1, a2, a3, b] = ['a1', 'a2', 'a3', 'b'].map((name) => new Waiting(queue, name, order, name[0] as string)) as [Waiting, Waiting, Waiting, Waiting];
    await Promise.all([a1.turn, b.turn]);
    expect(order).toEqual(['a1', 'b']);
    a1.done.resolve();
    await a2.turn;
    expect(order).toEqual(['a1', 'b', 'a2']);
    a2.done.resolve();
    await a3.turn;
    [a3, b].forEach(({ done }) => done.resolve());
    await new Promise(setImmediate);
    expect(queue.size).toBe(0);
  });

  test('of which one gives up let nobody past the others', async () => {
    const queue = new AddressQueue();
    const order: string[] = [];
    const [first, second, third] = ['1', '2', '3'].map((name) => new Waiting(queue, name, order, 'a')) as [Waiting, Waiting, Waiting];
    await first.turn;
    second.abort.abort(new Error('gave up'));
    second.done.resolve();
    await expect(second.turn).rejects.toThrow('gave up');
    await new Promise(setImmediate);
    expect(order).toEqual(['1']);
    first.done.resolve();
    await third.turn;
    expect(order).toEqual(['1', '3']);
  });

  test('by names that share an address wait for one another, in whatever order they name it', async () => {
    const queue = new AddressQueue();
    const order: string[] = [];
    const both = new Waiting(queue, 'both', order, 'v4', 'v6');
    const reversed = new Waiting(queue, 'reversed', order, 'v6', 'v4');
    const literal = new Waiting(queue, 'literal', order, 'v6');
    await both.turn;
    expect(order).toEqual(['both']);
    both.done.resolve();
    await reversed.turn;
    expect(order).toEqual(['both', 'reversed']);
    reversed.done.resolve();
    await literal.turn;
  });

  test('do not wait where it is given up already', async () => {
    await expect(new AddressQueue().turn(['a'], Promise.resolve(), AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
    await new AddressQueue().turn(['a'], Promise.resolve(), never);
  });
});

describe('client connections of one script', () => {
  const network = async (): Promise<Parameters<typeof openClient>[1]> => ({
    network: { proxies: new ProxySettings(), tls: await TlsSettings.load(undefined), queue: new AddressQueue() },
  });

  test('to an address that does not answer wait for the first of them; another address is not held up', async () => {
    let connections = 0;
    const { port } = await openTcpServer(() => connections++);
    const options = await network();
    const first = openClient(`ws://127.0.0.1:${port}/`, { ...options, handshakeTimeout: 60_000 });
    const second = openClient(`ws://localhost:${port}/`, { ...options, handshakeTimeout: 300 });
    const { url } = openServer();
    const other = openClient(`${url}/`, options);
    await other.owner.first('opened');
    expect(await second.owner.first('failed')).toEqual([
      'failed',
      5,
      `WebSocket connection to 'ws://localhost:${port}/' failed: the connection timed out while an earlier one to the same address was still being opened`,
    ]);
    expect(connections).toBe(1);
    first.connection.terminate();
    const third = openClient(`ws://127.0.0.1:${port}/`, options);
    afterThisTest(() => third.connection.terminate());
  });

  test('of another script do not wait for it', async () => {
    let connections = 0;
    const { port } = await openTcpServer(() => connections++);
    const strangers = openClient(`ws://127.0.0.1:${port}/`, { ...(await network()), handshakeTimeout: 500 });
    const own = openClient(`ws://127.0.0.1:${port}/`, { ...(await network()), handshakeTimeout: 500 });
    await Promise.all([strangers.owner.first('closed'), own.owner.first('closed')]);
    expect(connections).toBe(2);
  });

  test('all open, a hundred at once', async () => {
    const { url } = openServer();
    const options = await network();
    const clients = Array.from({ length: 100 }, () => openClient(`${url}/`, options));
    await Promise.all(clients.map(({ owner }) => owner.first('opened')));
    expect(options?.network?.queue.size).toBe(0);
  });
});
