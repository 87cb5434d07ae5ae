import { isIP } from 'node:net';
import { AirlockError } from '../errors.ts';

/** Hosts that a rule of the configuration is for: `example.com`, `*.example.com:443`, `127.0.0.1:8443`, `[::1]`, `*`. */
export interface HostPattern {
  /** A lower-case name or an address without brackets; with `subdomains`, what stands behind `*.`; undefined for any. */
  readonly host: string | undefined;
  /** Whether every name below `host` is meant, and not `host` itself. */
  readonly subdomains: boolean;
  /** Undefined for any. */
  readonly port: number | undefined;
}

/** Throws ERR_AIRLOCK_INVALID_ARGUMENT, naming the pattern. `where`: the option that it stands in. */
export function parseHostPattern(text: string, where: string): HostPattern {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|(\*\.)?([^\s:/@[\]*]+)|(\*))(?::(\d{1,5}))?$/.exec(text);
  const [, bracketed, subdomains, name, any, port] = match ?? [];
  const host = bracketed ?? name;
  if (match === null || (bracketed !== undefined && isIP(bracketed) !== 6) || Number(port ?? 0) > 65_535) {
    throw new AirlockError(
      'ERR_AIRLOCK_INVALID_ARGUMENT',
      `${where}: '${text}' is not a host pattern: write example.com, *.example.com:443, 127.0.0.1, [::1]:443 or *`,
    );
  }
  return {
    host: any !== undefined || host === undefined ? undefined : withoutRoot(canonicalHost(host)),
    subdomains: subdomains !== undefined,
    port: port === undefined ? undefined : Number(port),
  };
}

/** `host`: a name, or an address without brackets, as the URL parser gives it. */
export function matchesHost(pattern: HostPattern, host: string, port: number): boolean {
  if (pattern.port !== undefined && pattern.port !== port) {
    return false;
  }
  if (pattern.host === undefined) {
    return true;
  }
  const plain = withoutRoot(host);
  return pattern.subdomains ? isIP(plain) === 0 && plain.endsWith(`.${pattern.host}`) : plain === pattern.host;
}

/** Names in lower case and ASCII, addresses in the form that the URL parser gives them. */
export function canonicalHost(host: string): string {
  const literal = isIP(host) === 6 ? `[${host}]` : host;
  const parsed = URL.parse(`ws://${literal}/`)?.hostname ?? host.toLowerCase();
  return parsed.replace(/^\[|\]$/g, '');
}

/** `example.com.` is the same name as `example.com`: RFC 1034, 3.1. */
function withoutRoot(host: string): string {
  return host.replace(/(.)\.$/, '$1');
}
