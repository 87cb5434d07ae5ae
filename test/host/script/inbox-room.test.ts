import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { HostInbox } from '../../../host/script/host-inbox.ts';
import { InboxRoom, STALL_TIMEOUT, type RoomUser } from '../../../host/script/inbox-room.ts';

const KB = 1024;

afterEach(() => {
  jest.useRealTimers();
});

/** A connection, as far as the room knows one. */
function connection(): RoomUser & { readonly served: () => number } {
  let served = 0;
  return { roomAgain: () => void served++, served: () => served, fail: () => {} };
}

/** The room of a script for whom nothing waits but what its connections are building. */
function room(host: HostInbox): InboxRoom {
  return new InboxRoom(8 * KB, () => 0, host, () => {}, () => {});
}

/** Scripts that hold as much of a host's room as they get, in pieces. */
function greedyScripts(host: HostInbox, count: number): void {
  for (let each = 0; each < count; each++) {
    const greedy = room(host);
    while (greedy.reserve(connection(), 64));
  }
}

test('a script that has nothing gets a message that is larger than what greedy scripts have left', () => {
  const host = new HostInbox(64 * KB);
  greedyScripts(host, 50);
  expect(host.most - host.total).toBeLessThan(6 * KB);
  expect(room(host).reserve(connection(), 6 * KB)).toBe(true);
});

test('it gets that message in pieces too, and no other one beside it', () => {
  const host = new HostInbox(64 * KB);
  greedyScripts(host, 50);
  const modest = room(host);
  const client = connection();
  for (let piece = 0; piece < 6; piece++) {
    expect(modest.reserve(client, KB)).toBe(true);
  }
  expect(modest.reserve(connection(), 6 * KB)).toBe(false);
});

test('one message is beyond the limit at a time, and the next one comes when it is done', () => {
  const host = new HostInbox(64 * KB);
  greedyScripts(host, 50);
  const first = room(host);
  const firstClient = connection();
  const second = room(host);
  const secondClient = connection();
  expect(first.reserve(firstClient, 32 * KB)).toBe(true);
  expect(host.total).toBeGreaterThan(host.mostOfOthers);
  expect(second.reserve(secondClient, 8 * KB)).toBe(false);
  first.release(firstClient);
  second.wake();
  expect(secondClient.served()).toBe(1);
  expect(host.total).toBeLessThanOrEqual(host.mostOfOthers + 8 * KB);
  first.end();
  second.end();
});

test('a message that its peer does not finish is given up if it keeps another script waiting', () => {
  jest.useFakeTimers();
  const host = new HostInbox(64 * KB);
  room(host).reserve(connection(), 128 * KB);
  const modest = room(host);
  const client = connection();
  expect(modest.reserve(client, KB)).toBe(false);
  // Others go on meanwhile.
  host.change(1);
  jest.advanceTimersByTime(STALL_TIMEOUT / 2);
  host.change(-1);
  jest.advanceTimersByTime(STALL_TIMEOUT / 2);
  jest.runAllTicks();
  jest.advanceTimersByTime(1);
  expect(client.served()).toBe(1);
  expect(host.total).toBe(KB);
});

describe('half messages of one script', () => {
  /** A connection that says how often it was served, and why it was cut. */
  function peer(): RoomUser & { served: number; cut: string[] } {
    const self = { served: 0, cut: [] as string[], roomAgain: () => void self.served++, fail: (error: Error) => void self.cut.push(error.message) };
    return self;
  }

  const CUT = ['it did not finish a message while others had to wait for room'];

  test('are given up after the constant time if others wait, the one that began first first; each that waited is served', () => {
    jest.useFakeTimers();
    const own = room(new HostInbox(64 * KB));
    const [stuck, next, last] = [peer(), peer(), peer()] as const;
    own.reserve(stuck, 8 * KB);
    own.reserve(next, 8 * KB);
    own.reserve(last, 8 * KB);
    jest.advanceTimersByTime(STALL_TIMEOUT - 1);
    expect(stuck.cut).toEqual([]);
    jest.advanceTimersByTime(1);
    expect([stuck.cut, next.cut, next.served, last.served]).toEqual([CUT, [], 1, 0]);
    jest.advanceTimersByTime(STALL_TIMEOUT);
    expect([next.cut, last.served]).toEqual([CUT, 1]);
  });

  test('are given up too if the one that was first has finished, and the next one does not; its time begins then', () => {
    jest.useFakeTimers();
    const own = room(new HostInbox(64 * KB));
    const [done, stuck, last] = [peer(), peer(), peer()] as const;
    own.reserve(done, 8 * KB);
    own.reserve(stuck, 8 * KB);
    own.reserve(last, 8 * KB);
    jest.advanceTimersByTime(STALL_TIMEOUT - 1);
    own.release(done);
    jest.advanceTimersByTime(STALL_TIMEOUT - 1);
    expect([stuck.served, stuck.cut]).toEqual([1, []]);
    jest.advanceTimersByTime(1);
    expect([stuck.cut, last.served]).toEqual([CUT, 1]);
  });

  test('are not given up if nobody waits, or if the script is what is slow', () => {
    jest.useFakeTimers();
    let weight = 0;
    const own = new InboxRoom(8 * KB, () => weight, new HostInbox(64 * KB), () => {}, () => {});
    const [alone, other] = [peer(), peer()] as const;
    own.reserve(alone, 8 * KB);
    jest.advanceTimersByTime(3 * STALL_TIMEOUT);
    weight = 9 * KB;
    own.reserve(other, KB);
    jest.advanceTimersByTime(3 * STALL_TIMEOUT);
    expect([alone.cut, other.cut]).toEqual([[], []]);
    own.end();
  });
});
