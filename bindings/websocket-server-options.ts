import { ObjectCreate, RangeErrorConstructor, StringConstructor, TypeErrorConstructor } from './primordials.ts';
import { connectionOptions, type GivenConnectionOptions, type ServerConnectionOptions } from './websocket-server-connections.ts';

const FAILED = "Failed to construct 'WebSocketServer'";

interface GivenOptions extends GivenConnectionOptions {
  port?: unknown;
  host?: unknown;
  serverName?: unknown;
}

/** What a server is opened with. */
export interface ServerOptions extends ServerConnectionOptions {
  readonly port: number;
  /** Empty: all interfaces. */
  readonly host: string;
  /** Empty: the default. */
  readonly serverName: string;
}

/** Without a prototype that a script could change. */
const NO_OPTIONS = ObjectCreate(null) as GivenOptions;

/** Checks the argument of `new WebSocketServer`: options, a bare port, or nothing. Throws a TypeError or a RangeError. */
export function serverOptions(options: unknown): ServerOptions {
  if (typeof options === 'number') {
    return { port: checkPort(options), host: '', serverName: '', ...connectionOptions(NO_OPTIONS, FAILED) };
  }
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    throw new TypeErrorConstructor(
      "Failed to construct 'WebSocketServer': the argument must be an object, as { port: 8080 }, or a port.",
    );
  }
  const given = (options ?? NO_OPTIONS) as GivenOptions;
  const { port = 0, host = '', serverName = '' } = given;
  if (typeof host !== 'string') {
    throw new TypeErrorConstructor("Failed to construct 'WebSocketServer': host must be a string.");
  }
  if (typeof serverName !== 'string') {
    throw new TypeErrorConstructor("Failed to construct 'WebSocketServer': serverName must be a string.");
  }
  return { port: checkPort(port), host, serverName, ...connectionOptions(given, FAILED) };
}

function checkPort(port: unknown): number {
  if (typeof port !== 'number' || port % 1 !== 0 || port < 0 || port > 65535) {
    throw new RangeErrorConstructor(
      `Failed to construct 'WebSocketServer': port must be a whole number from 0 to 65535, not ${StringConstructor(port)}.`,
    );
  }
  return port;
}
