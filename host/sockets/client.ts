import { WebSocket } from 'ws';
import { isBlockedPort } from '../../wire/blocked-ports.ts';
import { AirlockError } from '../errors.ts';
import type { Warn } from '../observe/log.ts';
import { targetOf } from '../policy/host-rules.ts';
import type { Permissions } from '../policy/permissions.ts';
import { ClientStream, type Network } from './client-stream.ts';
import type { ConnectionOwner } from './connection-owner.ts';
import { Connection } from './connection.ts';
import { FramedStream } from './framed-stream.ts';
import type { HeartbeatOptions } from './heartbeat.ts';
import { unexpectedAnswer, upgradeProblem } from './handshake-answer.ts';
import type { HandshakeHeaders } from './handshake-headers.ts';
import type { SendLimit } from './slow-readers.ts';

export interface ConnectOptions {
  /** The script's name for the socket. */
  readonly id: number;
  /** A serialized `ws:` or `wss:` URL. */
  readonly url: string;
  readonly protocols: readonly string[];
  /** Checked ones. */
  readonly headers: HandshakeHeaders;
  readonly permissions: Permissions;
  /** From this call to the answer to the handshake, in milliseconds. */
  readonly handshakeTimeout: number;
  /** The largest message that is received, in bytes. */
  readonly maxPayload: number;
  /** How long the peer has to answer a close frame, in milliseconds. */
  readonly closeTimeout: number;
  /** Whether permessage-deflate (RFC 7692) is offered. Default: false. */
  readonly perMessageDeflate?: boolean | undefined;
  /** Default: none. */
  readonly heartbeat?: HeartbeatOptions | undefined;
  /** What may wait to be sent; without it, any amount. What it says of dropping is for accepted connections. */
  readonly sendLimit?: SendLimit | undefined;
  readonly network: Network;
  /** How long it waits before anything else, in milliseconds. Default: not at all. */
  readonly delay?: number | undefined;
  /** A line for the operator, who may read what a script may not. */
  readonly warn: Warn;
}

/**
 * Starts a client connection. Throws ERR_AIRLOCK_CONNECT_DENIED, ERR_AIRLOCK_ADDRESS_DENIED or ERR_AIRLOCK_PORT_BLOCKED
 * where the script may not; a name that leads to a denied address fails later, as a connection does.
 */
export function connect(options: ConnectOptions, owner: ConnectionOwner): Connection {
  const { id, permissions, url } = options;
  const target = targetOf(new URL(url));
  const { host, port, secure } = target;
  const guard = permissions.guardConnect(target, options.warn, options.network.resolve);
  guard.check();
  if (isBlockedPort(port)) {
    throw new AirlockError('ERR_AIRLOCK_PORT_BLOCKED', `port ${port} belongs to another protocol and is blocked, as in browsers`);
  }
  const pending = Promise.withResolvers<void>();
  const abort = new AbortController();
  const stream = new ClientStream({
    ...options.network,
    secure,
    host,
    port,
    guard,
    warn: options.warn,
    delay: options.delay ?? 0,
    done: pending.promise,
    signal: abort.signal,
  });
  let framed: FramedStream | undefined;
  const webSocket = new WebSocket(url, [...options.protocols], {
    // ws's types know only a function that returns its socket; Node's `http.request`, which calls it, takes this too.
    createConnection: ((_options: unknown, callback: (error: unknown, socket?: unknown) => void): void => {
      stream.open().then((socket) => {
        framed = new FramedStream(socket, true);
        callback(null, framed);
      }, callback);
    }) as never,
    headers: options.headers as Record<string, string>,
    perMessageDeflate: options.perMessageDeflate === true,
    followRedirects: false,
    maxPayload: options.maxPayload,
    // ws's types do not have it yet.
    ...({ closeTimeout: options.closeTimeout } as object),
  });
  const connection = new Connection(id, url, webSocket, owner, {
    heartbeat: options.heartbeat,
    largest: options.maxPayload,
    sendLimit: options.sendLimit,
  });
  // ws's own option counts the time without a byte, so that a peer could hold a socket for ever.
  const timer = setTimeout(() => connection.fail(stream.timeout()), options.handshakeTimeout);
  const settled = (): void => {
    clearTimeout(timer);
    pending.resolve();
  };
  webSocket.once('close', () => {
    settled();
    abort.abort();
  });
  webSocket.once('unexpected-response', (_request, response) => connection.fail(unexpectedAnswer(response)));
  webSocket.once('upgrade', (response) => {
    const problem = upgradeProblem(response, options.perMessageDeflate === true);
    if (problem !== undefined) {
      return connection.fail(problem);
    }
    // ws tells nobody why the socket of an open connection fails.
    let lost: Error | undefined;
    response.socket.once('error', (error) => (lost = error));
    webSocket.prependOnceListener('close', (code) => {
      if (code === 1006 && lost !== undefined) {
        connection.fail(lost);
      }
    });
    webSocket.once('open', () => {
      settled();
      connection.open(framed as FramedStream);
    });
  });
  return connection;
}

export { hostPort } from '../policy/address-guard.ts';
