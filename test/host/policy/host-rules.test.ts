import { describe, expect, test } from '@jest/globals';
import { targetOf } from '../../../host/policy/host-rules.ts';

describe('targetOf', () => {
  test.each([
    ['ws://example.com/', 'example.com', 80, false],
    ['wss://example.com/', 'example.com', 443, true],
    ['wss://example.com:8443/chat', 'example.com', 8443, true],
    ['ws://[2001:db8::1]:9/', '2001:db8::1', 9, false],
    ['ws://0x7f.1/', '127.0.0.1', 80, false],
    ['http://example.com/', 'example.com', 80, false],
    ['https://example.com/', 'example.com', 443, true],
  ])('%s leads to %s, port %i', (url, host, port, secure) => {
    expect(targetOf(new URL(url))).toEqual({ host, port, secure });
  });
});
