import { compileSchema, type AnyItem, type ItemOf } from './fields.ts';

/** Everything that a script can ask of the host without waiting for an answer. A turn gives back a batch of these. */
export const COMMANDS = {
  /** Send a text message. */
  sendText: { code: 1, fields: { socket: 'uint', data: 'text' } },
  /** Send a binary message. */
  sendBinary: { code: 2, fields: { socket: 'uint', data: 'bytes' } },
  /**
   * Open a client socket under an even id of the script's choice. `headers`: name, value, name, value and so on. Times
   * are in milliseconds and sizes in bytes; 0 stands for the script's limit, and for no heartbeat.
   */
  connect: {
    code: 3,
    fields: {
      socket: 'uint',
      url: 'string',
      protocols: 'strings',
      headers: 'strings',
      handshakeTimeout: 'uint',
      heartbeatInterval: 'uint',
      heartbeatTimeout: 'uint',
      maxMessageSize: 'uint',
      perMessageDeflate: 'boolean',
    },
  },
  /** Start the closing handshake. `code` 0: without a code. */
  close: { code: 4, fields: { socket: 'uint', code: 'uint', reason: 'string' } },
  /** Stop listening and close the server's sockets with 1001. */
  closeServer: { code: 5, fields: { server: 'uint' } },
  /** Wake the script in so many milliseconds; a negative delay disarms. Replaces what was armed. */
  timer: { code: 6, fields: { delay: 'number' } },
  /** A line of output. `level`: 0 log, 1 info, 2 warning, 3 error, 4 debug. */
  print: { code: 7, fields: { level: 'uint', text: 'string' } },
  /** An exception that no code of the script caught. The script goes on. */
  reportError: { code: 8, fields: { text: 'string', stack: 'string' } },
  /** The source ran to its end; for an entity script, its object is constructed. */
  loaded: { code: 9, fields: {} },
  /** The source could not be run, or threw. */
  loadFailed: { code: 10, fields: { text: 'string', stack: 'string' } },
  /** `Script.stop()`. */
  stop: { code: 11, fields: {} },
  /** Send a ping with a payload of at most 125 bytes. */
  ping: { code: 12, fields: { socket: 'uint', data: 'bytes' } },
  /** Read no further from the socket until `resume`; what has been read already still comes. */
  pause: { code: 13, fields: { socket: 'uint' } },
  /** Read on from a socket that `pause` has stopped. */
  resume: { code: 14, fields: { socket: 'uint' } },
  /** Tell by `drained` when the kernel has taken all that was sent on the socket. Asked again meanwhile, it is told once. */
  drain: { code: 15, fields: { socket: 'uint' } },
  /** Tell no more messages of the socket when so many bytes of them were told that the script has not `taken`. */
  window: { code: 17, fields: { socket: 'uint', bytes: 'uint' } },
  /** The script has taken so many more of the messages of a socket with a `window`. */
  taken: { code: 16, fields: { socket: 'uint', messages: 'uint' } },
  /**
   * Accept a handshake. `byDefault`: with the subprotocol that the server's options choose; else with `protocol`, or none
   * where it is empty. `headers`: name, value, name, value and so on. `paused`: the socket is not read before `resume`.
   */
  acceptRequest: { code: 20, fields: { request: 'uint', byDefault: 'boolean', protocol: 'string', headers: 'strings', paused: 'boolean' } },
  /** Answer a plain request, or refuse a handshake. */
  answerRequest: { code: 21, fields: { request: 'uint', status: 'uint', headers: 'strings', data: 'bytes' } },
  /** Whether the script is asked about a server's handshakes and its plain requests. */
  watchRequests: { code: 22, fields: { server: 'uint', upgrades: 'boolean', plain: 'boolean' } },
  /**
   * Send a text to the sockets of a server: to those of a topic, or to all where it is empty, but not to `except`, and not to
   * those after `newest`, of which the script does not know yet. 0 for `except`: to all of them.
   */
  publishText: { code: 30, fields: { server: 'uint', topic: 'string', except: 'uint', newest: 'uint', data: 'text' } },
  /** The same with bytes. */
  publishBinary: { code: 31, fields: { server: 'uint', topic: 'string', except: 'uint', newest: 'uint', data: 'bytes' } },
  /** Let an accepted socket have what is published under the topic. */
  subscribe: { code: 32, fields: { socket: 'uint', topic: 'string' } },
  unsubscribe: { code: 33, fields: { socket: 'uint', topic: 'string' } },
  /** Keep these bytes with an accepted socket; none: keep nothing. */
  attach: { code: 34, fields: { socket: 'uint', data: 'bytes' } },
  /** Cut the connection, without a closing handshake. */
  terminate: { code: 35, fields: { socket: 'uint' } },
  /** From now on, tell by `drained` each time when the kernel has taken all that a turn has sent on the socket. */
  watchDrain: { code: 36, fields: { socket: 'uint' } },
} as const;

export type CommandTable = typeof COMMANDS;
export type Command = AnyItem<CommandTable>;
export type CommandType = keyof CommandTable;
export type CommandOf<Type extends CommandType> = ItemOf<CommandTable, Type>;

/** What the operator reads: it is copied out of a turn at once, as the turn may never end. */
export type LineCommand = CommandOf<'print' | 'reportError'>;

export const COMMAND_SCHEMA = compileSchema('command', COMMANDS);

/** The levels of `print`, by their number on the wire. */
export const PRINT_LEVELS = ['log', 'info', 'warning', 'error', 'debug'] as const;
export type PrintLevel = (typeof PRINT_LEVELS)[number];
