import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns';
import ipaddr from 'ipaddr.js';
import { AirlockError } from '../errors.ts';

/**
 * Whether anybody on the internet can have this address: not a private, loopback, link-local, multicast, metadata or
 * translated one. What cannot be parsed is not public.
 */
export function isPublicAddress(address: string): boolean {
  // `process` makes an IPv4 address of a mapped one (::ffff:127.0.0.1).
  let parsed: ipaddr.IPv4 | ipaddr.IPv6;
  try {
    parsed = ipaddr.process(address);
  } catch {
    return false;
  }
  if (parsed.range() !== 'unicast') {
    return false;
  }
  // RFC 4291 and IANA's registry: of IPv6, only 2000::/3 is given out for everybody. Networks of one's own use some of the
  // rest, and the deprecated IPv4-compatible form ::7f00:1 leads to 127.0.0.1 on some systems.
  return !(parsed instanceof ipaddr.IPv6 && ((parsed.parts[0] ?? 0) & 0xe000) !== 0x2000);
}

type LookupCallback = (error: NodeJS.ErrnoException | null, addresses: string | LookupAddress[], family?: number) => void;

/**
 * A `lookup` for `net.connect` that resolves a name once and gives out only addresses that `permits` lets through, so
 * that what was checked is what is connected to. Where it lets none through, `onDenied` is told the first.
 */
export function guardedLookup(
  permits: (address: string) => boolean,
  onDenied: (address: string) => void = () => {},
): (hostname: string, options: LookupOptions, callback: LookupCallback) => void {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        return callback(error, []);
      }
      const permitted = addresses.filter(({ address }) => permits(address));
      const [first] = permitted;
      if (first === undefined) {
        onDenied(addresses[0]?.address ?? '');
        return callback(addressDenied(hostname), []);
      }
      if (options.all === true) {
        callback(null, permitted);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

export function addressDenied(host: string): AirlockError {
  return new AirlockError(
    'ERR_AIRLOCK_ADDRESS_DENIED',
    `${host} leads to an address that is not public; permit that address itself to connect to it`,
  );
}
