/** The numbers of Overte's documented `WebSocket.SocketError`; they are those of Qt's `QAbstractSocket::SocketError`. */
export const SOCKET_ERRORS = {
  ConnectionRefusedError: 0,
  RemoteHostClosedError: 1,
  HostNotFoundError: 2,
  SocketAccessError: 3,
  SocketResourceError: 4,
  SocketTimeoutError: 5,
  DatagramTooLargeError: 6,
  NetworkError: 7,
  AddressInUseError: 8,
  SocketAddressNotAvailableError: 9,
  UnsupportedSocketOperationError: 10,
  ProxyAuthenticationRequiredError: 11,
  SslHandshakeFailedError: 12,
  UnfinishedSocketOperationError: 13,
  ProxyConnectionRefusedError: 14,
  ProxyConnectionClosedError: 15,
  ProxyConnectionTimeoutError: 16,
  ProxyNotFoundError: 17,
  ProxyProtocolError: 18,
  OperationError: 19,
  SslInternalError: 20,
  SslInvalidUserDataError: 21,
  TemporaryError: 22,
  UnknownSocketError: -1,
} as const;

export type SocketErrorName = keyof typeof SOCKET_ERRORS;
export type SocketErrorNumber = (typeof SOCKET_ERRORS)[SocketErrorName];

/** Overte's documented `WebSocket.CloseCode`: RFC 6455, section 7.4.1. */
export const CLOSE_CODES = {
  Normal: 1000,
  GoingAway: 1001,
  ProtocolError: 1002,
  DatatypeNotSupported: 1003,
  Reserved1004: 1004,
  MissingStatusCode: 1005,
  AbnormalDisconnection: 1006,
  WrongDatatype: 1007,
  PolicyViolated: 1008,
  TooMuchData: 1009,
  MissingExtension: 1010,
  BadOperation: 1011,
  TlsHandshakeFailed: 1015,
} as const;
