import type { MessageKind } from '../../wire/flat-writer.ts';
import type { Connection } from './connection.ts';
import type { FramedStream } from './framed-stream.ts';
import type { HeartbeatOptions } from './heartbeat.ts';
import type { LivenessWatch } from './liveness.ts';
import type { SendLimit } from './slow-readers.ts';

/** What a connection tells its owner. Nothing follows `closed`. */
export interface ConnectionOwner {
  /** A message: the part of the buffer from `start` to `end`, which nobody overwrites. */
  message(connection: Connection, kind: MessageKind, data: Buffer, start: number, end: number): void;
  /** A ping, which is answered already, or a pong. */
  control(connection: Connection, type: 'ping' | 'pong', data: Buffer): void;
  /** Reserves so many bytes more for a message that is built. If there is no room, `roomAgain` is called when there is. */
  reserve(connection: Connection, bytes: number): boolean;
  /** What was reserved for it is free. */
  release(connection: Connection): void;
  opened(connection: Connection, protocol: string, extensions: string): void;
  /** The peer's close frame has come, unless it is an answer. */
  closing(connection: Connection): void;
  failed(connection: Connection, error: number, message: string): void;
  closed(connection: Connection, code: number, reason: string, wasClean: boolean): void;
}

/** What lies under a WebSocket, and looks after it. */
export interface ConnectionOptions {
  /** The largest message that is received, in bytes. */
  readonly largest: number;
  /** The stream of an accepted connection. Its frames are written here, where they are not compressed. */
  readonly accepted?: FramedStream | undefined;
  readonly heartbeat?: HeartbeatOptions | undefined;
  /** What looks after the peers of a server. */
  readonly liveness?: LivenessWatch | undefined;
  /** What may wait to be sent; without it, any amount. */
  readonly sendLimit?: SendLimit | undefined;
}
