import { isIPv4 } from 'node:net';

const MAPPED = '::ffff:';

/** The address as people write it: an IPv4 client of a listener for both is one of IPv4. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) {
    return '';
  }
  const rest = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
  return isIPv4(rest) ? rest : address;
}

/** What is counted as one address. Who has an IPv6 address mostly has a whole network of 64 bits of them: RFC 4291, 2.5.4. */
export function addressGroup(address: string): string {
  if (!address.includes(':')) {
    return address;
  }
  const [before = '', after] = address.split('%', 1).join('').split('::');
  const first = before === '' ? [] : before.split(':');
  const last = after === undefined || after === '' ? [] : after.split(':');
  const all = after === undefined ? first : [...first, ...Array<string>(Math.max(8 - first.length - last.length, 0)).fill('0'), ...last];
  return `${all.slice(0, 4).map((part) => part.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}
