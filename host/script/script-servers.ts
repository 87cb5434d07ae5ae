import type { CommandOf } from '../../wire/commands.ts';
import type { AnswerOf, QuestionOf } from '../../wire/questions.ts';
import { AirlockError } from '../errors.ts';
import { hostPort } from '../sockets/client.ts';
import type { Connection } from '../sockets/connection.ts';
import { connectionOptions } from './listen-options.ts';
import { listenAddress, Server, type Accepted, type ServerOwner } from '../sockets/server.ts';
import type { ScriptSockets, ScriptSocketsOptions } from './script-sockets.ts';

/** The listeners of one script, under the numbers that the script knows them by, and which of its sockets they accepted. */
export class ScriptServers implements ServerOwner {
  readonly #options: ScriptSocketsOptions;
  readonly #sockets: ScriptSockets;
  /** Those that listen. */
  readonly #servers = new Map<number, Server>();
  /** What each has accepted and is not closed yet: of the servers that listen, and of those that still wait for it. */
  readonly #accepted = new Map<Server, Set<Connection>>();
  readonly #acceptedBy = new Map<Connection, Server>();
  /** Those that compress, which costs memory. */
  readonly #compressed = new Set<Connection>();
  #lastId = 0;

  constructor(options: ScriptSocketsOptions, sockets: ScriptSockets) {
    this.#options = options;
    this.#sockets = sockets;
  }

  get count(): number {
    return this.#servers.size;
  }

  listen(question: QuestionOf<'listen'>): AnswerOf<'listen'> {
    const { server: id, host, port, serverName } = question;
    const ofConnections = connectionOptions(question);
    const { limits, log, permissions, push } = this.#options;
    if (id <= this.#lastId || port > 65_535 || ofConnections === undefined) {
      return { type: 'listen', port: 0, url: '', code: 'ERR_AIRLOCK_MALFORMED_COMMAND', error: 'the question is malformed' };
    }
    this.#lastId = id;
    try {
      const address = listenAddress(host);
      if (!permissions.listen(address, port)) {
        const rule = address === '' ? `${port}` : hostPort(address, port);
        const where = address === '' ? `port ${port} of all interfaces` : hostPort(address, port);
        const message = `listening on ${where} is not permitted`;
        log('warning', `${message}; allow it with --allow-listen=${rule}`);
        throw new AirlockError('ERR_AIRLOCK_LISTEN_DENIED', message);
      }
      if (this.#servers.size >= limits.servers) {
        throw new AirlockError('ERR_AIRLOCK_TOO_MANY_SOCKETS', `the limit of ${limits.servers} servers is reached`);
      }
      const { closeTimeout, compressedSockets, messageBytes: maxPayload } = limits;
      const mayCompress = (): boolean => this.#compressed.size < compressedSockets;
      const options = { host: address, port, serverName, maxPayload, closeTimeout, mayCompress, ...ofConnections };
      const server = new Server(id, options, this);
      this.#servers.set(id, server);
      this.#accepted.set(server, new Set());
      push({ type: 'listening', server: id });
      return { type: 'listen', port: server.port, url: server.url, code: '', error: '' };
    } catch (error) {
      if (!(error instanceof AirlockError)) {
        throw error;
      }
      this.#refuse(id, error);
      return { type: 'listen', port: 0, url: '', code: error.code, error: error.message };
    }
  }

  /** Stops a listener and closes what it accepted, as Overte does. */
  close({ server: id }: CommandOf<'closeServer'>): void {
    const server = this.#servers.get(id);
    if (server !== undefined) {
      this.#servers.delete(id);
      server.close();
      for (const connection of this.#accepted.get(server) ?? []) {
        connection.close(1001, 'Server closing.');
      }
      this.#tellIfClosed(server);
    }
  }

  /** No listener takes any more clients: the script is about to end. */
  stopAccepting(): void {
    for (const server of this.#servers.values()) {
      server.close();
    }
  }

  /** Stops all listeners. What they accepted stays. */
  closeAll(): void {
    for (const server of this.#servers.values()) {
      server.close();
    }
    this.#servers.clear();
  }

  /** The connection is closed, and the script was told so. */
  forget(connection: Connection): void {
    const server = this.#acceptedBy.get(connection);
    if (server !== undefined) {
      this.#acceptedBy.delete(connection);
      this.#compressed.delete(connection);
      this.#accepted.get(server)?.delete(connection);
      this.#tellIfClosed(server);
    }
  }

  accepted(server: Server, handshake: Accepted): void {
    const { limits, log, push } = this.#options;
    if (!this.#servers.has(server.id)) {
      return handshake.refuse(1001, 'Server closed.');
    }
    if (this.#sockets.isFull) {
      log('warning', `a connection to port ${server.port} was turned away: the limit of ${limits.sockets} sockets is reached`);
      return handshake.refuse(1013, 'Too many sockets.');
    }
    const connection = this.#sockets.adopt(handshake);
    this.#acceptedBy.set(connection, server);
    this.#accepted.get(server)?.add(connection);
    const { extensions, protocol, url } = handshake;
    if (extensions !== '') {
      this.#compressed.add(connection);
    }
    push({ type: 'accepted', server: server.id, socket: connection.id, url, protocol, extensions });
  }

  serverFailed(server: Server, message: string): void {
    this.#servers.delete(server.id);
    this.#options.log('error', `the server on port ${server.port} has stopped: ${message}`);
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
    const { dialect, log, push } = this.#options;
    // What is not permitted was logged already, with what would permit it.
    if (code !== 'ERR_AIRLOCK_LISTEN_DENIED') {
      log('warning', `a server could not be opened: ${message}`);
    }
    if (dialect === 'overte') {
      push({ type: 'serverFailed', server: id, code, message });
      push({ type: 'serverClosed', server: id });
    }
  }
}
