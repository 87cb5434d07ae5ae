import { answerRequest, command } from './bridge.ts';
import {
  JSONParse,
  MapConstructor,
  MapPrototypeDelete,
  MapPrototypeGet,
  MapPrototypeSet,
  ObjectFreeze,
  ObjectGetOwnPropertyDescriptor,
  ReflectApply,
  StringPrototypeIndexOf,
  StringPrototypeSlice,
  TypedArrayPrototypeGetBuffer,
  TypeErrorConstructor,
} from './primordials.ts';
import { answerHeaders, checkAnswer, type CheckedAnswer } from './server-answers.ts';
import { RequestHeaders } from './server-request-headers.ts';
import { AbortController, type AbortSignal } from './web/abort-signal.ts';
import { defineInterface, defineOwn, illegalInvocation } from './web/define.ts';
import { domException } from './web/dom-exception.ts';
import { URLSearchParams } from './web/url-search-params.ts';
import { utf8Decode } from './web/utf8.ts';
import { dictionary } from './web/webidl.ts';

/** What the host tells of a request. */
export interface RequestFields {
  readonly request: number;
  readonly method: string;
  /** The path with the query. */
  readonly target: string;
  /** Name, value, name, value and so on. */
  readonly headers: readonly string[];
  readonly address: string;
  readonly port: number;
  /** The client's, as JSON; empty: none. */
  readonly certificate: string;
}

/** What the dispatcher does with requests; nothing of it is a script's. */
export interface RequestInternals {
  /** It was not answered, and can no longer be. */
  gone(request: ServerRequest): void;
  isWaiting(request: ServerRequest): boolean;
  /** Whether its socket is to begin paused. */
  isAcceptedPaused(request: ServerRequest): boolean;
  answer(request: ServerRequest, answer: CheckedAnswer): void;
}
export let requestInternals: RequestInternals;
/** Whether it still waits; throws where it is answered already. */
let mayAnswer: (request: ServerRequest, operation: string) => boolean;
let accepted: (request: ServerRequest, paused: boolean) => void;
let idOf: (request: ServerRequest) => number;

/** Requests that the host has asked about, by their numbers: until they are answered, or are sockets, or gone. */
const requests = new MapConstructor<number, ServerRequest>();

/** The request that a connection came from, or that is gone. */
export function takeRequest(id: number): ServerRequest | undefined {
  const request = MapPrototypeGet(requests, id);
  MapPrototypeDelete(requests, id);
  return request;
}

const signalOf = ObjectGetOwnPropertyDescriptor(AbortController.prototype, 'signal')?.get as (this: AbortController) => AbortSignal;
const abort = ObjectGetOwnPropertyDescriptor(AbortController.prototype, 'abort')?.value as (this: AbortController, reason: unknown) => void;

/** What a client has asked of a server: its request line, its headers, and who it is. */
export class ServerRequest {
  readonly #fields: RequestFields;
  #state: 'waiting' | 'answered' | 'gone' = 'waiting';
  #isAcceptedPaused = false;
  readonly #headers: RequestHeaders;
  #query: URLSearchParams | undefined;
  #certificate: unknown;
  #controller: AbortController | undefined;

  constructor(fields: RequestFields) {
    this.#fields = fields;
    this.#headers = new RequestHeaders(fields.headers);
    // One that nobody was asked about.
    if (fields.request === 0) {
      this.#state = 'answered';
    } else {
      MapPrototypeSet(requests, fields.request, this);
    }
  }

  static {
    accepted = (request, paused) => {
      request.#state = 'answered';
      request.#isAcceptedPaused = paused;
    };
    idOf = (request) => request.#fields.request;
    mayAnswer = (request, operation) => {
      if (request.#state === 'answered') {
        throw domException('InvalidStateError', `${operation}: The request is answered already.`);
      }
      return request.#state === 'waiting';
    };
    requestInternals = {
      gone(request) {
        if (request.#state === 'waiting') {
          request.#state = 'gone';
          if (request.#controller !== undefined) {
            ReflectApply(abort, request.#controller, [domException('AbortError', 'The client has gone, or has waited too long.')]);
          }
        }
      },
      isAcceptedPaused: (request) => request.#isAcceptedPaused,
      isWaiting: (request) => request.#state === 'waiting',
      answer(request, { body, headers, status }) {
        const { request: id } = request.#fields;
        answerRequest(id, status, headers, body.buffer, body.start, body.length);
        request.#state = 'answered';
        takeRequest(id);
      },
    };
  }

  get method(): string {
    return this.#fields.method;
  }

  get url(): string {
    return this.#fields.target;
  }

  get path(): string {
    const { target } = this.#fields;
    const at = StringPrototypeIndexOf(target, '?');
    return at === -1 ? target : StringPrototypeSlice(target, 0, at);
  }

  get query(): URLSearchParams {
    const { target } = this.#fields;
    const at = StringPrototypeIndexOf(target, '?');
    this.#query ??= new URLSearchParams(at === -1 ? '' : StringPrototypeSlice(target, at));
    return this.#query;
  }

  get headers(): RequestHeaders {
    return this.#headers;
  }

  get remoteAddress(): string {
    return this.#fields.address;
  }

  get remotePort(): number {
    return this.#fields.port;
  }

  get peerCertificate(): unknown {
    const { certificate } = this.#fields;
    if (certificate === '') {
      return null;
    }
    this.#certificate ??= JSONParse(certificate);
    return this.#certificate;
  }

  get aborted(): boolean {
    return this.#state === 'gone';
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#state === 'gone') {
        ReflectApply(abort, this.#controller, [undefined]);
      }
    }
    return ReflectApply(signalOf, this.#controller, []);
  }
}

const MEMBERS = ['method', 'url', 'path', 'query', 'headers', 'remoteAddress', 'remotePort', 'peerCertificate', 'aborted', 'signal'] as const;
defineInterface(ServerRequest, 'ServerRequest', MEMBERS);

const ACCEPT = "Failed to execute 'accept' on 'UpgradeRequest'";
const REJECT = "Failed to execute 'reject' on 'UpgradeRequest'";

/** The subprotocols of a request as a member sees it, also one that was taken off its request. Throws for anything else. */
let offeredTo: (value: unknown) => readonly string[];

/** A handshake that a script decides about. */
export class UpgradeRequest extends ServerRequest {
  readonly #protocols: readonly string[];

  constructor(fields: RequestFields & { readonly protocols: readonly string[] }) {
    super(fields);
    const protocols: string[] = [];
    for (let index = 0; index < fields.protocols.length; index++) {
      defineOwn(protocols, `${index}`, fields.protocols[index]);
    }
    this.#protocols = ObjectFreeze(protocols);
  }

  static {
    offeredTo = (value) => {
      if (typeof value !== 'object' || value === null || !(#protocols in value)) {
        throw illegalInvocation('UpgradeRequest');
      }
      return value.#protocols;
    };
  }

  get protocols(): readonly string[] {
    return this.#protocols;
  }

  /** Lets the client in; its socket comes as every other. */
  accept(options: unknown = undefined): void {
    const offered = offeredTo(this);
    const { headers, paused, protocol } = dictionary<{ headers: unknown; paused: unknown; protocol: unknown }>(options, ACCEPT);
    const list = answerHeaders(headers, ACCEPT);
    if (protocol !== undefined && protocol !== null && protocol !== '' && !includes(offered, protocol)) {
      throw new TypeErrorConstructor(`${ACCEPT}: The client has not offered the subprotocol '${protocol as string}'.`);
    }
    if (mayAnswer(this, ACCEPT)) {
      const chosen = protocol === undefined || protocol === null ? '' : (protocol as string);
      const isPaused = !!paused;
      command('acceptRequest', { request: idOf(this), byDefault: protocol === undefined, protocol: chosen, headers: list, paused: isPaused });
      accepted(this, isPaused);
    }
  }

  reject(status: unknown = 403, body: unknown = undefined, headers: unknown = undefined): void {
    offeredTo(this);
    const answer = checkAnswer('refusal', status, body, headers, REJECT);
    if (mayAnswer(this, REJECT)) {
      requestInternals.answer(this, answer);
    }
  }
}

defineInterface(UpgradeRequest, 'UpgradeRequest', ['protocols', 'accept', 'reject']);

/** A plain HTTP request. */
export class PlainRequest extends ServerRequest {
  readonly #body: Uint8Array<ArrayBuffer>;

  constructor(fields: RequestFields, body: Uint8Array<ArrayBuffer>) {
    super(fields);
    this.#body = body;
  }

  get body(): ArrayBuffer {
    return TypedArrayPrototypeGetBuffer(this.#body) as ArrayBuffer;
  }

  text(): string {
    return utf8Decode(this.#body);
  }
}

defineInterface(PlainRequest, 'PlainRequest', ['body', 'text']);

function includes(list: readonly string[], value: unknown): boolean {
  for (let index = 0; index < list.length; index++) {
    if (list[index] === value) {
      return true;
    }
  }
  return false;
}

