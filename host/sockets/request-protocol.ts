import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const MARK = 'RTSP/';
const LINE = /^([A-Z_]+ \S+) RTSP\/\d/gm;
/** Lines that are remembered until the next request: as many as fit between two of them matter to nobody but their sender. */
const MOST_LINES = 16;

/**
 * Which protocol the requests of a connection name. The HTTP parser takes RTSP's (RFC 2326) as well, and does not tell them
 * from its own; so what comes is looked through before the parser has it.
 */
export class RequestProtocol {
  readonly #socket: Socket;
  readonly #longest: number;
  /** What has come of a line that is not complete. */
  #rest = '';
  readonly #lines = new Set<string>();

  /** @param longest the most of a line that is kept, in bytes */
  constructor(socket: Socket, longest: number) {
    this.#socket = socket;
    this.#longest = longest;
    socket.on('data', this.#see);
  }

  /** Whether the request came as one of RTSP. To be asked once for each request, in their order. */
  isForeign({ method, url }: IncomingMessage): boolean {
    const isForeign = this.#lines.has(`${method} ${url}`);
    this.#lines.clear();
    return isForeign;
  }

  /** No more requests come. */
  stop(): void {
    this.#rest = '';
    this.#socket.off('data', this.#see);
  }

  readonly #see = (chunk: Buffer): void => {
    const end = chunk.lastIndexOf('\n') + 1;
    if (this.#rest !== '' || chunk.includes(MARK)) {
      for (const [, line] of `${this.#rest}${chunk.toString('latin1', 0, end)}`.matchAll(LINE)) {
        if (this.#lines.size < MOST_LINES) {
          this.#lines.add(line as string);
        }
      }
    }
    const rest = chunk.toString('latin1', end, end + this.#longest);
    this.#rest = end > 0 ? rest : `${this.#rest}${rest}`.slice(0, this.#longest);
  };
}
