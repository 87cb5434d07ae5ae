import { ask, command } from './bridge.ts';
import {
  ErrorConstructor,
  MapConstructor,
  MapPrototypeDelete,
  MapPrototypeGet,
  MapPrototypeSet,
} from './primordials.ts';
import { createSignal, type Signal, type SignalSource } from './script/signal.ts';
import { defineInterface } from './web/define.ts';
import { serverOptions } from './websocket-server-options.ts';
import type { WebSocket } from './websocket.ts';

/** What the host tells about a listener; the guest's dispatcher calls these. */
export interface ServerInternals {
  accepted(server: WebSocketServer, socket: WebSocket): void;
  failed(server: WebSocketServer): void;
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
  #listening = false;
  #port = 0;
  #url = '';

  constructor(options?: unknown) {
    const { port, host, serverName } = serverOptions(options);
    this.#id = ++lastId;
    const answer = ask('listen', { server: this.#id, host, port, serverName });
    if (answer.error !== '') {
      const error = new ErrorConstructor(`Failed to construct 'WebSocketServer': ${answer.error}`);
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

defineInterface(WebSocketServer, 'WebSocketServer', ['url', 'port', 'listening', 'newConnection', 'close']);
