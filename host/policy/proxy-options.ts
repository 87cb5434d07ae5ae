import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import * as z from 'zod';
import { AirlockError } from '../errors.ts';
import { canonicalHost } from './host-pattern.ts';

/** The HTTP proxies that client connections go through, by CONNECT. */
export interface ProxyOptions {
  /** For `ws:`, as `http://user:password@proxy.example:3128` or `https://...`. */
  readonly http?: string | undefined;
  /** For `wss:`. Default: `http`. */
  readonly https?: string | undefined;
  /**
   * What is connected to without a proxy, as in NO_PROXY: `example.com` (and all names below it), `.example.com`,
   * `*.example.com` (only those below it), `example.com:8080`, `10.0.0.0/8`, `::1`, `*`; a list, or separated by commas.
   */
  readonly noProxy?: string | readonly string[] | undefined;
  /**
   * Who resolves the names that scripts ask for. `host` (the default): this host, so that a name that leads to a private
   * address is denied, and the proxy is asked for the address that was checked. `proxy`: the proxy is asked for the name,
   * and keeping scripts from private addresses is its business.
   */
  readonly resolve?: ProxyResolution | undefined;
}

export type ProxyResolution = 'host' | 'proxy';

export const proxyOptions = z.union(
  [
    z.literal(false),
    z.literal('environment'),
    z.strictObject({
      http: z.string().min(1).optional(),
      https: z.string().min(1).optional(),
      noProxy: z.union([z.string(), z.array(z.string())]).optional(),
      resolve: z.enum(['host', 'proxy']).optional(),
    }),
  ],
  { error: 'must be false, "environment" or an object of http, https, noProxy and resolve' },
);

/** A proxy as it is connected to. */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** Whether TLS is spoken with the proxy itself. */
  readonly secure: boolean;
  /** The value of Proxy-Authorization: RFC 7617. */
  readonly authorization: string | undefined;
  readonly resolve: ProxyResolution;
}

interface Exception {
  /** Undefined for any; an array for a range of addresses. */
  readonly host: string | readonly [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined;
  readonly port: number | undefined;
  /** Whether only what stands below the name is meant. */
  readonly below: boolean;
}

/** Which connections go through which proxy. */
export class ProxySettings {
  readonly #http: Proxy | undefined;
  readonly #https: Proxy | undefined;
  readonly #exceptions: readonly Exception[];

  /** Throws ERR_AIRLOCK_INVALID_ARGUMENT, naming the option that is wrong, without its password. */
  constructor({ http, https, noProxy = [], resolve = 'host' }: ProxyOptions = {}) {
    this.#http = http === undefined ? undefined : parseProxy('proxy.http', http, resolve);
    this.#https = https === undefined ? this.#http : parseProxy('proxy.https', https, resolve);
    const texts = typeof noProxy === 'string' ? noProxy.split(/[,\s]+/) : noProxy;
    this.#exceptions = texts.map((text) => text.trim()).filter((text) => text !== '').map(parseException);
  }

  /** The proxy for a WebSocket; undefined where it is connected to without one. */
  proxyFor(secure: boolean, host: string, port: number): Proxy | undefined {
    const name = host.replace(/(.)\.$/, '$1');
    return this.#exceptions.some((exception) => isExcepted(exception, name, port))
      ? undefined
      : secure
        ? this.#https
        : this.#http;
  }
}

/**
 * The options that an environment sets, as curl and undici read it: in lower or upper case, the lower case first. An
 * empty variable sets none.
 */
export function proxyEnvironment(environment: Readonly<Record<string, string | undefined>>): ProxyOptions {
  const value = (name: string): string | undefined => environment[name] ?? environment[name.toUpperCase()];
  const proxy = (name: string): string | undefined => {
    const url = value(name)?.trim();
    // `proxy.example:3128` is a common way to write it.
    return url === undefined || url === '' ? undefined : /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`;
  };
  return { http: proxy('http_proxy'), https: proxy('https_proxy'), noProxy: value('no_proxy') };
}

function parseProxy(where: string, text: string, resolve: ProxyResolution): Proxy {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '' || url.pathname.length > 1 || url.search !== '') {
    // The text may hold a password.
    throw new AirlockError(
      'ERR_AIRLOCK_INVALID_ARGUMENT',
      `${where} is not the address of a proxy: write http://HOST:PORT or https://USER:PASSWORD@HOST:PORT`,
    );
  }
  const secure = url.protocol === 'https:';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    secure,
    authorization: authorizationOf(where, url),
    resolve,
  };
}

function authorizationOf(where: string, { password, username }: URL): string | undefined {
  if (username === '' && password === '') {
    return undefined;
  }
  let credentials: string;
  try {
    credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `${where} has a user or password that is not percent-encoded right`);
  }
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function parseException(text: string): Exception {
  const range = /^\[?([^\]/]+)\]?\/(\d{1,3})$/.exec(text);
  if (range !== null && ipaddr.isValidCIDR(`${range[1]}/${range[2]}`)) {
    return { host: ipaddr.parseCIDR(`${range[1]}/${range[2]}`), port: undefined, below: false };
  }
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [undefined, undefined, text];
  const name = bracketed ?? plain ?? text;
  if (name === '*') {
    return { host: undefined, port: toPort(port), below: false };
  }
  return {
    host: canonicalHost(name.replace(/^\*?\./, '')).replace(/(.)\.$/, '$1'),
    port: toPort(port),
    below: name.startsWith('*.'),
  };
}

function toPort(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function isExcepted(exception: Exception, host: string, port: number): boolean {
  if (exception.port !== undefined && exception.port !== port) {
    return false;
  }
  const wanted = exception.host;
  if (wanted === undefined) {
    return true;
  }
  if (typeof wanted !== 'string') {
    if (isIP(host) === 0) {
      return false;
    }
    const address = ipaddr.process(host);
    return address.kind() === wanted[0].kind() && address.match(wanted as [ipaddr.IPv4, number]);
  }
  return (!exception.below && host === wanted) || (isIP(host) === 0 && host.endsWith(`.${wanted}`));
}
