import fc from 'fast-check';

/** IPv4 ranges that are not for everybody: IANA's registry of special-purpose addresses, multicast and the rest above it. */
export const BLOCKED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32',
] as const;

/** Addresses of a range, as numbers; its first and last among them. */
export function blockedIPv4(range: string): fc.Arbitrary<number> {
  const [network = '', bits] = range.split('/');
  const first = network.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);
  const size = 2 ** (32 - Number(bits));
  return fc.oneof(fc.constantFrom(first, first + size - 1), fc.integer({ min: first, max: first + size - 1 }));
}

export function dotted(address: number): string {
  return bytesOf(address).join('.');
}

function bytesOf(address: number): number[] {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff);
}

function groups(address: number): string {
  return `${((address >>> 16) & 0xffff).toString(16)}:${(address & 0xffff).toString(16)}`;
}

const hex = (byte: number): string => `0x${byte.toString(16)}`;
const octal = (byte: number): string => `0${byte.toString(8)}`;
const rest = (address: number, bits: number): number => address % 2 ** bits;

/** How an IPv4 address can be written so that a URL's parser takes it for that (URL Standard, 3.5), each by its name. */
export const TEXTUAL_FORMS: readonly (readonly [string, (address: number) => string])[] = [
  ['dotted', dotted],
  ['with the dot of the root', (address) => `${dotted(address)}.`],
  ['decimal', String],
  ['hexadecimal', (address) => `0x${address.toString(16)}`],
  ['in upper case', (address) => `0X${address.toString(16).toUpperCase()}`],
  ['octal', (address) => `0${address.toString(8)}`],
  ['in two parts', (address) => `${address >>> 24}.${rest(address, 24)}`],
  ['in three parts', (address) => `${address >>> 24}.${(address >>> 16) & 0xff}.${rest(address, 16)}`],
  ['in hexadecimal parts', (address) => bytesOf(address).map(hex).join('.')],
  ['in octal parts', (address) => bytesOf(address).map(octal).join('.')],
  ['in mixed parts', (address) => bytesOf(address).map((byte, index) => (index % 2 === 0 ? hex(byte) : octal(byte))).join('.')],
  ['with zeros before', (address) => bytesOf(address).map((byte) => `0x000${byte.toString(16)}`).join('.')],
  ['percent-encoded', (address) => dotted(address).replaceAll('.', '%2e').replace(/^\d/, (digit) => `%3${digit}`)],
  ['in full-width digits', (address) => dotted(address).replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))],
  ['with ideographic full stops', (address) => dotted(address).replaceAll('.', '\u3002')],
  ['in circled digits', (address) => dotted(address).replace(/[1-9]/g, (digit) => String.fromCodePoint(0x2460 + Number(digit) - 1))],
];

/** The IPv6 addresses that an IPv4 address can stand in, each by its name. */
export const EMBEDDED_FORMS: readonly (readonly [string, (address: number) => string])[] = [
  ['IPv4-mapped', (address) => `::ffff:${groups(address)}`],
  ['IPv4-mapped, dotted', (address) => `::ffff:${dotted(address)}`],
  ['IPv4-compatible', (address) => `::${groups(address)}`],
  ['IPv4-translated', (address) => `::ffff:0:${groups(address)}`],
  ['NAT64', (address) => `64:ff9b::${groups(address)}`],
  ["NAT64 of a network's own", (address) => `64:ff9b:1::${groups(address)}`],
  ['6to4', (address) => `2002:${groups(address)}::1`],
  ['Teredo, the server', (address) => `2001:0:${groups(address)}::`],
  ['Teredo, the client', (address) => `2001:0:0:0:0:0:${groups(~address >>> 0)}`],
  ['ISATAP', (address) => `2606:4700:0:1:0:5efe:${groups(address)}`],
];
