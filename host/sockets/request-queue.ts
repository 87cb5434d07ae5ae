import { LOOP_SHARE } from '../policy/loop-share.ts';
import { UpgradeRequest, type AnyRequest } from './client-request.ts';
import type { Refusal } from './handshake-request.ts';

export interface RequestQueueOptions {
  readonly maxPendingHandshakes: number;
  readonly handshakeTimeout: number;
  /** Whether nothing is decided until `release`. */
  readonly held: boolean;
}

/** What becomes of requests. */
export interface RequestHandlers {
  /** Who listens is to answer it. */
  ask(request: AnyRequest): void;
  /** Who listens does not want to be asked about such requests. */
  unasked(request: AnyRequest): void;
  refuse(request: AnyRequest, refusal: Refusal): void;
  /** Its client has gone. */
  lost(request: AnyRequest): void;
}

/** What it takes to refuse a request, in units of work. */
const REFUSE_UNITS = 64;

const UNANSWERED: Refusal = { reason: 'unanswered', status: 503, message: 'The server did not answer in time.' };
const BUSY: Refusal = { reason: 'pending', status: 503, headers: { 'Retry-After': '1' }, message: 'Too many requests are waiting.' };
export const CLOSED: Refusal = { reason: 'closed', status: 503, message: 'The server is closing.' };
export const AWAY: Refusal = { reason: 'closed', status: 503, headers: { 'Retry-After': '1' }, message: 'The server is starting again.' };

/** The requests to a server that wait for who listens to answer them, as many and as long as they may. */
export class RequestQueue {
  readonly #options: RequestQueueOptions;
  readonly #handlers: RequestHandlers;
  readonly #waiting = new Map<AnyRequest, NodeJS.Timeout>();
  #watched = { upgrades: false, plain: false };
  #isHeld: boolean;
  #closed: Refusal | undefined;

  constructor(options: RequestQueueOptions, handlers: RequestHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#isHeld = options.held;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Which requests are asked about. */
  watch(upgrades: boolean, plain: boolean): void {
    this.#watched = { upgrades, plain };
  }

  isWatched(request: AnyRequest): boolean {
    return request.kind === 'upgrade' ? this.#watched.upgrades : this.#watched.plain;
  }

  /** Decides about what had to wait. */
  release(): void {
    if (this.#isHeld) {
      this.#isHeld = false;
      for (const request of [...this.#waiting.keys()]) {
        this.#decide(request);
      }
    }
  }

  take(request: AnyRequest): void {
    if (this.#closed !== undefined) {
      this.#handlers.refuse(request, this.#closed);
    } else if (this.#isHeld || this.isWatched(request)) {
      if (this.#wait(request) && !this.#isHeld) {
        this.#handlers.ask(request);
      }
    } else {
      this.#handlers.unasked(request);
    }
  }

  /** It is answered. */
  remove(request: AnyRequest): void {
    clearTimeout(this.#waiting.get(request));
    this.#waiting.delete(request);
  }

  /** Refuses all that wait, and what comes later, with this answer. */
  close(refusal = CLOSED): void {
    this.#closed = refusal;
    LOOP_SHARE.each([...this.#waiting.keys()], REFUSE_UNITS, (request) => {
      if (this.#waiting.has(request)) {
        this.remove(request);
        request.gone('closed');
        this.#handlers.refuse(request, refusal);
      }
    });
  }

  #decide(request: AnyRequest): void {
    if (this.isWatched(request)) {
      this.#handlers.ask(request);
    } else {
      this.remove(request);
      this.#handlers.unasked(request);
    }
  }

  #wait(request: AnyRequest): boolean {
    const { handshakeTimeout, maxPendingHandshakes } = this.#options;
    if (this.#waiting.size >= maxPendingHandshakes) {
      this.#handlers.refuse(request, BUSY);
      return false;
    }
    const timer = setTimeout(() => {
      this.remove(request);
      request.gone('timeout');
      this.#handlers.refuse(request, UNANSWERED);
    }, handshakeTimeout);
    this.#waiting.set(request, timer);
    const lost = (): void => {
      this.remove(request);
      request.gone('client');
      this.#handlers.lost(request);
    };
    if (request instanceof UpgradeRequest) {
      request.attend(lost);
    } else {
      request.response.once('close', () => {
        if (!request.isOver) {
          lost();
        }
      });
    }
    return true;
  }
}
