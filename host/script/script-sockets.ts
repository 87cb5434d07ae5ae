import type { CommandOf } from '../../wire/commands.ts';
import type { Event } from '../../wire/events.ts';
import type { MessageKind } from '../../wire/flat-writer.ts';
import type { SendType } from '../cells/command-batch.ts';
import type { Dialect } from '../../wire/settings.ts';
import { CLOSE_CODES } from '../../wire/socket-codes.ts';
import { AirlockError, messageOf } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import type { Limits } from '../policy/limits.ts';
import { logText } from '../policy/permission-denied.ts';
import type { Permissions } from '../policy/permissions.ts';
import type { ProxySettings } from '../policy/proxy-options.ts';
import { AddressQueue } from '../sockets/address-queue.ts';
import { connect } from '../sockets/client.ts';
import type { Connection, ConnectionOwner } from '../sockets/connection.ts';
import { areSubprotocols, handshakeHeaders } from '../sockets/handshake-headers.ts';
import { LONGEST_TIMER } from '../sockets/heartbeat.ts';
import type { Accepted } from '../sockets/server.ts';
import { isTlsError, socketFailure } from '../sockets/socket-errors.ts';
import type { ServerStatistics } from '../sockets/server-statistics.ts';
import type { ServerTls } from '../sockets/server-tls.ts';
import type { TlsSettings } from '../sockets/tls-settings.ts';
import type { SendLimit, SlowReaderCounts } from '../sockets/slow-readers.ts';
import { Draining } from './draining.ts';
import { FanOut } from './fan-out.ts';
import { Reading } from './reading.ts';
import { ScriptServers } from './script-servers.ts';

export interface ScriptSocketsOptions {
  readonly permissions: Permissions;
  readonly limits: Limits;
  readonly dialect: Dialect;
  /** What its handshakes say in `Origin`, where the script says nothing. */
  readonly origin: string | undefined;
  readonly proxies: ProxySettings;
  readonly tls: TlsSettings;
  /** What its servers can show in TLS. */
  readonly serverTls: ServerTls;
  readonly log: Log;
  /** Hands an event to the script's inbox. */
  readonly push: (event: Event) => void;
  /** Hands a message to it: a part of the buffer. */
  readonly message: (socket: number, kind: MessageKind, data: Buffer, start: number, end: number) => void;
  /** Whether so much waits in the inbox that a socket must not be read further. */
  readonly isFull: () => boolean;
}

/** What a script's sockets do, at this moment and since it has started. */
export interface SocketStatistics extends Readonly<SlowReaderCounts> {
  /** Sockets that are not closed, opened and accepted. */
  readonly sockets: number;
  /** Sockets to which more was sent than the system has taken yet. */
  readonly backpressured: number;
  /** What its servers have seen: those that listen, in the order in which they were opened. */
  readonly servers: readonly ServerStatistics[];
}

/**
 * The sockets of one script, under the numbers that the script knows them by. Whatever the script asks for
 * is checked here: an unknown number is ignored, as the socket may have closed meanwhile.
 */
export class ScriptSockets implements ConnectionOwner {
  /** Its listeners, which hand over what they accept. */
  readonly servers: ScriptServers;
  /** Its messages to many of them. */
  readonly fanOut: FanOut;
  readonly #options: ScriptSocketsOptions;
  readonly #connections = new Map<number, Connection>();
  /** Lets its client connections to one address open one after the other. */
  readonly #queue = new AddressQueue();
  /** Client connections that are not open yet, and those of them whose TLS has failed. */
  readonly #connecting = new Map<Connection, 'connecting' | 'tls-failed'>();
  readonly #reading = new Reading();
  /** Connections written to in the batch of commands that is being carried out. */
  readonly #written = new Set<Connection>();
  readonly #draining: Draining;
  /** What they have cost. */
  readonly slowReaders: SlowReaderCounts = { messagesDropped: 0, slowReadersClosed: 0 };
  readonly #clientSendLimit: SendLimit;
  /** What the script takes for a connection's `bufferedAmount`, where it may be wrong. */
  readonly #assumedBuffered = new Map<Connection, number>();
  #lastClientId = 0;
  #lastAcceptedId = -1;
  #ended = false;
  #onAllClosed: () => void = () => {};

  constructor(options: ScriptSocketsOptions) {
    this.#options = options;
    this.servers = new ScriptServers(options, this);
    this.fanOut = new FanOut(options.limits, (connection) => this.#written.add(connection));
    this.#draining = new Draining((connection) => this.#push({ type: 'drained', socket: connection.id }));
    this.#clientSendLimit = { bytes: options.limits.bufferedBytes, policy: 'close', counts: this.slowReaders };
  }

  get statistics(): SocketStatistics {
    let backpressured = 0;
    for (const connection of this.#connections.values()) {
      backpressured += connection.isBackpressured ? 1 : 0;
    }
    return { sockets: this.#connections.size, backpressured, ...this.slowReaders, servers: this.servers.statistics };
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Opens a client connection. Returns why the command is malformed, where it is. */
  connect(command: CommandOf<'connect'>): string | undefined {
    const { socket: id, url, protocols, headers: flat, handshakeTimeout, heartbeatInterval, heartbeatTimeout } = command;
    if (id <= this.#lastClientId || id % 2 !== 0) {
      return `connect under the number ${id}`;
    }
    const { limits, log, permissions, proxies, tls } = this.#options;
    this.#lastClientId = id;
    if (!/^wss?:\/\//.test(url) || !URL.canParse(url) || url.includes('#')) {
      return 'connect to what is not a WebSocket URL';
    }
    if (!areSubprotocols(protocols)) {
      return 'connect with what are not subprotocols';
    }
    if (heartbeatInterval > LONGEST_TIMER || heartbeatTimeout > LONGEST_TIMER || (heartbeatInterval > 0 && heartbeatTimeout === 0)) {
      return `connect with a heartbeat of ${heartbeatInterval} and ${heartbeatTimeout} ms`;
    }
    try {
      if (this.isFull) {
        throw new AirlockError('ERR_AIRLOCK_TOO_MANY_SOCKETS', `the limit of ${limits.sockets} sockets is reached`);
      }
      const headers = handshakeHeaders(flat, permissions, this.#options.origin);
      if (typeof headers === 'string') {
        return `connect with ${headers}`;
      }
      const connection = connect(
        {
          id,
          url,
          protocols,
          headers,
          permissions,
          handshakeTimeout: Math.min(handshakeTimeout || limits.handshakeTimeout, limits.handshakeTimeout),
          maxPayload: Math.min(command.maxMessageSize || limits.messageBytes, limits.messageBytes),
          closeTimeout: limits.closeTimeout,
          perMessageDeflate: command.perMessageDeflate,
          sendLimit: this.#clientSendLimit,
          heartbeat: heartbeatInterval > 0 ? { interval: Math.max(heartbeatInterval, limits.heartbeatInterval), timeout: heartbeatTimeout } : undefined,
          network: { proxies, tls, queue: this.#queue },
          warn: (message, code) => log('warning', message, code),
        },
        this,
      );
      this.#connections.set(id, connection);
      this.#connecting.set(connection, 'connecting');
    } catch (error) {
      if (!(error instanceof AirlockError)) {
        // What ws refuses at once, the bindings have refused before.
        return `connect: ${messageOf(error)}`;
      }
      log('warning', logText(error), error.code);
      const failure = socketFailure(error, url);
      this.#options.push({ type: 'failed', socket: id, error: failure.error, message: failure.message });
      this.#options.push({ type: 'closed', socket: id, code: 1006, reason: '', wasClean: false });
    }
    return undefined;
  }

  send(type: SendType, socket: number, data: string | Buffer, start: number, end: number): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) {
      this.#written.add(connection);
      connection.send(type, data, start, end);
    }
  }

  ping({ socket, data }: CommandOf<'ping'>): void {
    this.#connections.get(socket)?.ping(data);
  }

  pauseByScript({ socket }: CommandOf<'pause'>): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) {
      this.#reading.pauseByScript(connection);
    }
  }

  resumeByScript({ socket }: CommandOf<'resume'>): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) {
      this.#reading.resumeByScript(connection);
    }
  }

  drain({ socket }: CommandOf<'drain'>): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) {
      this.#draining.ask(connection);
    }
  }

  watchDrain({ socket }: CommandOf<'watchDrain'>): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) {
      this.#draining.watch(connection);
    }
  }

  /** The connection of this number, if it is there. */
  connection(id: number): Connection | undefined {
    return this.#connections.get(id);
  }

  close({ socket, code, reason }: CommandOf<'close'>): void {
    this.#connections.get(socket)?.close(code, reason);
  }

  /** Ends a batch of commands: what was written goes to the kernel, one system call for each socket. */
  flush(): void {
    this.fanOut.endBatch();
    for (const connection of this.#written) {
      connection.flush();
      // The script takes it that all it sent is gone by its next turn. Mostly it is gone by now.
      if (connection.bufferedAmount > 0 || this.#assumedBuffered.has(connection)) {
        this.#assumedBuffered.set(connection, 0);
      }
      this.#draining.written(connection);
    }
    this.#written.clear();
    this.#draining.endBatch();
  }

  /** Tells where what the script takes for a `bufferedAmount` is not so; to go before the events of its next turn. */
  bufferedEvents(): Event[] {
    const events: Event[] = [];
    for (const [connection, assumed] of this.#assumedBuffered) {
      const bytes = connection.bufferedAmount;
      if (bytes !== assumed) {
        events.push({ type: 'buffered', socket: connection.id, bytes });
        this.#assumedBuffered.set(connection, bytes);
      }
      if (bytes === 0) {
        this.#assumedBuffered.delete(connection);
      }
    }
    return events;
  }

  /** Reads on from the sockets that had to wait for the script. */
  resume(): void {
    this.#reading.resume();
  }

  /**
   * The script has ended: stops listening and closes every socket with this code. Resolves when all are closed; a peer
   * that does not answer is cut off.
   */
  async closeAll(code: number, reason: string): Promise<void> {
    this.#ended = true;
    this.servers.closeAll();
    this.#reading.resumeAll();
    if (this.#connections.size === 0) {
      return;
    }
    const allClosed = new Promise<void>((resolve) => {
      this.#onAllClosed = resolve;
    });
    for (const connection of this.#connections.values()) {
      connection.close(code, reason);
    }
    const timer = setTimeout(() => {
      for (const connection of this.#connections.values()) {
        connection.terminate();
      }
    }, this.#options.limits.closeTimeout);
    await allClosed;
    clearTimeout(timer);
  }

  message(connection: Connection, kind: MessageKind, data: Buffer, start: number, end: number): void {
    if (!this.#ended) {
      this.#options.message(connection.id, kind, data, start, end);
      this.#pauseIfFull(connection);
    }
  }

  control(connection: Connection, type: 'ping' | 'pong', data: Buffer): void {
    this.#push({ type, socket: connection.id, data });
    this.#pauseIfFull(connection);
  }

  opened(connection: Connection, protocol: string, extensions: string): void {
    this.#connecting.delete(connection);
    this.#push({ type: 'opened', socket: connection.id, protocol, extensions });
  }

  closing(connection: Connection): void {
    this.#push({ type: 'closing', socket: connection.id });
  }

  failed(connection: Connection, error: number, message: string): void {
    if (isTlsError(error) && this.#connecting.has(connection)) {
      this.#connecting.set(connection, 'tls-failed');
    }
    this.#push({ type: 'failed', socket: connection.id, error, message });
  }

  closed(connection: Connection, closeCode: number, reason: string, wasClean: boolean): void {
    // Overte documents 1015 for it. To the WebSockets Standard every failure is 1006.
    const tlsFailed = this.#connecting.get(connection) === 'tls-failed';
    const code = tlsFailed && this.#options.dialect === 'overte' ? CLOSE_CODES.TlsHandshakeFailed : closeCode;
    this.#connecting.delete(connection);
    this.#connections.delete(connection.id);
    this.#reading.forget(connection);
    this.#written.delete(connection);
    this.#draining.forget(connection);
    this.#assumedBuffered.delete(connection);
    this.#push({ type: 'closed', socket: connection.id, code, reason, wasClean });
    this.servers.forget(connection);
    if (this.#connections.size === 0) {
      this.#onAllClosed();
    }
  }

  /** Whether the script may have no more sockets. */
  get isFull(): boolean {
    return this.#connections.size >= this.#options.limits.sockets;
  }

  /** Makes an accepted connection one of the script's. */
  adopt(handshake: Accepted): Connection {
    this.#lastAcceptedId += 2;
    const connection = handshake.connect(this.#lastAcceptedId, this);
    this.#connections.set(connection.id, connection);
    return connection;
  }

  #push(event: Event): void {
    if (!this.#ended) {
      this.#options.push(event);
    }
  }

  #pauseIfFull(connection: Connection): void {
    if (this.#options.isFull() && !this.#ended) {
      this.#reading.wait(connection);
    }
  }
}
