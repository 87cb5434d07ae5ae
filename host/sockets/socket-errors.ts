import { SOCKET_ERRORS, type SocketErrorName } from '../../wire/socket-codes.ts';
import { AirlockError, codeOf, messageOf } from '../errors.ts';

/** A failed socket, in the words and numbers that a script is told. */
export interface SocketFailure {
  /** Overte's `WebSocket.SocketError`. */
  readonly error: number;
  /** What failed and where, without any path of the host. */
  readonly message: string;
}

/** System errors, and those of Node's TLS and of ws, by their code. */
const BY_CODE: Readonly<Record<string, SocketErrorName>> = {
  ECONNREFUSED: 'ConnectionRefusedError',
  ECONNRESET: 'RemoteHostClosedError',
  EPIPE: 'RemoteHostClosedError',
  ECONNABORTED: 'RemoteHostClosedError',
  ENOTFOUND: 'HostNotFoundError',
  ENODATA: 'HostNotFoundError',
  EAI_AGAIN: 'TemporaryError',
  EAI_NONAME: 'HostNotFoundError',
  EACCES: 'SocketAccessError',
  EPERM: 'SocketAccessError',
  ERR_AIRLOCK_CONNECT_DENIED: 'SocketAccessError',
  ERR_AIRLOCK_ADDRESS_DENIED: 'SocketAccessError',
  EMFILE: 'SocketResourceError',
  ENFILE: 'SocketResourceError',
  ENOBUFS: 'SocketResourceError',
  ENOMEM: 'SocketResourceError',
  ERR_AIRLOCK_TOO_MANY_SOCKETS: 'SocketResourceError',
  ETIMEDOUT: 'SocketTimeoutError',
  EMSGSIZE: 'DatagramTooLargeError',
  ENETUNREACH: 'NetworkError',
  EHOSTUNREACH: 'NetworkError',
  ENETDOWN: 'NetworkError',
  EHOSTDOWN: 'NetworkError',
  ENETRESET: 'NetworkError',
  EADDRINUSE: 'AddressInUseError',
  EADDRNOTAVAIL: 'SocketAddressNotAvailableError',
  EAFNOSUPPORT: 'UnsupportedSocketOperationError',
  EOPNOTSUPP: 'UnsupportedSocketOperationError',
  EPROTONOSUPPORT: 'UnsupportedSocketOperationError',
  EINPROGRESS: 'UnfinishedSocketOperationError',
};

const TEXTS: Readonly<Partial<Record<SocketErrorName, string>>> = {
  ConnectionRefusedError: 'connection refused',
  RemoteHostClosedError: 'the remote host closed the connection',
  HostNotFoundError: 'host not found',
  SocketResourceError: 'no more sockets are available',
  SocketTimeoutError: 'the connection timed out',
  NetworkError: 'the network cannot be reached',
  AddressInUseError: 'the address is in use',
  SocketAddressNotAvailableError: 'the address is not available',
  SslHandshakeFailedError: 'the TLS handshake failed',
  TemporaryError: 'a temporary error; try again later',
};

/** Names what went wrong with the connection to `url`. */
export function socketFailure(error: unknown, url: string): SocketFailure {
  const name = errorNameOf(error);
  const reason =
    error instanceof AirlockError ? error.message : (TEXTS[name] ?? sanitize(messageOf(innermost(error))));
  return { error: SOCKET_ERRORS[name], message: `WebSocket connection to '${url}' failed: ${reason}` };
}

/** The number for a connection that ended without a closing handshake. */
export function remoteHostClosed(url: string): SocketFailure {
  return {
    error: SOCKET_ERRORS.RemoteHostClosedError,
    message: `WebSocket connection to '${url}' failed: ${TEXTS.RemoteHostClosedError}`,
  };
}

function errorNameOf(error: unknown): SocketErrorName {
  const inner = innermost(error);
  const code = codeOf(inner);
  const known = BY_CODE[code];
  if (known !== undefined) {
    return known;
  }
  if (/CERT|CRL|SSL|TLS|SELF_SIGNED|UNABLE_TO_|EPROTO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/.test(code)) {
    return 'SslHandshakeFailedError';
  }
  return 'UnknownSocketError';
}

/** Node tries each address of a name and gathers the failures; the first one says most. */
function innermost(error: unknown): unknown {
  const { errors } = (error ?? {}) as { readonly errors?: unknown };
  return Array.isArray(errors) && errors.length > 0 ? errors[0] : error;
}

/** System errors may hold a path of the host (a socket file, a certificate). */
function sanitize(message: string): string {
  return message.replace(/(?:[A-Za-z]:)?[\\/][^\s'"]+/g, '...');
}
