/** Why a connection did not become a WebSocket. `docs/websocket-server.md` says what each client was answered. */
export const REFUSALS = [
  /** What came is no HTTP request, or a handshake that RFC 6455 does not allow: 400. */
  'malformed',
  /** Another version than 13: 426. */
  'version',
  /** Another method than those that are answered: 405. */
  'method',
  /** Headers larger than `headerBytes`: 431. */
  'headers',
  /** A body larger than `requestBytes`: 413. */
  'body',
  /** The handshake, or TLS's, was not done in time: 408. */
  'timeout',
  /** Another path than the server's: 404. */
  'path',
  /** A page of another origin: 403. */
  'origin',
  /** No subprotocol in common: 400. */
  'protocol',
  /** The server has as many connections as it may: 503. */
  'connections',
  /** The address has as many connections as it may: 429. */
  'address',
  /** As many wait for the script's answer as may, or as much of answers to be read: 503. */
  'pending',
  /** The script refused it. */
  'script',
  /** The script did not answer in time: 503. */
  'unanswered',
  /** As many connections are not open yet as may be: dropped. */
  'flood',
  /** TLS failed, or the client's certificate was not taken. */
  'tls',
  /** The client went away first. */
  'gone',
  /** The server was closed. */
  'closed',
] as const;
export type RefusalReason = (typeof REFUSALS)[number];

/** What is behind a refusal. `unread`: too much of answers is not read yet. */
export type RefusalCause = RefusalReason | 'unread';

/** What a server has seen since it was opened, and has now. */
export interface ServerStatistics {
  readonly port: number;
  readonly url: string;
  /** WebSockets that are open now. */
  readonly open: number;
  /** Connections that are no WebSockets, now. */
  readonly pending: number;
  /** Handshakes and requests that wait for the script's answer now. */
  readonly waiting: number;
  /** Handshakes that were accepted. */
  readonly accepted: number;
  /** Plain requests. */
  readonly requests: number;
  /** Those of them that the script answered. */
  readonly answered: number;
  readonly refused: Readonly<Record<RefusalReason, number>>;
  /** WebSockets that were closed because the client broke the protocol: 1002, 1007. */
  readonly violations: number;
  /** WebSockets that were closed for a message larger than it may be: 1009. */
  readonly tooLarge: number;
}

/** The counters of one server. */
export class ServerCounters {
  accepted = 0;
  requests = 0;
  answered = 0;
  violations = 0;
  tooLarge = 0;
  readonly #refused = new Map<RefusalReason, number>();
  readonly #onRefused: (cause: RefusalCause) => void;

  /** @param onRefused called with the cause for each that is refused */
  constructor(onRefused: (cause: RefusalCause) => void) {
    this.#onRefused = onRefused;
  }

  /** @param cause what is behind it, where that is not the reason itself */
  refused(reason: RefusalReason, cause: RefusalCause = reason): void {
    this.#onRefused(cause);
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  /** A WebSocket that was open has failed for this error of ws. */
  failed(code: string): void {
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      this.tooLarge++;
    } else if (code.startsWith('WS_ERR_')) {
      this.violations++;
    }
  }

  get refusals(): Readonly<Record<RefusalReason, number>> {
    return Object.fromEntries(REFUSALS.map((reason) => [reason, this.#refused.get(reason) ?? 0])) as Record<RefusalReason, number>;
  }
}
