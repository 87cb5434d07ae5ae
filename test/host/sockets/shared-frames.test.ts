import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameQueue } from '../../../host/sockets/frames.ts';
import { SharedFrames } from '../../../host/sockets/shared-frames.ts';
import type { Message } from '../../support/sockets.ts';

const QUEUES = 3;

const size = fc.oneof(fc.nat({ max: 200 }), fc.constantFrom(0, 125, 126, 8191, 8192, 65_535, 65_536));
const message = fc.oneof(
  size.map((length): Message => ({ type: 'sendBinary', data: Buffer.alloc(length, length % 251) })),
  fc.string({ unit: 'binary', maxLength: 100 }).map((data): Message => ({ type: 'sendText', data })),
);
/** To one queue, to some of them, or the end of a batch. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), queue: fc.nat({ max: QUEUES - 1 }), message }),
  fc.record({ kind: fc.constant('publish' as const), queues: fc.subarray([0, 1, 2]), message }),
  fc.record({ kind: fc.constant('flush' as const), queue: fc.nat({ max: QUEUES - 1 }) }),
  fc.constant({ kind: 'end' as const }),
);

describe('a frame that many queues share', () => {
  test('stands among those of the queue itself in the order in which they were added', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const shared = new SharedFrames();
        const queues = Array.from({ length: QUEUES }, () => ({ queue: new FrameQueue(), alone: new FrameQueue(), written: [] as Uint8Array[] }));
        const flush = ({ queue, written }: (typeof queues)[number]): void => {
          const { length } = queue;
          const chunks = queue.take();
          expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(length);
          written.push(...chunks);
        };
        for (const each of steps) {
          if (each.kind === 'send') {
            const { alone, queue } = queues[each.queue] as (typeof queues)[number];
            queue.add(each.message.type, each.message.data, 0, each.message.data.length);
            alone.add(each.message.type, each.message.data, 0, each.message.data.length);
          } else if (each.kind === 'publish') {
            const { from, payload, run, to } = shared.message(String(each.queues), each.message.type, each.message.data);
            for (const index of each.queues) {
              const { alone, queue } = queues[index] as (typeof queues)[number];
              queue.addShared(run, from, to, payload);
              alone.add(each.message.type, each.message.data, 0, each.message.data.length);
            }
          } else if (each.kind === 'flush') {
            flush(queues[each.queue] as (typeof queues)[number]);
          } else {
            shared.end();
          }
        }
        for (const each of queues) {
          flush(each);
          expect(Buffer.concat(each.written).equals(Buffer.concat(each.alone.take()))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('and the next ones to the same queues are one chunk, the same for all', () => {
    const shared = new SharedFrames();
    const queues = [new FrameQueue(), new FrameQueue()];
    for (let number = 0; number < 100; number++) {
      const { from, payload, run, to } = shared.message('all', 'sendText', `message ${number}`);
      queues.forEach((queue) => queue.addShared(run, from, to, payload));
    }
    const [first = [], second = []] = queues.map((queue) => queue.take());
    expect([first.length, second.length]).toEqual([1, 1]);
    expect(first[0]?.buffer).toBe(second[0]?.buffer);
  });

  test('does not keep a large buffer for who has got a little of it', () => {
    const shared = new SharedFrames();
    const queue = new FrameQueue();
    for (let number = 0; number < 100; number++) {
      const { from, payload, run, to } = shared.message('all', 'sendBinary', Buffer.alloc(500));
      if (number === 50) {
        queue.addShared(run, from, to, payload);
      }
    }
    const [chunk] = queue.take();
    expect(chunk?.buffer.byteLength).toBe(504);
  });

  test('where there are many small ones apart from each other, they are joined: each write has its price', () => {
    const shared = new SharedFrames();
    const queue = new FrameQueue();
    for (let number = 0; number < 100; number++) {
      const { from, payload, run, to } = shared.message(String(number % 2), 'sendText', String(number));
      queue.addShared(run, from, to, payload);
    }
    expect(queue.take()).toHaveLength(1);
  });
});
