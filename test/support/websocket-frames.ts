/** RFC 6455, section 5.2, read by the letter: what the product writes is checked against this, not against itself. */
export interface ParsedFrame {
  readonly fin: boolean;
  readonly reserved: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

class CutOffError extends Error {}

/** All frames of a stream. Throws where one is cut off, or says its length in more bytes than it must. */
export function parseFrames(stream: Buffer): ParsedFrame[] {
  const { frames, missing } = completeFrames(stream);
  if (missing > 0) {
    throw new Error(`a frame is cut off: ${missing} bytes are missing`);
  }
  return frames;
}

/** The frames of a stream that are whole, and what stands behind them. */
export function completeFrames(stream: Buffer): { readonly frames: ParsedFrame[]; readonly rest: Buffer; readonly missing: number } {
  const frames: ParsedFrame[] = [];
  let offset = 0;
  let missing = 0;
  const take = (size: number): Buffer => {
    if (offset + size > stream.length) {
      missing = offset + size - stream.length;
      throw new CutOffError();
    }
    offset += size;
    return stream.subarray(offset - size, offset);
  };
  let begin = 0;
  const readFrame = (): void => {
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
    begin = offset;
  };
  try {
    while (offset < stream.length) {
      readFrame();
    }
  } catch (error) {
    if (!(error instanceof CutOffError)) {
      throw error;
    }
  }
  return { frames, rest: stream.subarray(begin), missing };
}

function requireLength(isMinimal: boolean, length: number): void {
  if (!isMinimal) {
    throw new Error(`a length of ${length} bytes is not written in the shortest form`);
  }
}

export interface FrameOptions {
  readonly final?: boolean;
  /** RSV1, RSV2 and RSV3 as the bits 4, 2 and 1. */
  readonly reserved?: number;
  readonly opcode: number;
  readonly payload?: Buffer | string;
  /** A client's frame has a mask. */
  readonly mask?: Buffer | undefined;
  /** How many bytes the length takes at least: 2 or 8. Default: the shortest form. */
  readonly lengthBytes?: number;
}

/** A frame, right or wrong. */
export function frame({ final = true, lengthBytes, mask, opcode, payload = '', reserved = 0 }: FrameOptions): Buffer {
  const bytes = Buffer.from(payload as string);
  const shortest = bytes.length < 126 ? 0 : bytes.length < 65_536 ? 2 : 8;
  const size = Math.max(lengthBytes ?? 0, shortest);
  const header = Buffer.alloc(2 + size);
  header[0] = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  header[1] = (mask === undefined ? 0 : 0x80) | (size === 0 ? bytes.length : size === 2 ? 126 : 127);
  if (size === 2) {
    header.writeUInt16BE(bytes.length, 2);
  } else if (size === 8) {
    header.writeBigUInt64BE(BigInt(bytes.length), 2);
  }
  if (mask === undefined) {
    return Buffer.concat([header, bytes]);
  }
  const isZero = mask.every((byte) => byte === 0);
  return Buffer.concat([header, mask, isZero ? bytes : bytes.map((byte, index) => byte ^ (mask[index & 3] as number))]);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: Buffer | string = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason as string)]);
}
