import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { addressGroup, plainAddress } from './remote-address.ts';
import type { Refusal } from './handshake-request.ts';
import type { RequestProtocol } from './request-protocol.ts';
import type { ServerCounters } from './server-statistics.ts';

/** How far a client is. */
type Phase =
  | 'tls'
  /** Its request, or the next one, is read. */
  | 'request'
  /** It waits for an answer, or reads it. */
  | 'answer'
  /** It has a WebSocket. */
  | 'open'
  /** It is refused, and hung up on. */
  | 'refused';

/** A TCP connection to a server. */
export class Client {
  readonly raw: Socket;
  /** What is read and written: the TCP socket, or TLS over it. */
  socket: Socket;
  readonly address: string;
  readonly port: number;
  readonly group: string;
  phase: Phase;
  /** Whether it counts as a WebSocket: open, or asked for and not refused yet. */
  isClaimed = false;
  /** Whether it has had a plain request. */
  hasAsked = false;
  /** Plain requests whose answers have not gone out, in their order. */
  readonly requests: ServerResponse[] = [];
  /** What is to be done when all but the first so many of the requests are answered; nothing more is read meanwhile. */
  next: { readonly left: number; readonly run: () => void } | undefined;
  /** Which protocol its requests name. */
  protocol: RequestProtocol | undefined;
  readonly #waitingToBeFirst = new Map<ServerResponse, () => void>();
  /** Called when its TCP connection has closed. */
  onClosed: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(raw: Socket, isSecure: boolean) {
    this.raw = raw;
    this.socket = raw;
    this.address = plainAddress(raw.remoteAddress);
    this.port = raw.remotePort ?? 0;
    this.group = addressGroup(this.address);
    this.phase = isSecure ? 'tls' : 'request';
  }

  /** Calls this when so much time has passed, unless it is given another time before. */
  within(milliseconds: number, expired: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(expired, milliseconds);
  }

  inTime(): void {
    clearTimeout(this.#timer);
  }

  /** Calls this when no other answer has to go out before this one. */
  whenFirst(response: ServerResponse, then: () => void): void {
    if (this.requests[0] === response) {
      then();
    } else {
      this.#waitingToBeFirst.set(response, then);
    }
  }

  /** All answers before this one have gone out. */
  isFirst(response: ServerResponse): void {
    const then = this.#waitingToBeFirst.get(response);
    this.#waitingToBeFirst.delete(response);
    then?.();
  }
}

const CONNECTIONS: Refusal = { reason: 'connections', status: 503, message: 'The server has as many connections as it takes.' };
const ADDRESS: Refusal = { reason: 'address', status: 429, message: 'There are as many connections from this address as the server takes.' };

export interface ClientLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxPendingConnections: number;
}

interface Group {
  /** Connections of any kind. */
  all: number;
  webSockets: number;
}

/** The TCP connections to one server, and how many of which kind there are. */
export class ServerClients {
  readonly #limits: ClientLimits;
  readonly #counters: ServerCounters;
  readonly #clients = new Map<Socket, Client>();
  /** By what is read and written where that is TLS: it does not tell the socket that it lies over. */
  readonly #secured = new WeakMap<Socket, Client>();
  readonly #groups = new Map<string, Group>();
  #claimed = 0;
  #open = 0;

  constructor(limits: ClientLimits, counters: ServerCounters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /** WebSockets that are open. */
  get open(): number {
    return this.#open;
  }

  /** Connections that are none. */
  get pending(): number {
    return this.#clients.size - this.#open;
  }

  /** A client has connected. Undefined, and the connection dropped, where there are too many. */
  add(raw: Socket, isSecure: boolean): Client | undefined {
    raw.on('error', () => raw.destroy());
    const client = new Client(raw, isSecure);
    const group = this.#groups.get(client.group) ?? { all: 0, webSockets: 0 };
    const { maxConnectionsPerAddress, maxPendingConnections } = this.#limits;
    // An address may have some more, so that those too many get an answer.
    const isFlooded = this.pending >= maxPendingConnections;
    if (client.address === '') {
      // It was reset before it was accepted, and has no address any more.
      this.#counters.refused('gone');
      raw.destroy();
      return undefined;
    }
    if (isFlooded || group.all - group.webSockets > maxConnectionsPerAddress) {
      this.#counters.refused('flood', isFlooded ? 'flood' : 'address');
      raw.resetAndDestroy();
      return undefined;
    }
    group.all++;
    this.#groups.set(client.group, group);
    this.#keep(client);
    raw.once('close', () => client.onClosed());
    return client;
  }

  /** Takes over a client of another server that has a WebSocket. However many there are, it stays. */
  adopt(client: Client): void {
    // To the other server it is closed.
    client.onClosed();
    const group = this.#groups.get(client.group) ?? { all: 0, webSockets: 0 };
    group.all++;
    group.webSockets++;
    this.#groups.set(client.group, group);
    client.isClaimed = true;
    this.#claimed++;
    this.#open++;
    this.#keep(client);
  }

  /** Whose TCP socket, or TLS over it, this is. */
  of(socket: Socket): Client | undefined {
    return this.#clients.get(socket) ?? this.#secured.get(socket);
  }

  /** Its TLS handshake is done. */
  secured(client: Client, socket: Socket): void {
    client.socket = socket;
    client.phase = 'request';
    this.#secured.set(socket, client);
  }

  /** Counts the client as a WebSocket. Returns why that cannot be, where it cannot. */
  claim(client: Client): Refusal | undefined {
    const group = this.#groups.get(client.group) as Group;
    if (this.#claimed >= this.#limits.maxConnections) {
      return CONNECTIONS;
    }
    if (group.webSockets >= this.#limits.maxConnectionsPerAddress) {
      return ADDRESS;
    }
    client.isClaimed = true;
    group.webSockets++;
    this.#claimed++;
    return undefined;
  }

  /** It is not to be a WebSocket after all. */
  release(client: Client): void {
    const group = this.#groups.get(client.group);
    if (client.isClaimed && group !== undefined) {
      client.isClaimed = false;
      group.webSockets--;
      this.#claimed--;
    }
  }

  opened(client: Client): void {
    client.inTime();
    client.protocol?.stop();
    client.phase = 'open';
    this.#open++;
  }

  /** Those that have no WebSocket and are not being refused. */
  get unfinished(): readonly Client[] {
    return [...this.#clients.values()].filter(({ phase }) => phase !== 'open' && phase !== 'refused');
  }

  #keep(client: Client): void {
    this.#clients.set(client.raw, client);
    client.onClosed = () => this.#closed(client);
  }

  #closed(client: Client): void {
    client.inTime();
    this.release(client);
    const group = this.#groups.get(client.group) as Group;
    group.all--;
    if (group.all === 0) {
      this.#groups.delete(client.group);
    }
    this.#clients.delete(client.raw);
    switch (client.phase) {
      case 'open':
        this.#open--;
        break;
      case 'tls':
        this.#counters.refused('tls');
        break;
      case 'request':
        // After a request that was answered it may.
        if (!client.hasAsked) {
          this.#counters.refused('gone');
        }
        break;
      case 'answer':
        this.#counters.refused('gone');
        break;
      case 'refused':
        break;
    }
  }
}
