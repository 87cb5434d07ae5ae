import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { offeredProtocols, originIsAllowed, requestedTarget } from '../../../host/sockets/handshake-request.ts';
import { afterThisTest, openTcp } from '../../support/sockets.ts';

const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
const space = fc.stringMatching(/^[ \t]{0,3}$/);

/** As much of a request as these look at. */
function request(headers: Readonly<Record<string, string>>, url = '/'): IncomingMessage {
  return { headers, url } as unknown as IncomingMessage;
}

describe('offeredProtocols', () => {
  test('gives different tokens in their order, whatever stands between them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(token, { minLength: 1, maxLength: 8 }), space, space, (protocols, before, after) => {
        const header = protocols.join(`${before},${after}`);
        expect(offeredProtocols(request({ 'sec-websocket-protocol': header }))).toEqual(protocols);
      }),
    );
  });

  test('gives tokens, or nothing, for any text', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const protocols = offeredProtocols(request({ 'sec-websocket-protocol': header }));
        for (const protocol of protocols ?? []) {
          expect(protocol).toMatch(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/);
        }
        expect(new Set(protocols).size).toBe(protocols?.length ?? 0);
      }),
    );
  });

  test.each(['', ',', 'a,', 'a,,b', 'a b', 'a;b', '"a"', 'a,a', 'ä'])("takes no '%s'", (header) => {
    expect(offeredProtocols(request({ 'sec-websocket-protocol': header }))).toBeUndefined();
  });
});

describe('originIsAllowed', () => {
  test('lets no text in that is not one of the origins, and throws for none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.webAuthority()), (origin) => {
        const isAllowed = originIsAllowed(request({ origin, host: 'own.example' }), ['self', 'https://a.example']);
        const hosts = ['own.example', 'a.example'];
        expect(isAllowed && !hosts.includes(URL.parse(origin)?.host ?? '')).toBe(false);
      }),
    );
  });
});

describe('requestedTarget', () => {
  test.each([
    ['/', '/'],
    ['/a/../b?c=d', '/a/../b?c=d'],
    ['//evil.example/', '//evil.example/'],
    ['http://other.example:81/x?y', '/x?y'],
    ['wss://other.example', '/'],
  ])('of %s is %s', (url, target) => {
    expect(requestedTarget(request({}, url))).toBe(target);
  });
});

test('what Node.js parses of any bytes can be looked at', async () => {
  const seen: IncomingMessage[] = [];
  const server = createServer((message, response) => {
    seen.push(message);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterThisTest(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as { port: number };
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[\x21-\x7e]{1,30}$/), fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,30}$/), async (target, header) => {
      const socket = await openTcp(port, true);
      const done = new Promise((resolve) => socket.resume().on('close', resolve));
      socket.end(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: ${header}\r\nSec-WebSocket-Protocol: ${header}\r\n\r\n`, 'latin1'));
      await done;
    }),
    { numRuns: 50 },
  );
  for (const message of seen) {
    expect(typeof requestedTarget(message)).toBe('string');
    expect(() => [offeredProtocols(message), originIsAllowed(message, ['self', 'https://a.example'])]).not.toThrow();
  }
});
