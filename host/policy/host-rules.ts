import { isIP } from 'node:net';
import { embeddedAddresses, isInRange, isLocalhostName, isLoopback, parseAddress, parseRange, singleAddress, type Address, type AddressRange } from './addresses.ts';
import { canonicalHost } from './host-pattern.ts';

/** What a rule for hosts or for listening says: which of them, and which ports. */
export interface HostRule {
  /** As it was written. */
  readonly text: string;
  readonly host: HostMatch;
  /** Undefined for any. */
  readonly ports: PortRange | undefined;
  /** Whether it holds with TLS only. */
  readonly secure: boolean;
}

type HostMatch =
  | { readonly kind: 'any' }
  /** A lower-case name in ASCII; `below`: every name below it, and not it itself. */
  | { readonly kind: 'name'; readonly name: string; readonly below: boolean }
  | { readonly kind: 'range'; readonly range: AddressRange };

interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** What is asked for. */
export interface Target {
  /** A name, or an address without brackets, as the URL parser gives it. */
  readonly host: string;
  readonly port: number;
  /** Whether it is with TLS. */
  readonly secure: boolean;
}

/** A rule is none: what would be one, where there is more to say than what all are like. */
export interface NoRule {
  readonly hint: string | undefined;
}

/** @param secureScheme what stands before a rule that holds with TLS only */
export function parseHostRule(text: string, secureScheme: 'wss://' | 'https://'): HostRule | NoRule {
  const secure = text.toLowerCase().startsWith(secureScheme);
  const rest = secure ? text.slice(secureScheme.length) : text;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(rest)?.[1];
  if (scheme !== undefined) {
    return { hint: `only ${secureScheme} may stand before a host` };
  }
  const [, range, address, ports] = /^(?:(\[[^\]]*\]|[^:[\]]+\/\d+)|([^:[\]]+))(?::([^:]*))?$/.exec(rest) ?? [];
  // What has more colons than that is an IPv6 address, or a range of them.
  const host = range?.replace(/^\[|\]$/g, '') ?? address ?? rest;
  const bracketed = range?.startsWith('[') === true;
  if (bracketed && !host.includes(':')) {
    return { hint: 'only IPv6 addresses and ranges stand in brackets' };
  }
  const match = parseHostMatch(host);
  if ('hint' in match) {
    return match;
  }
  const portRange = ports === undefined ? undefined : parsePorts(ports);
  if (portRange !== undefined && 'hint' in portRange) {
    return portRange;
  }
  return { text, host: match, ports: portRange, secure };
}

function parseHostMatch(host: string): HostMatch | NoRule {
  if (host === '*') {
    return { kind: 'any' };
  }
  if (host.includes('/')) {
    const range = parseRange(host);
    if (range !== undefined) {
      return { kind: 'range', range };
    }
    return { hint: /\/\d+$/.test(host) ? 'a range is an address and the number of bits that count, with zeros behind them, as 10.0.0.0/8' : undefined };
  }
  if (/^\d+$/.test(host)) {
    return { hint: `for a port of any host, write *:${host}` };
  }
  const below = host.startsWith('*.');
  const name = below ? host.slice(2) : host;
  if (name === '' || /[\s*@%?#\\:]/.test(isIP(name) === 6 && !name.includes('%') ? '' : name)) {
    return { hint: undefined };
  }
  const canonical = canonicalHost(name);
  const address = parseAddress(canonical);
  if (address !== undefined) {
    return below ? { hint: 'there is nothing below an address' } : { kind: 'range', range: singleAddress(address) };
  }
  return URL.canParse(`ws://${name}/`) ? { kind: 'name', name: withoutRoot(canonical), below } : { hint: undefined };
}

/** `8080` or `8000-8999`. */
export function parsePorts(text: string): PortRange | NoRule {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const ports = { from: Number(from), to: Number(to) };
  return from === undefined || ports.from > ports.to || ports.to > 65_535
    ? { hint: 'a port is from 0 to 65535, a range two of them as 8000-8999' }
    : ports;
}

/** Whether the rule holds for this port and scheme. */
export function fits({ ports, secure }: HostRule, target: Omit<Target, 'host'>): boolean {
  return (ports === undefined || (target.port >= ports.from && target.port <= ports.to)) && (target.secure || !secure);
}

/** Whether the rule names the host itself: an address that lies in it, or a name. `*` names none. */
export function namesHost({ host }: HostRule, wanted: Address | string): boolean {
  switch (host.kind) {
    case 'any':
      return false;
    case 'range':
      return typeof wanted !== 'string' && isInRange(wanted, host.range);
    case 'name':
      return typeof wanted === 'string' && (host.below ? wanted.endsWith(`.${host.name}`) : wanted === host.name);
  }
}

/**
 * Whether a rule of a deny list is about the host. It is about more than one that permits: an IPv6 address that leads to
 * an IPv4 address in the rule's range as well, and with `localhost` all names below it and every loopback address.
 */
export function coversHost(rule: HostRule, wanted: Address | string): boolean {
  if (rule.host.kind === 'any' || namesHost(rule, wanted)) {
    return true;
  }
  if (isLocalhost(rule)) {
    return typeof wanted === 'string' ? isLocalhostName(wanted) : [wanted, ...embeddedAddresses(wanted)].some(isLoopback);
  }
  return typeof wanted !== 'string' && embeddedAddresses(wanted).some((address) => namesHost(rule, address));
}

export function isLocalhost({ host }: HostRule): boolean {
  return host.kind === 'name' && host.name === 'localhost' && !host.below;
}

/** Whether all names that the rule is for lead to loopback, and nowhere else. */
export function isForLocalhost({ host }: HostRule): boolean {
  return host.kind === 'name' && isLocalhostName(host.name);
}

/** The address that a host is, or its name without the root's dot: RFC 1034, 3.1. */
export function hostOf(host: string): Address | string {
  return parseAddress(host) ?? withoutRoot(host.toLowerCase());
}

function withoutRoot(host: string): string {
  return host.replace(/(.)\.$/, '$1');
}

/** What a URL leads to, with its scheme's default port. */
export function targetOf({ hostname, port, protocol }: URL): Target {
  const secure = protocol === 'wss:' || protocol === 'https:';
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (secure ? 443 : 80) : Number(port), secure };
}
