import type { CommandOf } from '../../wire/commands.ts';
import type { AnswerOf, QuestionOf } from '../../wire/questions.ts';
import { AirlockError } from '../errors.ts';
import { PermissionDenied, logText } from '../policy/permission-denied.ts';
import type { Connection } from '../sockets/connection.ts';
import { listenAddress, Server, type Accepted, type ServerOwner } from '../sockets/server.ts';
import type { ScriptSockets, ScriptSocketsOptions } from './script-sockets.ts';

/** The listeners of one script, under the numbers that the script knows them by, and which of its sockets they accepted. */
export class ScriptServers implements ServerOwner {
  readonly #options: ScriptSocketsOptions;
  readonly #sockets: ScriptSockets;
  readonly #servers = new Map<number, Server>();
  /** Which server accepted a connection. */
  readonly #acceptedBy = new Map<Connection, Server>();
  #lastId = 0;

  constructor(options: ScriptSocketsOptions, sockets: ScriptSockets) {
    this.#options = options;
    this.#sockets = sockets;
  }

  get count(): number {
    return this.#servers.size;
  }

  listen({ server: id, host, port, serverName }: QuestionOf<'listen'>): AnswerOf<'listen'> {
    const { limits, log, permissions } = this.#options;
    try {
      if (id <= this.#lastId || port > 65_535) {
        throw new AirlockError('ERR_AIRLOCK_MALFORMED_COMMAND', 'the question is malformed');
      }
      this.#lastId = id;
      const address = listenAddress(host);
      permissions.checkListen(address, port);
      if (this.#servers.size >= limits.servers) {
        throw new AirlockError('ERR_AIRLOCK_TOO_MANY_SOCKETS', `the limit of ${limits.servers} servers is reached`);
      }
      const server = new Server(id, { host: address, port, serverName, maxPayload: limits.messageBytes }, this);
      try {
        // Which one a free port is, is known only now; it may be one that is denied.
        permissions.checkBound(address, server.port);
      } catch (error) {
        server.close();
        throw error;
      }
      this.#servers.set(id, server);
      return { type: 'listen', port: server.port, url: server.url, code: '', error: '' };
    } catch (error) {
      if (!(error instanceof AirlockError)) {
        throw error;
      }
      if (error instanceof PermissionDenied) {
        log('warning', logText(error), error.code);
      }
      return { type: 'listen', port: 0, url: '', code: error.code, error: error.message };
    }
  }

  /** Stops a listener and closes what it accepted, as Overte does. */
  close({ server: id }: CommandOf<'closeServer'>): void {
    const server = this.#servers.get(id);
    if (server !== undefined) {
      this.#servers.delete(id);
      server.close();
      for (const [connection, acceptedBy] of this.#acceptedBy) {
        if (acceptedBy === server) {
          connection.close(1001, 'Server closing.');
        }
      }
    }
  }

  /** Stops all listeners. What they accepted stays. */
  closeAll(): void {
    for (const server of this.#servers.values()) {
      server.close();
    }
    this.#servers.clear();
  }

  /** The connection is closed. */
  forget(connection: Connection): void {
    this.#acceptedBy.delete(connection);
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
    const { extensions, protocol, url } = handshake;
    push({ type: 'accepted', server: server.id, socket: connection.id, url, protocol, extensions });
  }

  serverFailed(server: Server, message: string): void {
    this.#servers.delete(server.id);
    this.#options.log('error', `the server on port ${server.port} has stopped: ${message}`);
    this.#options.push({ type: 'serverFailed', server: server.id, message });
  }
}
