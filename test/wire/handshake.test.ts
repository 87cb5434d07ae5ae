import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { isBlockedPort } from '../../wire/blocked-ports.ts';
import { HEADER_NAME, HEADER_VALUE, PERMITTABLE_HEADERS, isForbiddenHeader, isPermittableHeader } from '../../wire/handshake-headers.ts';

describe('blocked ports', () => {
  test('are those of the Fetch Standard, as undici has them, and 0', () => {
    const source = readFileSync(join(resolve(import.meta.dirname, '../..'), 'node_modules/undici/lib/web/fetch/constants.js'), 'utf8');
    const [, list = ''] = /const badPorts = [^[]*\[([^\]]*)\]/.exec(source) ?? [];
    const bad = list.match(/\d+/g)?.map(Number) ?? [];
    expect(bad.length).toBeGreaterThan(70);
    const blocked = Array.from({ length: 65_536 }, (_, port) => port).filter(isBlockedPort);
    expect(blocked).toEqual([0, ...bad]);
  });

  test('are not others, whatever stands on Object.prototype', () => {
    Object.defineProperty(Object.prototype, '8080', { value: true, configurable: true });
    expect([80, 443, 8080, -1, Number.NaN].some(isBlockedPort)).toBe(false);
    delete (Object.prototype as { 8080?: true })[8080];
  });
});

describe('headers of a handshake', () => {
  test('are forbidden by name or by how it begins', () => {
    expect(['host', 'upgrade', 'sec-websocket-key', 'sec-', 'proxy-authorization', 'expect'].every(isForbiddenHeader)).toBe(true);
    expect(['authorization', 'x-host', 'se', 'sec', 'proxy', 'cookie', 'origin', 'constructor', '__proto__', ''].some(isForbiddenHeader)).toBe(false);
    expect(PERMITTABLE_HEADERS.every(isPermittableHeader)).toBe(true);
    expect(isPermittableHeader('host')).toBe(false);
  });

  test('have tokens as names, and values without control characters or spaces around them', () => {
    expect(['A', "!#$%&'*+-.^_`|~"].every((name) => HEADER_NAME.test(name))).toBe(true);
    expect(['', 'a b', 'a:', 'a\n', 'é'].some((name) => HEADER_NAME.test(name))).toBe(false);
    expect(['', 'a', 'a b', 'a\tb', '\xe9', 'a  b'].every((value) => HEADER_VALUE.test(value))).toBe(true);
    expect([' a', 'a ', 'a\n', '\n', 'a\r\nb', '\0', '\x7f', 'ł', ' '].some((value) => HEADER_VALUE.test(value))).toBe(false);
  });

  test('are checked in a time that grows with their length only', () => {
    const value = `a${' '.repeat(2 ** 20)}\n`;
    // Hours, where each of the spaces is looked at again for each other.
    expect(runInNewContext('pattern.test(value)', { pattern: HEADER_VALUE, value }, { timeout: 60_000 })).toBe(false);
  });
});
