import { ask, command } from './bridge.ts';
import {
  ErrorConstructor,
  MapConstructor,
  MapPrototypeDelete,
  MapPrototypeGet,
  MapPrototypeSet,
  TypeErrorConstructor,
} from './primordials.ts';
import { createSignal, type Signal, type SignalSource } from './script/signal.ts';
import { acceptedId, messageOf, type ServerWebSocket } from './server-websocket.ts';
import { checkTopic, publish, subscriberCount } from './topics.ts';
import { defineInterface, requireArguments } from './web/define.ts';
import { dictionary } from './web/webidl.ts';
import { serverOptions } from './websocket-server-options.ts';

/** What the host tells about a listener; the guest's dispatcher calls these. */
export interface ServerInternals {
  accepted(server: WebSocketServer, socket: ServerWebSocket): void;
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
    const wanted = serverOptions(options);
    this.#id = ++lastId;
    const answer = ask('listen', { server: this.#id, ...wanted });
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

  broadcast(data: unknown, options: unknown = undefined): void {
    requireArguments(arguments.length, 1, "Failed to execute 'broadcast' on 'WebSocketServer'");
    const server = this.#id;
    const message = messageOf(data, 'broadcast', 'WebSocketServer');
    const { except, topic } = broadcastOptions(options);
    publish(server, topic, except, message, "Failed to execute 'broadcast' on 'WebSocketServer'");
  }

  publish(topic: unknown, data: unknown): void {
    const operation = "Failed to execute 'publish' on 'WebSocketServer'";
    requireArguments(arguments.length, 2, operation);
    const server = this.#id;
    const name = `${topic as string}`;
    checkTopic(name, operation);
    publish(server, name, 0, messageOf(data, 'publish', 'WebSocketServer'), operation);
  }

  subscriberCount(topic: unknown): number {
    const operation = "Failed to execute 'subscriberCount' on 'WebSocketServer'";
    requireArguments(arguments.length, 1, operation);
    const server = this.#id;
    const name = `${topic as string}`;
    checkTopic(name, operation);
    return subscriberCount(server, name);
  }

  #stopped(): void {
    this.#listening = false;
    this.#port = 0;
    this.#url = '';
    MapPrototypeDelete(servers, this.#id);
  }
}

defineInterface(WebSocketServer, 'WebSocketServer', [
  'url',
  'port',
  'listening',
  'newConnection',
  'close',
  'broadcast',
  'publish',
  'subscriberCount',
]);

interface BroadcastOptions {
  except?: unknown;
  topic?: unknown;
}

/** `except` as the number of a socket, 0 for none; an empty `topic` for all sockets. */
function broadcastOptions(options: unknown): { readonly except: number; readonly topic: string } {
  const operation = "Failed to execute 'broadcast' on 'WebSocketServer'";
  const given = dictionary<BroadcastOptions>(options, operation);
  const { except, topic } = given;
  const id = except === undefined || except === null ? 0 : acceptedId(except);
  if (id === undefined) {
    throw new TypeErrorConstructor(`${operation}: except must be a socket that a server has accepted.`);
  }
  if (topic === undefined) {
    return { except: id, topic: '' };
  }
  const name = `${topic as string}`;
  checkTopic(name, operation);
  return { except: id, topic: name };
}
