import { compileSchema, type AnyItem, type Handlers, type ItemOf } from './fields.ts';

/**
 * Everything that the host tells a script, in the order in which it happened. A turn carries a batch of these.
 *
 * Socket ids are per script: the script numbers the sockets that it opens with even numbers, the host numbers accepted
 * ones with odd numbers.
 */
export const EVENTS = {
  /** A text message. */
  text: { code: 1, fields: { socket: 'uint', data: 'text' } },
  /** A binary message. */
  binary: { code: 2, fields: { socket: 'uint', data: 'bytes' } },
  /** The handshake of a socket that the script opened is done. */
  opened: { code: 3, fields: { socket: 'uint', protocol: 'string', extensions: 'string' } },
  /**
   * A server has accepted a connection: a new socket, already open. `request`: what the script was asked about, and then
   * `target`, `headers` and `certificate` are empty; or 0. `headers`: those of the request, as `name: value`, a line for each.
   * `attachment`: what the script gave by `attach`, where it has had the socket before.
   */
  accepted: {
    code: 4,
    fields: {
      server: 'uint',
      socket: 'uint',
      request: 'uint',
      url: 'string',
      protocol: 'string',
      extensions: 'string',
      remoteAddress: 'string',
      remotePort: 'uint',
      target: 'string',
      headers: 'string',
      certificate: 'string',
      attachment: 'bytes',
    },
  },
  /** Something went wrong with a socket; `closed` follows. `error` is a SocketError number. */
  failed: { code: 5, fields: { socket: 'uint', error: 'int', message: 'string' } },
  /** The socket is gone; nothing more comes from it. */
  closed: { code: 6, fields: { socket: 'uint', code: 'uint', reason: 'string', wasClean: 'boolean' } },
  /** How many payload bytes of the socket the kernel has not taken yet, where the script cannot know. */
  buffered: { code: 7, fields: { socket: 'uint', bytes: 'number' } },
  /** A listener could not be opened, where the script was not told so by the answer, or stopped by itself. */
  serverFailed: { code: 8, fields: { server: 'uint', code: 'string', message: 'string' } },
  /** The earliest timer is due. */
  timer: { code: 9, fields: {} },
  /** Run the script's source. Always the first event. */
  evaluate: { code: 10, fields: { source: 'string' } },
  /** Call this entity script's `preload`. */
  preload: { code: 11, fields: { entityID: 'string' } },
  /** The script ends: drop timers, call `unload`, emit `scriptEnding`. Always the last event. */
  end: { code: 12, fields: {} },
  /** The peer has sent a ping; it is answered already. */
  ping: { code: 13, fields: { socket: 'uint', data: 'bytes' } },
  /** The peer has answered a ping of the script's, or sent a pong of its own accord. */
  pong: { code: 14, fields: { socket: 'uint', data: 'bytes' } },
  /** The kernel has taken all that was sent on the socket: the answer to `drain`, and what `watchDrain` asks for. */
  drained: { code: 15, fields: { socket: 'uint' } },
  /** The peer's close frame has come; `closed` follows when the connection is gone. */
  closing: { code: 16, fields: { socket: 'uint' } },
  /**
   * A client asks for a WebSocket, and the script has a say. `headers`: name, value, name, value and so on. `certificate`:
   * the client's as JSON, or empty. `accepted` or `requestGone` follows, unless the script refuses.
   */
  upgradeRequested: {
    code: 20,
    fields: {
      server: 'uint',
      request: 'uint',
      target: 'string',
      headers: 'strings',
      protocols: 'strings',
      address: 'string',
      port: 'uint',
      certificate: 'string',
    },
  },
  /** A client asks for a page. `requestGone` follows, unless the script answers. */
  plainRequested: {
    code: 21,
    fields: {
      server: 'uint',
      request: 'uint',
      method: 'string',
      target: 'string',
      headers: 'strings',
      address: 'string',
      port: 'uint',
      certificate: 'string',
      data: 'bytes',
    },
  },
  /** A request can no longer be answered: its client has gone, or has waited too long. */
  requestGone: { code: 22, fields: { request: 'uint' } },
  /** A listener is open; the answer to `listen` has said so already. */
  listening: { code: 40, fields: { server: 'uint' } },
  /** A listener is closed, and so is all that it accepted; nothing more comes from it. */
  serverClosed: { code: 41, fields: { server: 'uint' } },
} as const;

export type EventTable = typeof EVENTS;
export type Event = AnyItem<EventTable>;
export type EventType = keyof EventTable;
export type EventOf<Type extends EventType> = ItemOf<EventTable, Type>;
export type EventHandlers = Handlers<EventTable>;

export const EVENT_SCHEMA = compileSchema('event', EVENTS);
