import { EventEmitter, once } from 'node:events';
import { createServer, type Server as TcpServer, type Socket, type AddressInfo } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { afterEach } from '@jest/globals';
import { Permissions } from '../../host/policy/permissions.ts';
import { ProxySettings } from '../../host/policy/proxy-options.ts';
import { AddressQueue } from '../../host/sockets/address-queue.ts';
import { connect, type ConnectOptions } from '../../host/sockets/client.ts';
import type { ConnectionOwner } from '../../host/sockets/connection-owner.ts';
import type { Connection } from '../../host/sockets/connection.ts';
import { KEPT_BYTES, type MessageKind } from '../../wire/flat-writer.ts';
import { Server, type ListenOptions, type ServerOwner } from '../../host/sockets/server.ts';
import { TlsSettings } from '../../host/sockets/tls-settings.ts';

const NO_RULES = await TlsSettings.load(undefined);

/** What a connection has told its owner: its name, and what came with it. */
export type Told = readonly [event: string, ...values: (string | number | boolean)[]];

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) {
    cleanup();
  }
});

/** Has this called after the test. */
export function afterThisTest(cleanup: () => void): void {
  cleanups.push(cleanup);
}

/** A message, as a script gives it out. */
export interface Message {
  readonly type: 'sendText' | 'sendBinary';
  readonly data: string | Buffer;
}

/** Sends a message at the connection's next flush. */
export function send(connection: Connection, { data, type }: Message): void {
  connection.send(type, data, 0, data.length);
}

/** A connection's owner that writes down what it is told. */
export class RecordingOwner implements ConnectionOwner {
  readonly told: Told[] = [];
  /** The messages, unread. */
  readonly messages: Buffer[] = [];
  readonly #emitter = new EventEmitter();

  message(_connection: Connection, kind: MessageKind, data: Buffer, start: number, end: number): void {
    const part = data.subarray(start, end);
    this.messages.push(part.length < KEPT_BYTES ? Buffer.from(part) : part);
    this.#tell(kind === 'binary' ? 'binary' : 'text', part.toString(kind === 'binary' ? 'latin1' : 'utf8'));
  }
  control(_connection: Connection, type: 'ping' | 'pong', data: Buffer): void {
    this.#tell(type, data.toString('latin1'));
  }
  closing(): void {
    // `closed` follows, and says it all.
  }
  reserve(): boolean {
    return true;
  }

  release(): void {
    // There is always room.
  }

  opened(_connection: Connection, protocol: string, extensions: string): void {
    this.#tell('opened', protocol, extensions);
  }
  failed(_connection: Connection, error: number, message: string): void {
    this.#tell('failed', error, message);
  }
  closed(_connection: Connection, code: number, reason: string, wasClean: boolean): void {
    this.#tell('closed', code, reason, wasClean);
  }

  /** Resolves with the first such event, from the start on. */
  async first(event: string): Promise<Told> {
    for (;;) {
      const found = this.told.find(([name]) => name === event);
      if (found !== undefined) {
        return found;
      }
      await once(this.#emitter, 'told');
    }
  }

  /** Resolves when so many messages have come. */
  async received(count: number): Promise<void> {
    while (this.messages.length < count) {
      await once(this.#emitter, 'told');
    }
  }

  /** The names of the events, in order. */
  get order(): string[] {
    return this.told.map(([name]) => name);
  }

  #tell(...told: Told): void {
    this.told.push(told);
    this.#emitter.emit('told');
  }
}

export interface TestClient {
  readonly connection: Connection;
  readonly owner: RecordingOwner;
}

/** A client connection that may go anywhere on loopback, and is cut off after the test. */
export function openClient(url: string, options: Partial<ConnectOptions> = {}): TestClient {
  const owner = new RecordingOwner();
  const connection = connect(
    {
      id: 2,
      url,
      protocols: [],
      permissions: new Permissions({ connect: ['127.0.0.1', 'localhost'] }),
      handshakeTimeout: 30_000,
      maxPayload: 16 * 1024 * 1024,
      closeTimeout: 5000,
      headers: {},
      network: { proxies: new ProxySettings(), tls: NO_RULES, queue: new AddressQueue() },
      warn: () => {},
      ...options,
    },
    owner,
  );
  afterThisTest(() => connection.terminate());
  return { connection, owner };
}

export interface TestServer {
  readonly server: Server;
  readonly url: string;
  /** The accepted connections, in order. */
  readonly clients: TestClient[];
  /** Resolves with the connection of this index when it is accepted. */
  client(index: number): Promise<TestClient>;
}

/** A listener on a free port of 127.0.0.1 that accepts everybody, and is closed after the test. */
export function openServer(options: Partial<ListenOptions> = {}): TestServer {
  const clients: TestClient[] = [];
  const emitter = new EventEmitter();
  const owner: ServerOwner = {
    accepted(_server, handshake) {
      const recording = new RecordingOwner();
      clients.push({ connection: handshake.connect(clients.length * 2 + 1, recording), owner: recording });
      emitter.emit('client');
    },
    serverFailed(_server, message) {
      throw new Error(message);
    },
  };
  const server = new Server(
    1,
    { host: '127.0.0.1', port: 0, serverName: '', maxPayload: 16 * 1024 * 1024, closeTimeout: 5000, ...options },
    owner,
  );
  afterThisTest(() => {
    server.close();
    clients.forEach(({ connection }) => connection.terminate());
  });
  return {
    server,
    url: server.url,
    clients,
    async client(index) {
      while (clients.length <= index) {
        await once(emitter, 'client');
      }
      return clients[index] as TestClient;
    },
  };
}

/** A bare TCP server: `onSocket` says what it does with whoever connects. */
export async function openTcpServer(onSocket: (socket: Socket) => void): Promise<{ readonly server: TcpServer; readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  afterThisTest(() => {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** A bare TCP client, which is destroyed after the test. */
export async function openTcp(port: number, allowHalfOpen = false): Promise<Socket> {
  const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen });
  socket.on('error', () => {});
  afterThisTest(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/**
 * Resolves with all that a half-open socket receives, when its peer has let go of it: not only said that it writes no
 * more, but reads no more either.
 */
export async function readUntilHungUp(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (data: string) => (text += data));
  // What is written to a peer that is gone is answered with a reset, and then cannot be written any more.
  const write = (): boolean => socket.write('?', (error) => error ?? setImmediate(write));
  socket.on('end', write);
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return text;
}

/** The lines of a client's handshake. An undefined header is left out. */
export function handshakeRequest(headers: Readonly<Record<string, string | undefined>> = {}): string {
  const lines = Object.entries({
    'Host': '127.0.0.1',
    'Connection': 'Upgrade',
    'Upgrade': 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return `GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}
