import type { CommandOf } from '../../wire/commands.ts';
import type { AnswerOf, QuestionOf } from '../../wire/questions.ts';
import { AirlockError } from '../errors.ts';
import type { Rest } from '../cells/command-batch.ts';
import { PermissionDenied, logText } from '../policy/permission-denied.ts';
import type { Connection } from '../sockets/connection.ts';
import type { AnyRequest } from '../sockets/client-request.ts';
import { listenAddress } from '../sockets/listen-address.ts';
import { Server, type Accepted, type ServerOwner } from '../sockets/server.ts';
import type { ServerStatistics } from '../sockets/server-statistics.ts';
import { ScriptRequests } from './script-requests.ts';
import type { Event } from '../../wire/events.ts';
import { Acceptances } from './acceptances.ts';
import { announce, KNOWN, type Announcement } from './announcement.ts';
import type { HeldConnection } from './held-connection.ts';
import type { ScriptSockets, ScriptSocketsOptions } from './script-sockets.ts';
import { listenOptions } from './server-options.ts';

const NOTHING = new Uint8Array(0);

/** What the closing of a connection takes, in units of work. */
export const CLOSE_UNITS = 64;

/** The listeners of one script, under the numbers that the script knows them by, and which of its sockets they accepted. */
export class ScriptServers implements ServerOwner {
  readonly #options: ScriptSocketsOptions;
  readonly #sockets: ScriptSockets;
  /** What it is asked about before it is accepted. */
  readonly requests: ScriptRequests;
  /** Those that listen. */
  readonly #servers = new Map<number, Server>();
  /** Those that were opened in the turn that is under way: what they are to ask about is not known before its end. */
  readonly #held = new Set<Server>();
  /** What each has accepted and is not closed yet: of the servers that listen, and of those that still wait for it. */
  readonly #accepted = new Map<Server, Set<Connection>>();
  readonly #acceptedBy = new Map<Connection, Server>();
  /** Those that compress, which costs memory. */
  readonly #compressed = new Set<Connection>();
  /** What the script keeps with a connection. */
  readonly #attachments = new Map<Connection, Uint8Array>();
  /** Where these are held on a fault. */
  readonly #acceptances: Acceptances | undefined;
  #lastId = 0;

  constructor(options: ScriptSocketsOptions, sockets: ScriptSockets) {
    this.#options = options;
    this.#sockets = sockets;
    this.requests = new ScriptRequests(options);
    this.#acceptances = options.holdable === undefined ? undefined : new Acceptances(options.holdable);
  }

  get count(): number {
    return this.#servers.size;
  }

  /** Of each that listens. */
  get statistics(): readonly ServerStatistics[] {
    return [...this.#servers.values()].map((server) => server.statistics);
  }

  /** @param held whether a turn is under way: until its end, nobody is let in */
  listen(question: QuestionOf<'listen'>, held = false): AnswerOf<'listen'> {
    const { server: id, host, port } = question;
    const { account, hold, limits, log, permissions, push } = this.#options;
    if (id <= this.#lastId || port > 65_535) {
      return { type: 'listen', port: 0, url: '', code: 'ERR_AIRLOCK_MALFORMED_COMMAND', error: 'the question is malformed' };
    }
    this.#lastId = id;
    try {
      const address = listenAddress(host);
      permissions.checkListen(address, port);
      if (this.#servers.size >= limits.servers) {
        throw new AirlockError('ERR_AIRLOCK_TOO_MANY_SOCKETS', account.statistics.hitUntold('servers'));
      }
      const mayCompress = (): boolean => this.#compressed.size < limits.compressedSockets || (account.statistics.hit('compressedSockets'), false);
      const options = { ...listenOptions(question, this.#options, this.#sockets.slowReaders), host: address, held, mayCompress };
      const left = hold.claim(address, port);
      const server = new Server(id, options, this, left?.server);
      try {
        // Which one a free port is, is known only now; it may be one that is denied.
        permissions.checkBound(address, server.port);
      } catch (error) {
        server.close();
        left?.connections.forEach((connection) => void connection.close(1011, limits.closeTimeout));
        throw error;
      }
      this.#servers.set(id, server);
      this.#held.add(server);
      this.#accepted.set(server, new Set());
      push({ type: 'listening', server: id });
      for (const connection of left?.connections ?? []) {
        this.#takeOver(server, connection);
      }
      return { type: 'listen', port: server.port, url: server.url, code: '', error: '' };
    } catch (error) {
      if (!(error instanceof AirlockError)) {
        throw error;
      }
      if (error instanceof PermissionDenied) {
        log('warning', logText(error), error.code);
      }
      this.#refuse(id, error);
      return notListening(error.code, error.message);
    }
  }

  watch({ plain, server: id, upgrades }: CommandOf<'watchRequests'>): void {
    this.#servers.get(id)?.watch(upgrades, plain);
  }

  /** The script has had its turn. */
  turnEnded(): void {
    for (const server of this.#held) {
      server.release();
    }
    this.#held.clear();
  }

  requested(server: Server, request: AnyRequest): void {
    this.requests.ask(server, request);
  }

  /** Stops a listener and closes what it accepted, as Overte does. Returns what is left to be done. */
  close({ server: id }: CommandOf<'closeServer'>): Rest | undefined {
    const server = this.#servers.get(id);
    if (server === undefined) {
      return undefined;
    }
    this.#servers.delete(id);
    this.#held.delete(server);
    server.close();
    return this.#closeAccepted(server);
  }

  *#closeAccepted(server: Server): Rest {
    for (const connection of this.#accepted.get(server) ?? []) {
      connection.close(1001, 'Server closing.');
      yield CLOSE_UNITS;
    }
    this.#tellIfClosed(server);
  }

  /** No listener takes any more clients: the script is about to end. */
  stopAccepting(): void {
    for (const server of this.#servers.values()) {
      server.close();
    }
  }

  /** Gives up the listeners with what they have accepted. @param waiting what the script was not told */
  hold(waiting: readonly Event[]): void {
    if (this.#acceptances !== undefined) {
      this.requests.end();
      this.#acceptances.hold(this.#servers.values(), waiting, this.#options.hold, {
        attachment: (connection) => this.#attachments.get(connection) ?? NOTHING,
        leave: (connection) => this.#sockets.leave(connection),
      });
      this.#servers.clear();
    }
  }

  /** Stops all listeners. What they accepted stays. */
  closeAll(): void {
    this.requests.end();
    for (const server of this.#servers.values()) {
      server.close();
    }
    this.#servers.clear();
    this.#held.clear();
    // The script has ended, or begins anew: no end of these is told any more.
    this.#accepted.clear();
  }

  /** The connection is closed, and the script was told so. */
  forget(connection: Connection): void {
    const server = this.#acceptedBy.get(connection);
    if (server !== undefined) {
      this.#sockets.fanOut.leave(server.id, connection);
      this.#acceptances?.closed(connection, this.#attachments.get(connection));
      this.#attachments.delete(connection);
      this.#acceptedBy.delete(connection);
      this.#compressed.delete(connection);
      this.#accepted.get(server)?.delete(connection);
      this.#tellIfClosed(server);
    }
  }

  /** Keeps bytes with an accepted connection. Returns why the command is malformed, where it is. */
  attach({ data, socket }: CommandOf<'attach'>): string | undefined {
    const connection = this.#acceptedSocket(socket);
    if (data.length > this.#options.limits.attachmentBytes) {
      return `attach ${data.length} bytes`;
    }
    if (connection !== undefined && data.length === 0) {
      this.#attachments.delete(connection);
    } else if (connection !== undefined) {
      // A copy: what came lies in the buffer of a pipe, with much else.
      this.#attachments.set(connection, Uint8Array.from(data));
    }
    return undefined;
  }

  latency({ socket }: QuestionOf<'latency'>): AnswerOf<'latency'> {
    return { type: 'latency', milliseconds: this.#acceptedSocket(socket)?.latency ?? -1 };
  }

  terminate({ socket }: CommandOf<'terminate'>): void {
    this.#acceptedSocket(socket)?.terminate();
  }

  subscribe({ socket, topic }: CommandOf<'subscribe'>): string | undefined {
    const connection = this.#acceptedSocket(socket);
    return connection === undefined ? undefined : this.#sockets.fanOut.subscribe(connection, topic);
  }

  unsubscribe({ socket, topic }: CommandOf<'unsubscribe'>): void {
    const connection = this.#acceptedSocket(socket);
    if (connection !== undefined) {
      this.#sockets.fanOut.unsubscribe(connection, topic);
    }
  }

  #acceptedSocket(socket: number): Connection | undefined {
    const connection = this.#sockets.connection(socket);
    return connection !== undefined && this.#acceptedBy.has(connection) ? connection : undefined;
  }

  accepted(server: Server, handshake: Accepted): void {
    const { account, log, push } = this.#options;
    if (!this.#servers.has(server.id)) {
      return handshake.refuse(1001, 'Server closed.');
    }
    if (this.#sockets.isFull) {
      log('warning', `a connection to port ${server.port} was turned away: ${account.statistics.hitUntold('sockets')}`, undefined, 'sockets');
      return handshake.refuse(1013, 'Too many sockets.');
    }
    const { id: request, paused } = this.requests.takeAccepted(handshake.request);
    const connection = this.#sockets.adopt(handshake, paused);
    const announcement = announce(handshake);
    this.#acceptances?.add(connection, server, { announcement, client: handshake.request.client });
    this.#join(server, connection, announcement);
    const known = request === 0 ? {} : KNOWN;
    push({ type: 'accepted', server: server.id, socket: connection.id, request, ...announcement, ...known, attachment: NOTHING });
  }

  #join(server: Server, connection: Connection, { extensions }: Announcement): void {
    this.#acceptedBy.set(connection, server);
    this.#accepted.get(server)?.add(connection);
    this.#sockets.fanOut.join(server.id, connection);
    if (extensions !== '') {
      this.#compressed.add(connection);
    }
  }

  /** Announces what was held once more, with all that has come of it meanwhile. */
  #takeOver(server: Server, held: HeldConnection): void {
    const { push } = this.#options;
    const { acceptance, attachment, connection } = held;
    const socket = this.#sockets.nextAcceptedId();
    push({ type: 'accepted', server: server.id, socket, request: 0, ...acceptance.announcement, attachment });
    for (const event of held.take()) {
      push({ ...event, socket });
    }
    if (connection !== undefined) {
      server.adopt(connection, acceptance.client, socket, this.#sockets);
      this.#acceptances?.add(connection, server, acceptance);
      if (attachment.length > 0) {
        this.#attachments.set(connection, attachment);
      }
      this.#join(server, connection, acceptance.announcement);
      this.#sockets.takeOver(connection);
    }
  }

  serverFailed(server: Server, message: string): void {
    this.#servers.delete(server.id);
    this.#held.delete(server);
    server.close();
    this.#options.log('error', `the server on port ${server.port} has stopped: ${message}`, 'ERR_AIRLOCK_LISTEN_FAILED');
    this.#options.account.statistics.listenFailures++;
    this.#options.push({ type: 'serverFailed', server: server.id, code: 'ERR_AIRLOCK_LISTEN_FAILED', message });
    this.#tellIfClosed(server);
  }

  /** It neither listens nor has a connection: that is its end. */
  #tellIfClosed(server: Server): void {
    if (!this.#servers.has(server.id) && this.#accepted.get(server)?.size === 0) {
      this.#accepted.delete(server);
      this.#options.push({ type: 'serverClosed', server: server.id });
    }
  }

  /** A listener was not opened. In Overte's dialect the constructor does not throw: the script is told by events. */
  #refuse(id: number, { code, message }: AirlockError): void {
    const { account, dialect, log, push } = this.#options;
    if (code === 'ERR_AIRLOCK_INVALID_ARGUMENT' || code === 'ERR_AIRLOCK_MALFORMED_COMMAND') {
      // The constructor throws.
      return;
    }
    account.statistics.listenFailures++;
    // What is not permitted was logged already, with what would permit it.
    if (code !== 'ERR_AIRLOCK_LISTEN_DENIED') {
      log('warning', `a server could not be opened: ${message}`, code, code === 'ERR_AIRLOCK_TOO_MANY_SOCKETS' ? 'servers' : undefined);
    }
    if (dialect === 'overte') {
      push({ type: 'serverFailed', server: id, code, message });
      push({ type: 'serverClosed', server: id });
    }
  }
}

/** The answer where a script gets no server. */
export function notListening(code: string, error: string): AnswerOf<'listen'> {
  return { type: 'listen', port: 0, url: '', code, error };
}
