import { closePayload, OPCODE } from './websocket-frames.ts';
import type { Told } from './sockets.ts';

/** What is to come of a peer's stream, after which it says nothing more. */
export interface Prediction {
  readonly told: Told[];
  /** What the peer is sent: a pong for each ping, and the code of the close frame, if there is one. */
  readonly pongs: string[];
  readonly closeCode: number | undefined;
  /** How many frames were looked at, the one that ends the connection among them. */
  readonly frames: number;
}

class Violation extends Error {
  readonly code: number;
  constructor(code: number) {
    super();
    this.code = code;
  }
}

class CutOff extends Error {}

/** RFC 6455, sections 5, 7 and 8, read by the letter and one frame at a time, for a whole stream without extensions. */
export function predict(stream: Buffer, masked: boolean, largest: number): Prediction {
  const told: Told[] = [];
  const pongs: string[] = [];
  let frames = 0;
  const end = (closeCode: number | undefined): Prediction => ({
    told: [...told, ['failed'], ['closed', 1006, '', false]],
    pongs,
    closeCode,
    frames,
  });
  let at = 0;
  const take = (size: number): Buffer => {
    if (at + size > stream.length) {
      throw new CutOff();
    }
    at += size;
    return stream.subarray(at - size, at);
  };
  const require = (isRight: boolean, code = 1002): void => {
    if (!isRight) {
      throw new Violation(code);
    }
  };
  /** The message that has begun. */
  let begun: { readonly opcode: number; readonly parts: Buffer[]; readonly decoder: TextDecoder } | undefined;
  let size = 0;
  const decode = (part: Buffer, stream: boolean): void => {
    try {
      begun?.decoder.decode(part, { stream });
    } catch {
      throw new Violation(1007);
    }
  };
  try {
    for (;;) {
      const [first = 0, second = 0] = take(2);
      frames++;
      const final = first >= 0x80;
      const opcode = first & 0x0f;
      const short = second & 0x7f;
      require((first & 0x70) === 0);
      require(opcode <= 2 || (opcode >= 8 && opcode <= 10));
      require(second >= 0x80 === masked);
      require(opcode < 8 ? (opcode === 0) === (begun !== undefined) : final && short < 126);
      require(opcode !== OPCODE.close || short !== 1);
      const extended = take(short < 126 ? 0 : short === 126 ? 2 : 8);
      const maskKey = take(masked ? 4 : 0);
      const length = extended.length === 0 ? BigInt(short) : BigInt(`0x${extended.toString('hex')}`);
      require(length < 1n << 63n);
      require(length >= { 0: 0n, 2: 126n, 8: 65_536n }[extended.length as 0]);
      require(opcode >= 8 || length + BigInt(size) <= BigInt(largest), 1009);
      const here = Buffer.from(stream.subarray(at, at + Number(length)));
      here.forEach((byte, index) => (here[index] = byte ^ (maskKey[index % 4] ?? 0)));
      if (opcode < 8) {
        begun ??= { opcode, parts: [], decoder: new TextDecoder('utf-8', { fatal: true }) };
        begun.parts.push(here);
        size += here.length;
        if (begun.opcode === OPCODE.text) {
          decode(here, true);
        }
      }
      take(Number(length));
      if (opcode < 8) {
        if (final && begun !== undefined) {
          if (begun.opcode === OPCODE.text) {
            decode(Buffer.alloc(0), false);
          }
          const message = Buffer.concat(begun.parts);
          told.push(begun.opcode === OPCODE.text ? ['text', message.toString()] : ['binary', message.toString('latin1')]);
          begun = undefined;
          size = 0;
        }
      } else if (opcode === OPCODE.close) {
        return { told: [...told, closed(here, require)], pongs, closeCode: here.length === 0 ? 1005 : here.readUInt16BE(), frames };
      } else {
        told.push([opcode === OPCODE.ping ? 'ping' : 'pong', here.toString('latin1')]);
        if (opcode === OPCODE.ping) {
          pongs.push(here.toString('latin1'));
        }
      }
    }
  } catch (error) {
    if (error instanceof Violation || error instanceof CutOff) {
      return end(error instanceof Violation ? error.code : undefined);
    }
    throw error;
  }
}

function closed(payload: Buffer, require: (isRight: boolean, code?: number) => void): Told {
  if (payload.length === 0) {
    return ['closed', 1005, '', true];
  }
  const code = payload.readUInt16BE();
  require((code >= 1000 && code < 1015 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code < 5000));
  const reason = payload.subarray(closePayload(code).length);
  require(Buffer.from(reason.toString()).equals(reason), 1007);
  return ['closed', code, reason.toString(), true];
}
