import type { AnyRequest } from '../sockets/client-request.ts';
import type { Accepted, Server, ServerOwner } from '../sockets/server.ts';
import type { LimitName, Limits } from '../policy/limits.ts';
import { LOOP_SHARE } from '../policy/loop-share.ts';
import type { HostInbox } from './host-inbox.ts';
import { InboxRoom } from './inbox-room.ts';
import type { HeldConnection, HeldWeight } from './held-connection.ts';
import { CLOSE_UNITS } from './script-servers.ts';

/** RFC 6455, section 7.4.1, and the registry: what the script's peers are told where nobody has come for them. */
const INTERNAL_ERROR = 1011;

/** A listener whose script is away, and what it has accepted. */
export interface HeldListener {
  readonly server: Server;
  readonly connections: readonly HeldConnection[];
}

interface Kept extends HeldListener {
  readonly timer: NodeJS.Timeout;
}

/**
 * What a script has left behind that ended with a fault, or starts again: its listeners with what they have accepted. The
 * next one that listens there goes on with them. Where none does in time, they are closed.
 */
export class Hold implements ServerOwner {
  readonly total: HeldWeight;
  readonly #limits: Pick<Limits, 'closeTimeout' | 'heldConnections' | 'holdTimeout'>;
  readonly #kept = new Set<Kept>();
  readonly #ending = new Set<Promise<unknown>>();
  readonly #onLimit: (limit: LimitName) => void;
  #connectionCount = 0;
  /** Called when nothing is held any more. */
  onEmpty: () => void = () => {};

  /** @param onLimit called when one of its limits is hit */
  constructor(limits: Pick<Limits, 'closeTimeout' | 'heldBytes' | 'heldConnections' | 'holdTimeout'>, onLimit: (limit: LimitName) => void, host: HostInbox) {
    this.#limits = limits;
    this.#onLimit = onLimit;
    const room = new InboxRoom(limits.heldBytes, () => this.total.weight, host, () => {}, () => onLimit('heldBytes'));
    this.total = { room, weight: 0, most: limits.heldBytes, onFull: () => onLimit('heldBytes') };
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  /** How many connections more may be held. */
  get room(): number {
    return this.#limits.heldConnections - this.#connectionCount;
  }

  /** There are more connections than may be held. */
  overflowed(): void {
    this.#onLimit('heldConnections');
  }

  /** Holds it from now on, for a limited time. */
  keep(listener: HeldListener): void {
    const timer = setTimeout(() => this.#expire(kept), this.#limits.holdTimeout);
    const kept: Kept = { ...listener, timer };
    this.#kept.add(kept);
    this.#connectionCount += kept.connections.length;
  }

  /**
   * Gives the listener that a script asks for. What holds the port at another address is closed.
   *
   * @param host the address, empty for all
   * @param port 0 for any: that of the first listener which was opened so
   */
  claim(host: string, port: number): HeldListener | undefined {
    for (const kept of this.#kept) {
      const { options, port: bound } = kept.server;
      if (options.host === host && (options.port === port || bound === port)) {
        this.#forget(kept);
        return kept;
      }
    }
    for (const kept of [...this.#kept]) {
      if (kept.server.port === port) {
        this.#end(kept, INTERNAL_ERROR);
      }
    }
    return undefined;
  }

  /** Holds nothing any more. Resolves when all is closed. */
  async end(code: number): Promise<void> {
    for (const kept of [...this.#kept]) {
      this.#end(kept, code);
    }
    await Promise.all(this.#ending);
  }

  accepted(_server: Server, handshake: Accepted): void {
    handshake.refuse(INTERNAL_ERROR, '');
  }

  requested(_server: Server, _request: AnyRequest): void {
    // A server that is held asks for nothing.
  }

  serverFailed(server: Server): void {
    for (const kept of [...this.#kept]) {
      if (kept.server === server) {
        this.#end(kept, INTERNAL_ERROR);
      }
    }
  }

  #expire(kept: Kept): void {
    this.#onLimit('holdTimeout');
    this.#end(kept, INTERNAL_ERROR);
  }

  #end(kept: Kept, code: number): void {
    kept.server.close();
    const ending = closeAll(kept.connections, code, this.#limits.closeTimeout);
    this.#ending.add(ending);
    void ending.then(() => this.#ending.delete(ending));
    this.#forget(kept);
  }

  #forget(kept: Kept): void {
    clearTimeout(kept.timer);
    this.#kept.delete(kept);
    this.#connectionCount -= kept.connections.length;
    if (this.#kept.size === 0) {
      this.onEmpty();
    }
  }
}

/** Resolves when all are closed. */
function closeAll(connections: readonly HeldConnection[], code: number, timeout: number): Promise<void> {
  let left = connections.length;
  return new Promise((resolve) => {
    const closed = (): void => {
      left--;
      if (left === 0) {
        resolve();
      }
    };
    LOOP_SHARE.each(connections, CLOSE_UNITS, (connection) => void connection.close(code, timeout).then(closed));
    if (connections.length === 0) {
      resolve();
    }
  });
}
