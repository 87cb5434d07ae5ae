import type { LookupAddress } from 'node:dns';
import { describe, expect, test } from '@jest/globals';
import { guardedLookup, isPublicAddress } from '../../../host/policy/address-guard.ts';

describe('isPublicAddress', () => {
  test.each(['93.184.216.34', '8.8.8.8', '2606:2800:220:1:248:1893:25c8:1946'])('%s is', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.1.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    // Of no registry: networks of one's own use such, as Yggdrasil uses 200::/7.
    '1::1',
    '200::1',
    '300::1',
    '0:0:0:1::7f00:1',
    '4000::1',
    'e000::1',
    'fec0::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    'not an address',
    '',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('guardedLookup', () => {
  const resolve = (permits: (address: string) => boolean): Promise<LookupAddress[]> =>
    new Promise((done, fail) => {
      guardedLookup(permits)('localhost', { all: true }, (error, addresses) =>
        error === null ? done(addresses as LookupAddress[]) : fail(error),
      );
    });

  test('gives out the permitted addresses of a name', async () => {
    const addresses = await resolve((address) => address === '127.0.0.1');
    expect(addresses).toEqual([{ address: '127.0.0.1', family: 4 }]);
  });

  test('fails where none is permitted, and names the name', async () => {
    await expect(resolve(isPublicAddress)).rejects.toMatchObject({
      code: 'ERR_AIRLOCK_ADDRESS_DENIED',
      message: 'localhost leads to an address that is not public; permit that address itself to connect to it',
    });
  });
});
