import type { SocketErrorName } from '../../wire/socket-codes.ts';

/** What a script is told where there is nothing more exact to say. */
export const KIND_TEXTS: Readonly<Record<SocketErrorName, string>> = {
  ConnectionRefusedError: 'connection refused',
  RemoteHostClosedError: 'the remote host closed the connection',
  HostNotFoundError: 'host not found',
  SocketAccessError: 'the system does not permit it',
  SocketResourceError: 'no more sockets are available',
  SocketTimeoutError: 'the connection timed out',
  DatagramTooLargeError: 'the message is larger than the system takes',
  NetworkError: 'the network cannot be reached',
  AddressInUseError: 'the address is in use',
  SocketAddressNotAvailableError: 'the address is not available',
  UnsupportedSocketOperationError: 'the system does not support it',
  ProxyAuthenticationRequiredError: 'the proxy requires authentication',
  SslHandshakeFailedError: 'the TLS handshake failed',
  UnfinishedSocketOperationError: 'an earlier operation has not finished yet',
  ProxyConnectionRefusedError: 'the proxy refused the connection',
  ProxyConnectionClosedError: 'the proxy closed the connection',
  ProxyConnectionTimeoutError: 'the proxy did not answer in time',
  ProxyNotFoundError: 'the proxy was not found',
  ProxyProtocolError: 'the proxy did not answer as a proxy does',
  OperationError: 'the system takes the operation for an invalid one',
  SslInternalError: 'TLS failed with an internal error',
  SslInvalidUserDataError: "the server did not take the host's client certificate",
  TemporaryError: 'a temporary error; try again later',
  UnknownSocketError: 'an unknown error',
};

/** Codes that say more than their kind does. */
export const CODE_TEXTS: Readonly<Partial<Record<string, string>>> = {
  __proto__: null as unknown as undefined,
  EAI_AGAIN: 'the name could not be resolved for now; try again later',
  EHOSTUNREACH: 'the host cannot be reached',
  EHOSTDOWN: 'the host is down',
  CERT_HAS_EXPIRED: "the TLS handshake failed: the server's certificate has expired",
  CERT_NOT_YET_VALID: "the TLS handshake failed: the server's certificate is not valid yet",
  CERT_REVOKED: "the TLS handshake failed: the server's certificate is revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the TLS handshake failed: the server's certificate is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "the TLS handshake failed: the server's certificate is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "the TLS handshake failed: the server's certificate is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the TLS handshake failed: the server's certificate is signed by an unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the TLS handshake failed: the server's certificate is signed by an unknown authority",
  ERR_TLS_CERT_ALTNAME_INVALID: "the TLS handshake failed: the server's certificate is for another host",
  INVALID_PURPOSE: "the TLS handshake failed: the server's certificate is not one of a server",
  ERR_SSL_WRONG_VERSION_NUMBER: 'the TLS handshake failed: the server does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the TLS handshake failed: the server does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the TLS handshake failed: the server speaks no version of TLS that is permitted here',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the TLS handshake failed: the server speaks no version of TLS that is permitted here',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server requires a client certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the server does not know the authority of the host's client certificate",
  HPE_HEADER_OVERFLOW: "the headers of the server's answer are too large",
  UND_ERR_HEADERS_OVERFLOW: "the headers of the server's answer are too large",
};

/**
 * What Node's HTTP parser (by its code) and ws (by its message, as it gives none) say of a handshake's answer, and ws of
 * a peer's frames. Our own words, or `true` where theirs are fit for a script.
 */
export const STATEMENT: readonly (readonly [RegExp, string | true])[] = [
  [/^HPE_(INVALID_EOF_STATE|CLOSED_CONNECTION)$/, "the server's answer to the handshake ends too early"],
  [/^HPE_/, "the server's answer is not one of HTTP/1.1"],
  [/^WS_ERR_/, true],
  [/^Invalid (Upgrade|Sec-WebSocket-Accept|Sec-WebSocket-Extensions) header$/, true],
  [/^Server (sent|indicated) [\w -]+$/, true],
];
