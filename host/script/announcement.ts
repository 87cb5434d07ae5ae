import type { EventOf } from '../../wire/events.ts';
import type { Accepted } from '../sockets/server.ts';

/** What a script is told of a connection that its server has accepted, but for the numbers and what it keeps with it. */
export type Announcement = Omit<EventOf<'accepted'>, 'type' | 'server' | 'socket' | 'request' | 'attachment'>;

export function announce({ extensions, protocol, request, url }: Accepted): Announcement {
  return {
    url,
    protocol,
    extensions,
    remoteAddress: request.address,
    remotePort: request.port,
    target: request.target,
    headers: lines(request.headers),
    certificate: request.certificate,
  };
}

/** Of a connection whose handshake the script was asked about: that much of it, it knows. */
export const KNOWN = { target: '', headers: '', certificate: '' } as const;

/** Headers as `name: value`, a line for each: Node lets no line break into any. */
function lines(headers: readonly string[]): string {
  let text = '';
  for (let index = 0; index < headers.length; index += 2) {
    text += `${index === 0 ? '' : '\n'}${headers[index]}: ${headers[index + 1]}`;
  }
  return text;
}
