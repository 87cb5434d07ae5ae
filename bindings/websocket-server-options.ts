import { DEFAULT_METHODS, METHODS, MOST_LISTED, SLOW_READERS } from '../wire/questions.ts';
import { parseURLParts, URL_PARTS } from './cell-services.ts';
import { RangeErrorConstructor, RegExpPrototypeExec, StringConstructor, StringPrototypeStartsWith, TypeErrorConstructor, createList } from './primordials.ts';
import { iteratorMethod, sequence } from './web/webidl.ts';
import { checkProtocols } from './websocket-arguments.ts';
import { connectionOptions, type GivenConnectionOptions, type ServerConnectionOptions } from './websocket-server-connections.ts';

const FAILED = "Failed to construct 'WebSocketServer'";

interface GivenOptions extends GivenConnectionOptions {
  port?: unknown;
  host?: unknown;
  serverName?: unknown;
  tls?: unknown;
  path?: unknown;
  origins?: unknown;
  protocols?: unknown;
  methods?: unknown;
  maxConnections?: unknown;
  maxConnectionsPerAddress?: unknown;
  maxPendingHandshakes?: unknown;
  maxMessageSize?: unknown;
  maxBufferedAmount?: unknown;
  handshakeTimeout?: unknown;
  slowReaders?: unknown;
}

/** What a server is opened with. */
export interface ServerOptions extends ServerConnectionOptions {
  readonly port: number;
  /** Empty: all interfaces. */
  readonly host: string;
  /** Empty: the default. */
  readonly serverName: string;
  /** The name of a configuration of the host; empty: without TLS. */
  readonly tls: string;
  /** Empty: any. */
  readonly path: string;
  readonly origins: readonly string[];
  readonly protocols: readonly string[];
  /** The methods of plain requests. */
  readonly methods: readonly string[];
  // 0 stands for the script's limit.
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxPendingHandshakes: number;
  readonly maxMessageSize: number;
  readonly maxBufferedAmount: number;
  readonly handshakeTimeout: number;
  /** Which of SLOW_READERS. */
  readonly slowReaders: number;
}

/** Checks the argument of `new WebSocketServer`: options, a bare port, or nothing. Throws a TypeError or a RangeError. */
export function serverOptions(options: unknown): ServerOptions {
  if (typeof options !== 'number' && options !== undefined && (typeof options !== 'object' || options === null)) {
    throw new TypeErrorConstructor(`${FAILED}: the argument must be an object, as { port: 8080 }, or a port.`);
  }
  const given: GivenOptions = typeof options === 'number' ? { port: options } : ((options ?? {}) as GivenOptions);
  const { port = 0 } = given;
  return {
    port: checkPort(port),
    host: text('host', given.host),
    serverName: text('serverName', given.serverName),
    tls: text('tls', given.tls),
    path: pathOf(given.path),
    origins: originsOf(given.origins),
    protocols: protocolsOf(given.protocols),
    methods: methodsOf(given.methods),
    maxConnections: bound('maxConnections', given.maxConnections),
    maxConnectionsPerAddress: bound('maxConnectionsPerAddress', given.maxConnectionsPerAddress),
    maxPendingHandshakes: bound('maxPendingHandshakes', given.maxPendingHandshakes),
    maxMessageSize: bound('maxMessageSize', given.maxMessageSize),
    maxBufferedAmount: bound('maxBufferedAmount', given.maxBufferedAmount),
    handshakeTimeout: bound('handshakeTimeout', given.handshakeTimeout),
    slowReaders: slowReadersNumber(given.slowReaders),
    ...connectionOptions(given, FAILED),
  };
}

function slowReadersNumber(value: unknown = 'close'): number {
  for (let index = 0; index < SLOW_READERS.length; index++) {
    if (value === SLOW_READERS[index]) {
      return index;
    }
  }
  throw new TypeErrorConstructor(`${FAILED}: slowReaders must be 'close', 'drop' or 'drop-oldest'.`);
}

function checkPort(port: unknown): number {
  if (typeof port !== 'number') {
    throw new TypeErrorConstructor(`${FAILED}: port must be a number, not ${typeof port === 'string' ? `the string '${port}'` : typeof port}.`);
  }
  if (port % 1 !== 0 || port < 0 || port > 65535) {
    throw new RangeErrorConstructor(`${FAILED}: port must be a whole number from 0 to 65535, not ${StringConstructor(port)}.`);
  }
  return port;
}

function text(name: string, value: unknown = ''): string {
  if (typeof value !== 'string') {
    throw new TypeErrorConstructor(`${FAILED}: ${name} must be a string.`);
  }
  return value;
}

function pathOf(value: unknown): string {
  const path = text('path', value);
  if (path !== '' && (!StringPrototypeStartsWith(path, '/') || RegExpPrototypeExec(/[?#\s]/, path) !== null)) {
    throw new TypeErrorConstructor(`${FAILED}: path must begin with a slash, and has no query: '${path}'.`);
  }
  return path;
}

/** By default: a page of the host that it connects to. */
function originsOf(value: unknown): readonly string[] {
  const given = value === undefined ? ['self'] : strings('origins', value, '*');
  const origins = createList<string>();
  for (let index = 0; index < given.length; index++) {
    origins[index] = originOf(given[index] as string);
  }
  return origins;
}

function originOf(given: string): string {
  if (given === '*' || given === 'self' || given === 'null') {
    return given;
  }
  const parts = parseURLParts(given, '');
  const origin = parts?.[URL_PARTS.origin];
  const hasOnlyOrigin =
    parts !== undefined &&
    (parts[URL_PARTS.pathname] === '/' || parts[URL_PARTS.pathname] === '') &&
    `${parts[URL_PARTS.username]}${parts[URL_PARTS.password]}${parts[URL_PARTS.search]}${parts[URL_PARTS.hash]}` === '';
  // Those of extensions have no origin by the URL Standard, but send one.
  const own = origin === 'null' && RegExpPrototypeExec(/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/, given) !== null ? given : origin;
  if (!hasOnlyOrigin || own === undefined || own === 'null') {
    throw new TypeErrorConstructor(`${FAILED}: origins must be as 'https://example.com', or 'self', 'null' or '*'; '${given}' is not.`);
  }
  return own;
}

function protocolsOf(value: unknown): readonly string[] {
  const protocols = value === undefined ? createList<string>() : strings('protocols', value);
  checkProtocols(protocols, FAILED);
  return protocols;
}

/** Each once, however often it is given. */
function methodsOf(value: unknown): readonly string[] {
  if (value === undefined) {
    return DEFAULT_METHODS;
  }
  const given = strings('methods', value);
  const methods = createList<string>();
  for (let index = 0; index < METHODS.length; index++) {
    if (holds(given, METHODS[index])) {
      methods[methods.length] = METHODS[index] as string;
    }
  }
  for (let index = 0; index < given.length; index++) {
    if (!holds(METHODS, given[index])) {
      throw new TypeErrorConstructor(`${FAILED}: methods may be ${listed(METHODS)}; '${given[index] as string}' is not.`);
    }
  }
  if (methods.length === 0) {
    throw new TypeErrorConstructor(`${FAILED}: methods must hold one at least.`);
  }
  return methods;
}

function holds(list: readonly string[], value: unknown): boolean {
  for (let index = 0; index < list.length; index++) {
    if (list[index] === value) {
      return true;
    }
  }
  return false;
}

function listed(list: readonly string[]): string {
  let text = '';
  for (let index = 0; index < list.length; index++) {
    text += index === 0 ? list[index] : `, ${list[index]}`;
  }
  return text;
}

/** A list of strings, or where it is said which one may be, a single one. */
function strings(name: string, value: unknown, single?: string): string[] {
  const list = createList<string>();
  if (value === single && single !== undefined) {
    list[0] = single;
    return list;
  }
  const iterate = typeof value === 'object' ? iteratorMethod(value, FAILED) : undefined;
  if (iterate === undefined) {
    throw new TypeErrorConstructor(`${FAILED}: ${name} must be a list of strings.`);
  }
  sequence(value, iterate, FAILED, (each) => {
    if (typeof each !== 'string') {
      throw new TypeErrorConstructor(`${FAILED}: ${name} must be a list of strings.`);
    }
    if (list.length === MOST_LISTED) {
      throw new RangeErrorConstructor(`${FAILED}: ${name} may hold ${MOST_LISTED}; there are more.`);
    }
    list[list.length] = each;
  });
  return list;
}

/** What crosses to the host as a number. */
const MOST = 2 ** 32 - 1;

/** What can lower a limit; the host says so where it would raise it. */
function bound(name: string, value: unknown): number {
  if (value === undefined) {
    return 0;
  }
  if (typeof value !== 'number') {
    throw new TypeErrorConstructor(`${FAILED}: ${name} must be a number.`);
  }
  if (value % 1 !== 0 || value < 1 || value > MOST) {
    throw new RangeErrorConstructor(`${FAILED}: ${name} must be a whole number from 1 to ${MOST}, not ${StringConstructor(value)}.`);
  }
  return value;
}
