import { X509Certificate, createHash, createPrivateKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
// Not by its names: a Node that is too old lacks one, and is to be told so by `ScriptHost.start`.
import tls, { type ConnectionOptions, type SecureContext } from 'node:tls';
import { AirlockError, codeOf, messageOf } from '../errors.ts';
import { matchesHost, parseHostPattern, type HostPattern } from '../policy/host-pattern.ts';
import type { TlsOptions, TlsRule, TlsVersion } from '../policy/tls-options.ts';
import { SocketFault } from './socket-errors.ts';

interface ParsedRule {
  readonly options: TlsOptions;
  /** Undefined for every host. */
  readonly hosts: readonly HostPattern[] | undefined;
}

interface CachedContext {
  /** The state of the files that it was made of. */
  readonly state: string;
  readonly context: Promise<SecureContext>;
}

/** Each has hundreds of authorities in it, some MiB. */
const MOST_CONTEXTS = 256;

const DEFAULT_MIN_VERSION: TlsVersion = 'TLSv1.2';

/** Node's authorities, with NODE_EXTRA_CA_CERTS, and the system's, as SSL_CERT_FILE and SSL_CERT_DIR have them. */
let commonAuthorities: readonly string[] | undefined;

function authorities(): readonly string[] {
  commonAuthorities ??= [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])];
  return commonAuthorities;
}

/**
 * How TLS is spoken to each host. Every rule that fits a host applies: their authorities add up, and what two of them say
 * differently is as the later one has it.
 *
 * Files are read again when they have changed, so that a certificate can be renewed under a running host.
 */
export class TlsSettings {
  readonly #rules: readonly ParsedRule[];
  /** Shared by a host's scripts, whose rules are mostly the same; the oldest first. */
  readonly #contexts: Map<string, CachedContext>;

  private constructor(rules: readonly ParsedRule[], contexts: Map<string, CachedContext>) {
    this.#rules = rules;
    this.#contexts = contexts;
  }

  /** Throws ERR_AIRLOCK_TLS_INVALID where a file cannot be read, or holds no certificate or a key that does not fit. */
  static async load(tls: TlsOptions | readonly TlsRule[] | undefined, base?: TlsSettings): Promise<TlsSettings> {
    if (tls === undefined && base !== undefined) {
      return base;
    }
    const rules: readonly TlsRule[] = tls === undefined ? [] : Array.isArray(tls) ? tls : [tls as TlsRule];
    const parsed = rules.map(({ hosts, ...options }) => ({
      options,
      hosts: hosts?.map((host) => parseHostPattern(host, 'tls.hosts')),
    }));
    for (const { options } of parsed) {
      await check(options);
    }
    return base === undefined
      ? new TlsSettings(parsed, new Map())
      : new TlsSettings([...base.#rules, ...parsed], base.#contexts);
  }

  /**
   * What to give `tls.connect` for a host. Throws a SocketFault where the files are not as they were when they were
   * checked, and tells the operator.
   */
  async connectionOptions(host: string, port: number, warn: (message: string) => void, isProxy = false): Promise<ConnectionOptions> {
    const fitting = this.#rules.filter(
      ({ hosts }) => hosts === undefined || hosts.some((pattern) => matchesHost(pattern, host, port)),
    );
    const last = <Name extends keyof TlsOptions>(name: Name, of = fitting): TlsOptions[Name] =>
      of.findLast(({ options }) => options[name] !== undefined)?.options[name];
    // A name for every host is meant for those that scripts connect to.
    const given = last('servername', isProxy ? fitting.filter(({ hosts }) => hosts !== undefined) : fitting);
    const servername = given ?? host;
    try {
      return {
        secureContext: await this.#context(fitting, last('minVersion') ?? DEFAULT_MIN_VERSION),
        // RFC 6066, 3: no address is a server name. `host` is what the certificate is checked against without one.
        servername: isIP(servername) === 0 ? servername : '',
        host: servername,
        // RFC 6455 is of HTTP/1.1.
        ALPNProtocols: ['http/1.1'],
        rejectUnauthorized: true,
      };
    } catch (error) {
      warn(`no TLS with ${host}: ${messageOf(error)}`);
      throw new SocketFault('SslInvalidUserDataError', "the host's client certificate or key cannot be used", { cause: error });
    }
  }

  async #context(rules: readonly ParsedRule[], minVersion: TlsVersion): Promise<SecureContext> {
    const client = rules.findLast(({ options }) => options.cert !== undefined)?.options;
    const extra = rules.flatMap(({ options }) => list(options.ca));
    const { cert, key, passphrase } = client ?? {};
    const id = createHash('sha256').update(JSON.stringify([minVersion, extra, cert, key, passphrase])).digest('base64');
    const state = (await Promise.all([...extra, cert, key].map(stateOf))).join();
    const cached = this.#contexts.get(id);
    if (cached?.state === state) {
      return cached.context;
    }
    const context = makeContext(minVersion, extra, client);
    this.#contexts.delete(id);
    this.#contexts.set(id, { state, context });
    if (this.#contexts.size > MOST_CONTEXTS) {
      this.#contexts.delete(this.#contexts.keys().next().value as string);
    }
    return context;
  }
}

async function makeContext(minVersion: TlsVersion, extra: readonly string[], client: TlsOptions | undefined): Promise<SecureContext> {
  const ca = await Promise.all(extra.map((each) => pemOf('ca', each)));
  return tls.createSecureContext({
    ca: [...authorities(), ...ca],
    minVersion,
    ...(client === undefined ? {} : await clientIdentity(client)),
  });
}

async function check(options: TlsOptions): Promise<void> {
  for (const each of list(options.ca)) {
    const pem = await pemOf('ca', each);
    for (const [certificate] of pem.matchAll(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END/g)) {
      attempt(`tls.ca: ${named(each)} holds what is not a certificate`, () => new X509Certificate(`${certificate} CERTIFICATE-----`));
    }
    if (!/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(pem)) {
      throw invalid(`tls.ca: ${named(each)} holds no certificate`);
    }
  }
  if (options.cert !== undefined && options.key !== undefined) {
    const identity = await clientIdentity(options);
    attempt(`tls.cert: ${named(options.cert)} is not a certificate`, () => new X509Certificate(identity.cert));
    const key = attempt(`tls.key: ${named(options.key)} is not a key, or its passphrase is not the given one`, () =>
      createPrivateKey({ key: identity.key, passphrase: identity.passphrase ?? '' }),
    );
    if (!new X509Certificate(identity.cert).checkPrivateKey(key)) {
      throw invalid(`tls.key: ${named(options.key)} is not the key of the certificate ${named(options.cert)}`);
    }
    attempt(`tls.cert: ${named(options.cert)} and tls.key cannot be used`, () => tls.createSecureContext(identity));
  }
}

interface ClientIdentity {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string;
}

async function clientIdentity({ cert = '', key = '', passphrase }: TlsOptions): Promise<ClientIdentity> {
  return {
    cert: await pemOf('cert', cert),
    key: await pemOf('key', key),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function list(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

function isPem(value: string): boolean {
  return value.includes('-----BEGIN');
}

/** How a value is named to the operator: a key itself has no place in a log. */
function named(value: string): string {
  return isPem(value) ? 'the given text' : value;
}

/** What tells whether a file has changed. */
async function stateOf(value: string | undefined): Promise<string> {
  if (value === undefined || isPem(value)) {
    return '';
  }
  const { ino, mtimeMs, size } = await stat(value);
  return `${ino} ${mtimeMs} ${size}`;
}

async function pemOf(name: string, value: string): Promise<string> {
  if (isPem(value)) {
    return value;
  }
  let text: string;
  try {
    text = await readFile(value, 'utf8');
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new AirlockError('ERR_AIRLOCK_TLS_INVALID', `tls.${name}: cannot read ${value}: ${reason}`, { cause: error });
  }
  if (!isPem(text)) {
    throw invalid(`tls.${name}: ${value} is not a PEM file`);
  }
  return text;
}

function attempt<Value>(problem: string, action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    throw new AirlockError('ERR_AIRLOCK_TLS_INVALID', `${problem}: ${messageOf(error)}`, { cause: error });
  }
}

function invalid(message: string): AirlockError {
  return new AirlockError('ERR_AIRLOCK_TLS_INVALID', message);
}
