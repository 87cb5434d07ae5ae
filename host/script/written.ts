import { LOOP_SHARE, type Share } from '../policy/loop-share.ts';
import type { Connection } from '../sockets/connection.ts';

/** What the writing of a socket takes, in units of work: a system call, and the copying of what is written. */
const FLUSH_UNITS = 16;
const LOG2_BYTES_PER_UNIT = 12;

/** The connections that a script's batch of commands has written to: at its end each is handed to the kernel, once. */
export class Written {
  readonly #connections = new Set<Connection>();
  /** Those that are not flushed yet, while that is being done. */
  #left: Iterator<Connection> | undefined;

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  /** The connection is closed, or another's. */
  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /** Flushes them, until the share is over. Returns whether that is done for all; where it is not, call it again. */
  flush(share: Share, flushed: (connection: Connection) => void): boolean {
    const left = (this.#left ??= this.#connections.values());
    for (let next = left.next(); next.done !== true; next = left.next()) {
      const bytes = next.value.flush();
      flushed(next.value);
      if (share.isOver(FLUSH_UNITS + (bytes >>> LOG2_BYTES_PER_UNIT))) {
        return false;
      }
    }
    this.#left = undefined;
    this.#connections.clear();
    return true;
  }

  /** Flushes them although they go to another owner. */
  release(): void {
    LOOP_SHARE.each([...this.#connections], FLUSH_UNITS, (connection) => connection.flush());
  }
}
