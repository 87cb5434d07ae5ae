/** The headers of a request, to be read as `Headers` are. Names do not count by their case. */
interface RequestHeaders {
  /** The value, or those of a name that came more than once, joined with commas; null where there is none. */
  get(name: string): string | null;
  has(name: string): boolean;
  entries(): IterableIterator<[name: string, value: string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  forEach(callback: (value: string, name: string, headers: RequestHeaders) => void, thisArg?: unknown): void;
  [Symbol.iterator](): IterableIterator<[name: string, value: string]>;
}

/** What a client's certificate says, as Node.js names it. */
interface PeerCertificate {
  readonly subject: Readonly<Record<string, string | string[]>>;
  readonly issuer: Readonly<Record<string, string | string[]>>;
  /** As `DNS:client.example, IP Address:127.0.0.1`. */
  readonly subjectaltname?: string;
  /** As `AB:CD:...`: what to compare a known client with. */
  readonly fingerprint256: string;
  readonly serialNumber: string;
  readonly valid_from: string;
  readonly valid_to: string;
}

/** What a client has asked of a `WebSocketServer`. */
interface ServerRequest {
  readonly method: string;
  /** The path with the query, as it came: `/chat?room=a%20b`. */
  readonly url: string;
  /** The path alone. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: RequestHeaders;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The certificate that the client has shown in TLS, and that the host's authorities vouch for; else null. */
  readonly peerCertificate: PeerCertificate | null;
  /** Whether it can no longer be answered: the client has gone, or has waited for longer than `handshakeTimeout`. */
  readonly aborted: boolean;
  /** Aborted then. */
  readonly signal: AbortSignal;
}

/** What an answer's headers can be: an object, or a list of pairs where a name is to come more than once. */
type AnswerHeaders = Readonly<Record<string, string>> | Iterable<readonly [name: string, value: string]>;

/** What a body can be. Text goes as UTF-8. */
type AnswerBody = string | ArrayBuffer | ArrayBufferView | Blob;

interface AcceptOptions {
  /**
   * The subprotocol: one that the client has offered, or null for none. Default: what the server's option `protocols`
   * chooses, or the first that was offered.
   */
  readonly protocol?: string | null;
  /** More headers of the answer, as `Set-Cookie`. */
  readonly headers?: AnswerHeaders;
  /** Whether the socket begins paused: what the client sends waits for `socket.resume()`. Default: false. */
  readonly paused?: boolean;
}

interface RefusalOptions {
  /** From 300 to 599. */
  readonly status: number;
  readonly body?: AnswerBody | null;
  readonly headers?: AnswerHeaders;
}

/** A handshake that `onupgrade` decides about. */
interface UpgradeRequest extends ServerRequest {
  /** The subprotocols that the client offers, the one that it likes best first. */
  readonly protocols: readonly string[];
  /**
   * Lets the client in: its socket comes with `newConnection`. Where the client has gone meanwhile, nothing happens.
   *
   * @throws InvalidStateError where the request is answered already, TypeError for a subprotocol that was not offered,
   *   SecurityError for a header that belongs to the handshake itself
   */
  accept(options?: AcceptOptions): void;
  /**
   * Turns the client away.
   *
   * @param status from 300 to 599; default: 403
   * @throws InvalidStateError where the request is answered already, RangeError for another status
   */
  reject(status?: number, body?: AnswerBody | null, headers?: AnswerHeaders): void;
}

/** A plain HTTP request: GET, HEAD or POST, or what the server's option `methods` says. */
interface PlainRequest extends ServerRequest {
  readonly body: ArrayBuffer;
  /** The body as UTF-8. */
  text(): string;
}

/** What `onupgrade` decides: in, out (403), in with a subprotocol and headers, or out with a status. */
type UpgradeDecision = boolean | AcceptOptions | RefusalOptions | undefined | null | void;

/** What `onrequest` answers with; nothing: 404. */
type PlainAnswer =
  | AnswerBody
  | {
      /** From 200 to 599. Default: 200. */
      readonly status?: number;
      /** Without a `Content-Type`, text is `text/plain; charset=utf-8`, a Blob of its type, and the rest bytes. */
      readonly headers?: AnswerHeaders;
      readonly body?: AnswerBody | null;
    }
  | undefined
  | null
  | void;
