/** How a script sees the callbacks and defaults of its WebSockets. */
export type Dialect = 'overte' | 'web';

/** The name that the bindings have in stack traces, by which their frames are told from a script's. */
export const BINDINGS_NAME = 'airlock:bindings';

/**
 * The limits that the bindings refuse something for, inside the script's own call: the error then stands where the mistake
 * is. They say so by a bit for each, in this order.
 */
export const GUEST_LIMITS = [
  'commandsPerTurn',
  'commandBytesPerTurn',
  'timers',
  'resizableMemory',
  'answerBytes',
  'attachmentBytes',
  'topicLength',
  'topicsPerSocket',
  'subscriptions',
  'deliveriesPerTurn',
] as const;
export type GuestLimit = (typeof GUEST_LIMITS)[number];

/** What the bindings need to know of their script. */
export interface GuestSettings {
  readonly dialect: Dialect;
  /** The script's own address. */
  readonly url: string;
  /** The base of a WebSocket's relative URL. */
  readonly baseUrl: string;
  /** What `Script.args` holds. */
  readonly args: readonly string[];
  /** What `Script.getContext()` answers. */
  readonly context: string;
  /** Whether there is a `WebSocketServer`. */
  readonly server: boolean;
  /** Whether the source evaluates to the constructor of an entity script. */
  readonly entity: boolean;
  /** The headers of a handshake that the script may set although others may not: `cookie`, `origin`. */
  readonly permittedHeaders: readonly string[];
  /** The environment variables that the script may read. */
  readonly environment: Readonly<Record<string, string>>;
  /** The time after which a turn begins no further event, in milliseconds. */
  readonly turnSlice: number;
  /** What one turn may give back. */
  readonly commandsPerTurn: number;
  readonly bytesPerTurn: number;
  /** What a WebSocket's options can lower: the largest message, in bytes, and the time for a handshake, in milliseconds. */
  readonly messageBytes: number;
  readonly handshakeTimeout: number;
  /** The shortest time between two pings of a heartbeat, in milliseconds. */
  readonly heartbeatInterval: number;
  /** The most timers at one time. */
  readonly timers: number;
  /** The most memory of resizable ArrayBuffers, in MiB. */
  readonly resizableMemory: number;
  /** The largest body of an answer that a server gives, in bytes. */
  readonly answerBytes: number;
  /** The limits of what a server's sockets have: those of the same names in `host/policy/limits.ts`. */
  readonly bufferedBytes: number;
  readonly attachmentBytes: number;
  readonly topicLength: number;
  readonly topicsPerSocket: number;
  readonly subscriptions: number;
  readonly deliveriesPerTurn: number;
}

/** What a cell needs to know of a script, as it stands in the `create` frame. */
export interface IsolateSettings {
  /** The script's name, as stack traces show it. */
  readonly name: string;
  /** In MiB. */
  readonly memory: number;
  /** The most that one callback may take, in milliseconds. */
  readonly turnTimeout: number;
  /** Whether it has a context in the isolate that scripts of its cell share, instead of an isolate of its own. */
  readonly shared: boolean;
  /** How many lines are copied out of turns that have not ended, in a second, and how many UTF-16 units are in them. */
  readonly copies: { readonly lines: number; readonly units: number };
  readonly guest: GuestSettings;
}
