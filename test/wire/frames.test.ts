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
    });
    if (reusesBuffers) {
      piece.fill(0xff);
    }
  }
  return received;
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
            pieces.push(Buffer.from(stream.subarray(offset, offset + cut)));
            offset += cut;
          }
          pieces.push(Buffer.from(stream.subarray(offset)));
          expect(parseAll(pieces, reusesBuffers)).toEqual(frames);
        },
      ),
    );
  });

  test('refuses a frame that is larger than the limit before it is all there', () => {
    const parser = new FrameParser(100, false);
    const header = Buffer.alloc(9);
    header.writeUInt32LE(1000, 0);
    expect(() => parser.push(header, () => {})).toThrow(WireError);
  });

  test('refuses a length that does not even hold a header', () => {
    const parser = new FrameParser(100, false);
    expect(() => parser.push(Buffer.alloc(9), () => {})).toThrow('a frame of 4 bytes, where 9 to 100 are allowed');
  });
});
