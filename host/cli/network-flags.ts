import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { AirlockError, readingProblem } from '../errors.ts';
import { ProxySettings, proxyEnvironment, type ProxyOptions, type ProxyResolution } from '../policy/proxy-options.ts';
import type { ServerTlsOptions, TlsOptions, TlsRule, TlsVersion } from '../policy/tls-options.ts';
import { checkHostOptions, checkTlsOptions } from '../run-options.ts';
import { ServerTls } from '../sockets/server-tls.ts';
import { TlsSettings } from '../sockets/tls-settings.ts';
import { inFlagWords } from './flag-words.ts';

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

/** Throws where a certificate or key cannot be used, or the file of `--tls` is not of the right form. */
export async function tlsOf({ tls, tlsCa, tlsCert, tlsKey, tlsMinVersion }: NetworkFlags): Promise<readonly TlsRule[]> {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [given, missing] = tlsKey === undefined ? [`--tls-cert ${tlsCert}`, '--tls-key'] : [`--tls-key ${tlsKey}`, '--tls-cert'];
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `${given}: --tls-cert and --tls-key are given together; add ${missing} FILE`);
  }
  const rule: TlsOptions = { ca: tlsCa, cert: tlsCert, key: tlsKey, minVersion: tlsMinVersion };
  const general = Object.values(rule).some((value) => value !== undefined) ? [rule] : [];
  await inFlagWords({ 'tls.': '--tls-' }, () => TlsSettings.load(general));
  const rules = tls === undefined ? [] : tlsRules(tls);
  await inFlagWords({ 'tls.': `--tls ${tls}: ` }, () => TlsSettings.load(rules));
  // The rules for some hosts stand behind the one for all, and so before it.
  return [...general, ...rules];
}

function tlsRules(file: string): readonly TlsRule[] {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = readingProblem(error);
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `--tls: cannot read ${file}: ${reason}`, { cause: error });
  }
  const checked = checkTlsOptions(given, `--tls ${file}`);
  return Array.isArray(checked) ? (checked as readonly TlsRule[]) : [checked as TlsRule];
}

/** Throws where a name is none, or a certificate or key cannot be used. */
export async function checkServerTls(serverTls: NetworkFlags['serverTls'] = {}): Promise<void> {
  for (const [name, each] of Object.entries(serverTls)) {
    const flag = `--server-tls ${name}: `;
    await inFlagWords({ 'ScriptHost.start: serverTls: ': flag, [`serverTls.${name}.`]: flag }, async () => {
      checkHostOptions({ serverTls: { [name]: each } });
      await ServerTls.load({ [name]: each });
    });
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The flags' proxy, or that of the environment. Throws where it is not the address of one. */
export async function proxyOf(flags: NetworkFlags, environment: Environment): Promise<ProxyOptions> {
  const { http, https, noProxy } = proxyEnvironment(environment);
  const proxy: ProxyOptions = {
    ...(flags.proxy === undefined ? { http, https } : { http: flags.proxy }),
    noProxy: flags.noproxy ?? noProxy,
    resolve: flags.proxyResolve,
  };
  const variable = (name: string): string => (environment[name] === undefined ? name.toUpperCase() : name);
  const words = { 'proxy.http ': `${flags.proxy === undefined ? variable('http_proxy') : '--proxy'} `, 'proxy.https ': `${variable('https_proxy')} ` };
  await inFlagWords(words, () => new ProxySettings(proxy));
  return proxy;
}
