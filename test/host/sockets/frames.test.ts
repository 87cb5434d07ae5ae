import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameQueue } from '../../../host/sockets/frames.ts';
import type { Message } from '../../support/sockets.ts';
import { OPCODE, parseFrames } from '../../support/websocket-frames.ts';

/** From this size on, a payload is handed on as it is. */
const REFERENCE_THRESHOLD = 8 * 1024;

/** Around the three forms of a length, and around the size from which a payload is not copied. */
const EDGES = [0, 1, 124, 125, 126, 127, 2730, 2731, 8190, 8191, 8192, 8193, 65_534, 65_535, 65_536, 65_537];

const size = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 300 }) }, { weight: 1, arbitrary: fc.constantFrom(...EDGES) });
/** Of one, two, three and four bytes, and half of a pair. */
const letter = fc.constantFrom('a', 'é', '€', '😀', '\ud83d');

const binary = size.map((length): Message => ({ type: 'sendBinary', data: Buffer.alloc(length, length % 251) }));
const textOfLetters = fc.tuple(letter, size).map(([character, length]): Message => ({ type: 'sendText', data: character.repeat(length) }));
const textOfWords = fc.string({ unit: 'binary', maxLength: 200 }).map((data): Message => ({ type: 'sendText', data }));
/** A text comes as bytes where it went through a pipe. */
const textOfBytes = textOfWords.map(({ data }): Message => ({ type: 'sendText', data: Buffer.from(data as string) }));
const message = fc.oneof(binary, textOfLetters, textOfWords, textOfBytes);

interface Framed {
  readonly chunks: readonly Uint8Array[];
  readonly length: number;
  readonly payload: number;
}

/** What a queue makes of these messages. Bytes are given as a part of a larger buffer. */
function frameMessages(messages: readonly Message[], queue = new FrameQueue()): Framed {
  for (const { data, type } of messages) {
    if (typeof data === 'string') {
      queue.add(type, data, 0, data.length);
    } else if (data.length >= REFERENCE_THRESHOLD) {
      queue.add(type, data, 0, data.length);
    } else {
      queue.add(type, Buffer.concat([Buffer.from('before'), data, Buffer.from('after')]), 6, 6 + data.length);
    }
  }
  const { length, payload } = queue;
  return { chunks: queue.take(), length, payload };
}

function bytesOf({ data }: Message): Buffer {
  return typeof data === 'string' ? Buffer.from(data.toWellFormed(), 'utf8') : Buffer.from(data);
}

describe('FrameQueue', () => {
  test('writes frames in which a reader finds the same messages, and counts them right', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
        const { chunks, length, payload } = frameMessages(messages);
        const stream = Buffer.concat(chunks);
        const frames = parseFrames(stream);
        expect(frames.map(({ opcode }) => opcode)).toEqual(
          messages.map(({ type }) => (type === 'sendText' ? OPCODE.text : OPCODE.binary)),
        );
        expect(frames.every(({ fin, masked, reserved }) => fin && !masked && reserved === 0)).toBe(true);
        frames.forEach((frame, index) => {
          expect(frame.payload.equals(bytesOf(messages[index] as Message))).toBe(true);
        });
        expect(length).toBe(stream.length);
        expect(payload).toBe(frames.reduce((sum, frame) => sum + frame.payload.length, 0));
      }),
      { numRuns: 300 },
    );
  });

  test.each(EDGES)('a message of %i bytes has the shortest header', (length) => {
    const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    for (const data of ['x'.repeat(length), Buffer.alloc(length)]) {
      const framed = frameMessages([{ type: typeof data === 'string' ? 'sendText' : 'sendBinary', data }]);
      expect(framed).toMatchObject({ length: header + length, payload: length });
    }
  });

  test('a lone surrogate becomes U+FFFD, as UTF-8 has no place for it', () => {
    const { chunks } = frameMessages([{ type: 'sendText', data: 'a\ud83db' }]);
    expect(parseFrames(Buffer.concat(chunks))[0]?.payload.toString()).toBe('a\ufffdb');
  });

  test('small messages are joined to few chunks, and to one when there have been as many before', () => {
    const messages = Array.from({ length: 1000 }, (): Message => ({ type: 'sendText', data: 'tick' }));
    const queue = new FrameQueue();
    expect(frameMessages(messages, queue).chunks.length).toBeLessThan(10);
    // The area in use may end in the middle of a batch.
    expect(frameMessages(messages, queue).chunks.length).toBeLessThan(3);
  });

  test('what was taken is not written over by what comes after it', () => {
    const queue = new FrameQueue();
    const taken = Array.from({ length: 200 }, (_, index) => frameMessages([{ type: 'sendText', data: `message ${index}` }], queue).chunks);
    const frames = parseFrames(Buffer.concat(taken.flat()));
    expect(frames.map(({ payload }) => payload.toString())).toEqual(taken.map((_, index) => `message ${index}`));
  });

  test.each([
    ['once its socket has taken all of it, so that memory is not asked for again', true],
    ['not while its socket has it', false],
  ])('what was written is written over %s', (_when, takesAll) => {
    const written: Buffer[] = [];
    const takes: (() => void)[] = [];
    const socket = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        written.push(chunk);
        if (takesAll) {
          callback();
        } else {
          takes.push(callback);
        }
      },
    });
    const queue = new FrameQueue();
    for (const data of ['first', 'second']) {
      queue.add('sendText', data, 0, data.length);
      queue.writeTo(socket);
    }
    takes.shift()?.();
    const [first, second] = written as [Buffer, Buffer];
    expect(second.buffer).toBe(first.buffer);
    expect(second.byteOffset === first.byteOffset).toBe(takesAll);
    expect(parseFrames(second).map(({ payload }) => payload.toString())).toEqual(['second']);
  });

  test('large payloads are handed on without a copy', () => {
    const large = Buffer.alloc(REFERENCE_THRESHOLD);
    const small: Message = { type: 'sendText', data: 'small' };
    const { chunks } = frameMessages([small, { type: 'sendBinary', data: large }, small]);
    expect(chunks.filter((chunk) => chunk.buffer === large.buffer && chunk.length === large.length)).toHaveLength(1);
    expect(parseFrames(Buffer.concat(chunks)).map(({ payload }) => payload.length)).toEqual([5, large.length, 5]);
  });

  test('of nothing is nothing', () => {
    expect(frameMessages([])).toEqual({ chunks: [], length: 0, payload: 0 });
  });
});
