import type { Connection } from '../sockets/connection.ts';
import { isSocketEvent, HeldConnection, type Acceptance, type SocketEvent } from './held-connection.ts';
import type { Event } from '../../wire/events.ts';
import type { Server } from '../sockets/server.ts';
import type { Hold } from './hold.ts';
import type { Inbox } from './inbox.ts';

interface Accepted extends Acceptance {
  readonly server: Server;
}

/** One that has closed. */
interface Gone extends Accepted {
  readonly id: number;
  /** What the script kept with it. */
  readonly attachment: Uint8Array;
  /** The turn that tells the script of that. */
  readonly turn: number;
}

/** One that can be held. */
interface Candidate {
  readonly id: number;
  readonly accepted: Accepted;
  readonly attachment: Uint8Array;
  readonly connection: Connection | undefined;
}

/** Whose the connections were. */
export interface HeldFrom {
  attachment(connection: Connection): Uint8Array;
  /** Called for each that is to be held and has not closed. */
  leave(connection: Connection): void;
}

const NOTHING = new Uint8Array(0);

/** What a script's servers have accepted, as it has to be announced to the script once more after a fault. */
export class Acceptances {
  readonly #turns: Pick<Inbox, 'newestTurn' | 'takenTurn'>;
  readonly #accepted = new Map<Connection, Accepted>();
  /** Those that have closed, as long as the script may not have been told so; in order. */
  readonly #gone: Gone[] = [];

  constructor(turns: Pick<Inbox, 'newestTurn' | 'takenTurn'>) {
    this.#turns = turns;
  }

  add(connection: Connection, server: Server, { announcement, client }: Acceptance): void {
    this.#accepted.set(connection, { server, announcement, client });
  }

  /** The connection has closed, and an event says so. */
  closed(connection: Connection, attachment: Uint8Array = NOTHING): void {
    this.#forgetTold();
    const accepted = this.#accepted.get(connection);
    this.#accepted.delete(connection);
    // The script knows of an end that it has brought about.
    if (accepted !== undefined && !connection.isClosing) {
      this.#gone.push({ ...accepted, id: connection.id, attachment, turn: this.#turns.newestTurn });
    }
  }

  /**
   * Gives the connections of these servers to be held, with what waited for the script.
   *
   * @param waiting the events that the script was not given
   */
  hold(servers: Iterable<Server>, waiting: readonly Event[], hold: Hold, from: HeldFrom): void {
    this.#forgetTold();
    const events = bySocket(waiting);
    let { room } = hold;
    let isFull = false;
    const held = new Map([...servers].map((server) => [server, [] as HeldConnection[]]));
    for (const { accepted, attachment, connection, id } of this.#inOrder(from)) {
      const connections = held.get(accepted.server);
      if (connections !== undefined && room === 0) {
        isFull = true;
      } else if (connections !== undefined) {
        room--;
        if (connection !== undefined) {
          from.leave(connection);
        }
        connections.push(new HeldConnection(accepted, attachment, connection, events.get(id) ?? [], hold.total));
      }
    }
    if (isFull) {
      hold.overflowed();
    }
    for (const [server, connections] of held) {
      server.suspend(hold);
      hold.keep({ server, connections });
    }
    this.#accepted.clear();
    this.#gone.length = 0;
  }

  /** All that can be held, in the order in which they were accepted. */
  #inOrder(from: HeldFrom): readonly Candidate[] {
    const candidates: Candidate[] = this.#gone.map((gone) => ({ id: gone.id, accepted: gone, attachment: gone.attachment, connection: undefined }));
    for (const [connection, accepted] of this.#accepted) {
      if (!connection.isClosing) {
        candidates.push({ id: connection.id, accepted, attachment: from.attachment(connection), connection });
      }
    }
    return candidates.sort((one, other) => one.id - other.id);
  }

  #forgetTold(): void {
    const told = this.#gone.findIndex(({ turn }) => turn > this.#turns.takenTurn);
    this.#gone.splice(0, told === -1 ? this.#gone.length : told);
  }
}

function bySocket(events: readonly Event[]): Map<number, SocketEvent[]> {
  const sockets = new Map<number, SocketEvent[]>();
  for (const event of events) {
    if (isSocketEvent(event)) {
      const list = sockets.get(event.socket);
      if (list === undefined) {
        sockets.set(event.socket, [event]);
      } else {
        list.push(event);
      }
    }
  }
  return sockets;
}
