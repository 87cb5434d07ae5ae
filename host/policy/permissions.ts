import { isIP } from 'node:net';
import { PERMITTABLE_HEADERS, isPermittableHeader, type PermittableHeader } from '../../wire/handshake-headers.ts';
import { AirlockError } from '../errors.ts';
import { canonicalHost } from './host-pattern.ts';

/**
 * What a script may do. Nothing, unless it is said here.
 *
 * `true` permits everything of the kind, private addresses included. A list permits what its rules say:
 *
 *     connect   example.com  example.com:443  127.0.0.1  127.0.0.1:8080  [::1]:8080  localhost  *:443
 *     listen    8080  127.0.0.1  127.0.0.1:8080  [::1]:0
 *
 * A name opens only public addresses; `localhost` and literal addresses open what they name.
 */
export interface PermissionOptions {
  readonly connect?: boolean | readonly string[] | undefined;
  readonly listen?: boolean | readonly string[] | undefined;
  /** Headers of the handshake that a script may set, of `cookie` and `origin`; `true` permits both. */
  readonly headers?: boolean | readonly string[] | undefined;
}

interface Rule {
  /** A lower-case name or an address without brackets; undefined for any. */
  readonly host: string | undefined;
  /** Undefined for any. */
  readonly port: number | undefined;
}

export type ConnectVerdict =
  /** Whatever the name leads to may be connected to. */
  | 'any'
  /** Only public addresses, and those that a rule opens, may be connected to. */
  | 'guarded'
  | 'denied';

/** A script's permissions, parsed. */
export class Permissions {
  readonly #connect: readonly Rule[] | true;
  readonly #listen: readonly Rule[] | true;
  /** The headers that scripts may set where it is permitted, and it is. */
  readonly headers: readonly PermittableHeader[];

  /** Throws ERR_AIRLOCK_INVALID_ARGUMENT, naming the rule that is not one. */
  constructor(options: PermissionOptions = {}) {
    for (const name of Object.keys(options)) {
      if (name !== 'connect' && name !== 'listen' && name !== 'headers') {
        throw new AirlockError(
          'ERR_AIRLOCK_INVALID_ARGUMENT',
          `There is no permission '${name}'; there are connect, listen and headers`,
        );
      }
    }
    this.#connect = parseRules('connect', options.connect, parseConnectRule);
    this.#listen = parseRules('listen', options.listen, parseListenRule);
    this.headers = parseHeaders(options.headers);
  }

  /** Whether the script may connect to this host (a name, or an address without brackets). */
  connect(host: string, port: number): ConnectVerdict {
    if (this.#connect === true) {
      return 'any';
    }
    const named = host === 'localhost' || isIP(host) !== 0;
    const matching = this.#connect.some(
      (rule) => matches(rule.port, port) && (named ? rule.host === host : matches(rule.host, host)),
    );
    if (matching) {
      return named ? 'any' : 'guarded';
    }
    // A literal address needs a rule that names it, unless it is public and any host is permitted.
    return named && this.#connect.some((rule) => rule.host === undefined && matches(rule.port, port))
      ? 'guarded'
      : 'denied';
  }

  /** Whether the script may set this header of its handshakes. */
  header(name: PermittableHeader): boolean {
    return this.headers.includes(name);
  }

  /** Whether a rule names this very address, whatever its kind. */
  opensAddress(address: string, port: number): boolean {
    return this.#connect === true || this.#connect.some((rule) => rule.host === address && matches(rule.port, port));
  }

  /** Whether the script may listen. An empty host stands for all interfaces; port 0 for any free one. */
  listen(host: string, port: number): boolean {
    return (
      this.#listen === true ||
      this.#listen.some((rule) => matches(rule.port, port) && (rule.host === undefined || rule.host === host))
    );
  }
}

function matches<Value>(wanted: Value | undefined, actual: Value): boolean {
  return wanted === undefined || wanted === actual;
}

function parseHeaders(value: boolean | readonly string[] | undefined): readonly PermittableHeader[] {
  if (value === undefined || typeof value === 'boolean') {
    return value === true ? PERMITTABLE_HEADERS : [];
  }
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', 'The permission headers must be true, false or a list of headers');
  }
  return value.map((text: string) => {
    const name = text.trim().toLowerCase();
    if (!isPermittableHeader(name)) {
      throw invalidRule('headers', text, PERMITTABLE_HEADERS.join(' or '));
    }
    return name;
  });
}

function parseRules(
  kind: 'connect' | 'listen',
  value: boolean | readonly string[] | undefined,
  parse: (rule: string) => Rule,
): readonly Rule[] | true {
  if (value === undefined || value === false) {
    return [];
  }
  if (value === true) {
    return true;
  }
  if (!Array.isArray(value) || !value.every((rule) => typeof rule === 'string')) {
    throw new AirlockError(
      'ERR_AIRLOCK_INVALID_ARGUMENT',
      `The permission ${kind} must be true, false or a list of rules`,
    );
  }
  return value.map((rule: string) => parse(rule.trim()));
}

function parseConnectRule(text: string, kind = 'connect', expected = 'host, host:port or [IPv6]:port, as example.com:443'): Rule {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)|([0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*))(?::(\d{1,5}))?$/.exec(
    text,
  );
  const [, bracketed, plain, bare, port] = match ?? [];
  const host = bracketed ?? plain ?? bare;
  if (host === undefined || (plain === undefined && isIP(host) !== 6) || /[\s/@]/.test(host)) {
    throw invalidRule(kind, text, expected);
  }
  return { host: host === '*' ? undefined : canonicalHost(host), port: parsePort(kind, text, port) };
}

const LISTEN_RULE = 'port, address or address:port, as 127.0.0.1:8080';

function parseListenRule(text: string): Rule {
  if (/^\d{1,5}$/.test(text)) {
    return { host: undefined, port: parsePort('listen', text, text) };
  }
  const { host, port } = parseConnectRule(text, 'listen', LISTEN_RULE);
  const address = host === 'localhost' ? '127.0.0.1' : host;
  if (address !== undefined && isIP(address) === 0) {
    throw invalidRule('listen', text, LISTEN_RULE);
  }
  return { host: address, port };
}

function parsePort(kind: string, rule: string, port: string | undefined): number | undefined {
  if (port === undefined) {
    return undefined;
  }
  const number = Number(port);
  if (number > 65_535) {
    throw invalidRule(kind, rule, 'a port from 0 to 65535');
  }
  return number;
}

function invalidRule(kind: string, rule: string, expected: string): AirlockError {
  return new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `'${rule}' is not a rule for ${kind}: write ${expected}`);
}
