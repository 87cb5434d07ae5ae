import { ask, command } from './bridge.ts';
import {
  ErrorConstructor,
  MapConstructor,
  MapPrototypeDelete,
  MapPrototypeGet,
  MapPrototypeSet,
  RangeErrorConstructor,
  TypeErrorConstructor,
} from './primordials.ts';
import { createSignal, type Signal, type SignalSource } from './script/signal.ts';
import { acceptedId, messageOf, type ServerWebSocket } from './server-websocket.ts';
import { dialect } from './settings.ts';
import { checkTopic, publish, subscriberCount } from './topics.ts';
import { defineInterface, defineOwn, illegalInvocation, requireArguments } from './web/define.ts';
import { errorEvent } from './web/error-event.ts';
import { Event, trusted } from './web/event.ts';
import { EventTarget, dispatch, invokeWithEvent, type EventHandler } from './web/event-target.ts';
import { dictionary } from './web/webidl.ts';
import { defineHandlerAttributes } from './websocket-handlers.ts';
import { serverOptions } from './websocket-server-options.ts';
import { ServerRequests } from './websocket-server-requests.ts';

/** What the host tells about a listener; the guest's dispatcher calls these. Nothing follows `closed`. */
export interface ServerInternals {
  opened(server: WebSocketServer): void;
  accepted(server: WebSocketServer, socket: ServerWebSocket): void;
  failed(server: WebSocketServer, code: string, message: string): void;
  closed(server: WebSocketServer): void;
  /** Undefined where it does not listen any more: nothing of its clients is told then. */
  requests(server: WebSocketServer): ServerRequests | undefined;
}
export let serverInternals: ServerInternals;

/** `this` as a member sees it. Throws where it is no WebSocketServer. */
let own: (value: unknown) => WebSocketServer;

/** Servers by id, until they are closed and all that they accepted: they stay alive, whoever holds them. */
const servers = new MapConstructor<number, WebSocketServer>();
let lastId = 0;

export function serverById(id: number): WebSocketServer | undefined {
  return MapPrototypeGet(servers, id);
}

/** Overte's `WebSocketServer`, with events beside its signal. It listens when the constructor returns. */
export class WebSocketServer extends EventTarget {
  readonly #id: number;
  readonly #newConnection: SignalSource = createSignal('newConnection');
  readonly #requests: ServerRequests;
  #listening = false;
  #port = 0;
  #url = '';
  declare onconnection: EventHandler | null;
  declare onlistening: EventHandler | null;
  declare onerror: EventHandler | null;
  declare onclose: EventHandler | null;

  constructor(options: unknown = undefined) {
    super();
    const asked = serverOptions(options);
    this.#id = ++lastId;
    this.#requests = new ServerRequests(this.#id);
    const answer = ask('listen', { server: this.#id, ...asked });
    if (answer.error === '') {
      this.#listening = true;
      this.#port = answer.port;
      this.#url = answer.url;
    } else if (dialect() !== 'overte' || answer.code === 'ERR_AIRLOCK_INVALID_ARGUMENT') {
      throw errorWith(answer.code, `Failed to construct 'WebSocketServer': ${answer.error}`);
    }
    // Overte says nothing but `listening === false`. What went wrong comes as an event, when there may be a listener.
    MapPrototypeSet(servers, this.#id, this);
  }

  static {
    own = (value) => {
      if (!(typeof value === 'object' && value !== null && #id in value)) {
        throw illegalInvocation('WebSocketServer');
      }
      return value;
    };
    serverInternals = {
      opened(server) {
        if (server.#listening) {
          dispatch(server, trusted(new Event('listening')));
        }
      },
      accepted(server, socket) {
        if (server.#listening) {
          server.#newConnection.emit(socket);
          const event = trusted(new Event('connection'));
          defineOwn(event, 'socket', socket);
          dispatch(server, event);
        }
      },
      failed(server, code, message) {
        server.#stopped();
        dispatch(server, errorEvent(message, errorWith(code, message)));
      },
      closed(server) {
        server.#stopped();
        MapPrototypeDelete(servers, server.#id);
        dispatch(server, trusted(new Event('close')));
      },
      requests: (server) => (server.#listening ? server.#requests : undefined),
    };
  }

  get url(): string {
    return own(this).#url;
  }

  get port(): number {
    return own(this).#port;
  }

  get listening(): boolean {
    return own(this).#listening;
  }

  get newConnection(): Signal {
    return own(this).#newConnection.signal;
  }

  /** Called with each handshake: it decides whether the client is let in. */
  get onupgrade(): unknown {
    return own(this).#requests.onupgrade;
  }

  set onupgrade(value: unknown) {
    own(this).#requests.onupgrade = value;
  }

  /** Called with each plain HTTP request: it gives the answer. */
  get onrequest(): unknown {
    return own(this).#requests.onrequest;
  }

  set onrequest(value: unknown) {
    own(this).#requests.onrequest = value;
  }

  close(): void {
    const server = own(this);
    if (server.#listening) {
      command('closeServer', { server: server.#id });
      server.#stopped();
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
  }
}

const HANDLED = ['connection', 'listening', 'error', 'close'] as const;
// Overte's number of an error belongs to a socket: here `onerror` gets the event in both dialects.
defineHandlerAttributes(WebSocketServer.prototype, HANDLED, (value) => own(value), invokeWithEvent);
defineInterface(WebSocketServer, 'WebSocketServer', ['url', 'port', 'listening', 'newConnection', 'onupgrade', 'onrequest', 'close', 'broadcast', 'publish', 'subscriberCount']);

function errorWith(code: string, message: string): Error {
  const ErrorClass = code === 'ERR_AIRLOCK_INVALID_ARGUMENT' ? RangeErrorConstructor : ErrorConstructor;
  const error = new ErrorClass(message);
  defineOwn(error, 'code', code);
  return error;
}

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
