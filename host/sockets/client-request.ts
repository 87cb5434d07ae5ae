import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { offeredProtocols, requestedHeaders, requestedTarget } from './handshake-request.ts';
import type { Client } from './server-clients.ts';

/** How much of what a client sends behind its handshake is taken before that is accepted, in bytes. */
const READ_AHEAD = 64 * 1024;

/** Why a request can no longer be answered. */
export type GoneReason = 'client' | 'timeout' | 'closed';

/** A header of an answer for each pair: name, value, name, value and so on. */
export type AnswerHeaders = readonly string[];

/** A handshake, or a plain request, that waits to be answered. It is answered once; what comes later is ignored. */
export abstract class ClientRequest {
  abstract readonly kind: 'upgrade' | 'plain';
  readonly message: IncomingMessage;
  readonly client: Client;
  /** Called once, where it can no longer be answered. */
  onGone: ((reason: GoneReason) => void) | undefined;
  #isOver = false;

  constructor(message: IncomingMessage, client: Client) {
    this.message = message;
    this.client = client;
  }

  /** Whether it is answered, or can no longer be. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get method(): string {
    return this.message.method ?? '';
  }

  /** The path with the query. */
  get target(): string {
    return requestedTarget(this.message);
  }

  /** Name, value, name, value and so on. */
  get headers(): readonly string[] {
    return requestedHeaders(this.message);
  }

  get address(): string {
    return this.client.address;
  }

  get port(): number {
    return this.client.port;
  }

  /** The client's certificate as JSON; empty where it has shown none. */
  get certificate(): string {
    const { socket } = this.client;
    const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
    // Without one, it is an object without anything.
    return certificate?.raw === undefined ? '' : JSON.stringify(certificateFields(certificate));
  }

  /** Takes it for answered. False where it is over already. */
  begin(): boolean {
    const wasOver = this.#isOver;
    this.#isOver = true;
    this.onGone = undefined;
    return !wasOver;
  }

  /** It can no longer be answered. */
  gone(reason: GoneReason): void {
    const { onGone } = this;
    if (this.begin()) {
      onGone?.(reason);
    }
  }
}

/** A handshake. */
export class UpgradeRequest extends ClientRequest {
  readonly kind = 'upgrade';
  /** Those that the client offers, in its order. */
  readonly protocols: readonly string[];
  readonly #socket: Socket;
  readonly #chunks: Buffer[];
  #length: number;
  #onLost: (() => void) | undefined;

  constructor(message: IncomingMessage, client: Client, head: Buffer) {
    super(message, client);
    this.protocols = offeredProtocols(message) ?? [];
    this.#socket = client.socket;
    this.#chunks = [head];
    this.#length = head.length;
  }

  /** Reads the socket while the handshake waits: else it would not be seen that the client goes away. */
  attend(onLost: () => void): void {
    this.#onLost = onLost;
    this.#socket.on('data', this.#read);
    // RFC 6455 knows no half-open connections: a client that ends here has gone.
    this.#socket.on('end', onLost);
    this.#socket.on('close', onLost);
    this.#socket.on('error', onLost);
  }

  readonly #read = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length > READ_AHEAD) {
      this.#socket.pause();
    }
  };

  /** Lets go of the socket, and gives what the client has sent behind its handshake. */
  take(): Buffer {
    const onLost = this.#onLost;
    if (onLost !== undefined) {
      // What comes without a listener would be lost.
      this.#socket.pause();
      this.#socket.off('data', this.#read);
      this.#socket.off('end', onLost);
      this.#socket.off('close', onLost);
      this.#socket.off('error', onLost);
    }
    return Buffer.concat(this.#chunks);
  }
}

/** A plain request, with its body. */
export class PlainRequest extends ClientRequest {
  readonly kind = 'plain';
  readonly body: Buffer;
  readonly response: ServerResponse;

  constructor(message: IncomingMessage, client: Client, body: Buffer, response: ServerResponse) {
    super(message, client);
    this.body = body;
    this.response = response;
  }
}

export type AnyRequest = UpgradeRequest | PlainRequest;

/** What of a certificate a script is shown: as Node.js names it. */
function certificateFields(certificate: PeerCertificate): Record<string, unknown> {
  const { fingerprint256, issuer, serialNumber, subject, subjectaltname, valid_from, valid_to } = certificate;
  return { subject, issuer, subjectaltname, fingerprint256, serialNumber, valid_from, valid_to };
}
