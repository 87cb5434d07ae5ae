import { closePayload, frame, OPCODE, type FrameOptions } from './websocket-frames.ts';

/** What a peer does wrong: its name, begun with the section that forbids it; its frames; the code that it is told. */
export type Violation = readonly [what: string, bytes: Buffer, code: number];

const { binary: BINARY, close: CLOSE, ping: PING, pong: PONG, text: TEXT } = OPCODE;

/** A frame of a mask of zeros, which leaves the payload as it is. */
export const ZERO_MASK = Buffer.alloc(4);

/** The largest message that the tests' end takes, in bytes. */
export const LARGEST = 1024 * 1024;

/** Every violation of RFC 6455 that does not end the closing handshake. `masked`: by a client. */
export function violations(masked: boolean): Violation[] {
  const of = (options: FrameOptions): Buffer => frame({ mask: masked ? Buffer.from([9, 8, 7, 200]) : undefined, ...options });
  const all = (...frames: readonly FrameOptions[]): Buffer => Buffer.concat(frames.map(of));
  const header = (...bytes: readonly number[]): Buffer => {
    const [first = 0, second = 0, ...rest] = bytes;
    return Buffer.from([first, second | (masked ? 0x80 : 0), ...rest, ...(masked ? ZERO_MASK : [])]);
  };
  const begun: FrameOptions = { opcode: TEXT, payload: 'a', final: false };
  return [
    masked
      ? ['5.1: a frame without a mask', frame({ opcode: TEXT, payload: 'a' }), 1002]
      : ['5.1: a masked frame', frame({ opcode: TEXT, payload: 'a', mask: ZERO_MASK }), 1002],
    masked
      ? ['5.1: a ping without a mask', frame({ opcode: PING, payload: 'a' }), 1002]
      : ['5.1: a masked ping', frame({ opcode: PING, payload: 'a', mask: ZERO_MASK }), 1002],
    ...[1, 2, 3, 4, 5, 6, 7].flatMap((reserved): Violation[] => [
      [`5.2: the reserved bits ${reserved} of a text`, of({ opcode: TEXT, payload: 'a', reserved }), 1002],
      [`5.2: the reserved bits ${reserved} of a ping`, of({ opcode: PING, payload: 'a', reserved }), 1002],
      [`5.2: the reserved bits ${reserved} of a continuation`, Buffer.concat([of(begun), of({ opcode: 0, reserved })]), 1002],
    ]),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): Violation => [`5.2: the opcode ${opcode}`, of({ opcode, payload: 'a' }), 1002]),
    ['5.2: the opcode 3 in the midst of a message', all(begun, { opcode: 3 }), 1002],
    ['5.2: a length of two bytes that needs none', of({ opcode: TEXT, payload: 'a', lengthBytes: 2 }), 1002],
    ['5.2: a length of eight bytes that needs two', of({ opcode: BINARY, payload: 'a'.repeat(126), lengthBytes: 8 }), 1002],
    ['5.2: a length with its most significant bit', header(0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0), 1002],
    ['7.4.1: a length that no machine has', header(0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255), 1009],
    ['7.4.1: a message over the limit, by its header', header(0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 1), 1009],
    ['7.4.1: fragments over the limit', all({ opcode: BINARY, payload: 'a'.repeat(LARGEST), final: false }, { opcode: 0, payload: 'a' }), 1009],
    ['5.4: a continuation of nothing', of({ opcode: 0, payload: 'a' }), 1002],
    ['5.4: a continuation of nothing that is not the last', of({ opcode: 0, final: false }), 1002],
    ['5.4: a continuation behind a whole message in fragments', all({ opcode: TEXT, payload: 'bef', final: false }, { opcode: 0, payload: 'ore' }, { opcode: 0 }), 1002],
    ['5.4: a text within a message', all(begun, { opcode: TEXT, payload: 'b' }), 1002],
    ['5.4: a binary message within a text', all(begun, { opcode: BINARY, payload: 'b', final: false }), 1002],
    ['5.5: a ping in fragments', of({ opcode: PING, payload: 'a', final: false }), 1002],
    ['5.5: a pong in fragments', of({ opcode: PONG, final: false }), 1002],
    ['5.5: a close frame in fragments', of({ opcode: CLOSE, payload: closePayload(1000), final: false }), 1002],
    ['5.5: a ping of 126 bytes', of({ opcode: PING, payload: 'a'.repeat(126) }), 1002],
    ['5.5: a pong of 65,536 bytes', of({ opcode: PONG, payload: 'a'.repeat(65_536) }), 1002],
    ['5.5: a close frame of 126 bytes', of({ opcode: CLOSE, payload: closePayload(1000, 'a'.repeat(124)) }), 1002],
    ['5.5.1: a close frame of one byte', of({ opcode: CLOSE, payload: '\x03' }), 1002],
    ['5.5.1: a close reason that is no UTF-8', of({ opcode: CLOSE, payload: closePayload(1000, Buffer.of(0xce, 0xba, 0xff)) }), 1007],
    ['5.5.1: a close reason that a character is cut off of', of({ opcode: CLOSE, payload: closePayload(1000, Buffer.of(0xe2, 0x82)) }), 1007],
    ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
      (code): Violation => [`7.4: the close code ${code}`, of({ opcode: CLOSE, payload: closePayload(code, 'why') }), 1002],
    ),
    ...BROKEN_TEXTS.flatMap(([what, bytes]): Violation[] => [
      [`8.1: a text with ${what}`, of({ opcode: TEXT, payload: Buffer.from(bytes) }), 1007],
      [
        `8.1: a text in fragments with ${what}`,
        all({ opcode: TEXT, payload: Buffer.from(bytes.slice(0, 1)), final: false }, { opcode: 0, payload: Buffer.from(bytes.slice(1)) }),
        1007,
      ],
    ]),
    // At once, though the message goes on: what else is to come does not come here.
    ['8.1: a text that breaks before its end', of({ opcode: TEXT, payload: Buffer.from('κόσμε\xf4\x90\x80\x80edited', 'latin1') }).subarray(0, -8), 1007],
    ['8.1: a fragment that breaks', all({ opcode: TEXT, payload: 'κόσμε', final: false }, { opcode: 0, payload: Buffer.of(0xf4, 0x90), final: false }), 1007],
  ];
}

/** RFC 3629, sections 3 and 4: what is no UTF-8. */
const BROKEN_TEXTS: readonly (readonly [string, readonly number[]])[] = [
  ['a continuation byte alone', [0x61, 0x80]],
  ['a lead byte alone', [0x61, 0xc3]],
  ['a character that is cut off', [0xf0, 0x9f, 0x98]],
  ['the byte FE', [0xfe]],
  ['the byte FF', [0xff, 0x61]],
  ['an overlong slash of two bytes', [0xc0, 0xaf]],
  ['an overlong slash of three bytes', [0xe0, 0x80, 0xaf]],
  ['an overlong slash of four bytes', [0xf0, 0x80, 0x80, 0xaf]],
  ['a high surrogate', [0xed, 0xa0, 0x80]],
  ['a low surrogate', [0xed, 0xbf, 0xbf]],
  ['a code point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a character of five bytes', [0xf8, 0x88, 0x80, 0x80, 0x80]],
];
