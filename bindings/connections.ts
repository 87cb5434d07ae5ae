import { MapConstructor, MapPrototypeDelete, MapPrototypeGet, MapPrototypeSet } from './primordials.ts';

/** What the host tells of one connection; the guest's dispatcher calls these. Nothing follows `closed`. */
export interface ConnectionClient {
  opened(protocol: string, extensions: string): void;
  text(data: string): void;
  binary(data: Uint8Array<ArrayBuffer>): void;
  /** A ping, which is answered already, or a pong has come. */
  control(type: 'ping' | 'pong', data: Uint8Array<ArrayBuffer>): void;
  /** The peer's close frame has come. */
  closingStarted(): void;
  /** `error` is a SocketError number. */
  failed(error: number, message: string): void;
  closed(code: number, reason: string, wasClean: boolean): void;
  /** How many bytes of payload the kernel has not taken yet. */
  buffered(bytes: number): void;
  /** The answer to `drain`: the kernel has taken all that was sent. */
  drained(): void;
}

/** Living connections by number. One is kept until it is closed, whoever else holds it. */
const clients = new MapConstructor<number, ConnectionClient>();
/** This side numbers its connections with even numbers, the host those that it accepts with odd ones. */
let lastId = 0;

/** The number of the next connection that this side opens. */
export function nextConnectionId(): number {
  lastId += 2;
  return lastId;
}

export function addConnection(id: number, client: ConnectionClient): void {
  MapPrototypeSet(clients, id, client);
}

export function removeConnection(id: number): void {
  MapPrototypeDelete(clients, id);
}

export function connectionById(id: number): ConnectionClient | undefined {
  return MapPrototypeGet(clients, id);
}
