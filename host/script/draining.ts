import type { Connection } from '../sockets/connection.ts';

/** Of which connections a script wants to know when the kernel has taken all that it has sent. */
export class Draining {
  readonly #tell: (connection: Connection) => void;
  /** Asked for in the batch of commands that is being carried out. */
  readonly #asked = new Set<Connection>();
  /** Each time that something was sent. */
  readonly #watched = new Set<Connection>();
  /** Connections that will tell. */
  readonly #underWay = new Set<Connection>();

  constructor(tell: (connection: Connection) => void) {
    this.#tell = tell;
  }

  /** Tells once, for what is sent in this batch and before. */
  ask(connection: Connection): void {
    this.#asked.add(connection);
  }

  watch(connection: Connection): void {
    this.#watched.add(connection);
  }

  /** A batch has sent something on this connection. */
  written(connection: Connection): void {
    if (this.#watched.has(connection)) {
      this.#tellWhenSent(connection);
    }
  }

  /** Ends a batch of commands. */
  endBatch(): void {
    for (const connection of this.#asked) {
      this.#tellWhenSent(connection);
    }
    this.#asked.clear();
  }

  /** The connection is closed, and has nothing more to tell. */
  forget(connection: Connection): void {
    this.#asked.delete(connection);
    this.#watched.delete(connection);
    this.#underWay.delete(connection);
  }

  /** However often the script asks, one answer is under way. */
  #tellWhenSent(connection: Connection): void {
    if (!this.#underWay.has(connection)) {
      this.#underWay.add(connection);
      connection.whenSent(() => {
        if (this.#underWay.delete(connection)) {
          this.#tell(connection);
        }
      });
    }
  }
}
