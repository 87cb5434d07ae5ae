import type { IncomingMessage } from 'node:http';
import { WebSocketServer as WsServer, type PerMessageDeflateOptions } from 'ws';
import { deflateOffer } from './handshake-extensions.ts';

/** How a server compresses: RFC 7692. */
export interface DeflateOptions {
  /** Whether what one message has shown of the data serves the next one, where the client wants it. It costs memory. */
  readonly contextTakeover: boolean;
  /** Without takeover, messages below this size go uncompressed, in bytes. */
  readonly threshold: number;
  /** The server's window is 2 to the power of this, in bytes: 9 to 15. */
  readonly windowBits: number;
}

export interface FinisherOptions {
  /** The largest message that is received, in bytes, also when it is inflated. */
  readonly maxPayload: number;
  /** How long a peer has to answer a close frame, in milliseconds. */
  readonly closeTimeout: number;
}

/** What the answer to a handshake says besides. */
export interface HandshakeAnswers {
  protocol(message: IncomingMessage): string | false;
  /** Lines. */
  headers(message: IncomingMessage): readonly string[];
}

/** zlib's window of 8 bits is one of 9 in truth, which a client that asked for 8 could not read. */
const LEAST_WINDOW_BITS = 9;

/**
 * What finishes handshakes for one server: without compression, or with it, as the client's offer and the server's options
 * have it. An offer that cannot be accepted is declined, as RFC 7692, section 7, wants, where ws would refuse the client.
 */
export class HandshakeFinisher {
  readonly #options: FinisherOptions;
  readonly #deflate: DeflateOptions | undefined;
  readonly #answers: HandshakeAnswers;
  /** By the bits of the window; 0 without compression. */
  readonly #finishers = new Map<number, WsServer>();

  constructor(options: FinisherOptions, deflate: DeflateOptions | undefined, answers: HandshakeAnswers) {
    this.#options = options;
    this.#deflate = deflate;
    this.#answers = answers;
  }

  /** What is to finish this handshake, whose offers of extensions are changed to one that it accepts, or none. */
  for({ headers }: IncomingMessage, mayCompress: boolean): WsServer {
    const offer = this.#deflate !== undefined && mayCompress ? deflateOffer(headers['sec-websocket-extensions'] ?? '', LEAST_WINDOW_BITS) : undefined;
    if (this.#deflate === undefined || offer === undefined) {
      delete headers['sec-websocket-extensions'];
      return this.#finisher(0);
    }
    headers['sec-websocket-extensions'] = offer.text;
    return this.#finisher(Math.min(this.#deflate.windowBits, offer.serverWindowBits ?? 15));
  }

  #finisher(bits: number): WsServer {
    let finisher = this.#finishers.get(bits);
    if (finisher === undefined) {
      finisher = new WsServer({
        // As an object, since ws's types do not have `closeTimeout` yet.
        ...(this.#options as object),
        noServer: true,
        handleProtocols: (_offered, message) => this.#answers.protocol(message),
        clientTracking: false,
        perMessageDeflate: this.#deflate === undefined || bits === 0 ? false : deflating(this.#deflate, bits),
      });
      finisher.on('headers', (lines, message) => lines.push(...this.#answers.headers(message)));
      this.#finishers.set(bits, finisher);
    }
    return finisher;
  }
}

function deflating({ contextTakeover, threshold }: DeflateOptions, bits: number): PerMessageDeflateOptions {
  return {
    threshold,
    serverMaxWindowBits: bits,
    // zlib's own ratio of hash table to window: 8 for 15 bits.
    zlibDeflateOptions: { memLevel: Math.max(1, bits - 7) },
    ...(contextTakeover ? {} : { serverNoContextTakeover: true, clientNoContextTakeover: true }),
  };
}
