import type { Event, EventOf } from '../../wire/events.ts';
import type { MessageKind } from '../../wire/flat-writer.ts';
import type { ConnectionOwner } from '../sockets/connection-owner.ts';
import type { Connection } from '../sockets/connection.ts';
import type { Client } from '../sockets/server-clients.ts';
import type { Announcement } from './announcement.ts';
import type { InboxRoom } from './inbox-room.ts';
import { EVENT_BYTES } from './inbox.ts';

/** An accepted connection, so that it can be announced to its script once more. */
export interface Acceptance {
  readonly announcement: Announcement;
  readonly client: Client;
}

/** What can come of an accepted connection. */
export type SocketEvent = EventOf<'text' | 'binary' | 'ping' | 'pong' | 'closing' | 'failed' | 'closed'>;

const SOCKET_EVENTS: ReadonlySet<string> = new Set<SocketEvent['type']>(['text', 'binary', 'ping', 'pong', 'closing', 'failed', 'closed']);

export function isSocketEvent(event: Event): event is SocketEvent {
  return SOCKET_EVENTS.has(event.type);
}

/** How much all connections that are held together have kept. */
export interface HeldWeight {
  /** The room for what they receive. */
  readonly room: InboxRoom;
  weight: number;
  readonly most: number;
  /** Called when there is as much as may be. */
  readonly onFull: () => void;
}

/**
 * A connection that a server has accepted, while the script is away: what comes from its peer is kept, in order. Pings are
 * answered and the heartbeat goes on, as long as there is room for what comes.
 */
export class HeldConnection implements ConnectionOwner {
  readonly acceptance: Acceptance;
  readonly attachment: Uint8Array;
  readonly #total: HeldWeight;
  #connection: Connection | undefined;
  #events: SocketEvent[];
  #weight = 0;
  #onClosed: () => void = () => {};

  /**
   * @param connection undefined, where it is closed and its script has not been told all that came before that
   * @param waiting what its script has not been told
   */
  constructor(acceptance: Acceptance, attachment: Uint8Array, connection: Connection | undefined, waiting: SocketEvent[], total: HeldWeight) {
    this.acceptance = acceptance;
    this.attachment = attachment;
    this.#connection = connection;
    this.#events = waiting;
    this.#total = total;
    for (const event of waiting) {
      this.#weigh(event);
    }
    if (connection !== undefined) {
      connection.handOver(0, this);
      if (total.weight < total.most) {
        connection.resume();
      } else {
        connection.pause();
      }
    }
  }

  /** Undefined, where it has closed. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Gives what its script has not been told, and keeps nothing more. The connection is to be handed over. */
  take(): readonly SocketEvent[] {
    const events = this.#events;
    if (this.#connection !== undefined) {
      this.#total.room.forget(this.#connection);
    }
    this.#forget();
    return events;
  }

  /** Nobody comes for it. Resolves when it is closed; a peer that does not answer within so many milliseconds is cut off. */
  async close(code: number, timeout: number): Promise<void> {
    this.#forget();
    const connection = this.#connection;
    if (connection !== undefined) {
      const timer = setTimeout(() => connection.terminate(), timeout);
      await new Promise<void>((resolve) => {
        this.#onClosed = resolve;
        connection.close(code, '');
      });
      clearTimeout(timer);
    }
  }

  message(connection: Connection, kind: MessageKind, data: Buffer, start: number, end: number): void {
    // A copy: what came lies in a buffer with much else.
    this.#keep({ type: kind === 'binary' ? 'binary' : 'text', socket: 0, data: Uint8Array.from(data.subarray(start, end)) });
    this.#pauseIfFull(connection);
  }

  reserve(connection: Connection, bytes: number): boolean {
    return this.#total.room.reserve(connection, bytes);
  }

  release(connection: Connection): void {
    this.#total.room.release(connection);
  }

  control(connection: Connection, type: 'ping' | 'pong', data: Buffer): void {
    this.#keep({ type, socket: 0, data: Uint8Array.from(data) });
    this.#pauseIfFull(connection);
  }

  opened(): void {
    // It has been open before.
  }

  closing(): void {
    this.#keep({ type: 'closing', socket: 0 });
  }

  failed(_connection: Connection, error: number, message: string): void {
    this.#keep({ type: 'failed', socket: 0, error, message });
  }

  closed(connection: Connection, code: number, reason: string, wasClean: boolean): void {
    this.#connection = undefined;
    this.#total.room.forget(connection);
    this.#keep({ type: 'closed', socket: 0, code, reason, wasClean });
    this.#onClosed();
  }

  #keep(event: SocketEvent): void {
    this.#events.push(event);
    this.#weigh(event);
  }

  #weigh(event: SocketEvent): void {
    const weight = EVENT_BYTES + ('data' in event ? event.data.length : 0);
    this.#weight += weight;
    this.#total.weight += weight;
  }

  #forget(): void {
    this.#events = [];
    this.#total.weight -= this.#weight;
    this.#weight = 0;
    this.#total.room.wake();
  }

  #pauseIfFull(connection: Connection): void {
    if (this.#total.weight >= this.#total.most) {
      this.#total.onFull();
      connection.pause();
    }
  }
}
