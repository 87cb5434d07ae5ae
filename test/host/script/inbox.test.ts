import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Inbox } from '../../../host/script/inbox.ts';
import type { Event } from '../../../wire/events.ts';

const event = fc.oneof(
  fc.nat({ max: 60 }).map((length): Event => ({ type: 'text', socket: 1, data: Buffer.alloc(length) })),
  fc.nat({ max: 60 }).map((length): Event => ({ type: 'binary', socket: 1, data: Buffer.alloc(length) })),
  fc.constant<Event>({ type: 'timer' }),
);

function payload(events: readonly Event[]): number {
  return events.reduce((sum, each) => sum + (each.type === 'text' || each.type === 'binary' ? each.data.length : 0), 0);
}

describe('an inbox', () => {
  test('gives everything once and in order, within the limits but for a single larger message', () => {
    /** Either events that come in, or a take under these limits. */
    const step = fc.oneof(
      fc.array(event, { maxLength: 8 }).map((events) => ({ events })),
      fc.record({ most: fc.integer({ min: 1, max: 6 }), mostBytes: fc.integer({ min: 1, max: 100 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const inbox = new Inbox();
        const pushed: Event[] = [];
        const taken: Event[] = [];
        const take = (most: number, mostBytes: number): void => {
          const events = inbox.take(most, mostBytes);
          expect(events.length).toBeLessThanOrEqual(most);
          expect(payload(events) <= mostBytes || events.length === 1).toBe(true);
          // It takes as much as it may: the next event would be too much.
          const next = pushed[taken.length + events.length];
          if (next !== undefined && events.length < most) {
            expect(payload([...events, next])).toBeGreaterThan(mostBytes);
          }
          taken.push(...events);
        };
        for (const each of steps) {
          if ('events' in each) {
            each.events.forEach((one) => inbox.push(one));
            pushed.push(...each.events);
          } else {
            take(each.most, each.mostBytes);
          }
          expect(inbox.length).toBe(pushed.length - taken.length);
          expect(inbox.bytes).toBe(payload(pushed.slice(taken.length)));
        }
        while (inbox.length > 0) {
          take(3, 50);
        }
        expect(taken.length).toBe(pushed.length);
        expect(taken.every((one, index) => one === pushed[index])).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('gives nothing where it is empty, and after it was cleared', () => {
    const inbox = new Inbox();
    expect(inbox.take(10, 10)).toEqual([]);
    inbox.push({ type: 'timer' });
    inbox.push({ type: 'text', socket: 1, data: Buffer.alloc(5) });
    inbox.clear();
    expect(inbox.take(10, 10)).toEqual([]);
    expect([inbox.length, inbox.bytes, inbox.weight]).toEqual([0, 0, 0]);
  });

  test('grows heavier with every event, so that a flood of empty messages fills it too', () => {
    const inbox = new Inbox();
    for (let count = 0; count < 100; count++) {
      const before = inbox.weight;
      inbox.push({ type: 'text', socket: 1, data: Buffer.alloc(0) });
      expect(inbox.weight).toBeGreaterThan(before);
    }
    inbox.take(100, 100);
    expect(inbox.weight).toBe(0);
  });
});
