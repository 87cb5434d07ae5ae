import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const MARK = 'RTSP/';
/** What comes before may be the end of a body. */
const LINE = /([A-Z_]+ \S+) RTSP\/\d/g;
/** How many lines are remembered. Who sends more at once, and is taken for a client of HTTP, harms nobody. */
const MOST_LINES = 64;

/**
 * Which protocol the requests of a connection name. The HTTP parser takes RTSP's (RFC 2326) as well, and does not tell them
 * from its own; so what comes is looked through before the parser has it.
 */
export class RequestProtocol {
  readonly #socket: Socket;
  readonly #longest: number;
  /** What has come of a line that is not complete. */
  #rest = '';
  #lines: string[] = [];
  /** Whether a request has been seen to its end since something came. */
  #hasAsked = false;

  /**
   * To be made when the parser is attached to the socket, and before anything comes.
   *
   * @param longest the most of a line that is kept, in bytes
   */
  constructor(socket: Socket, longest: number) {
    this.#socket = socket;
    this.#longest = longest;
    // By this, Node.js passes what comes through the socket, where else the parser would take it from the handle.
    socket.prependListener('data', this.#see);
  }

  /** Whether the request came as one of RTSP. To be asked for each request, when its head is complete. */
  isForeign({ method, url }: IncomingMessage): boolean {
    this.#hasAsked = true;
    return this.#lines.some((line) => line.endsWith(`${method} ${url}`));
  }

  /** No more requests come. */
  stop(): void {
    this.#rest = '';
    this.#socket.off('data', this.#see);
  }

  readonly #see = (chunk: Buffer): void => {
    if (this.#hasAsked) {
      // Of those, only the last one may begin a head that is not complete yet.
      this.#lines = this.#lines.slice(-1);
      this.#hasAsked = false;
    }
    const end = chunk.lastIndexOf('\n') + 1;
    if (this.#rest !== '' || chunk.includes(MARK)) {
      for (const [, line] of `${this.#rest}${chunk.toString('latin1', 0, end)}`.matchAll(LINE)) {
        if (this.#lines.length < MOST_LINES) {
          this.#lines.push(line as string);
        }
      }
    }
    const rest = chunk.toString('latin1', end, end + this.#longest);
    this.#rest = end > 0 ? rest : `${this.#rest}${rest}`.slice(0, this.#longest);
  };
}
