import { ask, command } from './bridge.ts';
import {
  ErrorConstructor,
  MapConstructor,
  MapPrototypeDelete,
  MapPrototypeGet,
  MapPrototypeSet,
  RangeErrorConstructor,
} from './primordials.ts';
import { createSignal, type Signal, type SignalSource } from './script/signal.ts';
import { defineInterface } from './web/define.ts';
import { serverOptions } from './websocket-server-options.ts';
import { ServerRequests } from './websocket-server-requests.ts';
import type { WebSocket } from './websocket.ts';

/** What the host tells about a listener; the guest's dispatcher calls these. */
export interface ServerInternals {
  accepted(server: WebSocketServer, socket: WebSocket): void;
  failed(server: WebSocketServer): void;
  requests(server: WebSocketServer): ServerRequests;
}
export let serverInternals: ServerInternals;

/** Listening servers by id: they stay alive while they listen, whoever holds them. */
const servers = new MapConstructor<number, WebSocketServer>();
let lastId = 0;

export function serverById(id: number): WebSocketServer | undefined {
  return MapPrototypeGet(servers, id);
}

/** Overte's `WebSocketServer`. It listens when the constructor returns. */
export class WebSocketServer {
  readonly #id: number;
  readonly #newConnection: SignalSource = createSignal();
  readonly #requests: ServerRequests;
  #listening = false;
  #port = 0;
  #url = '';

  constructor(options?: unknown) {
    const given = serverOptions(options);
    this.#id = ++lastId;
    this.#requests = new ServerRequests(this.#id);
    const answer = ask('listen', { server: this.#id, ...given });
    if (answer.error !== '') {
      const ErrorClass = answer.code === 'ERR_AIRLOCK_INVALID_ARGUMENT' ? RangeErrorConstructor : ErrorConstructor;
      const error = new ErrorClass(`Failed to construct 'WebSocketServer': ${answer.error}`);
      (error as Error & { code: string }).code = answer.code;
      throw error;
    }
    this.#listening = true;
    this.#port = answer.port;
    this.#url = answer.url;
    MapPrototypeSet(servers, this.#id, this);
  }

  static {
    serverInternals = {
      accepted: (server, socket) => server.#newConnection.emit(socket),
      failed: (server) => server.#stopped(),
      requests: (server) => server.#requests,
    };
  }

  get url(): string {
    return this.#url;
  }

  get port(): number {
    return this.#port;
  }

  get listening(): boolean {
    return this.#listening;
  }

  get newConnection(): Signal {
    return this.#newConnection.signal;
  }

  /** Called with each handshake: it decides whether the client is let in. */
  get onupgrade(): unknown {
    return this.#requests.onupgrade;
  }

  set onupgrade(value: unknown) {
    this.#requests.onupgrade = value;
  }

  /** Called with each plain HTTP request: it gives the answer. */
  get onrequest(): unknown {
    return this.#requests.onrequest;
  }

  set onrequest(value: unknown) {
    this.#requests.onrequest = value;
  }

  close(): void {
    if (this.#listening) {
      command('closeServer', { server: this.#id });
      this.#stopped();
    }
  }

  #stopped(): void {
    this.#listening = false;
    this.#port = 0;
    this.#url = '';
    MapPrototypeDelete(servers, this.#id);
  }
}

defineInterface(WebSocketServer, 'WebSocketServer', ['url', 'port', 'listening', 'newConnection', 'onupgrade', 'onrequest', 'close']);
