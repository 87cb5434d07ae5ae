import { RangeErrorConstructor, StringConstructor, TypeErrorConstructor } from './primordials.ts';

interface GivenOptions {
  port?: unknown;
  host?: unknown;
  serverName?: unknown;
}

/** What a server is opened with. */
export interface ServerOptions {
  readonly port: number;
  /** Empty: all interfaces. */
  readonly host: string;
  /** Empty: the default. */
  readonly serverName: string;
}

/** Checks the argument of `new WebSocketServer`: options, a bare port, or nothing. Throws a TypeError or a RangeError. */
export function serverOptions(options: unknown): ServerOptions {
  if (typeof options === 'number') {
    return { port: checkPort(options), host: '', serverName: '' };
  }
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    throw new TypeErrorConstructor(
      "Failed to construct 'WebSocketServer': the argument must be an object, as { port: 8080 }, or a port.",
    );
  }
  const { port = 0, host = '', serverName = '' } = (options ?? {}) as GivenOptions;
  if (typeof host !== 'string') {
    throw new TypeErrorConstructor("Failed to construct 'WebSocketServer': host must be a string.");
  }
  if (typeof serverName !== 'string') {
    throw new TypeErrorConstructor("Failed to construct 'WebSocketServer': serverName must be a string.");
  }
  return { port: checkPort(port), host, serverName };
}

function checkPort(port: unknown): number {
  if (typeof port !== 'number' || port % 1 !== 0 || port < 0 || port > 65535) {
    throw new RangeErrorConstructor(
      `Failed to construct 'WebSocketServer': port must be a whole number from 0 to 65535, not ${StringConstructor(port)}.`,
    );
  }
  return port;
}
