import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { isIP } from 'node:net';
// Not by its names: a Node that is too old lacks one, and is to be told so by `ScriptHost.start`.
import tls, { type ConnectionOptions, type SecureContext } from 'node:tls';
import { messageOf } from '../errors.ts';
import { matchesHost, parseHostPattern, type HostPattern } from '../policy/host-pattern.ts';
import type { TlsOptions, TlsRule, TlsVersion } from '../policy/tls-options.ts';
import { SocketFault } from './socket-errors.ts';
import { checkAuthorities, isPem, list, loadIdentity, pemOf, readIdentity } from './tls-identity.ts';

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
      await checkAuthorities('tls', options.ca);
      if (options.cert !== undefined && options.key !== undefined) {
        await loadIdentity('tls', options);
      }
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
  const ca = await Promise.all(extra.map((each) => pemOf('tls.ca', each)));
  return tls.createSecureContext({
    ca: [...authorities(), ...ca],
    minVersion,
    ...(client === undefined ? {} : await readIdentity('tls', client)),
  });
}

/** What tells whether a file has changed. */
async function stateOf(value: string | undefined): Promise<string> {
  if (value === undefined || isPem(value)) {
    return '';
  }
  const { ino, mtimeMs, size } = await stat(value);
  return `${ino} ${mtimeMs} ${size}`;
}
