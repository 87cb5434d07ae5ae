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
import { LOOP_SHARE, type Share } from '../policy/loop-share.ts';
import type { Permissions } from '../policy/permissions.ts';
import type { ProxySettings } from '../policy/proxy-options.ts';
import { AddressQueue } from '../sockets/address-queue.ts';
import { connect } from '../sockets/client.ts';
import type { ConnectionOwner } from '../sockets/connection-owner.ts';
import type { Connection } from '../sockets/connection.ts';
import { areSubprotocols, handshakeHeaders, originOf } from '../sockets/handshake-headers.ts';
import { LONGEST_TIMER } from '../sockets/heartbeat.ts';
import type { Accepted } from '../sockets/server.ts';
import { isTlsError, socketFailure } from '../sockets/socket-errors.ts';
import { failureLimit } from './failure-limit.ts';
import type { ServerTls } from '../sockets/server-tls.ts';
import type { TlsSettings } from '../sockets/tls-settings.ts';
import type { SendLimit, SlowReaderCounts } from '../sockets/slow-readers.ts';
import { isSendableCloseCode } from './close-codes.ts';
import { Draining } from './draining.ts';
import { FanOut } from './fan-out.ts';
import type { Hold } from './hold.ts';
import type { Inbox } from './inbox.ts';
import type { InboxRoom } from './inbox-room.ts';
import { Reading } from './reading.ts';
import type { ScriptAccount } from './script-account.ts';
import { CLOSE_UNITS, ScriptServers } from './script-servers.ts';
import { SocketFlow } from './socket-flow.ts';
import type { SocketStatistics } from './socket-statistics.ts';
import { UnsentBytes } from './unsent-bytes.ts';
import { Written } from './written.ts';

/** The longest address that is connected to: no server takes one like that, and the host would be held up by a longer one. */
const LONGEST_URL = 64 * 1024;

export interface ScriptSocketsOptions {
  /** What it may still use. */
  readonly account: ScriptAccount;
  readonly permissions: Permissions;
  readonly limits: Limits;
  readonly dialect: Dialect;
  /** The base of relative addresses. */
  readonly baseUrl: string;
  readonly proxies: ProxySettings;
  readonly tls: TlsSettings;
  /** What its servers can show in TLS. */
  readonly serverTls: ServerTls;
  readonly log: Log;
  /** What was left behind by the incarnation before this one. */
  readonly hold: Hold;
  /** Where the servers' connections are to be held on a fault: which turns the script has been given. */
  readonly holdable: Pick<Inbox, 'newestTurn' | 'takenTurn'> | undefined;
  /** Hands an event to the script's inbox. */
  readonly push: (event: Event) => void;
  /** Hands a message to it: a part of the buffer. */
  readonly message: (socket: number, kind: MessageKind, data: Buffer, start: number, end: number) => void;
  /** The room for what its sockets receive. */
  readonly room: InboxRoom;
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
  readonly unsent = new UnsentBytes();
  readonly #options: ScriptSocketsOptions;
  readonly #connections = new Map<number, Connection>();
  /** Lets its client connections to one address open one after the other. */
  readonly #queue = new AddressQueue();
  /** Client connections that are not open yet, and those of them whose time the script has shortened, or whose TLS has failed. */
  readonly #connecting = new Map<Connection, 'connecting' | 'own-timeout' | 'tls-failed'>();
  readonly #reading = new Reading();
  /** How its script has them read. */
  readonly flow = new SocketFlow(this.#reading, (id) => this.#connections.get(id));
  /** Connections written to in the batch of commands that is being carried out. */
  readonly #written = new Written();
  readonly #draining: Draining;
  /** What they have cost. */
  readonly slowReaders: SlowReaderCounts = { messagesDropped: 0, slowReadersClosed: 0 };
  readonly #clientSendLimit: SendLimit;
  #lastClientId = 0;
  #lastAcceptedId = -1;
  #ended = false;
  #onAllClosed: () => void = () => {};

  constructor(options: ScriptSocketsOptions) {
    this.#options = options;
    this.servers = new ScriptServers(options, this);
    this.fanOut = new FanOut(options.limits, (connection, bytes) => {
      options.account.budget.send(bytes);
      this.#written.add(connection);
    });
    this.#draining = new Draining((connection) => this.#push({ type: 'drained', socket: connection.id }));
    this.#clientSendLimit = { bytes: options.limits.bufferedBytes, policy: 'close', counts: this.slowReaders };
  }

  get statistics(): SocketStatistics {
    const backpressured = [...this.#connections.values()].filter((connection) => connection.isBackpressured).length;
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
    const { account, baseUrl, dialect, limits, log, permissions, proxies, tls } = this.#options;
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
      if (url.length > LONGEST_URL) {
        throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `an address of ${url.length} characters; the most are ${LONGEST_URL}`);
      }
      if (this.isFull) {
        throw new AirlockError('ERR_AIRLOCK_TOO_MANY_SOCKETS', account.statistics.hitUntold('sockets'));
      }
      // Overte's handshakes have no origin.
      const headers = handshakeHeaders(flat, permissions, dialect === 'web' ? originOf(baseUrl) : undefined);
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
          delay: account.budget.connectDelay(),
          warn: (message, code) => log('warning', message, code),
        },
        this,
      );
      this.#connections.set(id, connection);
      const isOwnTimeout = handshakeTimeout > 0 && handshakeTimeout < limits.handshakeTimeout;
      this.#connecting.set(connection, isOwnTimeout ? 'own-timeout' : 'connecting');
    } catch (error) {
      if (!(error instanceof AirlockError)) {
        // What ws refuses at once, the bindings have refused before.
        return `connect: ${messageOf(error)}`;
      }
      log('warning', logText(error), error.code, error.code === 'ERR_AIRLOCK_TOO_MANY_SOCKETS' ? 'sockets' : undefined);
      const failure = socketFailure(error, url.slice(0, LONGEST_URL));
      this.#options.push({ type: 'failed', socket: id, error: failure.error, message: failure.message });
      this.#options.push({ type: 'closed', socket: id, code: 1006, reason: '', wasClean: false });
    }
    return undefined;
  }

  /** Returns whether something refers to the buffer from now on. */
  send(type: SendType, socket: number, data: string | Buffer, start: number, end: number): boolean {
    const connection = this.#connections.get(socket);
    if (connection === undefined) {
      return false;
    }
    this.#options.account.budget.send(typeof data === 'string' ? Buffer.byteLength(data) : end - start);
    this.#written.add(connection);
    return connection.send(type, data, start, end);
  }

  /** Returns why the command is malformed, where it is. */
  ping({ socket, data }: CommandOf<'ping'>): string | undefined {
    if (data.length > 125) {
      return `ping with ${data.length} bytes`;
    }
    this.#connections.get(socket)?.ping(data);
    return undefined;
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

  /** Returns why the command is malformed, where it is. */
  close({ socket, code, reason }: CommandOf<'close'>): string | undefined {
    if (!isSendableCloseCode(code) || Buffer.byteLength(reason) > 123) {
      return `close with the code ${code}`;
    }
    this.#connections.get(socket)?.close(code, reason);
    return undefined;
  }

  /** Ends a batch of commands: what was written goes to the kernel. Returns whether that is done; where it is not, call it again. */
  flush(share: Share): boolean {
    this.fanOut.endBatch();
    const isDone = this.#written.flush(share, (connection) => {
      this.unsent.written(connection);
      this.#draining.written(connection);
    });
    if (isDone) {
      this.#draining.endBatch();
    }
    return isDone;
  }

  /** Reads on from the sockets that had to wait for the script. */
  resume(): void {
    this.#reading.resume(() => this.#ended || !this.#options.room.isFull);
  }

  /**
   * The script has ended: stops listening and closes every socket with this code. Resolves when all are closed; a peer
   * that does not answer is cut off.
   *
   * @param waiting what the script was not told: then its listeners are held, with what they have accepted
   */
  async closeAll(code: number, waiting?: readonly Event[]): Promise<void> {
    if (waiting !== undefined) {
      this.#written.release();
      this.servers.hold(waiting);
    }
    this.#ended = true;
    this.servers.closeAll();
    this.#reading.resumeAll();
    if (this.#connections.size === 0) {
      return;
    }
    const allClosed = new Promise<void>((resolve) => {
      this.#onAllClosed = resolve;
    });
    LOOP_SHARE.each(this.#connections.values(), CLOSE_UNITS, (connection) => connection.close(code, ''));
    const { closeTimeout } = this.#options.limits;
    const timer = setTimeout(() => LOOP_SHARE.each(this.#connections.values(), CLOSE_UNITS, (connection) => connection.terminate()), closeTimeout);
    await allClosed;
    clearTimeout(timer);
  }

  message(connection: Connection, kind: MessageKind, data: Buffer, start: number, end: number): void {
    if (!this.#ended) {
      this.#options.message(connection.id, kind, data, start, end);
      this.#received(connection, end - start);
      this.flow.told(connection, end - start);
    }
  }

  readonly reserve = (connection: Connection, bytes: number): boolean => this.#ended || this.#options.room.reserve(connection, bytes);

  readonly release = (connection: Connection): void => this.#options.room.release(connection);

  control(connection: Connection, type: 'ping' | 'pong', data: Buffer): void {
    this.#push({ type, socket: connection.id, data });
    this.#received(connection, data.length);
  }

  opened(connection: Connection, protocol: string, extensions: string): void {
    this.#connecting.delete(connection);
    this.#push({ type: 'opened', socket: connection.id, protocol, extensions });
  }

  closing(connection: Connection): void {
    this.#push({ type: 'closing', socket: connection.id });
  }

  failed(connection: Connection, error: number, message: string): void {
    const connecting = this.#connecting.get(connection);
    if (isTlsError(error) && connecting !== undefined) {
      this.#connecting.set(connection, 'tls-failed');
    }
    const limit = failureLimit(error, message, connecting === 'connecting', this.#options.limits.bufferedBytes);
    if (limit !== undefined) {
      this.#options.account.hit(limit);
    }
    this.#push({ type: 'failed', socket: connection.id, error, message });
  }

  closed(connection: Connection, closeCode: number, reason: string, wasClean: boolean): void {
    // Overte documents 1015 for it. To the WebSockets Standard every failure is 1006.
    const tlsFailed = this.#connecting.get(connection) === 'tls-failed';
    const code = tlsFailed && this.#options.dialect === 'overte' ? CLOSE_CODES.TlsHandshakeFailed : closeCode;
    this.#connecting.delete(connection);
    this.#connections.delete(connection.id);
    this.#forget(connection);
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
  adopt(handshake: Accepted, paused: boolean): Connection {
    const connection = handshake.connect(this.nextAcceptedId(), this);
    this.#connections.set(connection.id, connection);
    if (paused) {
      this.#reading.pauseByScript(connection);
    }
    return connection;
  }

  nextAcceptedId(): number {
    this.#lastAcceptedId += 2;
    return this.#lastAcceptedId;
  }

  /** An accepted connection that was held is one of the script's again. */
  takeOver(connection: Connection): void {
    this.#connections.set(connection.id, connection);
    const buffered = this.unsent.begin(connection);
    if (buffered !== undefined) {
      this.#push(buffered);
    }
    connection.resume();
    this.#pauseIfFull(connection, this.#options.account.budget.isReadingHeld);
  }

  /** It is no longer one of the script's. */
  leave(connection: Connection): void {
    this.#connections.delete(connection.id);
    this.#forget(connection);
  }

  #forget(connection: Connection): void {
    this.#reading.forget(connection);
    this.flow.forget(connection);
    this.#options.room.forget(connection);
    this.#written.forget(connection);
    this.#draining.forget(connection);
    this.unsent.forget(connection);
  }

  #push(event: Event): void {
    if (!this.#ended) {
      this.#options.push(event);
    }
  }

  /** Something of so many bytes has come. */
  #received(connection: Connection, bytes: number): void {
    this.#pauseIfFull(connection, this.#options.account.budget.received(bytes));
  }

  /** Where too much has come, no more is read from the socket until the script has caught up. */
  #pauseIfFull(connection: Connection, isTooFast: boolean): void {
    const { account, room } = this.#options;
    if (room.isFull && !this.#ended) {
      account.statistics.hit('inboxBytes');
      this.#reading.waitAll(this.#connections.values(), connection);
    } else if (isTooFast && !this.#ended) {
      this.#reading.wait(connection);
    }
  }
}
