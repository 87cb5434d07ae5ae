import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { AirlockError, messageOf } from '../errors.ts';
import { proxyEnvironment, type ProxyOptions, type ProxyResolution } from '../policy/proxy-options.ts';
import { checkTlsOptions } from '../run-options.ts';
import type { ServerTlsOptions, TlsOptions, TlsRule, TlsVersion } from '../policy/tls-options.ts';

/** The flags that say how connections get out. */
export interface NetworkFlags {
  readonly tlsCa?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsMinVersion?: TlsVersion;
  readonly tls?: string;
  readonly serverTls?: Readonly<Record<string, ServerTlsOptions>>;
  readonly proxy?: string;
  readonly noproxy?: string;
  readonly proxyResolve?: ProxyResolution;
}

export function addNetworkFlags(command: Command): Command {
  return command
    .option('--tls-ca <file>', 'trust the authorities of this PEM file too; may be given more than once', (value, previous?: string[]) => [
      ...(previous ?? []),
      value,
    ])
    .option('--tls-cert <file>', 'show this client certificate (PEM) to servers that ask for one; with --tls-key')
    .option('--tls-key <file>', 'the key of --tls-cert (PEM)')
    .addOption(new Option('--tls-min-version <version>', 'speak no older TLS (default: TLSv1.2)').choices(['TLSv1.2', 'TLSv1.3']))
    .option('--tls <file>', 'rules for TLS by host, as JSON (docs/network.md)')
    .option(
      '--server-tls <name=cert,key[,ca]>',
      'let servers show this certificate (PEM files) under this name; with a ca, clients are asked for theirs; SIGHUP reads the files again',
      serverTlsFlag,
    )
    .option('--proxy <url>', 'connect through this HTTP proxy (default: HTTP_PROXY for ws:, HTTPS_PROXY for wss:)')
    .option('--noproxy <list>', 'connect without the proxy to these hosts (default: NO_PROXY)')
    .addOption(
      new Option('--proxy-resolve <who>', 'who resolves the names that a proxy is asked for (default: host)').choices(['host', 'proxy']),
    );
}

/** May be given more than once. */
function serverTlsFlag(value: string, previous: Readonly<Record<string, ServerTlsOptions>> = {}): Record<string, ServerTlsOptions> {
  const [, name, cert, key, ca] = /^([^=]+)=([^,]+),([^,]+)(?:,([^,]+))?$/.exec(value) ?? [];
  if (name === undefined || cert === undefined || key === undefined) {
    throw new InvalidArgumentError('Write NAME=CERT.pem,KEY.pem, or NAME=CERT.pem,KEY.pem,CA.pem.');
  }
  return { ...previous, [name]: { cert, key, ...(ca === undefined ? {} : { ca, requestClientCertificate: true }) } };
}

/** Throws ERR_AIRLOCK_INVALID_ARGUMENT where the file of `--tls` is not of the right form. */
export function tlsOf({ tls, tlsCa, tlsCert, tlsKey, tlsMinVersion }: NetworkFlags): readonly TlsRule[] {
  const rule: TlsOptions = { ca: tlsCa, cert: tlsCert, key: tlsKey, minVersion: tlsMinVersion };
  const general = Object.values(rule).some((value) => value !== undefined) ? [rule] : [];
  if (tls === undefined) {
    return general;
  }
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(tls, 'utf8'));
  } catch (error) {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `--tls: cannot read ${tls}: ${messageOf(error)}`, { cause: error });
  }
  const checked = checkTlsOptions(given, `--tls ${tls}`);
  // The rules for some hosts stand behind the one for all, and so before it.
  return [...general, ...(Array.isArray(checked) ? (checked as readonly TlsRule[]) : [checked as TlsRule])];
}

/** The flags' proxy, or that of the environment. */
export function proxyOf(flags: NetworkFlags, environment: Readonly<Record<string, string | undefined>>): ProxyOptions {
  const { http, https, noProxy } = proxyEnvironment(environment);
  return {
    ...(flags.proxy === undefined ? { http, https } : { http: flags.proxy }),
    noProxy: flags.noproxy ?? noProxy,
    resolve: flags.proxyResolve,
  };
}
