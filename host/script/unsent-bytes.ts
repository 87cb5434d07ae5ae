import type { Event } from '../../wire/events.ts';
import type { Connection } from '../sockets/connection.ts';
import { SocketFault } from '../sockets/socket-errors.ts';

/**
 * What the kernel has not taken of what a script has sent, and what the script takes for its sockets' `bufferedAmount`.
 *
 * By its next turn a script takes all that it sent for gone. Mostly it is; where it is not, the script is told.
 */
export class UnsentBytes {
  /** What the script takes for a connection's `bufferedAmount`, where it may be wrong. */
  readonly #assumed = new Map<Connection, number>();

  /** Of all sockets. */
  get bytes(): number {
    let bytes = 0;
    for (const connection of this.#assumed.keys()) {
      bytes += connection.bufferedAmount;
    }
    return bytes;
  }

  /** The connection was written to. */
  written(connection: Connection): void {
    if (connection.bufferedAmount > 0 || this.#assumed.has(connection)) {
      this.#assumed.set(connection, 0);
    }
  }

  /** The script gets a connection that has this from before. Returns what it is to be told. */
  begin(connection: Connection): Event | undefined {
    const { bufferedAmount: bytes, id } = connection;
    if (bytes === 0) {
      return undefined;
    }
    this.#assumed.set(connection, bytes);
    return { type: 'buffered', socket: id, bytes };
  }

  forget(connection: Connection): void {
    this.#assumed.delete(connection);
  }

  /** Tells where the script is wrong; to go before the events of its next turn. */
  events(): Event[] {
    const events: Event[] = [];
    for (const [connection, assumed] of this.#assumed) {
      const bytes = connection.bufferedAmount;
      if (bytes !== assumed) {
        events.push({ type: 'buffered', socket: connection.id, bytes });
        this.#assumed.set(connection, bytes);
      }
      if (bytes === 0) {
        this.#assumed.delete(connection);
      }
    }
    return events;
  }

  /** Cuts those connections off that have the most of them, until there are no more than so many. */
  cutSlowest(message: string, most: number): void {
    let left = this.bytes;
    const byBytes = [...this.#assumed.keys()].map((connection) => ({ connection, bytes: connection.bufferedAmount }));
    for (const { bytes, connection } of byBytes.sort((one, other) => other.bytes - one.bytes)) {
      if (left <= most) {
        return;
      }
      left -= bytes;
      connection.fail(new SocketFault('SocketResourceError', message));
    }
  }
}
