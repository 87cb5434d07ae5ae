import { describe, expect, test } from '@jest/globals';
import { Permissions } from '../../../host/policy/permissions.ts';

describe('permission to connect', () => {
  test.each<[readonly string[] | boolean | undefined, string, number, string]>([
    [undefined, 'example.com', 443, 'denied'],
    [false, 'example.com', 443, 'denied'],
    [[], 'example.com', 443, 'denied'],
    [true, '10.0.0.1', 1, 'any'],
    [['example.com'], 'example.com', 443, 'guarded'],
    [['EXAMPLE.com'], 'example.com', 443, 'guarded'],
    [['example.com'], 'www.example.com', 443, 'denied'],
    [['example.com:443'], 'example.com', 443, 'guarded'],
    [['example.com:443'], 'example.com', 80, 'denied'],
    [['*:443'], 'example.org', 443, 'guarded'],
    [['*:443'], 'example.org', 80, 'denied'],
    [['*'], '10.0.0.1', 80, 'guarded'],
    [['*'], 'localhost', 80, 'guarded'],
    [['127.0.0.1'], '127.0.0.1', 80, 'any'],
    [['127.0.0.1:80'], '127.0.0.1', 81, 'denied'],
    [['127.0.0.1'], 'localhost', 80, 'denied'],
    [['localhost'], 'localhost', 80, 'any'],
    [['[::1]:80'], '::1', 80, 'any'],
    [['::1'], '::1', 80, 'any'],
    [['0:0:0:0:0:0:0:1'], '::1', 80, 'any'],
    [['[::1]:80'], '::1', 81, 'denied'],
    [['0x7f.1'], '127.0.0.1', 80, 'any'],
  ])('%j: %s port %d is %s', (connect, host, port, verdict) => {
    expect(new Permissions({ connect }).connect(host, port)).toBe(verdict);
  });
});

describe('permission to listen', () => {
  test.each<[readonly string[] | boolean | undefined, string, number, boolean]>([
    [undefined, '', 0, false],
    [true, '', 80, true],
    [['8080'], '', 8080, true],
    [['8080'], '127.0.0.1', 8080, true],
    [['8080'], '', 8081, false],
    [['0'], '', 0, true],
    [['0'], '', 8080, false],
    [['127.0.0.1'], '127.0.0.1', 8080, true],
    [['127.0.0.1'], '', 8080, false],
    [['127.0.0.1:8080'], '127.0.0.1', 8081, false],
    [['localhost:0'], '127.0.0.1', 0, true],
    [['[::1]:8080'], '::1', 8080, true],
  ])('%j: address "%s" port %d: %s', (listen, host, port, allowed) => {
    expect(new Permissions({ listen }).listen(host, port)).toBe(allowed);
  });
});

describe('a rule that is none', () => {
  test.each([
    ['connect', ''],
    ['connect', 'a b'],
    ['connect', 'ws://example.com'],
    ['connect', 'example.com:port'],
    ['connect', 'example.com:70000'],
    ['connect', 'a:b:c'],
    ['listen', 'example.com'],
    ['listen', '70000'],
    ['listen', ''],
  ])('is refused by name: %s=%s', (kind, rule) => {
    expect(() => new Permissions({ [kind]: [rule] })).toThrow(`'${rule}' is not a rule for `);
  });

  test('so is a value of another form', () => {
    expect(() => new Permissions({ connect: 'example.com' as unknown as string[] })).toThrow(
      'The permission connect must be true, false or a list of rules',
    );
  });
});
