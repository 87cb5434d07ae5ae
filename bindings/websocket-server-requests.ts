import type { EventOf } from '../wire/events.ts';
import { command } from './bridge.ts';
import { beginCallback, endCallback } from './boundary/callbacks.ts';
import { reportException } from './errors.ts';
import { ReflectApply, TypeErrorConstructor } from './primordials.ts';
import { checkAnswer, isBody } from './server-answers.ts';
import { PlainRequest, UpgradeRequest, requestInternals, takeRequest, type ServerRequest } from './server-request.ts';
import { isThenable, whenSettled } from './web/promises.ts';

type Handler = (this: unknown, request: ServerRequest) => unknown;

/** An event as the dispatcher hands it over. */
type Fields<Type extends 'upgradeRequested' | 'plainRequested'> = Omit<EventOf<Type>, 'type' | 'data'>;

/** A request can no longer be answered. */
export function requestGone(id: number): void {
  const request = takeRequest(id);
  if (request !== undefined) {
    requestInternals.gone(request);
  }
}

const UPGRADE = "The answer of 'onupgrade'";
const REQUEST = "The answer of 'onrequest'";

/** What a server's script has to say about its requests. */
export class ServerRequests {
  readonly #server: number;
  #onupgrade: Handler | null = null;
  #onrequest: Handler | null = null;
  constructor(server: number) {
    this.#server = server;
  }

  get onupgrade(): Handler | null {
    return this.#onupgrade;
  }

  set onupgrade(value: unknown) {
    const handler = typeof value === 'function' ? (value as Handler) : null;
    this.#watch(handler, this.#onrequest);
    this.#onupgrade = handler;
  }

  get onrequest(): Handler | null {
    return this.#onrequest;
  }

  set onrequest(value: unknown) {
    const handler = typeof value === 'function' ? (value as Handler) : null;
    this.#watch(this.#onupgrade, handler);
    this.#onrequest = handler;
  }

  /** Tells the host which requests to ask about. Over the bounds of the turn it throws: the handlers stay as they are. */
  #watch(onupgrade: Handler | null, onrequest: Handler | null): void {
    const upgrades = onupgrade !== null;
    const plain = onrequest !== null;
    if (upgrades !== (this.#onupgrade !== null) || plain !== (this.#onrequest !== null)) {
      command('watchRequests', { server: this.#server, upgrades, plain });
    }
  }

  upgrade(server: unknown, fields: Fields<'upgradeRequested'>): void {
    const request = new UpgradeRequest({ ...fields, method: 'GET' });
    decide(request, this.#onupgrade ?? (() => true), server, (decision) => answerUpgrade(request, decision));
  }

  plain(server: unknown, fields: Fields<'plainRequested'> & { readonly data: Uint8Array<ArrayBuffer> }): void {
    const request = new PlainRequest(fields, fields.data);
    decide(request, this.#onrequest ?? (() => undefined), server, (answer) => answerPlain(request, answer));
  }
}

/** Asks the script's handler. What it throws is told as every uncaught exception is, and to the client as 500. */
function decide(request: ServerRequest, handler: Handler, server: unknown, take: (value: unknown) => void): void {
  const failed = (error: unknown): void => {
    reportException(error);
    if (requestInternals.isWaiting(request)) {
      requestInternals.answer(request, checkAnswer('answer', 500, 'Internal Server Error\n', undefined, ''));
    }
  };
  const attempt = (value: unknown): void => {
    try {
      if (requestInternals.isWaiting(request)) {
        take(value);
      }
    } catch (error) {
      failed(error);
    }
  };
  const outer = beginCallback();
  try {
    const value = ReflectApply(handler, server, [request]) as unknown;
    if (isThenable(value)) {
      whenSettled(value, attempt, failed);
    } else {
      attempt(value);
    }
  } catch (error) {
    failed(error);
  }
  // Nothing is watched: the rejection of an answer is told above.
  endCallback(outer, undefined, '', '');
}

/** Nothing: the script answers later, by `accept` or `reject`. */
function answerUpgrade(request: UpgradeRequest, decision: unknown): void {
  if (decision === undefined || decision === null) {
    return;
  }
  if (decision === true) {
    return ReflectApply(accept, request, []);
  }
  if (decision === false) {
    return ReflectApply(reject, request, [403]);
  }
  if (typeof decision !== 'object') {
    throw new TypeErrorConstructor(`${UPGRADE} must be true, false or an object, as { protocol: 'chat' } or { status: 401 }.`);
  }
  const { body, headers, status } = decision as { readonly body?: unknown; readonly headers?: unknown; readonly status?: unknown };
  if (status === undefined) {
    return ReflectApply(accept, request, [decision]);
  }
  ReflectApply(reject, request, [status, body, headers]);
}

const { accept, reject } = UpgradeRequest.prototype;

/** Nothing: there is no such page. */
function answerPlain(request: PlainRequest, answer: unknown): void {
  if (answer === undefined || answer === null) {
    requestInternals.answer(request, checkAnswer('answer', 404, 'Not Found\n', undefined, REQUEST));
  } else if (isBody(answer)) {
    requestInternals.answer(request, checkAnswer('answer', 200, answer, undefined, REQUEST));
  } else if (typeof answer === 'object') {
    const { body, headers, status = 200 } = answer as { readonly body?: unknown; readonly headers?: unknown; readonly status?: unknown };
    requestInternals.answer(request, checkAnswer('answer', status, body, headers, REQUEST));
  } else {
    throw new TypeErrorConstructor(`${REQUEST} must be a string, bytes, or an object, as { status: 200, headers: {}, body: '' }.`);
  }
}
