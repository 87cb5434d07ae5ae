import tls, { type SecureContextOptions } from 'node:tls';
import { AirlockError, messageOf } from '../errors.ts';
import type { ServerTlsOptions } from '../policy/tls-options.ts';
import { checkAuthorities, loadIdentity } from './tls-identity.ts';

/** One TLS configuration of the host: what servers that were given its name show to their clients. */
export class ServerIdentity {
  readonly requestCert: boolean;
  readonly requireCert: boolean;
  readonly #name: string;
  readonly #options: ServerTlsOptions;
  #context: SecureContextOptions;
  /** The servers that use it. */
  readonly #users = new Set<(context: SecureContextOptions) => void>();

  private constructor(name: string, options: ServerTlsOptions, context: SecureContextOptions) {
    this.#name = name;
    this.#options = options;
    this.#context = context;
    this.requestCert = (options.requestClientCertificate ?? false) !== false;
    this.requireCert = options.requestClientCertificate === 'required';
  }

  /** Throws ERR_AIRLOCK_TLS_INVALID where a file cannot be used. */
  static async load(name: string, options: ServerTlsOptions): Promise<ServerIdentity> {
    return new ServerIdentity(name, options, await contextOf(name, options));
  }

  get context(): SecureContextOptions {
    return this.#context;
  }

  /** Reads the files again. Where one cannot be used, it throws, and all stays as it was. */
  async reload(): Promise<void> {
    this.#context = await contextOf(this.#name, this.#options);
    for (const use of this.#users) {
      use(this.#context);
    }
  }

  /** Has this called with what a reload has brought, until the function that it returns is called. */
  onReload(use: (context: SecureContextOptions) => void): () => void {
    this.#users.add(use);
    return () => this.#users.delete(use);
  }
}

/** The TLS configurations that the host has for its scripts' servers, by name. Scripts know no more of them. */
export class ServerTls {
  readonly #identities: ReadonlyMap<string, ServerIdentity>;

  private constructor(identities: ReadonlyMap<string, ServerIdentity>) {
    this.#identities = identities;
  }

  /** Throws ERR_AIRLOCK_TLS_INVALID where a file cannot be used. */
  static async load(options: Readonly<Record<string, ServerTlsOptions>> = {}): Promise<ServerTls> {
    const identities = new Map<string, ServerIdentity>();
    for (const [name, each] of Object.entries(options)) {
      identities.set(name, await ServerIdentity.load(name, each));
    }
    return new ServerTls(identities);
  }

  get names(): readonly string[] {
    return [...this.#identities.keys()];
  }

  get(name: string): ServerIdentity | undefined {
    return this.#identities.get(name);
  }

  /**
   * Reads all files again. New connections get the new certificates, open ones stay. Returns the names that were reloaded;
   * of another, whose files cannot be used, `failed` is told, and it stays as it was.
   */
  async reload(failed: (name: string, message: string) => void): Promise<readonly string[]> {
    const reloaded: string[] = [];
    for (const [name, identity] of this.#identities) {
      try {
        await identity.reload();
        reloaded.push(name);
      } catch (error) {
        failed(name, messageOf(error));
      }
    }
    return reloaded;
  }
}

async function contextOf(name: string, options: ServerTlsOptions): Promise<SecureContextOptions> {
  const where = `serverTls.${name}`;
  const context = {
    ...(await loadIdentity(where, options)),
    ...(options.ca === undefined ? {} : { ca: [...(await checkAuthorities(where, options.ca))] }),
    minVersion: options.minVersion ?? ('TLSv1.2' as const),
  };
  try {
    tls.createSecureContext(context);
  } catch (error) {
    throw new AirlockError('ERR_AIRLOCK_TLS_INVALID', `${where} cannot be used: ${messageOf(error)}`, { cause: error });
  }
  return context;
}
