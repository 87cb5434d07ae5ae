import type { CommandOf } from '../../wire/commands.ts';
import type { Connection } from '../sockets/connection.ts';
import { EVENT_BYTES } from './inbox.ts';
import type { Reading } from './reading.ts';

/**
 * The largest window that a cell may ask for. How much each message weighs is kept until the script has taken it: a cell that
 * was broken out of could else have the host keep that without end.
 */
const LARGEST_WINDOW = 1024 * 1024;

interface Window {
  readonly most: number;
  /** Of the messages that were told and not taken, the oldest first. */
  readonly weights: number[];
  /** Their sum. */
  weight: number;
}

/**
 * How a script has its sockets read: it pauses them, or gives them a window, as a WebSocketStream does. When so much was told
 * of a socket with a window that the script has not taken, it is not read: a script that never reads has little of it, and its
 * peer has to wait.
 */
export class SocketFlow {
  readonly #reading: Reading;
  readonly #connection: (id: number) => Connection | undefined;
  readonly #windows = new Map<Connection, Window>();

  constructor(reading: Reading, connection: (id: number) => Connection | undefined) {
    this.#reading = reading;
    this.#connection = connection;
  }

  pause({ socket }: CommandOf<'pause'>): void {
    const connection = this.#connection(socket);
    if (connection !== undefined) {
      this.#reading.pauseByScript(connection);
    }
  }

  resume({ socket }: CommandOf<'resume'>): void {
    const connection = this.#connection(socket);
    if (connection !== undefined) {
      this.#reading.resumeByScript(connection);
    }
  }

  /** Returns why the command is malformed, if it is. */
  window({ bytes, socket }: CommandOf<'window'>): string | undefined {
    if (bytes > LARGEST_WINDOW) {
      return `a window of ${bytes} bytes, where ${LARGEST_WINDOW} are allowed`;
    }
    const connection = this.#connection(socket);
    if (connection !== undefined) {
      this.#windows.set(connection, { most: bytes, weights: [], weight: 0 });
    }
    return undefined;
  }

  /** Returns why the command is malformed, if it is. */
  taken({ messages, socket }: CommandOf<'taken'>): string | undefined {
    const connection = this.#connection(socket);
    if (connection === undefined) {
      return undefined;
    }
    const window = this.#windows.get(connection);
    if (window === undefined || messages > window.weights.length) {
      return `${messages} messages taken of ${window?.weights.length ?? 0}`;
    }
    for (const weight of window.weights.splice(0, messages)) {
      window.weight -= weight;
    }
    if (window.weight <= window.most) {
      this.#reading.resumeByScript(connection);
    }
    return undefined;
  }

  /** A message of so many bytes was told. */
  told(connection: Connection, bytes: number): void {
    // Most scripts have none, and this is called for each message.
    const window = this.#windows.size === 0 ? undefined : this.#windows.get(connection);
    if (window !== undefined) {
      // A flood of empty messages fills it too.
      window.weights.push(bytes + EVENT_BYTES);
      window.weight += bytes + EVENT_BYTES;
      if (window.weight > window.most) {
        this.#reading.pauseByScript(connection);
      }
    }
  }

  /** The connection is closed. */
  forget(connection: Connection): void {
    this.#windows.delete(connection);
  }
}
