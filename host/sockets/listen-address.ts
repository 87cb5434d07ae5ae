import net, { isIP, type BoundSocket } from 'node:net';
import { AirlockError, codeOf, messageOf } from '../errors.ts';
import { isLocalhostName } from '../policy/addresses.ts';
import { hostPort } from './client.ts';

/** The address that a script names: empty for all interfaces. Throws ERR_AIRLOCK_LISTEN_FAILED where it is none. */
export function listenAddress(host: string): string {
  const address = isLocalhostName(host) ? '127.0.0.1' : host;
  if (address !== '' && isIP(address) === 0) {
    throw new AirlockError(
      'ERR_AIRLOCK_LISTEN_FAILED',
      `cannot listen on '${host}': host must be an IP address or 'localhost'`,
    );
  }
  return address;
}

/** The address is bound here and now, so that a script knows the port, or the error, when its constructor returns. */
export function bind(host: string, port: number): BoundSocket {
  const wanted = listenAddress(host);
  try {
    return wanted === '' ? bindAll(port) : new net.BoundSocket({ host: wanted, port });
  } catch (error) {
    const where = wanted === '' ? `port ${port}` : hostPort(wanted, port);
    throw new AirlockError('ERR_AIRLOCK_LISTEN_FAILED', `cannot listen on ${where}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** All interfaces: IPv6 with IPv4, or IPv4 alone where the system has no IPv6. */
function bindAll(port: number): BoundSocket {
  try {
    return new net.BoundSocket({ host: '::', port });
  } catch (error) {
    if (codeOf(error) === 'EAFNOSUPPORT' || codeOf(error) === 'EADDRNOTAVAIL') {
      return new net.BoundSocket({ host: '0.0.0.0', port });
    }
    throw error;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'the port needs a privilege that the host does not have',
  EADDRNOTAVAIL: 'the address is not one of this machine',
};

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return code === '' ? messageOf(error) : `${REASONS[code] ?? 'the system refuses'} (${code})`;
}

export function isUnspecified(address: string): boolean {
  return address === '::' || address === '0.0.0.0';
}
