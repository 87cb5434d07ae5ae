import type { IncomingMessage } from 'node:http';
import { HEADER_NAME } from '../../wire/handshake-headers.ts';
import type { RefusalReason } from './server-statistics.ts';

/** Why a request is refused: an HTTP status, and what goes with it. */
export interface Refusal {
  /** Undefined where it is not counted. */
  readonly reason?: RefusalReason;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A line for whoever reads it. */
  readonly message: string;
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const SPACE = '[ \\t]*';
const PARAMETER = `${SPACE};${SPACE}${TOKEN}(?:${SPACE}=${SPACE}(?:${TOKEN}|"${TOKEN}"))?`;
const EXTENSION = `${TOKEN}(?:${PARAMETER})*`;
/** RFC 6455, 9.1. */
const EXTENSIONS = new RegExp(`^${EXTENSION}(?:${SPACE},${SPACE}${EXTENSION})*$`);
/** RFC 3986, 3.2.2 and 3.2.3: the characters of a host with its port. */
const HOST = /^[A-Za-z0-9\-._~!$&'()*+,;=%:[\]]*$/;
/** RFC 6455, 4.1, step 7: 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/**
 * Whether a request asks for a WebSocket. One that asks for another protocol only, or in HTTP/1.0, whose Upgrade a server
 * must ignore (RFC 9110, 7.8), is a plain one.
 */
export function asksForWebSocket({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.1' && (headers.upgrade ?? '').split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');
}

/** RFC 9112, 3.2: what is wrong with the Host of a request. It is a part of what a script has for a socket's address. */
function hostProblem({ headersDistinct, httpVersion }: IncomingMessage): Refusal | undefined {
  const hosts = headersDistinct['host'] ?? [];
  if (hosts.length > 1 || (hosts.length === 0 && httpVersion === '1.1')) {
    return malformed('There must be one Host header.');
  }
  return HOST.test(hosts[0] ?? '') ? undefined : malformed('The Host header is not a host.');
}

/** RFC 9112, 2.3 and 3: what is wrong with the first line of a request that the parser lets through. */
function lineProblem({ httpVersion, method, url = '' }: IncomingMessage): Refusal | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    return { reason: 'malformed', status: 505, message: 'The versions of HTTP here are 1.1 and 1.0.' };
  }
  if (url.startsWith('/') || (url === '*' && method === 'OPTIONS') || absoluteTarget(url) !== undefined) {
    return undefined;
  }
  return malformed('The target of the request is neither a path nor a URL.');
}

/** What is wrong with a plain request that Node.js lets through. */
export function plainProblem(request: IncomingMessage): Refusal | undefined {
  const { headers } = request;
  const problem = lineProblem(request) ?? hostProblem(request);
  if (problem !== undefined) {
    return problem;
  }
  // RFC 9112, 6.3: where another coding is the last one, nobody knows where the body ends.
  const coding = headers['transfer-encoding'];
  return coding === undefined || /^[ \t]*chunked[ \t]*$/i.test(coding) ? undefined : malformed('The only Transfer-Encoding is chunked.');
}

/** RFC 6455, 4.2.1: what is wrong with a client's handshake. */
export function requestProblem(request: IncomingMessage): Refusal | undefined {
  const { headers, method } = request;
  // Step 1: GET, and a path or an absolute URL of HTTP.
  if (method !== 'GET') {
    return { reason: 'method', status: 405, headers: { Allow: 'GET' }, message: 'A WebSocket is asked for with GET.' };
  }
  const unclear = lineProblem(request);
  if (unclear !== undefined) {
    return unclear;
  }
  // RFC 9112, 6: its body would be taken for frames.
  if (headers['transfer-encoding'] !== undefined || !/^0*$/.test(headers['content-length'] ?? '')) {
    return malformed('A handshake has no body.');
  }
  // Step 2.
  const problem = hostProblem(request);
  if (problem !== undefined) {
    return problem;
  }
  // Step 6, and 4.4. ws would take 8 too, in which a page says its origin elsewhere.
  if (headers['sec-websocket-version'] !== '13') {
    return {
      reason: 'version',
      status: 426,
      headers: { 'Sec-WebSocket-Version': '13', 'Upgrade': 'websocket' },
      message: 'The version of the WebSocket protocol must be 13.',
    };
  }
  // Step 5.
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) {
    return malformed('Sec-WebSocket-Key must be 16 bytes in base64.');
  }
  // Step 8.
  if (offeredProtocols(request) === undefined) {
    return malformed('Sec-WebSocket-Protocol must be a list of different tokens.');
  }
  // Step 9. ws does not look at it where it is to agree on none.
  const extensions = headers['sec-websocket-extensions'];
  return extensions === undefined || EXTENSIONS.test(extensions) ? undefined : malformed('Sec-WebSocket-Extensions is not a list of extensions.');
}

/** The subprotocols that a client offers, in its order; undefined where the header is malformed: RFC 6455, 11.3.4. */
export function offeredProtocols({ headers }: IncomingMessage): readonly string[] | undefined {
  const header = headers['sec-websocket-protocol'];
  if (header === undefined) {
    return [];
  }
  const protocols = header.split(',').map((protocol) => protocol.replace(/^[ \t]+|[ \t]+$/g, ''));
  return protocols.every((protocol) => HEADER_NAME.test(protocol)) && new Set(protocols).size === protocols.length ? protocols : undefined;
}

/** What the client asked for. */
export function requestedUrl(request: IncomingMessage, scheme = 'ws'): string {
  return `${scheme}://${requestedHost(request)}${requestedTarget(request)}`;
}

/** The host that is asked, with its port. That of an absolute target goes before `Host`: RFC 9112, 3.2.2. */
export function requestedHost({ headers, url = '' }: IncomingMessage): string | undefined {
  const absolute = url.startsWith('/') ? undefined : absoluteTarget(url);
  return absolute === undefined ? headers.host : absolute.host;
}

/** Name, value, name, value and so on, as they came; but `Host` is the host that is asked. */
export function requestedHeaders(request: IncomingMessage): readonly string[] {
  const { headers, rawHeaders } = request;
  const host = requestedHost(request);
  if (host === undefined || host === headers.host) {
    return rawHeaders;
  }
  return rawHeaders.map((text, index) => (index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host' ? host : text));
}

/** The path with the query. */
export function requestedTarget({ url = '' }: IncomingMessage): string {
  const absolute = url.startsWith('/') ? undefined : absoluteTarget(url);
  return absolute === undefined ? url : `${absolute.pathname}${absolute.search}`;
}

/** What a server's own options have against a handshake. */
export function optionProblem(
  request: IncomingMessage,
  options: { readonly origins: readonly string[]; readonly path: string; readonly protocols: readonly string[] },
): Refusal | undefined {
  const { origins, path, protocols } = options;
  if (path !== '' && requestedTarget(request).split('?', 1)[0] !== path) {
    return { reason: 'path', status: 404, message: 'There is no WebSocket at this path.' };
  }
  if (!originIsAllowed(request, origins)) {
    return { reason: 'origin', status: 403, message: 'Pages of this origin may not connect.' };
  }
  const offered = offeredProtocols(request) ?? [];
  if (protocols.length > 0 && offered.length > 0 && !offered.some((protocol) => protocols.includes(protocol))) {
    return { reason: 'protocol', status: 400, message: 'None of the offered subprotocols is supported.' };
  }
  return undefined;
}

/**
 * A browser says which page opens the connection. What is not a browser sends no `Origin`.
 *
 * @param allowed origins; `self` for that of the host that is asked, `*` for all
 */
export function originIsAllowed(request: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin } = request.headers;
  const host = requestedHost(request);
  if (origin === undefined) {
    return true;
  }
  const url = URL.parse(origin);
  return allowed.some((rule) =>
    rule === 'self'
      ? host !== undefined && url?.host === host.toLowerCase()
      : rule === '*' || rule === origin || (url !== null && url.origin !== 'null' && url.origin === rule),
  );
}

function malformed(message: string): Refusal {
  return { reason: 'malformed', status: 400, message };
}

function absoluteTarget(target: string): URL | undefined {
  // RFC 9110, 4.2.1: a URL of HTTP without a host is none, where the URL Standard would take the path's first part for it.
  // 4.2.4: names of users are no part of a target.
  return /^(?:http|ws)s?:\/\/[^/?#\\@]+(?:[/?]|$)/i.test(target) ? (URL.parse(target) ?? undefined) : undefined;
}
