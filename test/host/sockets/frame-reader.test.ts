import { isAscii } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameReader } from '../../../host/sockets/frame-reader.ts';
import { KEPT_BYTES } from '../../../wire/flat-writer.ts';
import { frame, parseFrames, type FrameOptions } from '../../support/websocket-frames.ts';

const MASK = Buffer.from([1, 2, 250, 128]);
const LARGEST = 100_000;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

type Told = readonly [what: string, data: string];

interface Read {
  readonly told: Told[];
  /** What ws is given. */
  readonly rest: Buffer;
}

interface ReadOptions {
  readonly masked: boolean;
  readonly compressed?: boolean;
  /** Whether each message holds the reader, and what is left is read then. */
  readonly holds?: boolean;
}

/** Reads a stream that comes in pieces of these sizes. */
function read(stream: Buffer, cuts: readonly number[], { compressed = false, holds = false, masked }: ReadOptions): Read {
  const told: Told[] = [];
  const rest: Buffer[] = [];
  const tell = (what: string, data: Buffer): void => {
    told.push([what, data.toString('latin1')]);
    reader.isHeld = holds;
  };
  const reader = new FrameReader(
    { masked, compressed, largest: LARGEST },
    {
      message(kind, data, start, end) {
        const part = data.subarray(start, end);
        // It is told right what is ASCII, and what is not.
        expect(kind).toBe(kind === 'binary' ? kind : isAscii(part) ? 'ascii' : 'text');
        tell(kind === 'binary' ? 'binary' : 'text', part);
      },
      control: tell,
      reserve: () => true,
      release: () => {},
      closing: () => {},
      violation: (message) => told.push(['violation', message]),
      rest: (...bytes) => rest.push(...bytes.map((each) => Buffer.from(each))),
    },
  );
  let offset = 0;
  for (const cut of [...cuts, stream.length]) {
    const chunk = Buffer.from(stream.subarray(offset, offset + cut));
    let at = 0;
    while (at < chunk.length) {
      const before = told.length;
      at = reader.read(chunk, at);
      if (holds) {
        expect(told.length - before).toBeLessThan(2);
      }
      reader.isHeld = false;
      if (reader.isStopped) {
        reader.proceed();
      }
    }
    offset += cut;
  }
  return { told, rest: Buffer.concat(rest) };
}

describe.each([
  ['a client', true],
  ['a server', false],
])('frames of %s', (_peer, masked) => {
  const of = (options: FrameOptions): Buffer => frame({ ...options, mask: masked ? MASK : undefined });

  test('are told in their order, fragments as one message, control frames between them where they come', () => {
    const stream = Buffer.concat([
      of({ opcode: TEXT, payload: 'héllo' }),
      of({ opcode: PING, payload: 'p' }),
      of({ opcode: BINARY, payload: Buffer.alloc(70_000, 7) }),
      of({ opcode: TEXT, payload: Buffer.from([0xe2, 0x82]), final: false }),
      of({ opcode: PONG, payload: 'between' }),
      of({ opcode: 0, payload: '', final: false }),
      of({ opcode: 0, payload: Buffer.from([0xac]) }),
      of({ opcode: TEXT }),
    ]);
    const expected = [
      ['text', Buffer.from('héllo').toString('latin1')],
      ['ping', 'p'],
      ['binary', Buffer.alloc(70_000, 7).toString('latin1')],
      ['pong', 'between'],
      ['text', '\xe2\x82\xac'],
      ['text', ''],
    ];
    for (const cuts of [[], [1], [3, 2, 1], Array.from({ length: 200 }, () => 1)]) {
      expect(read(stream, cuts, { masked })).toEqual({ told: expected, rest: Buffer.alloc(0) });
    }
  });

  test.each([
    ['one that takers copy', [KEPT_BYTES - 1, KEPT_BYTES - 1], false],
    ['one that takers may refer to', [KEPT_BYTES], true],
    ['one in two fragments', [], false],
    ['one among so much else that it is copied', Array.from({ length: 10 }, () => KEPT_BYTES), false],
  ])('the chunk of %s is kept: %p %p', (what, sizes, isKept) => {
    const chunk = Buffer.concat([
      ...(what === 'one in two fragments' ? [of({ opcode: TEXT, final: false, payload: 'a'.repeat(2000) }), of({ opcode: 0, payload: 'b'.repeat(2000) })] : []),
      ...sizes.map((size) => of({ opcode: BINARY, payload: Buffer.alloc(size, 7) })),
    ]);
    const messages: Buffer[] = [];
    const reader = new FrameReader(
      { masked, compressed: false, largest: LARGEST },
      {
        message: (_kind, data, start, end) => messages.push(end - start < KEPT_BYTES ? Buffer.from(data.subarray(start, end)) : data.subarray(start, end)),
        control: () => {},
        reserve: () => true,
      release: () => {},
      closing: () => {},
        violation: () => {},
        rest: () => {},
      },
    );
    expect(reader.read(chunk, 0)).toBe(chunk.length);
    expect(reader.keepsChunk).toBe(isKept);
    if (!isKept) {
      chunk.fill(0xff);
    }
    expect(messages.map(({ length }) => length)).toEqual(what === 'one in two fragments' ? [4000] : sizes);
    expect(messages.every((message) => [7, 97].includes(message.at(0) as number))).toBe(true);
  });

  test('ws is given a close frame, and nothing behind it', () => {
    const stream = Buffer.concat([of({ opcode: CLOSE, payload: '\x03\x04' }), of({ opcode: TEXT, payload: 'too late' })]);
    const { rest, told } = read(stream, [3], { masked });
    expect(told).toEqual([]);
    expect(parseFrames(rest)).toEqual([{ fin: true, reserved: 0, opcode: CLOSE, masked, payload: Buffer.from('\x03\x04') }]);
  });

  test('ws is given a compressed message as one frame, and then nothing is read until it has been', () => {
    const stream = Buffer.concat([
      of({ opcode: TEXT, reserved: 4, payload: 'ab', final: false }),
      of({ opcode: PING, payload: 'p' }),
      of({ opcode: 0, payload: 'cd' }),
      of({ opcode: BINARY, payload: 'plain' }),
    ]);
    const { rest, told } = read(stream, [], { masked, compressed: true });
    expect(told).toEqual([['ping', 'p'], ['binary', 'plain']]);
    expect(parseFrames(rest)).toEqual([{ fin: true, reserved: 4, opcode: TEXT, masked, payload: Buffer.from('abcd') }]);
  });

  test('whatever the cuts, and whether it is held behind each message or not, all is told as it was sent', () => {
    const size = fc.oneof(fc.nat({ max: 20 }), fc.constantFrom(125, 126, 127, 65_535, 65_536), fc.nat({ max: 3000 }));
    const part = fc.record({
      opcode: fc.constantFrom(TEXT, BINARY, PING, PONG),
      text: fc.constantFrom('a', 'é', '€', '😀'),
      size,
      pieces: fc.array(fc.nat({ max: 3000 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 8 }),
        fc.array(fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 300 })), { maxLength: 40 }),
        fc.boolean(),
        (parts, cuts, holds) => {
          const frames: Buffer[] = [];
          const expected: Told[] = [];
          for (const { opcode, pieces, size: wanted, text } of parts) {
            const isControl = opcode >= CLOSE;
            const payload = isControl ? Buffer.alloc(Math.min(wanted, 125), 112) : Buffer.from(text.repeat(wanted / Buffer.byteLength(text)));
            const name = { [TEXT]: 'text', [BINARY]: 'binary', [PING]: 'ping', [PONG]: 'pong' }[opcode] as string;
            expected.push([name, payload.toString('latin1')]);
            const fragments = isControl ? [] : pieces;
            let at = 0;
            fragments.forEach((piece, index) => {
              frames.push(of({ opcode: index === 0 ? opcode : 0, payload: payload.subarray(at, at + piece), final: false }));
              at += piece;
            });
            frames.push(of({ opcode: fragments.length === 0 ? opcode : 0, payload: payload.subarray(at) }));
          }
          const { rest, told } = read(Buffer.concat(frames), cuts, { masked, holds });
          expect(told).toEqual(expected);
          expect(rest).toHaveLength(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a text that is no UTF-8 any more is refused at once, with earlier ones told: RFC 6455, 8.1', () => {
    const whole = of({ opcode: TEXT, payload: Buffer.from([0x61, 0xce, 0xba, 0xf4, 0x90, 0x80, 0x80, 0x62]) });
    const before = of({ opcode: TEXT, payload: 'é' });
    // Up to the byte that makes it impossible: what follows has not come.
    const { rest, told } = read(Buffer.concat([before, whole.subarray(0, whole.length - 3)]), [], { masked });
    expect(told).toEqual([['text', '\xc3\xa9']]);
    expect(parseFrames(rest)).toMatchObject([{ fin: true, opcode: TEXT, payload: Buffer.of(0xff) }]);
    // One byte less might become a character still.
    expect(read(whole.subarray(0, whole.length - 4), [], { masked }).rest).toHaveLength(0);
  });

  test.each([
    ['a length of two bytes for 125', of({ opcode: TEXT, payload: 'x'.repeat(125), lengthBytes: 2 })],
    ['a length of eight bytes for 65,535', of({ opcode: BINARY, payload: Buffer.alloc(65_535), lengthBytes: 8 })],
    ['a length of eight bytes for nothing', of({ opcode: TEXT, lengthBytes: 8 })],
  ])('%s is a violation: RFC 6455, 5.2', (_what, bytes) => {
    const { told } = read(bytes, [], { masked });
    expect(told).toEqual([['violation', expect.stringMatching(/^Invalid WebSocket frame: a payload length of \d+ must be written in the shortest form$/)]]);
  });
});

test('one small message keeps not the whole chunk that it came in, which may hold nothing else that counts', () => {
  const kept: Buffer[] = [];
  const ignore = (): void => {};
  const reader = new FrameReader(
    { masked: false, compressed: false, largest: LARGEST },
    { message: (_kind, data) => kept.push(data), control: ignore, rest: ignore, closing: ignore, violation: ignore, reserve: () => true, release: ignore },
  );
  const filler = Array.from({ length: 30_000 }, () => frame({ opcode: 0, final: false }));
  const chunk = Buffer.concat([frame({ opcode: TEXT, payload: 'x'.repeat(1024) }), frame({ opcode: TEXT, final: false }), ...filler]);
  reader.read(chunk, 0);
  expect(kept.map(({ buffer, length }) => [length, buffer === chunk.buffer])).toEqual([[1024, false]]);
});
