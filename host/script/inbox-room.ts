import { SocketFault } from '../sockets/socket-errors.ts';
import type { HostInbox } from './host-inbox.ts';

/** How long a peer may keep others waiting with a message that it does not finish, in milliseconds. */
export const STALL_TIMEOUT = 10_000;

/** A connection, as far as the room knows one. */
export interface RoomUser {
  /** There is the room that it waits for. */
  roomAgain(): void;
  /** It is cut off for this reason. */
  fail(error: Error): void;
}

/**
 * The room for messages of one script: what waits for it, and what its connections are building. A connection reserves room
 * before it builds or inflates a message. If there is none, it waits its turn.
 *
 * The connection that has reserved first may always finish its message: else many half messages would wait for each other.
 * So one message may be there beyond the limit.
 */
export class InboxRoom {
  readonly #most: number;
  readonly #weight: () => number;
  readonly #host: HostInbox;
  readonly #onRoom: () => void;
  readonly #onFull: () => void;
  /** In the order in which they began. */
  readonly #reserved = new Map<RoomUser, number>();
  #reservedBytes = 0;
  /** Connections that wait for room, first come first served, and how much each needs. */
  readonly #waiting = new Map<RoomUser, number>();
  /** What the host knows of. */
  #told = 0;
  #stall: NodeJS.Timeout | undefined;

  /**
   * @param weight what waits for the script
   * @param onRoom called when other scripts have left room
   * @param onFull called when a connection has to wait
   */
  constructor(most: number, weight: () => number, host: HostInbox, onRoom: () => void, onFull: () => void) {
    this.#most = most;
    this.#weight = weight;
    this.#host = host;
    this.#onRoom = onRoom;
    this.#onFull = onFull;
  }

  /** Whether nothing more may be read. */
  get isFull(): boolean {
    this.#tell();
    if (this.#weight() > this.#most) {
      return true;
    }
    // An empty inbox is never full: its script would wait for ever.
    const isBeyondShare = this.#weight() > 0 && this.#host.isBeyondShare(this.#told);
    if (isBeyondShare) {
      this.#host.wait(this.#hostHasRoom);
    }
    return isBeyondShare;
  }

  /** Serves those who wait for room. Returns whether so little is left that the others may be read again. */
  makeRoom(): boolean {
    this.wake();
    return this.#weight() < this.#most / 2 && !this.isFull;
  }

  /** Reserves so many bytes more. Returns whether that was possible; if not, `roomAgain` of the connection is called later. */
  reserve(connection: RoomUser, bytes: number): boolean {
    const isFirst = this.#isFirst(connection);
    const mayPass = this.#waiting.size === 0 || (isFirst && this.#reserved.has(connection));
    if (!mayPass || !this.#fits(connection, bytes, isFirst)) {
      this.#waiting.set(connection, bytes);
      this.#onFull();
      this.#watch();
      return false;
    }
    this.#grant(connection, bytes);
    return true;
  }

  /** The message of this connection is done, or will never be. */
  release(connection: RoomUser): void {
    const bytes = this.#reserved.get(connection);
    if (bytes !== undefined) {
      this.#reserved.delete(connection);
      this.#reservedBytes -= bytes;
      if (this.#reserved.size === 0) {
        this.#host.ends(this.#cutOff);
      }
      this.#tell();
      this.#stopStall();
      this.wake();
    }
  }

  /** The connection is gone. */
  forget(connection: RoomUser): void {
    this.#waiting.delete(connection);
    this.release(connection);
    this.wake();
  }

  /** There may be room: those who wait are served in turn. */
  wake(): void {
    this.#tell();
    const first = this.#reserved.keys().next().value;
    if (first !== undefined) {
      this.#serve(first);
    }
    for (const connection of [...this.#waiting.keys()]) {
      if (!this.#serve(connection)) {
        break;
      }
    }
    if (this.#waiting.size === 0) {
      this.#stopStall();
    } else {
      // Another one may hold them up from now on.
      this.#watch();
    }
  }

  /** The script has ended. */
  end(): void {
    this.#stopStall();
    this.#waiting.clear();
    this.#reserved.clear();
    this.#reservedBytes = 0;
    this.#host.forget(this.#hostHasRoom);
    this.#host.ends(this.#cutOff);
    this.#host.change(-this.#told);
    this.#told = 0;
  }

  readonly #hostHasRoom = (): void => {
    this.wake();
    this.#onRoom();
  };

  /** Returns whether it has no longer to wait. */
  #serve(connection: RoomUser): boolean {
    const bytes = this.#waiting.get(connection);
    if (bytes === undefined) {
      return true;
    }
    if (!this.#fits(connection, bytes, this.#isFirst(connection))) {
      return false;
    }
    this.#waiting.delete(connection);
    this.#grant(connection, bytes);
    connection.roomAgain();
    return true;
  }

  #isFirst(connection: RoomUser): boolean {
    return this.#reserved.size === 0 || this.#reserved.keys().next().value === connection;
  }

  #fits(connection: RoomUser, bytes: number, isFirst: boolean): boolean {
    this.#tell();
    const weight = this.#weight();
    const { most, total } = this.#host;
    const own = this.#reserved.get(connection) ?? 0;
    // However much others hold, a script that has nothing else gets its message, and the one that began first on the host goes on.
    const mayExceed = (this.#told === own || this.#host.isOldest(this.#cutOff)) && total - own <= this.#host.mostOfOthers;
    const fitsHost = this.#told + bytes <= most - total || (isFirst && (mayExceed || total + bytes <= most));
    if (!fitsHost) {
      this.#host.wait(this.#hostHasRoom);
    }
    return fitsHost && (weight + this.#reservedBytes + (isFirst ? -own : bytes) <= this.#most);
  }

  #grant(connection: RoomUser, bytes: number): void {
    this.#reserved.set(connection, (this.#reserved.get(connection) ?? 0) + bytes);
    this.#reservedBytes += bytes;
    this.#host.begins(this.#cutOff);
    this.#tell();
  }

  #tell(): void {
    const used = this.#weight() + this.#reservedBytes;
    if (used !== this.#told) {
      this.#host.change(used - this.#told);
      this.#told = used;
    }
  }

  #stopStall(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
  }

  /** Cuts off the connection that has begun first, if it is its peer that is slow. */
  readonly #cutOff = (): boolean => {
    const first = this.#reserved.keys().next().value;
    if (first === undefined || this.#weight() > this.#most || this.#waiting.has(first)) {
      return false;
    }
    this.forget(first);
    first.fail(new SocketFault('SocketResourceError', 'it did not finish a message while others had to wait for room'));
    return true;
  };

  /** Half messages have kept others waiting for long: the one that began first is cut off, if it is not the script that is slow. */
  #stalled(): void {
    this.#stall = undefined;
    if (this.#waiting.size === 0) {
      return;
    }
    if (!this.#cutOff() && this.#weight() <= this.#most) {
      // What it waits for is held by other scripts.
      this.#host.cutOffOldest();
    }
    this.#watch();
  }

  #watch(): void {
    this.#stall ??= setTimeout(() => this.#stalled(), STALL_TIMEOUT).unref();
  }
}
