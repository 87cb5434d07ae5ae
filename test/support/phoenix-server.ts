import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { afterThisTest } from './sockets.ts';

/** A message of the serializer's version 2.0.0, as it is on the wire. */
type Message = readonly [joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown];

export interface PhoenixServer {
  readonly port: number;
  /** The addresses that clients have asked for, in order. */
  readonly requested: readonly string[];
  /** What clients have sent, in order: topic and event. */
  readonly received: readonly string[];
}

/** Channels have the topics `room:...`; a push `shout` is broadcast to the room, `cut` ends the connection without a close frame. */
class PhoenixClient {
  readonly #joined = new Map<string, string>();
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  push(topic: string, event: string, payload: unknown): void {
    if (this.#joined.has(topic)) {
      this.#send([null, null, topic, event, payload]);
    }
  }

  take([joinRef, ref, topic, event, payload]: Message, broadcast: (topic: string, event: string, payload: unknown) => void): void {
    const reply = (status: 'ok' | 'error', response: unknown): void => this.#send([joinRef, ref, topic, 'phx_reply', { status, response }]);
    if (topic === 'phoenix') {
      reply('ok', {});
    } else if (event === 'phx_join') {
      if (topic.startsWith('room:') && joinRef !== null) {
        this.#joined.set(topic, joinRef);
        reply('ok', { joined: payload });
      } else {
        reply('error', { reason: 'unmatched topic' });
      }
    } else if (this.#joined.get(topic) !== joinRef) {
      reply('error', { reason: 'unmatched topic' });
    } else if (event === 'phx_leave') {
      this.#joined.delete(topic);
      reply('ok', {});
      this.#send([joinRef, joinRef, topic, 'phx_close', {}]);
    } else if (event === 'shout') {
      broadcast(topic, event, payload);
      reply('ok', {});
    } else if (event === 'cut') {
      this.#socket.terminate();
    } else {
      reply('ok', { event, payload });
    }
  }

  /** A push with bytes; its sizes stand before its strings: kind, join_ref, ref, topic, event. It is answered with its bytes, reversed. */
  takeBinary(data: Buffer): void {
    const sizes = [data[1], data[2], data[3], data[4]] as [number, number, number, number];
    let at = 5;
    const [joinRef, ref, topic] = sizes.map((size) => data.subarray(at, (at += size))) as [Buffer, Buffer, Buffer, Buffer];
    const status = Buffer.from('ok');
    // A reply: kind 1, and the status where a push has its event.
    const head = Buffer.from([1, joinRef.length, ref.length, topic.length, status.length]);
    this.#socket.send(Buffer.concat([head, joinRef, ref, topic, status, Buffer.from(data.subarray(at)).reverse()]));
  }

  #send(message: Message): void {
    this.#socket.send(JSON.stringify(message));
  }
}

/** Speaks the protocol of Phoenix's channels. */
export async function startPhoenixServer(): Promise<PhoenixServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const clients = new Set<PhoenixClient>();
  const requested: string[] = [];
  const received: string[] = [];
  server.on('connection', (socket, { url = '' }) => {
    requested.push(url);
    const client = new PhoenixClient(socket);
    clients.add(client);
    socket.on('close', () => clients.delete(client));
    socket.on('message', (data: RawData, isBinary) => {
      if (isBinary) {
        client.takeBinary(data as Buffer);
        return;
      }
      const message = JSON.parse(String(data as Buffer)) as Message;
      received.push(`${message[2]} ${message[3]}`);
      client.take(message, (topic, event, payload) => clients.forEach((other) => other.push(topic, event, payload)));
    });
  });
  afterThisTest(() => {
    server.clients.forEach((socket) => socket.terminate());
    server.close();
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, requested, received };
}
