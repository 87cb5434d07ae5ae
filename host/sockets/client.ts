import { isIP } from 'node:net';
import { WebSocket } from 'ws';
import { AirlockError } from '../errors.ts';
import { addressDenied, guardedLookup, isPublicAddress } from '../policy/address-guard.ts';
import type { Permissions } from '../policy/permissions.ts';
import { Connection, type ConnectionOwner } from './connection.ts';

export interface ConnectOptions {
  /** The script's name for the socket. */
  readonly id: number;
  /** A serialized `ws:` or `wss:` URL. */
  readonly url: string;
  readonly protocols: readonly string[];
  readonly permissions: Permissions;
  /** In milliseconds. */
  readonly handshakeTimeout: number;
  /** The largest message that is received, in bytes. */
  readonly maxPayload: number;
  /** Told the address that a permitted name leads to, where that is not permitted. It is not for the script. */
  readonly onDenied: (address: string) => void;
}

/**
 * Starts a client connection. Throws ERR_AIRLOCK_CONNECT_DENIED or ERR_AIRLOCK_ADDRESS_DENIED where the script may not;
 * a name that leads to a denied address fails later, as a connection does.
 */
export function connect(options: ConnectOptions, owner: ConnectionOwner): Connection {
  const { id, permissions, url } = options;
  const { host, port } = hostAndPort(url);
  const verdict = permissions.connect(host, port);
  if (verdict === 'denied') {
    throw new AirlockError(
      'ERR_AIRLOCK_CONNECT_DENIED',
      `connecting to ${hostPort(host, port)} is not permitted`,
    );
  }
  const permits = (address: string): boolean =>
    verdict === 'any' || isPublicAddress(address) || permissions.opensAddress(address, port);
  // `lookup` is not called for a literal address.
  if (isIP(host) !== 0 && !permits(host)) {
    throw addressDenied(host);
  }
  const webSocket = new WebSocket(url, [...options.protocols], {
    lookup: guardedLookup(permits, options.onDenied),
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: options.maxPayload,
  });
  const connection = new Connection(id, url, webSocket, owner);
  // ws's own option counts the time without a byte, so that a peer could hold a socket for ever.
  const timer = setTimeout(() => connection.fail(handshakeTimedOut()), options.handshakeTimeout);
  webSocket.once('close', () => clearTimeout(timer));
  webSocket.once('upgrade', ({ socket }) => {
    webSocket.once('open', () => {
      clearTimeout(timer);
      connection.open(socket);
    });
  });
  return connection;
}

function handshakeTimedOut(): Error {
  return Object.assign(new Error('the handshake timed out'), { code: 'ETIMEDOUT' });
}

/** What a URL leads to, with the scheme's default port. */
export function hostAndPort(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'wss:' ? 443 : 80) : Number(port),
  };
}

/** As it stands in a rule and in a URL: `127.0.0.1:80`, `[::1]:80`. */
export function hostPort(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
