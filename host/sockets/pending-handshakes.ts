import type { Duplex } from 'node:stream';

/** Clients of a server that have connected, and are neither answered nor gone. */
export class PendingHandshakes {
  readonly #sockets = new Set<Duplex>();

  add(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** It is answered. */
  delete(socket: Duplex): void {
    this.#sockets.delete(socket);
  }

  /** Takes all that there are. */
  take(): readonly Duplex[] {
    const sockets = [...this.#sockets];
    this.#sockets.clear();
    return sockets;
  }
}
