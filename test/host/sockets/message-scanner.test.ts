import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import { isAscii } from 'node:buffer';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { MessageKind } from '../../../wire/flat-writer.ts';
import { MessageScanner } from '../../../host/sockets/message-scanner.ts';

interface FrameOptions {
  readonly final?: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly mask?: Buffer;
}

/** A client's frame. */
function frame({ final = true, mask = Buffer.from([1, 2, 3, 4]), opcode, payload }: FrameOptions): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = (final ? 0x80 : 0) | opcode;
  if (length < 126) {
    header[1] = 0x80 | length;
  } else if (length < 65_536) {
    header[1] = 0x80 | 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 0x80 | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, mask, payload.map((byte, index) => byte ^ (mask[index & 3] as number))]);
}

interface Scanned {
  readonly messages: { data: string; binary: boolean }[];
  /** What went to ws, whole. */
  readonly other: Buffer;
}

const binary = (kind: MessageKind): boolean => kind === 'binary';

/** Scans a stream that comes in these pieces. */
function scan(stream: Buffer, cuts: readonly number[], isCaughtUp = () => true): Scanned {
  const messages: { data: string; binary: boolean }[] = [];
  const other: Buffer[] = [];
  const scanner = new MessageScanner(
    100_000,
    (kind, data, start, end) => {
      const part = data.subarray(start, end);
      // It is told right what is ASCII, and what is not.
      expect(kind).toBe(binary(kind) ? 'binary' : isAscii(part) ? 'ascii' : 'text');
      messages.push({ data: part.toString('latin1'), binary: binary(kind) });
    },
    (bytes) => other.push(Buffer.from(bytes)),
    isCaughtUp,
  );
  let offset = 0;
  for (const cut of [...cuts, stream.length]) {
    scanner.push(Buffer.from(stream.subarray(offset, offset + cut)));
    offset += cut;
  }
  return { messages, other: Buffer.concat(other) };
}

const TEXT = 1;
const BINARY = 2;
const PING = 9;

describe('MessageScanner', () => {
  test('takes whole messages, and leaves what is between them to ws', () => {
    const ping = frame({ opcode: PING, payload: Buffer.from('p') });
    const stream = Buffer.concat([
      frame({ opcode: TEXT, payload: Buffer.from('héllo') }),
      ping,
      frame({ opcode: BINARY, payload: Buffer.alloc(70_000, 7) }),
    ]);
    const { messages, other } = scan(stream, []);
    expect(messages).toEqual([
      { data: Buffer.from('héllo').toString('latin1'), binary: false },
      { data: Buffer.alloc(70_000, 7).toString('latin1'), binary: true },
    ]);
    expect(other.equals(ping)).toBe(true);
  });

  test.each([
    ['a text that is not UTF-8', frame({ opcode: TEXT, payload: Buffer.from([0xc3, 0x28]) })],
    ['a message over the limit', frame({ opcode: BINARY, payload: Buffer.alloc(100_001) })],
    ['an unmasked frame', Buffer.from([0x81, 2, 0x61, 0x62])],
    ['a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
    ['a reserved opcode', frame({ opcode: 3, payload: Buffer.from('x') })],
    ['a continuation without a beginning', frame({ opcode: 0, payload: Buffer.from('x') })],
    ['a length beyond what a number holds', Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
  ])('leaves %s to ws, byte for byte', (_what, bytes) => {
    expect(scan(bytes, [])).toEqual({ messages: [], other: bytes });
  });

  test('leaves everything to ws once the connection is closing', () => {
    const stream = Buffer.concat([
      frame({ opcode: 8, payload: Buffer.from([0x03, 0xe8]) }),
      frame({ opcode: TEXT, payload: Buffer.from('too late') }),
    ]);
    expect(scan(stream, [])).toEqual({ messages: [], other: stream });
  });

  test('takes nothing past what ws has still to read', () => {
    const stream = Buffer.concat([
      frame({ opcode: PING, payload: Buffer.from('p') }),
      frame({ opcode: TEXT, payload: Buffer.from('behind it') }),
    ]);
    expect(scan(stream, [], () => false)).toEqual({ messages: [], other: stream });
  });

  test('gives ws and the script together what ws alone would give, wherever the stream is cut', async () => {
    const part = fc.oneof(
      fc.record({ kind: fc.constant('whole' as const), opcode: fc.constantFrom(TEXT, BINARY), size: sizes(), pings: fc.constant(0) }),
      fc.record({ kind: fc.constant('fragments' as const), opcode: fc.constantFrom(TEXT, BINARY), size: sizes(), pings: fc.nat({ max: 2 }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat({ max: 300 }), { maxLength: 30 }),
        async (parts, cuts) => {
          const frames: Buffer[] = [];
          const expected: { data: string; binary: boolean }[] = [];
          for (const [index, { kind, opcode, pings, size }] of parts.entries()) {
            const payload = Buffer.alloc(size, 97 + (index % 26));
            expected.push({ data: payload.toString('latin1'), binary: opcode === BINARY });
            if (kind === 'whole') {
              frames.push(frame({ opcode, payload }));
            } else {
              const half = size >> 1;
              frames.push(frame({ opcode, payload: payload.subarray(0, half), final: false }));
              for (let ping = 0; ping < pings; ping++) {
                frames.push(frame({ opcode: PING, payload: Buffer.from('between') }));
              }
              frames.push(frame({ opcode: 0, payload: payload.subarray(half) }));
            }
          }
          const { messages, other } = scan(Buffer.concat(frames), cuts);
          const byWs = await readByWs(other);
          // Each message came out on exactly one of the two ways.
          const all = [...messages, ...byWs].map(({ binary, data }) => `${binary}:${data.length}:${data.slice(0, 1)}`);
          expect(all.sort()).toEqual(expected.map(({ binary, data }) => `${binary}:${data.length}:${data.slice(0, 1)}`).sort());
        },
      ),
      { numRuns: 60 },
    );
  });
});

function sizes(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat({ max: 20 }), fc.constantFrom(125, 126, 127, 65_535, 65_536), fc.nat({ max: 3000 }));
}

/** What a plain ws server makes of these bytes of a client. */
async function readByWs(bytes: Buffer): Promise<{ data: string; binary: boolean }[]> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const socket: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  const [webSocket] = await accepted;
  const messages: { data: string; binary: boolean }[] = [];
  webSocket.on('message', (data, binary) => messages.push({ data: (data as Buffer).toString('latin1'), binary }));
  const closed = once(webSocket, 'close');
  socket.end(Buffer.concat([bytes, frame({ opcode: 8, payload: Buffer.from([0x03, 0xe8]) })]));
  await closed;
  server.close();
  return messages;
}
