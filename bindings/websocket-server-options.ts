import { SLOW_READERS } from '../wire/questions.ts';
import { RangeErrorConstructor, StringConstructor, TypeErrorConstructor } from './primordials.ts';
import { script } from './settings.ts';

interface GivenOptions {
  port?: unknown;
  host?: unknown;
  serverName?: unknown;
  maxBufferedAmount?: unknown;
  slowReaders?: unknown;
}

/** What a server is opened with. */
export interface ServerOptions {
  readonly port: number;
  /** Empty: all interfaces. */
  readonly host: string;
  /** Empty: the default. */
  readonly serverName: string;
  /** In bytes; 0 for the script's limit. */
  readonly maxBufferedAmount: number;
  /** Which of SLOW_READERS. */
  readonly slowReaders: number;
}

/** Checks the argument of `new WebSocketServer`: options, a bare port, or nothing. Throws a TypeError or a RangeError. */
export function serverOptions(options: unknown): ServerOptions {
  if (typeof options === 'number') {
    return { port: checkPort(options), host: '', serverName: '', maxBufferedAmount: 0, slowReaders: 0 };
  }
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    throw new TypeErrorConstructor(
      "Failed to construct 'WebSocketServer': the argument must be an object, as { port: 8080 }, or a port.",
    );
  }
  const { port = 0, host = '', serverName = '', maxBufferedAmount, slowReaders } = (options ?? {}) as GivenOptions;
  if (typeof host !== 'string') {
    throw new TypeErrorConstructor("Failed to construct 'WebSocketServer': host must be a string.");
  }
  if (typeof serverName !== 'string') {
    throw new TypeErrorConstructor("Failed to construct 'WebSocketServer': serverName must be a string.");
  }
  return {
    port: checkPort(port),
    host,
    serverName,
    maxBufferedAmount: checkMaxBufferedAmount(maxBufferedAmount),
    slowReaders: slowReadersNumber(slowReaders),
  };
}

function checkMaxBufferedAmount(bytes: unknown): number {
  const { bufferedBytes } = script();
  if (bytes === undefined) {
    return 0;
  }
  if (typeof bytes !== 'number' || bytes % 1 !== 0 || bytes < 1 || bytes > bufferedBytes) {
    throw new RangeErrorConstructor(
      `Failed to construct 'WebSocketServer': maxBufferedAmount must be a whole number from 1 to ${bufferedBytes}, the limit of this script, not ${StringConstructor(bytes)}.`,
    );
  }
  return bytes;
}

function slowReadersNumber(value: unknown): number {
  if (value === undefined) {
    return 0;
  }
  for (let index = 0; index < SLOW_READERS.length; index++) {
    if (value === SLOW_READERS[index]) {
      return index;
    }
  }
  throw new TypeErrorConstructor("Failed to construct 'WebSocketServer': slowReaders must be 'close', 'drop' or 'drop-oldest'.");
}

function checkPort(port: unknown): number {
  if (typeof port !== 'number' || port % 1 !== 0 || port < 0 || port > 65535) {
    throw new RangeErrorConstructor(
      `Failed to construct 'WebSocketServer': port must be a whole number from 0 to 65535, not ${StringConstructor(port)}.`,
    );
  }
  return port;
}
