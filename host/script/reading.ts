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

  /** The script has caught up. */
  resume(): void {
    // What had waited is told at once, and may fill the inbox again.
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const connection of waiting) {
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
