import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { headerLines, withDefaults } from './answer-headers.ts';
import type { AnswerHeaders } from './client-request.ts';
import type { Refusal } from './handshake-request.ts';
import type { Client } from './server-clients.ts';

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Uint8Array;
}

/** RFC 9110, 6.4.1: answers that have no body, whatever is given. */
const WITHOUT_BODY: readonly number[] = [204, 205, 304];

const NOTHING = Buffer.alloc(0);

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };

/** What a refusal of our own says, for people. */
export function refusalAnswer({ headers = {}, message, status }: Refusal): Answer {
  return { status, headers: Object.entries({ ...headers, ...TEXT }).flat(), body: Buffer.from(`${message}\n`) };
}

/** Answers in the place of a handshake's 101, or of what could not be understood, and hangs up. */
export function hangUpWith({ socket }: Client, { body, headers, status }: Answer, serverName: string): void {
  socket.on('error', () => socket.destroy());
  // An HTTP server's sockets stay half open: without this one would stay for as long as its peer likes.
  socket.once('finish', () => socket.destroy());
  const all = withDefaults(headers, { 'Server': serverName, 'X-Content-Type-Options': 'nosniff' });
  const hasBody = !WITHOUT_BODY.includes(status);
  const length = hasBody ? [`Content-Length: ${body.length}`] : [];
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, 'Connection: close', ...length, ...headerLines(all), '', ''];
  socket.write(lines.join('\r\n'), 'latin1');
  socket.end(hasBody ? body : NOTHING);
}

/** Answers a plain request. */
export function sendPage(response: ServerResponse, { body, headers, status }: Answer, serverName: string): void {
  const all = withDefaults(headers, { 'Server': serverName, 'X-Content-Type-Options': 'nosniff' });
  const hasBody = !WITHOUT_BODY.includes(status);
  response.writeHead(status, hasBody ? [...all, 'Content-Length', String(body.length)] : all);
  response.end(hasBody ? body : NOTHING);
}

/** Reads a request's body; undefined where its client goes away meanwhile. */
export async function readBody(message: IncomingMessage, most: number): Promise<Buffer | 'too large' | undefined> {
  if (Number(message.headers['content-length'] ?? 0) > most) {
    return 'too large';
  }
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > most) {
        return 'too large';
      }
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
