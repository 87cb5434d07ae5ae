import { ANSWER_STATUS, REFUSAL_STATUS } from '../../wire/answer-headers.ts';
import type { CommandOf } from '../../wire/commands.ts';
import { answerHeaderProblem } from '../sockets/answer-headers.ts';
import type { AnyRequest } from '../sockets/client-request.ts';
import type { Server } from '../sockets/server.ts';
import type { ScriptSocketsOptions } from './script-sockets.ts';

/** How much of a request's address is logged. */
const LONGEST_TARGET = 200;

/** A handshake that the script has accepted. */
interface AcceptedRequest {
  /** Its number, to be told with the connection; 0 if the script was not asked. */
  readonly id: number;
  /** Whether the connection is not to be read before the script says so. */
  readonly paused: boolean;
}

const NOT_ASKED: AcceptedRequest = { id: 0, paused: false };

/** Requests to a script's servers that the script is asked about, under the numbers that it knows them by. */
export class ScriptRequests {
  readonly #options: ScriptSocketsOptions;
  readonly #pending = new Map<number, { readonly server: Server; readonly request: AnyRequest }>();
  /** The numbers of handshakes that the script has accepted, until it is told of their sockets. */
  readonly #accepted = new Map<AnyRequest, AcceptedRequest>();
  #lastId = 0;
  #isOver = false;

  constructor(options: ScriptSocketsOptions) {
    this.#options = options;
  }

  /** The script has ended, or starts again: it is told no more of what it was asked. */
  end(): void {
    this.#isOver = true;
  }

  /** Asks the script. */
  ask(server: Server, request: AnyRequest): void {
    const id = ++this.#lastId;
    const { address, certificate, headers, method, port, target } = request;
    const { log, push } = this.#options;
    this.#pending.set(id, { server, request });
    request.onGone = (reason) => {
      this.#pending.delete(id);
      if (!this.#isOver) {
        push({ type: 'requestGone', request: id });
      }
      if (reason === 'timeout') {
        const { handshakeTimeout } = server.options;
        log('warning', `the script did not answer ${described(request)} to port ${server.port} within ${handshakeTimeout} ms: refused with 503`);
      }
    };
    const fields = { server: server.id, request: id, target, headers, address, port, certificate };
    if (request.kind === 'upgrade') {
      push({ type: 'upgradeRequested', ...fields, protocols: request.protocols });
    } else {
      push({ type: 'plainRequested', ...fields, method, data: request.body });
    }
  }

  /** Returns why the command is malformed, where it is. A request that is gone is ignored. */
  accept({ byDefault, headers, paused, protocol, request: id }: CommandOf<'acceptRequest'>): string | undefined {
    const pending = this.#pending.get(id);
    const problem = answerHeaderProblem(headers);
    if (problem !== undefined) {
      return `an answer with ${problem}`;
    }
    if (pending === undefined) {
      return undefined;
    }
    const { request, server } = pending;
    if (request.kind !== 'upgrade') {
      return 'accepting what is no handshake';
    }
    if (!byDefault && protocol !== '' && !request.protocols.includes(protocol)) {
      return `the subprotocol '${protocol}', which was not offered`;
    }
    this.#pending.delete(id);
    this.#accepted.set(request, { id, paused });
    server.accept(request, byDefault ? undefined : protocol, headers);
    if (this.#accepted.delete(request)) {
      this.#options.push({ type: 'requestGone', request: id });
    }
    return undefined;
  }

  /** Returns why the command is malformed, where it is. A request that is gone is ignored. */
  answer({ data, headers, request: id, status }: CommandOf<'answerRequest'>): string | undefined {
    const pending = this.#pending.get(id);
    const problem = answerHeaderProblem(headers);
    if (problem !== undefined) {
      return `an answer with ${problem}`;
    }
    if (data.length > this.#options.limits.answerBytes) {
      return `an answer of ${data.length} bytes`;
    }
    if (pending === undefined) {
      return undefined;
    }
    const { least, most } = pending.request.kind === 'upgrade' ? REFUSAL_STATUS : ANSWER_STATUS;
    if (status < least || status > most) {
      return `an answer with the status ${status}`;
    }
    this.#pending.delete(id);
    // What the command holds lies in a buffer that is used again.
    pending.server.answer(pending.request, { status, headers, body: Buffer.from(data) });
    return undefined;
  }

  /** What the script has said of the handshake that a connection came from. */
  takeAccepted(request: AnyRequest): AcceptedRequest {
    const accepted = this.#accepted.get(request) ?? NOT_ASKED;
    this.#accepted.delete(request);
    return accepted;
  }
}

function described({ kind, method, target }: AnyRequest): string {
  const shown = target.length <= LONGEST_TARGET ? target : `${target.slice(0, LONGEST_TARGET)}...`;
  return kind === 'upgrade' ? `a handshake for ${shown}` : `${method} ${shown}`;
}
