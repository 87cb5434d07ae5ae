import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Permissions, type PermissionOptions } from '../../../host/policy/permissions.ts';
import { areSubprotocols, handshakeHeaders } from '../../../host/sockets/handshake-headers.ts';
import { MOST_HANDSHAKE_HEADERS, MOST_HANDSHAKE_HEADER_LENGTH } from '../../../wire/handshake-headers.ts';
import { afterThisTest, openClient } from '../../support/sockets.ts';

function check(flat: readonly string[], headers?: PermissionOptions['headers']): unknown {
  return handshakeHeaders(flat, new Permissions({ headers }));
}

describe("a script's headers", () => {
  test('reach the server as they are, in order, and more than once where they are given so', async () => {
    const received: string[] = [];
    const server = createServer();
    server.on('upgrade', (request, socket) => {
      received.push(...request.rawHeaders);
      socket.destroy();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    afterThisTest(() => server.close());
    const flat = ['Authorization', 'Bearer x', 'X-A', '1', 'x-a', '2', '__proto__', 'own', 'X-Empty', '', 'Cookie', 'a=1', 'Cookie', 'b=2'];
    const headers = check(flat, ['cookie']);
    const { owner } = openClient(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers: headers as never });
    await owner.first('closed');
    const pairs = received.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${received[index + 1]}`] : []));
    expect(pairs).toEqual(
      expect.arrayContaining(['Authorization: Bearer x', 'X-A: 1', 'X-A: 2', '__proto__: own', 'X-Empty: ', 'Cookie: a=1; b=2']),
    );
    expect(pairs).toEqual(expect.arrayContaining(['Upgrade: websocket', 'Sec-WebSocket-Version: 13']));
  });

  test.each([
    'Host', 'CONNECTION', 'upgrade', 'Sec-WebSocket-Key', 'sec-websocket-protocol', 'Sec-WebSocket-Extensions', 'Sec-Fetch-Site',
    'Content-Length', 'Transfer-Encoding', 'TE', 'Trailer', 'Keep-Alive', 'Proxy-Authorization', 'Proxy-Connection', 'Expect',
    'Via', 'Max-Forwards', 'HTTP2-Settings', 'Cookie2',
  ])('may never be %s', (name) => {
    expect(check([name, 'x'], true)).toBe(`the header ${name.toLowerCase()}`);
  });

  test.each([
    ['a space in a name', ['a b', 'x']],
    ['an empty name', ['', 'x']],
    ['a colon in a name', ['a:', 'x']],
    ['a letter beyond ASCII in a name', ['Ä', 'x']],
    ['a line break', ['a', 'x\r\nb: y']],
    ['a line feed at the end', ['a', 'x\n']],
    ['a zero', ['a', '\0']],
    ['a space in front', ['a', ' x']],
    ['a tab behind', ['a', 'x\t']],
    ['a letter that is no byte', ['a', 'ł']],
    ['half a letter', ['a', '\ud800']],
  ])('with %s are malformed', (_what, flat) => {
    expect(check(flat)).toBe('a header that is not one of HTTP');
  });

  test('are bounded in number and size', () => {
    const many = (count: number): string[] => Array.from({ length: count * 2 }, (_, index) => `x${index}`);
    expect(check(many(MOST_HANDSHAKE_HEADERS))).toBeInstanceOf(Object);
    expect(check(many(MOST_HANDSHAKE_HEADERS + 1))).toBe('65 headers');
    expect(check(['a', 'x'.repeat(MOST_HANDSHAKE_HEADER_LENGTH - 1)])).toBeInstanceOf(Object);
    expect(check(['a', 'x'.repeat(MOST_HANDSHAKE_HEADER_LENGTH)])).toBe('headers of more than 8192 characters');
  });

  test.each(['Cookie', 'origin'])('may be %s only where it is permitted', (name) => {
    expect(() => check([name, 'x'])).toThrow(
      expect.objectContaining({ code: 'ERR_AIRLOCK_HEADER_DENIED', message: `setting the header ${name.toLowerCase()} is not permitted (permission headers)` }),
    );
    expect(() => check([name, 'x'], name === 'origin' ? ['cookie'] : ['origin'])).toThrow('is not permitted');
    expect(check([name, 'x'], [name.toUpperCase()])).toEqual({ [name]: 'x' });
    expect(check([name, 'x'], true)).toEqual({ [name]: 'x' });
  });
});

test('subprotocols are tokens, each once', () => {
  expect([[], ['a'], ['a', 'A', "!#$%&'*+-.^_`|~9"]].map(areSubprotocols)).toEqual([true, true, true]);
  expect([['a', 'a'], [''], ['a b'], ['a,b'], ['ä'], ['a\r\n']].map(areSubprotocols)).toEqual(Array(6).fill(false));
});
