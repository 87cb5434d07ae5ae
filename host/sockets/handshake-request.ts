import type { IncomingMessage } from 'node:http';

/** Why a request is refused: an HTTP status, and headers that go with it. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const SPACE = '[ \\t]*';
const PARAMETER = `${SPACE};${SPACE}${TOKEN}(?:${SPACE}=${SPACE}(?:${TOKEN}|"${TOKEN}"))?`;
const EXTENSION = `${TOKEN}(?:${PARAMETER})*`;
/** RFC 6455, 9.1. */
const EXTENSIONS = new RegExp(`^${EXTENSION}(?:${SPACE},${SPACE}${EXTENSION})*$`);

/**
 * Whether a request asks for a WebSocket. One that asks for another protocol only, or in HTTP/1.0, whose Upgrade a server
 * must ignore (RFC 9110, 7.8), is a plain one.
 */
export function asksForWebSocket({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.1' && (headers.upgrade ?? '').split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');
}

/** What ws does not check of a client's handshake, or takes more lightly: RFC 6455, 4.2.1. */
export function requestProblem(request: IncomingMessage): Refusal | undefined {
  const { headers, headersDistinct, url = '' } = request;
  // Step 1: a path, or an absolute URL of HTTP.
  if (!url.startsWith('/') && absoluteTarget(url) === undefined) {
    return { status: 400 };
  }
  // Step 2. RFC 9112, 3.2: one, and not more.
  if (headersDistinct['host']?.length !== 1) {
    return { status: 400 };
  }
  // Step 6, and 4.4. ws would take 8 too, in which a page says its origin elsewhere.
  if (headers['sec-websocket-version'] !== '13') {
    return { status: 426, headers: { 'Sec-WebSocket-Version': '13', 'Upgrade': 'websocket' } };
  }
  // Step 9. ws does not look at it where it is to agree on none.
  const extensions = headers['sec-websocket-extensions'];
  return extensions === undefined || EXTENSIONS.test(extensions) ? undefined : { status: 400 };
}

/** What the client asked for. An absolute URL goes before `Host`: RFC 9112, 3.2.2. */
export function requestedUrl({ headers, url = '' }: IncomingMessage): string {
  const absolute = url.startsWith('/') ? undefined : absoluteTarget(url);
  return absolute === undefined ? `ws://${headers.host}${url}` : `ws://${absolute.host}${absolute.pathname}${absolute.search}`;
}

/** The headers as they came, as `name: value` with a line for each: Node lets no line break into any. */
export function headerLines({ rawHeaders }: IncomingMessage): string {
  const lines: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  return lines.join('\n');
}

function absoluteTarget(target: string): URL | undefined {
  const url = URL.parse(target);
  return url !== null && /^(?:http|ws)s?:$/.test(url.protocol) ? url : undefined;
}
