import { BlockList } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addressGroup, plainAddress } from '../../../host/sockets/remote-address.ts';

describe('plainAddress', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
    ['::ffff:1', '::ffff:1'],
    [undefined, ''],
  ])('%s is %s', (address, plain) => {
    expect(plainAddress(address)).toBe(plain);
  });
});

describe('addressGroup', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:0001:2::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('of %s is %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  test('is the network of 64 bits that an address of IPv6 is in', () => {
    fc.assert(
      fc.property(fc.ipV6().filter((address) => !address.includes('.')), (address) => {
        const network = new BlockList();
        network.addSubnet(addressGroup(address).slice(0, -'/64'.length), 64, 'ipv6');
        expect(network.check(address, 'ipv6')).toBe(true);
      }),
    );
  });
});
