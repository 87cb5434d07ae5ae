import { SOCKET_ERRORS, type SocketErrorName } from '../../wire/socket-codes.ts';
import { AirlockError, codeOf, messageOf } from '../errors.ts';
import { CODE_TEXTS, KIND_TEXTS, STATEMENT } from './socket-error-texts.ts';

/** A failed socket, in the words and numbers that a script is told. */
export interface SocketFailure {
  /** Overte's `WebSocket.SocketError`. */
  readonly error: number;
  /** What failed and where, without any path, password or address of the host's own. */
  readonly message: string;
}

/** A failure whose kind is known where it is found, and whose message a script may read. */
export class SocketFault extends Error {
  override readonly name = 'SocketFault';
  readonly kind: SocketErrorName;

  constructor(kind: SocketErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** System errors, and those of Node's TLS, by their code. `docs/network.md` says how each comes about. */
export const SYSTEM_ERRORS: Readonly<Record<string, SocketErrorName>> = {
  ECONNREFUSED: 'ConnectionRefusedError',
  ECONNRESET: 'RemoteHostClosedError',
  EPIPE: 'RemoteHostClosedError',
  ECONNABORTED: 'RemoteHostClosedError',
  ESHUTDOWN: 'RemoteHostClosedError',
  ENOTFOUND: 'HostNotFoundError',
  ENODATA: 'HostNotFoundError',
  EAI_NONAME: 'HostNotFoundError',
  EAI_NODATA: 'HostNotFoundError',
  EAI_FAIL: 'HostNotFoundError',
  EAI_AGAIN: 'TemporaryError',
  EAGAIN: 'TemporaryError',
  EACCES: 'SocketAccessError',
  EPERM: 'SocketAccessError',
  ERR_AIRLOCK_CONNECT_DENIED: 'SocketAccessError',
  ERR_AIRLOCK_ADDRESS_DENIED: 'SocketAccessError',
  ERR_AIRLOCK_HEADER_DENIED: 'SocketAccessError',
  ERR_AIRLOCK_PORT_BLOCKED: 'SocketAccessError',
  EMFILE: 'SocketResourceError',
  ENFILE: 'SocketResourceError',
  ENOBUFS: 'SocketResourceError',
  ENOMEM: 'SocketResourceError',
  EAI_MEMORY: 'SocketResourceError',
  ERR_AIRLOCK_TOO_MANY_SOCKETS: 'SocketResourceError',
  ETIMEDOUT: 'SocketTimeoutError',
  EMSGSIZE: 'DatagramTooLargeError',
  ENETUNREACH: 'NetworkError',
  EHOSTUNREACH: 'NetworkError',
  ENETDOWN: 'NetworkError',
  EHOSTDOWN: 'NetworkError',
  ENETRESET: 'NetworkError',
  ENONET: 'NetworkError',
  EADDRINUSE: 'AddressInUseError',
  EADDRNOTAVAIL: 'SocketAddressNotAvailableError',
  EAFNOSUPPORT: 'UnsupportedSocketOperationError',
  EAI_FAMILY: 'UnsupportedSocketOperationError',
  EOPNOTSUPP: 'UnsupportedSocketOperationError',
  ENOTSUP: 'UnsupportedSocketOperationError',
  EPROTONOSUPPORT: 'UnsupportedSocketOperationError',
  ESOCKTNOSUPPORT: 'UnsupportedSocketOperationError',
  ENOPROTOOPT: 'UnsupportedSocketOperationError',
  EINPROGRESS: 'UnfinishedSocketOperationError',
  EALREADY: 'UnfinishedSocketOperationError',
  EINVAL: 'OperationError',
  EISCONN: 'OperationError',
  ENOTCONN: 'OperationError',
  EBADF: 'OperationError',
  ENOTSOCK: 'OperationError',
  EDESTADDRREQ: 'OperationError',
  ERR_AIRLOCK_HOST_STOPPED: 'OperationError',
};

/**
 * OpenSSL's and Node's codes, from the special to the general. An alert (`ERR_SSL_..._ALERT_...`) is what the server has
 * said: RFC 8446, 6.2.
 */
const TLS_KINDS: readonly (readonly [RegExp, SocketErrorName])[] = [
  // The server does not take the certificate that the host's configuration gives, or misses one.
  [
    /^ERR_SSL_.*_ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|NO_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)$/,
    'SslInvalidUserDataError',
  ],
  // One side's TLS fails in itself, or records arrive broken.
  [
    /^ERR_SSL_(.*INTERNAL_ERROR|DECRYPTION_FAILED\w*|.*BAD_RECORD_MAC|.*ALERT_DECRYPT_ERROR|BAD_DECRYPT|MALLOC_FAILURE|LIBRARY_BUG)$/,
    'SslInternalError',
  ],
  [
    /^ERR_SSL_|^ERR_TLS_|^EPROTO$|^CERT_|^CRL_|_CERT_|_CERT$|^CERT|^UNABLE_TO_|^ERROR_IN_(CERT|CRL)|^HOSTNAME_MISMATCH$|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$/,
    'SslHandshakeFailedError',
  ],
];

/** How much of a URL is told, in UTF-16 units: one of some MiB, failing often, would fill the inbox, which does not weigh it. */
const LONGEST_URL = 2048;

/** What ws says where `close()` comes before the handshake is done. It has no code for it. */
const CLOSED_EARLY = 'WebSocket was closed before the connection was established';

/** Names what went wrong with the connection to `url`. */
export function socketFailure(error: unknown, url: string): SocketFailure {
  const inner = innermost(error);
  if (codeOf(inner) === '' && messageOf(inner) === CLOSED_EARLY) {
    return failureOf('UnfinishedSocketOperationError', 'it was closed before it was open', url);
  }
  const kind = inner instanceof SocketFault ? inner.kind : kindOf(codeOf(inner));
  return failureOf(kind, reasonOf(inner, kind), url);
}

/** Why a connection failed, in words that a script may read. */
export function failureReason(error: unknown): string {
  const inner = innermost(error);
  return reasonOf(inner, inner instanceof SocketFault ? inner.kind : kindOf(codeOf(inner)));
}

/** The number for a connection that ended without a closing handshake. */
export function remoteHostClosed(url: string): SocketFailure {
  return failureOf('RemoteHostClosedError', KIND_TEXTS.RemoteHostClosedError, url);
}

/** Whether the handshake of TLS failed: Overte documents the close code 1015 for it. */
export function isTlsError(error: number): boolean {
  return (
    error === SOCKET_ERRORS.SslHandshakeFailedError ||
    error === SOCKET_ERRORS.SslInternalError ||
    error === SOCKET_ERRORS.SslInvalidUserDataError
  );
}

/** Whether somebody has not answered in time. */
export function isTimeoutError(error: number): boolean {
  return error === SOCKET_ERRORS.SocketTimeoutError || error === SOCKET_ERRORS.ProxyConnectionTimeoutError;
}

/** Whether a failure is that a message was larger than the connection takes, in the words that ws has for it. */
export function isMessageTooLarge(message: string): boolean {
  return message.endsWith('Max payload size exceeded');
}

/** The kind that a system error's code stands for. */
export function kindOf(code: string): SocketErrorName {
  return (
    (Object.hasOwn(SYSTEM_ERRORS, code) ? SYSTEM_ERRORS[code] : undefined) ??
    TLS_KINDS.find(([pattern]) => pattern.test(code))?.[1] ??
    'UnknownSocketError'
  );
}

/** Node tries each address of a name and gathers the failures; the first one says most. */
export function innermost(error: unknown): unknown {
  const { errors } = (error ?? {}) as { readonly errors?: unknown };
  return Array.isArray(errors) && errors.length > 0 ? errors[0] : error;
}

function failureOf(kind: SocketErrorName, reason: string, url: string): SocketFailure {
  const named = url.length <= LONGEST_URL ? url : `${url.slice(0, LONGEST_URL)}...`;
  return { error: SOCKET_ERRORS[kind], message: `WebSocket connection to '${named}' failed: ${reason}` };
}

/**
 * Messages of the system and of OpenSSL may hold addresses and paths of the host, so that a script is told our own words
 * for their code, and none for a code that has none here.
 */
function reasonOf(error: unknown, kind: SocketErrorName): string {
  if (error instanceof SocketFault || error instanceof AirlockError) {
    return error.message;
  }
  const code = codeOf(error);
  const text = CODE_TEXTS[code];
  if (text !== undefined) {
    return text;
  }
  const statement = STATEMENT.find(([pattern]) => pattern.test(code === '' ? messageOf(error) : code));
  if (statement !== undefined) {
    return typeof statement[1] === 'string' ? statement[1] : messageOf(error);
  }
  return kind === 'UnknownSocketError' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code)
    ? `${KIND_TEXTS[kind]} (${code})`
    : KIND_TEXTS[kind];
}
