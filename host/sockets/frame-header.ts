/** RFC 6455, section 5.2: the header of a frame. */

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Section 5.5: what a control frame carries at most, in bytes. */
export const CONTROL = { longest: 125 } as const;

export const MASK_BYTES = 4;
/** Two bytes, eight for the longest form of a length, and the mask. */
export const LONGEST_HEADER = 14;

/** The size of a header, mask included, of which the first two bytes are there. */
export function headerSize(header: Buffer): number {
  const second = header[1] as number;
  const length = second & 0x7f;
  return (length < 126 ? 2 : length === 126 ? 4 : 10) + (second >= 0x80 ? MASK_BYTES : 0);
}

/** The length that a whole header tells. Above 2^53 it is not exact. */
export function payloadLength(header: Buffer): number {
  const length = (header[1] as number) & 0x7f;
  if (length < 126) {
    return length;
  }
  return length === 126 ? header.readUInt16BE(2) : header.readUInt32BE(2) * 2 ** 32 + header.readUInt32BE(6);
}

/** A header with this first byte. */
export function headerWith(first: number, length: number, masked: boolean, mask: Buffer): Buffer {
  const form = length < 126 ? length : length < 65_536 ? 126 : 127;
  const header = Buffer.alloc((form < 126 ? 2 : form === 126 ? 4 : 10) + (masked ? MASK_BYTES : 0));
  header[0] = first;
  header[1] = form | (masked ? 0x80 : 0);
  if (form === 126) {
    header.writeUInt16BE(length, 2);
  } else if (form === 127) {
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  if (masked) {
    mask.copy(header, header.length - MASK_BYTES);
  }
  return header;
}
