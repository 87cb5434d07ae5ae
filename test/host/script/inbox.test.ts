import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Inbox } from '../../../host/script/inbox.ts';
import type { Event } from '../../../wire/events.ts';
import { eventsOf } from '../../support/wire.ts';

let serial = 0;
/** Each with a number of its own, so that none is taken for another. */
const event = fc.oneof(
  fc.tuple(fc.constantFrom('text' as const, 'binary' as const), fc.nat({ max: 60 })).map(([type, length]): Event => ({
    type, socket: serial++ % 1000, data: Buffer.alloc(length, 97),
  })),
  fc.constant<Event>({ type: 'timer' }),
);

function size(event: Event): number {
  return event.type === 'text' || event.type === 'binary' ? event.data.length : 0;
}

function payload(events: readonly Event[]): number {
  return events.reduce((sum, each) => sum + size(each), 0);
}

/** Messages go in on the fast way for them, other events on the general one. */
function put(inbox: Inbox, given: Event): void {
  if (given.type === 'text' || given.type === 'binary') {
    const data = Buffer.concat([Buffer.from('<'), given.data as Buffer, Buffer.from('>')]);
    const kind = given.type === 'binary' ? 'binary' : given.socket % 2 === 0 ? 'ascii' : 'text';
    inbox.message(given.socket, kind, data, 1, data.length - 1);
  } else {
    inbox.push(given);
  }
}

function told(given: Event): unknown {
  return given.type === 'text' || given.type === 'binary' ? [given.type, given.socket, given.data.toString()] : given.type;
}

describe('an inbox', () => {
  test('gives everything once and in order, within the limits but for a single larger message', () => {
    const step = fc.oneof(fc.array(event, { maxLength: 8 }), fc.constant('take' as const));
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 100 }),
        (steps, most, mostBytes) => {
          const inbox = new Inbox(most, mostBytes, 10);
          const pushed: Event[] = [];
          const taken: Event[] = [];
          const take = (): void => {
            const events = eventsOf(inbox.take());
            expect(events.length).toBeLessThanOrEqual(most);
            expect(payload(events) <= mostBytes || events.length === 1).toBe(true);
            // It takes as much as it may: the next event would be too much.
            const next = pushed[taken.length + events.length];
            if (next !== undefined && events.length < most) {
              expect(payload(events) + size(next)).toBeGreaterThan(mostBytes);
            }
            taken.push(...events);
          };
          for (const each of steps) {
            if (each === 'take') {
              take();
            } else {
              each.forEach((one) => put(inbox, one));
              pushed.push(...each);
            }
            expect(inbox.length).toBe(pushed.length - taken.length);
            expect(inbox.bytes).toBe(payload(pushed.slice(taken.length)));
          }
          while (inbox.length > 0) {
            take();
          }
          expect(taken.map(told)).toEqual(pushed.map(told));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('gives nothing where it is empty, and after it was cleared', () => {
    const inbox = new Inbox(10, 10, 10);
    expect(inbox.take()).toBeUndefined();
    inbox.push({ type: 'timer' });
    inbox.push({ type: 'text', socket: 1, data: Buffer.alloc(5) });
    inbox.clear();
    expect(inbox.take()).toBeUndefined();
    expect([inbox.length, inbox.bytes, inbox.weight]).toEqual([0, 0, 0]);
  });

  test('gives back what waits as it was pushed, and says which turns were taken', () => {
    const inbox = new Inbox(2, 1000, 10);
    const events: Event[] = [
      { type: 'text', socket: 1, data: 'first' },
      { type: 'binary', socket: 3, data: Buffer.from([1, 2]) },
      { type: 'closed', socket: 1, code: 1000, reason: 'é', wasClean: true },
    ];
    events.forEach((event) => inbox.push(event));
    expect([inbox.newestTurn, inbox.takenTurn]).toEqual([2, 0]);
    inbox.take();
    expect([inbox.newestTurn, inbox.takenTurn]).toEqual([2, 1]);
    expect(inbox.drain()).toEqual([events[2]]);
    expect([inbox.length, inbox.newestTurn, inbox.takenTurn]).toEqual([0, 1, 1]);
    events.slice(0, 2).forEach((event) => inbox.push(event));
    expect(inbox.drain()).toEqual([{ ...events[0], data: 'first' }, { ...events[1], data: expect.objectContaining({ length: 2 }) }]);
  });

  test('grows heavier with every event, so that a flood of empty messages fills it too', () => {
    const inbox = new Inbox(100, 100, 10);
    for (let count = 0; count < 100; count++) {
      const before = inbox.weight;
      inbox.message(1, 'ascii', Buffer.alloc(0), 0, 0);
      expect(inbox.weight).toBeGreaterThan(before);
    }
    inbox.take();
    expect(inbox.weight).toBe(0);
  });

  test('keeps a small message though the buffer in which it came is used again', () => {
    const inbox = new Inbox(10, 1000, 10);
    const buffer = Buffer.from('first');
    inbox.message(1, 'ascii', buffer, 0, 5);
    buffer.write('other');
    inbox.message(1, 'binary', buffer, 0, 5);
    buffer.fill(0);
    expect(eventsOf(inbox.take()).map(told)).toEqual([['text', 1, 'first'], ['binary', 1, 'other']]);
  });

  test('gives so many requests a turn, for each may be answered at length; what else waits keeps its place', () => {
    const inbox = new Inbox(100, 1000, 2);
    const client = { server: 1, target: '/', headers: [], address: '127.0.0.1', port: 1, certificate: '' };
    for (const request of [1, 2, 3, 4, 5]) {
      inbox.push({ type: 'plainRequested', ...client, request, method: 'GET', data: Buffer.alloc(0) });
      inbox.push({ type: 'timer' });
    }
    inbox.push({ type: 'upgradeRequested', ...client, request: 6, protocols: [] });
    const turns: string[][] = [];
    for (let turn = inbox.take(); turn !== undefined; turn = inbox.take()) {
      turns.push(eventsOf(turn).map(({ type }) => type));
    }
    const pair = ['plainRequested', 'timer'];
    expect(turns).toEqual([[...pair, ...pair], [...pair, ...pair], [...pair, 'upgradeRequested']]);
  });
});
