import type { Socket } from 'node:net';
import { Client } from 'undici';
import { codeOf } from '../errors.ts';
import type { Proxy } from '../policy/proxy-options.ts';
import { SocketFault, innermost, kindOf } from './socket-errors.ts';

/**
 * Has a proxy open a tunnel: RFC 9110, 9.3.6. `socket` leads to the proxy, and is the tunnel afterwards.
 *
 * @param target the host and port that the proxy is asked for
 */
export async function openTunnel(socket: Socket, proxy: Proxy, target: string, signal: AbortSignal): Promise<Socket> {
  const scheme = proxy.secure ? 'https' : 'http';
  const client = new Client(`${scheme}://proxy.invalid`, {
    // undici takes no answer within the call.
    connect: (_options, callback) => queueMicrotask(() => callback(null, socket)),
    // How long a handshake may take is the script's business.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  try {
    const { socket: tunnel, statusCode } = await client.connect({
      path: target,
      signal,
      headers: {
        'host': target,
        ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }),
      },
    });
    if (statusCode < 200 || statusCode > 299) {
      throw refused(statusCode);
    }
    return tunnel as Socket;
  } catch (error) {
    socket.destroy();
    throw signal.aborted || error instanceof SocketFault ? error : proxyFault(error);
  } finally {
    // It has let go of the socket; a failed one is destroyed already.
    void client.destroy();
  }
}

/** What a failure on the way to the proxy, or of its answer, is to a script. */
export function proxyFault(error: unknown): SocketFault {
  const inner = innermost(error);
  const code = codeOf(inner);
  const options = { cause: error };
  if (inner instanceof SocketFault) {
    return inner;
  }
  if (code === 'UND_ERR_SOCKET' || code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED') {
    return new SocketFault('ProxyConnectionClosedError', 'the proxy closed the connection', options);
  }
  switch (kindOf(code)) {
    case 'ConnectionRefusedError':
      return new SocketFault('ProxyConnectionRefusedError', 'the proxy refused the connection', options);
    case 'RemoteHostClosedError':
      return new SocketFault('ProxyConnectionClosedError', 'the proxy closed the connection', options);
    case 'SocketTimeoutError':
      return new SocketFault('ProxyConnectionTimeoutError', 'the proxy did not answer in time', options);
    case 'HostNotFoundError':
      return new SocketFault('ProxyNotFoundError', 'the proxy was not found', options);
    case 'NetworkError':
      return new SocketFault('NetworkError', 'the proxy cannot be reached', options);
    case 'TemporaryError':
      return new SocketFault('TemporaryError', "the proxy's name could not be resolved for now; try again later", options);
    case 'SocketResourceError':
      return new SocketFault('SocketResourceError', 'no more sockets are available', options);
    case 'SslHandshakeFailedError':
      return new SocketFault('SslHandshakeFailedError', 'the TLS handshake with the proxy failed', options);
    case 'SslInternalError':
      return new SocketFault('SslInternalError', 'TLS with the proxy failed with an internal error', options);
    case 'SslInvalidUserDataError':
      return new SocketFault('SslInvalidUserDataError', "the proxy did not take the host's client certificate", options);
    default:
      return new SocketFault('ProxyProtocolError', 'the proxy did not answer as a proxy does', options);
  }
}

/**
 * What an answer without a tunnel means. 404, 502, 503 and 504 speak of the way from the proxy to the host (RFC 9110,
 * 15.6), and Qt, whose numbers these are, takes 404 and 503 so too.
 */
function refused(status: number): SocketFault {
  const answered = `the proxy answered with the HTTP status ${status}`;
  switch (status) {
    // 401 is what tinyproxy says to a wrong password.
    case 401:
    case 407:
      return new SocketFault('ProxyAuthenticationRequiredError', `the proxy requires authentication, or does not take the one given (HTTP status ${status})`);
    case 404:
      return new SocketFault('HostNotFoundError', `${answered}: it did not find the host`);
    case 502:
    case 503:
      return new SocketFault('ConnectionRefusedError', `${answered}: it could not connect to the host`);
    case 504:
      return new SocketFault('SocketTimeoutError', `${answered}: the host did not answer it in time`);
  }
  return status >= 400
    ? new SocketFault('ProxyConnectionRefusedError', `${answered} and refused the connection`)
    : new SocketFault('ProxyProtocolError', `${answered}, which opens no tunnel`);
}
