import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address and how many of its first bits count. */
export type AddressRange = readonly [Address, number];

/**
 * The address, with an IPv4-mapped one (::ffff:127.0.0.1) as the IPv4 address that it is; undefined where the text is not
 * one in its usual form. Decimal, octal and hexadecimal forms are the URL parser's business, which makes usual ones of them.
 */
export function parseAddress(text: string): Address | undefined {
  return isIP(text) === 0 ? undefined : ipaddr.process(text);
}

/** A range as `10.0.0.0/8` or `fd00::/8`; undefined where it is none, or has bits behind its prefix. */
export function parseRange(text: string): AddressRange | undefined {
  const [, host = '', length] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(host);
  if (family === 0 || host.includes('%') || Number(length) > (family === 4 ? 32 : 128)) {
    return undefined;
  }
  const [address, bits] = ipaddr.parseCIDR(text);
  const range: AddressRange =
    address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96
      ? [address.toIPv4Address(), bits - 96]
      : [address, bits];
  return networkOf(range).toString() === range[0].toString() ? range : undefined;
}

/** The range's first address. */
export function networkOf([address, bits]: AddressRange): Address {
  const bytes = address.toByteArray().map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * index))));
  return ipaddr.fromByteArray(bytes);
}

/** The range that holds this address alone. */
export function singleAddress(address: Address): AddressRange {
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

export function isInRange(address: Address, [network, bits]: AddressRange): boolean {
  return address.kind() === network.kind() && address.match(network as ipaddr.IPv4, bits);
}

export function isLoopback(address: Address): boolean {
  return address.range() === 'loopback';
}

/** RFC 6761, 6.3: `localhost` and every name below it, with the root's dot or without. */
export function isLocalhostName(name: string): boolean {
  return /^(?:.+\.)?localhost\.?$/i.test(name);
}

/** What these names lead to, whatever a resolver would say. A server that listens at `localhost` has the first one. */
export const LOCALHOST_ADDRESSES = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
] as const;

const range = (text: string): AddressRange => ipaddr.parseCIDR(text);

/** Not to be had from the internet, and not among the ranges that ipaddr.js knows. */
const OTHER_PRIVATE: readonly AddressRange[] = [
  // What Azure gives its machines their configuration from.
  range('168.63.129.16/32'),
];

/** RFC 5214, 6.1: the interface identifiers of ISATAP, whose last four bytes are an IPv4 address. */
function isISATAP({ parts }: ipaddr.IPv6): boolean {
  return ((parts[4] as number) & 0xfdff) === 0 && parts[5] === 0x5efe;
}

/**
 * Whether anybody on the internet can have this address: not a private, loopback, link-local, multicast, reserved,
 * metadata or translated one. What is not an address in its usual form is not public, nor is one of a zone of its own.
 */
export function isPublicAddress(text: string): boolean {
  const address = text.includes('%') ? undefined : parseAddress(text);
  if (address === undefined || address.range() !== 'unicast' || OTHER_PRIVATE.some((each) => isInRange(address, each))) {
    return false;
  }
  // RFC 4291 and IANA's registry: of IPv6, only 2000::/3 is given out for everybody. Networks of one's own use some of the
  // rest, and the deprecated IPv4-compatible form ::7f00:1 leads to 127.0.0.1 on some systems.
  return !(address instanceof ipaddr.IPv6) || (((address.parts[0] as number) & 0xe000) === 0x2000 && !isISATAP(address));
}

const TEREDO = range('2001::/32');

/** Where an IPv6 address can hold an IPv4 address that it leads to: the range, and which of its bytes it is. */
const EMBEDDINGS: readonly (readonly [AddressRange, readonly number[]])[] = [
  // RFC 4291, 2.5.5.1: IPv4-compatible.
  [range('::/96'), [12, 13, 14, 15]],
  // RFC 6145, 2.2: IPv4-translated.
  [range('::ffff:0:0:0/96'), [12, 13, 14, 15]],
  [range('64:ff9b::/96'), [12, 13, 14, 15]],
  // RFC 8215: a network's own prefixes of translators, by RFC 6052, 2.2 of any of these lengths.
  [range('64:ff9b:1::/48'), [12, 13, 14, 15]],
  [range('64:ff9b:1::/48'), [9, 10, 11, 12]],
  [range('64:ff9b:1::/48'), [7, 9, 10, 11]],
  [range('64:ff9b:1::/48'), [6, 7, 9, 10]],
  // RFC 3056, 2: 6to4.
  [range('2002::/16'), [2, 3, 4, 5]],
  // RFC 4380, 4: the server of Teredo.
  [TEREDO, [4, 5, 6, 7]],
];

/** The IPv4 addresses that an IPv6 address may lead to, through a translator or a tunnel. */
export function embeddedAddresses(address: Address): readonly Address[] {
  if (!(address instanceof ipaddr.IPv6)) {
    return [];
  }
  const bytes = address.toByteArray();
  const of = (places: readonly number[], mask = 0): Address => ipaddr.fromByteArray(places.map((place) => (bytes[place] as number) ^ mask));
  const found = EMBEDDINGS.filter(([each]) => isInRange(address, each)).map(([, places]) => of(places));
  if (isInRange(address, TEREDO)) {
    // RFC 4380, 4: the client's, inverted.
    found.push(of([12, 13, 14, 15], 0xff));
  }
  if (isISATAP(address)) {
    found.push(of([12, 13, 14, 15]));
  }
  return found;
}
