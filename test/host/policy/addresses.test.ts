import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { embeddedAddresses, isPublicAddress, parseAddress, parseRange } from '../../../host/policy/addresses.ts';
import { BLOCKED_IPV4, EMBEDDED_FORMS, TEXTUAL_FORMS, blockedIPv4, dotted } from '../../support/address-forms.ts';

describe('isPublicAddress', () => {
  test.each(['93.184.216.34', '8.8.8.8', '169.253.255.255', '172.32.0.1', '2606:2800:220:1:248:1893:25c8:1946'])('%s is', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.1.1',
    '192.0.0.192',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::FFFF:7F00:1',
    '::ffff:0:7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::808:808',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    // ISATAP, of any prefix.
    '2606:2800:220:1:0:5efe:7f00:1',
    '2606:2800:220:1:200:5efe:7f00:1',
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
    'fe80::1%eth0',
    'ff02::1',
    '2001:db8::1',
    '3fff::1',
    // Of a zone, whatever it would be without.
    '2606:2800:220:1:248:1893:25c8:1946%eth0',
    // Not in their usual form, so not what they seem to somebody.
    '0x08080808',
    '010.8.8.8',
    '8.8.8.8.',
    'not an address',
    '',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(BLOCKED_IPV4)('no address of %s is, in whatever IPv6 address it stands', (range) => {
    fc.assert(
      fc.property(blockedIPv4(range), fc.constantFrom(...EMBEDDED_FORMS), (address, [, embed]) => {
        expect(isPublicAddress(dotted(address))).toBe(false);
        expect(isPublicAddress(embed(address))).toBe(false);
      }),
    );
  });

  test('an address is not, if the URL parser makes a private one of it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...BLOCKED_IPV4).chain(blockedIPv4), fc.constantFrom(...TEXTUAL_FORMS), (address, [, write]) => {
        const host = new URL(`ws://${write(address)}/`).hostname;
        expect(host).toBe(dotted(address));
        expect(isPublicAddress(host)).toBe(false);
      }),
    );
  });
});

describe('embeddedAddresses', () => {
  test('finds an IPv4 address in whatever IPv6 address it stands', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.constantFrom(...EMBEDDED_FORMS), (address, [, embed]) => {
        const outer = parseAddress(embed(address));
        // A mapped one is the IPv4 address itself.
        const found = outer === undefined ? [] : [outer, ...embeddedAddresses(outer)];
        expect(found.map(String)).toContain(dotted(address));
      }),
    );
  });

  test('finds none where there is none', () => {
    expect(embeddedAddresses(parseAddress('2606:2800:220:1:248:1893:25c8:1946')!)).toEqual([]);
    expect(embeddedAddresses(parseAddress('127.0.0.1')!)).toEqual([]);
  });
});

describe('parseRange', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0', 8],
    ['0.0.0.0/0', '0.0.0.0', 0],
    ['10.1.2.3/32', '10.1.2.3', 32],
    ['10.64.0.0/10', '10.64.0.0', 10],
    ['fd00::/8', 'fd00::', 8],
    ['::/0', '::', 0],
    ['::ffff:10.0.0.0/104', '10.0.0.0', 8],
  ])('%s is one', (text, network, bits) => {
    const range = parseRange(text);
    expect([String(range?.[0]), range?.[1]]).toEqual([network, bits]);
  });

  test.each(['10.0.0.1/8', '10.0.0.0/33', 'fd00::1/8', 'fd00::/129', '10.0.0.0', '10.0.0.0/', '10/8', 'fe80::%eth0/10', 'example.com/8'])('%s is none', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });
});
