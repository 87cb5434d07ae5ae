import { describe, expect, test } from '@jest/globals';
import { AirlockError } from '../../../host/errors.ts';
import { SocketFault, remoteHostClosed, socketFailure } from '../../../host/sockets/socket-errors.ts';
import { SOCKET_ERRORS, type SocketErrorName } from '../../../wire/socket-codes.ts';

const URL_TEXT = 'ws://example.com/chat';

function systemError(code: string, message = `connect ${code} 127.0.0.1:9`): Error {
  return Object.assign(new Error(message), { code });
}

/** What a script is told: the name of the number, and what follows the address. */
function told(error: unknown): { readonly name: string | undefined; readonly reason: string } {
  const failure = socketFailure(error, URL_TEXT);
  const prefix = `WebSocket connection to '${URL_TEXT}' failed: `;
  expect(failure.message.startsWith(prefix)).toBe(true);
  const [name] = Object.entries(SOCKET_ERRORS).find(([, number]) => number === failure.error) ?? [];
  return { name, reason: failure.message.slice(prefix.length) };
}

describe('a failure is told by the number of its kind:', () => {
  test.each<[SocketErrorName, readonly string[]]>([
    ['ConnectionRefusedError', ['ECONNREFUSED']],
    ['RemoteHostClosedError', ['ECONNRESET', 'EPIPE', 'ECONNABORTED']],
    ['HostNotFoundError', ['ENOTFOUND', 'ENODATA', 'EAI_NONAME']],
    [
      'SocketAccessError',
      [
        'EACCES',
        'EPERM',
        'ERR_AIRLOCK_CONNECT_DENIED',
        'ERR_AIRLOCK_ADDRESS_DENIED',
        'ERR_AIRLOCK_PORT_BLOCKED',
        'ERR_AIRLOCK_HEADER_DENIED',
      ],
    ],
    ['SocketResourceError', ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'ERR_AIRLOCK_TOO_MANY_SOCKETS']],
    ['SocketTimeoutError', ['ETIMEDOUT']],
    ['DatagramTooLargeError', ['EMSGSIZE']],
    ['NetworkError', ['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'ENETRESET']],
    ['AddressInUseError', ['EADDRINUSE']],
    ['SocketAddressNotAvailableError', ['EADDRNOTAVAIL']],
    ['UnsupportedSocketOperationError', ['EAFNOSUPPORT', 'EOPNOTSUPP', 'EPROTONOSUPPORT']],
    ['UnfinishedSocketOperationError', ['EINPROGRESS']],
    ['OperationError', ['EINVAL', 'EISCONN', 'ENOTCONN', 'EBADF', 'ERR_AIRLOCK_HOST_STOPPED']],
    ['TemporaryError', ['EAI_AGAIN', 'EAGAIN']],
    [
      'SslInternalError',
      ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'ERR_SSL_INTERNAL_ERROR', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'],
    ],
    [
      'SslInvalidUserDataError',
      [
        'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
        'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
        'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
        'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
      ],
    ],
    [
      'SslHandshakeFailedError',
      [
        'CERT_HAS_EXPIRED',
        'CRL_HAS_EXPIRED',
        'DEPTH_ZERO_SELF_SIGNED_CERT',
        'SELF_SIGNED_CERT_IN_CHAIN',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        'HOSTNAME_MISMATCH',
        'INVALID_CA',
        'ERR_TLS_CERT_ALTNAME_INVALID',
        'ERR_SSL_WRONG_VERSION_NUMBER',
        'EPROTO',
      ],
    ],
    ['UnknownSocketError', ['ESOMETHING', 'WS_ERR_INVALID_UTF8', 'toString', '__proto__']],
  ])('%s for %j', (name, codes) => {
    expect(codes.map((code) => told(systemError(code)).name)).toEqual(codes.map(() => name));
  });

  test('that of a fault whose kind is known where it is found', () => {
    expect(told(new SocketFault('ProxyNotFoundError', 'the proxy was not found'))).toEqual({
      name: 'ProxyNotFoundError',
      reason: 'the proxy was not found',
    });
  });

  test('that of the first address where a name has several and none can be reached', () => {
    const errors = [systemError('ECONNREFUSED'), systemError('ENETUNREACH')];
    expect(told(new AggregateError(errors, '')).name).toBe('ConnectionRefusedError');
    // Node's own comes from another context than a test's.
    expect(told({ code: 'ECONNREFUSED', errors }).name).toBe('ConnectionRefusedError');
  });

  test.each([[undefined], [null], ['a text'], [5], [{ code: 7 }], [new AggregateError([])]])(
    'UnknownSocketError for what is no error: %p',
    (thrown) => {
      expect(told(thrown).name).toBe('UnknownSocketError');
    },
  );

  test('RemoteHostClosedError where the connection ends without a closing handshake', () => {
    expect(remoteHostClosed(URL_TEXT)).toEqual({
      error: SOCKET_ERRORS.RemoteHostClosedError,
      message: `WebSocket connection to '${URL_TEXT}' failed: the remote host closed the connection`,
    });
  });
});

describe('the message', () => {
  test.each([
    ['ECONNREFUSED', 'connection refused'],
    ['ENOTFOUND', 'host not found'],
    ['CERT_HAS_EXPIRED', "the TLS handshake failed: the server's certificate has expired"],
    ['EPROTO', 'the TLS handshake failed'],
    ['ESOMETHING', 'an unknown error (ESOMETHING)'],
  ])('of %s is in words: %s', (code, reason) => {
    expect(told(systemError(code)).reason).toBe(reason);
  });

  test('names a URL of some MiB by its beginning', () => {
    const { message } = remoteHostClosed(`${URL_TEXT}${'x'.repeat(1_000_000)}`);
    expect(message).toMatch(/^WebSocket connection to 'ws.*xxx\.\.\.' failed: the remote host closed the connection$/);
    expect(message.length).toBeLessThan(2200);
  });

  test('is that of a refusal of our own, unchanged', () => {
    const denied = new AirlockError('ERR_AIRLOCK_CONNECT_DENIED', 'connecting to 10.0.0.1:80 is not permitted');
    expect(told(denied).reason).toBe('connecting to 10.0.0.1:80 is not permitted');
  });

  test.each([
    ['EACCES', 'connect EACCES /var/run/secret/docker.sock', 'the system does not permit it'],
    ['ENOENT', "ENOENT: no such file or directory, open '/home/operator/key.pem'", 'an unknown error (ENOENT)'],
    ['ECONNREFUSED', 'connect ECONNREFUSED 10.1.2.3:3128', 'connection refused'],
    ['', 'cannot load C:\\Users\\operator\\key.pem', 'an unknown error'],
    ['a path /etc/x', 'anything', 'an unknown error'],
  ])('is not that of the system, which may name a path or an address: %s %s', (code, message, reason) => {
    expect(told(systemError(code, message)).reason).toBe(reason);
  });
});
