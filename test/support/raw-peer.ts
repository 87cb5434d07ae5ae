import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { handshakeRequest, openTcp, openTcpServer } from './sockets.ts';
import { OPCODE, completeFrames, type ParsedFrame } from './websocket-frames.ts';

/** One end of a WebSocket connection that is written byte by byte. */
export class RawPeer {
  readonly socket: Socket;
  /** All frames that have come. */
  readonly frames: ParsedFrame[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #isClosed = false;
  readonly #emitter = new EventEmitter();

  constructor(socket: Socket, head: Buffer) {
    this.socket = socket;
    socket.setNoDelay(true);
    this.#take(head);
    socket.on('data', (data: Buffer) => this.#take(data));
    socket.on('close', () => {
      this.#isClosed = true;
      this.#emitter.emit('change');
    });
  }

  /** Resolves with the first frame, from the start on, with this opcode. Rejects where the connection ends without it. */
  async frame(opcode: number): Promise<ParsedFrame> {
    for (;;) {
      const found = this.frames.find((frame) => frame.opcode === opcode);
      if (found !== undefined) {
        return found;
      }
      if (this.#isClosed) {
        throw new Error(`the connection has ended without a frame of the opcode ${opcode}`);
      }
      await once(this.#emitter, 'change');
    }
  }

  /** Resolves when so many frames with this opcode have come. */
  async framesOf(opcode: number, count: number): Promise<ParsedFrame[]> {
    for (;;) {
      const found = this.frames.filter((frame) => frame.opcode === opcode);
      if (found.length >= count || this.#isClosed) {
        return found;
      }
      await once(this.#emitter, 'change');
    }
  }

  /** Resolves with the close code that the other end has sent: 1005 for none. */
  async closeCode(): Promise<number> {
    const { payload } = await this.frame(OPCODE.close);
    return payload.length === 0 ? 1005 : payload.readUInt16BE(0);
  }

  #take(data: Buffer): void {
    const { frames, rest } = completeFrames(this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]));
    this.frames.push(...frames);
    this.#rest = rest;
    this.#emitter.emit('change');
  }
}

/** A server that answers every handshake, with these extensions, and leaves the frames to `onPeer`. */
export async function openRawServer(onPeer: (peer: RawPeer, path: string) => void, extensions?: string): Promise<{ readonly port: number }> {
  return openTcpServer((socket) => {
    let request = '';
    const read = (data: Buffer): void => {
      request += data.toString('latin1');
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1];
      if (!request.includes('\r\n\r\n') || key === undefined) {
        return;
      }
      socket.off('data', read);
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      const extension = extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`;
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n${extension}\r\n`,
      );
      onPeer(new RawPeer(socket, Buffer.alloc(0)), /^GET (\S+)/.exec(request)?.[1] ?? '');
    };
    socket.on('data', read);
  });
}

/** A client of a server here, with its handshake done. */
export async function openRawClient(port: number, headers: Readonly<Record<string, string>> = {}): Promise<RawPeer> {
  const socket = await openTcp(port);
  socket.write(handshakeRequest(headers));
  let answer = Buffer.alloc(0);
  while (!answer.includes('\r\n\r\n')) {
    answer = Buffer.concat([answer, ((await once(socket, 'data')) as [Buffer])[0]]);
  }
  return new RawPeer(socket, answer.subarray(answer.indexOf('\r\n\r\n') + 4));
}
