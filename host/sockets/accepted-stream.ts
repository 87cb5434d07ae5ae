import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { MessageScanner, type OnMessage } from './message-scanner.ts';

/**
 * What ws gets for the socket of an accepted connection: it writes through to the socket, and reads what the scanner
 * leaves to it.
 */
export class AcceptedStream extends Duplex {
  /** The socket itself, for the frames that are written here. */
  readonly socket: Socket;
  readonly #largest: number;

  /** @param largest the largest message, in bytes */
  constructor(socket: Socket, largest: number) {
    super({ allowHalfOpen: true, emitClose: true });
    this.socket = socket;
    this.#largest = largest;
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.on('error', (error) => this.destroy(error));
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
  }

  /** Starts to read. `head` are the first bytes, which came with the handshake. */
  start(head: Buffer, onMessage: OnMessage): void {
    const scanner = new MessageScanner(
      this.#largest,
      onMessage,
      (bytes) => this.push(bytes),
      () => this.readableFlowing === true && this.readableLength === 0,
    );
    if (head.length > 0) {
      scanner.push(head);
    }
    this.socket.on('data', (chunk: Buffer) => scanner.push(chunk));
  }

  override _read(): void {
    // The socket pushes; holding it back is the owner's decision.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.socket.write(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.socket.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.socket.destroy();
    callback(error);
  }
}
