import { ask, command, commandWithBytes, refused } from './bridge.ts';
import { TypeErrorConstructor, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetLength } from './primordials.ts';
import { UpgradeRequest, type ServerRequest } from './server-request.ts';
import { headerList, tokens } from './server-request-lines.ts';
import { script } from './settings.ts';
import { isSubscribed, publish, checkTopic, subscribe, unsubscribe } from './topics.ts';
import { readValue } from './value-reader.ts';
import { writeValue } from './value-writer.ts';
import type { ByteRange } from './web/buffer-source.ts';
import { defineInterface, illegalInvocation, requireArguments } from './web/define.ts';
import { watchListeners, type EventHandler } from './web/event-target.ts';
import { CLOSED, Connection, OPEN } from './websocket-connection.ts';
import { defineHandlerAttributes } from './websocket-handlers.ts';
import { WebSocket, bytesOf, connectionOf } from './websocket.ts';

/** What the host tells of an accepted connection. */
export interface Accepted {
  /** The number of the server. */
  readonly server: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** What the script was asked about. Else there is what follows. */
  readonly request: ServerRequest | undefined;
  readonly target: string;
  /** A line for each. */
  readonly headers: string;
  readonly certificate: string;
  /** What was kept with the connection, in bytes; empty for nothing. */
  readonly attachment: Uint8Array<ArrayBuffer>;
}

/** `this` as a member sees it. Throws where it is no ServerWebSocket. */
let own: (value: unknown) => ServerWebSocket;
let isOne: (value: unknown) => value is ServerWebSocket;

/** A WebSocket that a server of the script has accepted. Scripts cannot make one. */
export class ServerWebSocket extends WebSocket {
  readonly #id: number;
  readonly #accepted: Accepted;
  #request: ServerRequest | undefined;
  #attachment: Uint8Array<ArrayBuffer> | undefined;
  #watchesDrain = false;
  declare ondrain: EventHandler | null;

  constructor(connection: unknown = undefined, accepted: unknown = undefined) {
    if (!Connection.is(connection)) {
      throw new TypeErrorConstructor("Failed to construct 'ServerWebSocket': Illegal constructor; a WebSocketServer makes them.");
    }
    super(connection);
    this.#id = connection.id;
    this.#accepted = accepted as Accepted;
    this.#request = this.#accepted.request;
    const { attachment } = this.#accepted;
    this.#attachment = TypedArrayPrototypeGetLength(attachment) === 0 ? undefined : attachment;
  }

  static {
    isOne = (value): value is ServerWebSocket => typeof value === 'object' && value !== null && #accepted in value;
    own = (value) => {
      if (!isOne(value)) {
        throw illegalInvocation('ServerWebSocket');
      }
      return value;
    };
    // Who listens for it has it told; for the others no turn begins.
    watchListeners('drain', {
      adding(target) {
        if (isOne(target) && !target.#watchesDrain && connectionOf(target).readyState === OPEN) {
          command('watchDrain', { socket: target.#id });
          target.#watchesDrain = true;
        }
      },
    });
  }

  get remoteAddress(): string {
    return own(this).#accepted.remoteAddress;
  }

  get remotePort(): number {
    return own(this).#accepted.remotePort;
  }

  get request(): ServerRequest {
    const socket = own(this);
    socket.#request ??= requestOf(socket.#accepted);
    return socket.#request;
  }

  get latency(): number | null {
    const socket = own(this);
    if (connectionOf(socket).readyState === CLOSED) {
      return null;
    }
    const { milliseconds } = ask('latency', { socket: socket.#id });
    return milliseconds < 0 ? null : milliseconds;
  }

  get attachment(): unknown {
    const bytes = own(this).#attachment;
    return bytes === undefined ? undefined : readValue(bytes);
  }

  set attachment(value: unknown) {
    const socket = own(this);
    const operation = "Failed to set the 'attachment' property on 'ServerWebSocket'";
    const bytes = value === undefined ? undefined : writeValue(value, script().attachmentBytes, operation, () => refused('attachmentBytes'));
    if (connectionOf(socket).readyState !== CLOSED) {
      commandWithBytes('attach', { socket: socket.#id }, bytes === undefined ? NOTHING : rangeOf(bytes));
    }
    socket.#attachment = bytes;
  }

  terminate(): void {
    connectionOf(own(this)).terminate();
  }

  subscribe(topic: unknown): void {
    const socket = own(this);
    const operation = "Failed to execute 'subscribe' on 'ServerWebSocket'";
    requireArguments(arguments.length, 1, operation);
    subscribe(socket.#id, `${topic as string}`, operation);
  }

  unsubscribe(topic: unknown): void {
    const socket = own(this);
    requireArguments(arguments.length, 1, "Failed to execute 'unsubscribe' on 'ServerWebSocket'");
    unsubscribe(socket.#id, `${topic as string}`);
  }

  isSubscribed(topic: unknown): boolean {
    const socket = own(this);
    requireArguments(arguments.length, 1, "Failed to execute 'isSubscribed' on 'ServerWebSocket'");
    return isSubscribed(socket.#id, `${topic as string}`);
  }

  publish(topic: unknown, data: unknown): void {
    const socket = own(this);
    const operation = "Failed to execute 'publish' on 'ServerWebSocket'";
    requireArguments(arguments.length, 2, operation);
    const name = `${topic as string}`;
    checkTopic(name, operation);
    const message = messageOf(data, 'publish', 'ServerWebSocket');
    // Also when this one is closing or closed: it is the others that get it.
    publish(socket.#accepted.server, name, socket.#id, message, operation);
  }
}

defineHandlerAttributes(ServerWebSocket.prototype, ['drain'], (value) => own(value));
defineInterface(ServerWebSocket, 'ServerWebSocket', [
  'remoteAddress',
  'remotePort',
  'request',
  'latency',
  'attachment',
  'terminate',
  'subscribe',
  'unsubscribe',
  'isSubscribed',
  'publish',
]);

const NOTHING: ByteRange = { buffer: new ArrayBuffer(0), start: 0, length: 0 };

/** The WebSocket of a connection that a server of the script has accepted. */
export function acceptWebSocket(
  id: number,
  url: string,
  protocol: string,
  extensions: string,
  paused: boolean,
  accepted: Accepted,
): ServerWebSocket {
  return new ServerWebSocket(Connection.accept(id, url, protocol, extensions, paused), accepted);
}

/** The number of a socket; undefined for what is none that was accepted. */
export function acceptedId(value: unknown): number | undefined {
  return isOne(value) ? connectionOf(value).id : undefined;
}

/** What `send` takes, as `publish` gives it out. */
export function messageOf(data: unknown, operation: string, name: string): string | ByteRange {
  return typeof data === 'string' ? data : (bytesOf(data, operation, name) ?? `${data as string}`);
}

function rangeOf(bytes: Uint8Array<ArrayBuffer>): ByteRange {
  return { buffer: TypedArrayPrototypeGetBuffer(bytes), start: 0, length: TypedArrayPrototypeGetLength(bytes) };
}

/** The request of a socket that the script was not asked about: most scripts never look at it. */
function requestOf({ certificate, headers: lines, remoteAddress: address, remotePort: port, target }: Accepted): ServerRequest {
  const headers = headerList(lines);
  const protocols = tokens(headers, 'sec-websocket-protocol');
  return new UpgradeRequest({ request: 0, method: 'GET', target, headers, address, port, certificate, protocols });
}
