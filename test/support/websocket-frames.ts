/** RFC 6455, section 5.2, read by the letter: what the product writes is checked against this, not against itself. */
export interface ParsedFrame {
  readonly fin: boolean;
  readonly reserved: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** All frames of a stream. Throws where one is cut off, or says its length in more bytes than it must. */
export function parseFrames(stream: Buffer): ParsedFrame[] {
  const frames: ParsedFrame[] = [];
  let offset = 0;
  const take = (size: number): Buffer => {
    if (offset + size > stream.length) {
      throw new Error(`a frame is cut off: ${offset + size - stream.length} bytes are missing`);
    }
    offset += size;
    return stream.subarray(offset - size, offset);
  };
  while (offset < stream.length) {
    const [first = 0, second = 0] = take(2);
    let length = second & 0x7f;
    if (length === 126) {
      length = take(2).readUInt16BE(0);
      requireLength(length > 125, length);
    } else if (length === 127) {
      const wide = take(8).readBigUInt64BE(0);
      requireLength(wide > 65_535n, Number(wide));
      length = Number(wide);
    }
    const masked = (second & 0x80) !== 0;
    const mask = masked ? take(4) : undefined;
    const payload = Buffer.from(take(length));
    if (mask !== undefined) {
      payload.forEach((byte, index) => (payload[index] = byte ^ (mask[index % 4] as number)));
    }
    frames.push({ fin: (first & 0x80) !== 0, reserved: (first >> 4) & 7, opcode: first & 0x0f, masked, payload });
  }
  return frames;
}

function requireLength(isMinimal: boolean, length: number): void {
  if (!isMinimal) {
    throw new Error(`a length of ${length} bytes is not written in the shortest form`);
  }
}
