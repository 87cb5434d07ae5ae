import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WireError } from '../../wire/fields.ts';
import { FrameParser, frame as makeFrame } from '../../wire/frames.ts';

interface Received {
  kind: number;
  script: number;
  content: string;
}

function frameOf(kind: number, script: number, content: string): Buffer {
  return Buffer.concat(makeFrame(kind, script, [Buffer.from(content.slice(0, 3)), Buffer.from(content.slice(3))]));
}

function parseAll(pieces: readonly Buffer[], reusesBuffers: boolean): Received[] {
  const parser = new FrameParser(1024 * 1024, reusesBuffers);
  const received: Received[] = [];
  for (const piece of pieces) {
    parser.push(piece, ({ buffer, end, kind, script, start }) => {
      received.push({ kind, script, content: buffer.toString('utf8', start, end) });
      return false;
    });
    if (reusesBuffers) {
      piece.fill(0xff);
    }
  }
  return received;
}

/** The bytes in an ArrayBuffer of their own, as a stream gives them. */
function ownBuffer(bytes: Uint8Array): Buffer {
  const buffer = Buffer.allocUnsafeSlow(bytes.length);
  buffer.set(bytes);
  return buffer;
}

describe('FrameParser', () => {
  const frame = fc.record({
    kind: fc.integer({ min: 1, max: 255 }),
    script: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    content: fc.string({ maxLength: 40, unit: 'grapheme-ascii' }),
  });

  test('finds the same frames wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 6 }),
        fc.array(fc.nat({ max: 30 }), { maxLength: 60 }),
        fc.boolean(),
        (frames, cuts, reusesBuffers) => {
          const stream = Buffer.concat(frames.map(({ kind, script, content }) => frameOf(kind, script, content)));
          const pieces: Buffer[] = [];
          let offset = 0;
          for (const cut of cuts) {
            pieces.push(ownBuffer(stream.subarray(offset, offset + cut)));
            offset += cut;
          }
          pieces.push(ownBuffer(stream.subarray(offset)));
          expect(parseAll(pieces, reusesBuffers)).toEqual(frames);
        },
      ),
    );
  });

  test('refuses a frame that is larger than the limit before it is all there', () => {
    const parser = new FrameParser(100, false);
    const header = Buffer.alloc(9);
    header.writeUInt32LE(1000, 0);
    expect(() => parser.push(header, () => false)).toThrow(WireError);
  });

  test('refuses a length that does not even hold a header', () => {
    const parser = new FrameParser(100, false);
    expect(() => parser.push(Buffer.alloc(9), () => false)).toThrow('a frame of 4 bytes, where 9 to 100 are allowed');
  });

  test('finds no frame behind a length that it has refused, however the stream is cut', () => {
    const parser = new FrameParser(100, false);
    const kinds: number[] = [];
    const push = (bytes: Uint8Array): void =>
      parser.push(Buffer.from(bytes), ({ kind }) => {
        kinds.push(kind);
        return false;
      });
    const first = frameOf(1, 1, '');
    push(first.subarray(0, 2));
    push(first.subarray(2));
    push(Buffer.of(0xff, 0xff));
    expect(() => push(Buffer.of(0xff, 0xff, 0xff))).toThrow(WireError);
    expect(() => push(frameOf(2, 1, 'behind it'))).toThrow(WireError);
    expect(kinds).toEqual([1]);
  });

  describe('gives memory back as soon as nobody refers to it', () => {
    const whole = frameOf(1, 1, 'content');

    test('that of a chunk whose frames are all read', () => {
      const chunk = ownBuffer(Buffer.concat([whole, whole]));
      new FrameParser(100, false).push(chunk, () => false);
      expect(chunk.length).toBe(0);
    });

    test('not where one of its frames is kept', () => {
      const chunk = ownBuffer(Buffer.concat([whole, whole]));
      let frames = 0;
      new FrameParser(100, false).push(chunk, () => ++frames === 1);
      expect(chunk.equals(Buffer.concat([whole, whole]))).toBe(true);
    });

    test('not of what others write to, or what lies in a buffer with much else', () => {
      const reused = ownBuffer(whole);
      new FrameParser(100, true).push(reused, () => false);
      expect(reused.equals(whole)).toBe(true);

      const shared = ownBuffer(Buffer.concat([whole, whole]));
      new FrameParser(100, false).push(shared.subarray(0, whole.length), () => false);
      expect(shared).toHaveLength(2 * whole.length);
    });

    test('that of the pieces of a frame, and of the frame that was joined, where that is not kept', () => {
      for (const isKept of [false, true]) {
        const pieces = [ownBuffer(whole.subarray(0, 6)), ownBuffer(whole.subarray(6))];
        const parser = new FrameParser(100, false);
        let joined: Buffer = Buffer.alloc(0);
        pieces.forEach((piece) =>
          parser.push(piece, ({ buffer }) => {
            joined = buffer;
            return isKept;
          }),
        );
        expect(pieces.map(({ length }) => length)).toEqual([0, 0]);
        expect(joined.toString('latin1').endsWith('content')).toBe(isKept);
      }
    });
  });
});
