import type { Connection } from '../sockets/connection.ts';

/**
 * Which connections of a script are read. One is not, as long as too much waits for the script, or the script itself wants
 * it so: then its peer has to wait.
 */
export class Reading {
  readonly #waiting = new Set<Connection>();
  readonly #pausedByScript = new Set<Connection>();

  /** Too much waits for the script: no more is read from this connection until `resume`. */
  wait(connection: Connection): void {
    this.#waiting.add(connection);
    connection.pause();
  }

  /** So much waits for the script that none of its connections is read. This one has been heard last. */
  waitAll(connections: Iterable<Connection>, last: Connection): void {
    for (const connection of connections) {
      if (connection !== last && !this.#waiting.has(connection)) {
        this.wait(connection);
      }
    }
    this.#waiting.delete(last);
    this.wait(last);
  }

  /** The script has caught up. What had waited is told at once, and may fill the inbox again: then the others wait on. */
  resume(mayRead: () => boolean = () => true): void {
    for (const connection of [...this.#waiting]) {
      if (!mayRead()) {
        return;
      }
      this.#waiting.delete(connection);
      if (!this.#pausedByScript.has(connection)) {
        connection.resume();
      }
    }
  }

  pauseByScript(connection: Connection): void {
    this.#pausedByScript.add(connection);
    connection.pause();
  }

  resumeByScript(connection: Connection): void {
    if (this.#pausedByScript.delete(connection) && !this.#waiting.has(connection)) {
      connection.resume();
    }
  }

  /** Reads on from all, whoever has stopped them. */
  resumeAll(): void {
    for (const connection of this.#pausedByScript) {
      this.#waiting.add(connection);
    }
    this.#pausedByScript.clear();
    this.resume();
  }

  /** The connection is closed. */
  forget(connection: Connection): void {
    this.#waiting.delete(connection);
    this.#pausedByScript.delete(connection);
  }
}
