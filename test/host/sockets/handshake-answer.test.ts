import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { SOCKET_ERRORS } from '../../../wire/socket-codes.ts';
import { openClient, openTcpServer } from '../../support/sockets.ts';

/** A server that answers each handshake with what `answer` makes of its key, and whether it hangs up then. */
async function told(answer: (accept: string) => string, protocols: readonly string[] = [], hangUp = true): Promise<unknown[]> {
  const { port } = await openTcpServer((socket: Socket) => {
    let request = '';
    socket.setEncoding('latin1').on('data', (data: string) => {
      request += data;
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1];
      if (request.includes('\r\n\r\n') && key !== undefined) {
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        socket.write(answer(accept), 'latin1');
        if (hangUp) {
          socket.end();
        }
      }
    });
  });
  const url = `ws://127.0.0.1:${port}/`;
  const { owner } = openClient(url, { protocols });
  await Promise.race([owner.first('closed'), owner.first('opened')]);
  return owner.told.map(([name, ...values]) => [
    name,
    ...values.map((value) => (typeof value === 'string' ? value.replace(`WebSocket connection to '${url}' failed: `, '') : value)),
  ]);
}

/** An answer with these headers; an undefined one is left out. */
function switching(accept: string, headers: Readonly<Record<string, string | undefined>> = {}, line = 'HTTP/1.1 101 Switching Protocols'): string {
  const all = { 'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Accept': accept, ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return `${line}\r\n${lines.join('')}\r\n`;
}

function failure(error: number, reason: unknown): unknown[] {
  return [['failed', error, reason], ['closed', 1006, '', false]];
}

test('a right answer opens the connection', async () => {
  expect(await told((accept) => switching(accept), [], false)).toEqual([['opened', '', '']]);
  expect(await told((accept) => switching(accept, { Connection: 'keep-alive, UPGRADE', Upgrade: 'WebSocket' }), [], false)).toEqual([
    ['opened', '', ''],
  ]);
  expect(await told((accept) => `HTTP/1.1 103 Early Hints\r\n\r\n${switching(accept)}`, [], false)).toEqual([['opened', '', '']]);
});

describe('a server that does not switch protocols refuses the connection, and the script is told the status:', () => {
  test.each<[string, string, string]>([
    ['403', 'HTTP/1.1 403 Go away\r\nContent-Length: 0\r\n\r\n', 'the server answered with 403 Forbidden instead of 101'],
    ['401', 'HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n', 'the server answered with 401 Unauthorized instead of 101'],
    ['404 without an end', 'HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\nx', 'the server answered with 404 Not Found instead of 101'],
    ['200', 'HTTP/1.1 200 OK\r\n\r\nhello', 'the server answered with 200 OK instead of 101'],
    ['a status that nobody knows', 'HTTP/1.1 299 Fine\r\n\r\n', 'the server answered with 299 instead of 101'],
    ['503 in HTTP/1.0', 'HTTP/1.0 503 Busy\r\n\r\n', 'the server answered with 503 Service Unavailable instead of 101'],
    ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n', 'the server answered with 302 Found instead of 101; a redirect is not followed'],
    ['a status without a redirect', 'HTTP/1.1 304 x\r\n\r\n', 'the server answered with 304 Not Modified instead of 101'],
  ])('%s', async (_what, answer, reason) => {
    expect(await told(() => answer)).toEqual(failure(SOCKET_ERRORS.ConnectionRefusedError, reason));
  });

  test('200 with all headers of an upgrade', async () => {
    expect(await told((accept) => switching(accept, {}, 'HTTP/1.1 200 OK'))).toEqual(
      failure(SOCKET_ERRORS.ConnectionRefusedError, expect.stringMatching(/^the server answered with 200.* instead of 101$/)),
    );
  });
});

describe('a malformed answer fails the connection once, with what is wrong:', () => {
  test.each<[string, (accept: string) => string, string]>([
    ['no Sec-WebSocket-Accept', () => switching('', { 'Sec-WebSocket-Accept': undefined }), 'Invalid Sec-WebSocket-Accept header'],
    ['a wrong Sec-WebSocket-Accept', () => switching('s3pPLMBiTxaQ9kYGzzhZRbK+xOo='), 'Invalid Sec-WebSocket-Accept header'],
    ['two of them', (accept) => switching(accept, { 'sec-websocket-accept': accept }), "the server's answer has more than one sec-websocket-accept header"],
    ['a wrong Upgrade', (accept) => switching(accept, { Upgrade: 'h2c' }), 'Invalid Upgrade header'],
    ['no Upgrade', (accept) => switching(accept, { Upgrade: undefined }), "the server's answer lacks the Upgrade header of an upgrade (HTTP/1.1)"],
    ['no Connection', (accept) => switching(accept, { Connection: undefined }), "the server's answer lacks the Connection header of an upgrade (HTTP/1.1)"],
    ['a wrong Connection', (accept) => switching(accept, { Connection: 'close' }), "the server's answer lacks the Connection header of an upgrade (HTTP/1.1)"],
    ['a subprotocol that was not asked for', (accept) => switching(accept, { 'Sec-WebSocket-Protocol': 'chat' }), 'Server sent a subprotocol but none was requested'],
    ['an extension that was not asked for', (accept) => switching(accept, { 'Sec-WebSocket-Extensions': 'permessage-deflate' }), 'Server sent a Sec-WebSocket-Extensions header but no extension was requested'],
    ['HTTP/1.0', (accept) => switching(accept, {}, 'HTTP/1.0 101 Switching Protocols'), 'the server answered in HTTP/1.0; an upgrade needs HTTP/1.1'],
    ['headers without an end', (accept) => switching(accept, { X: 'x'.repeat(20_000) }), "the headers of the server's answer are too large"],
    ['garbage', () => 'SSH-2.0-OpenSSH_9.6\r\n', "the server's answer is not one of HTTP/1.1"],
    ['a header with a line feed alone', (accept) => switching(accept, { X: 'a\nb' }), "the server's answer is not one of HTTP/1.1"],
    ['a header without a name', (accept) => switching(accept, { '': 'x' }), "the server's answer is not one of HTTP/1.1"],
    ['HTTP/9', (accept) => switching(accept, {}, 'HTTP/9.9 101 Switching Protocols'), "the server's answer is not one of HTTP/1.1"],
  ])('%s', async (_what, answer, reason) => {
    expect(await told(answer)).toEqual(failure(SOCKET_ERRORS.UnknownSocketError, reason));
  });

  test.each<[string, string | undefined, string]>([
    ['no subprotocol where some were asked for', undefined, 'Server sent no subprotocol'],
    ['an empty one', '', 'Server sent an invalid subprotocol'],
    ['another one', 'gamma', 'Server sent an invalid subprotocol'],
    ['one in another case', 'Alpha', 'Server sent an invalid subprotocol'],
    ['two at once', 'alpha, beta', 'Server sent an invalid subprotocol'],
  ])('%s', async (_what, protocol, reason) => {
    expect(await told((accept) => switching(accept, { 'Sec-WebSocket-Protocol': protocol }), ['alpha', 'beta'])).toEqual(
      failure(SOCKET_ERRORS.UnknownSocketError, reason),
    );
  });

  test.each([
    ['nothing at all', ''],
    ['half a status line', 'HTTP/1.1 10'],
    ['half of the headers', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConn'],
  ])('%s, and then the end', async (_what, answer) => {
    const events = await told(() => answer);
    expect(events).toEqual(failure(SOCKET_ERRORS.RemoteHostClosedError, 'the remote host closed the connection'));
  });
});

/** An answer in which some bytes are replaced, left out or put in. */
const mutations = fc.array(
  fc.record({ at: fc.nat(200), remove: fc.nat(3), insert: fc.oneof(fc.constantFrom('\r\n', '\n', ':', ' ', '\0', 'HTTP/1.1 101\r\n'), fc.string({ maxLength: 3, unit: 'binary-ascii' })) }),
  { minLength: 1, maxLength: 4 },
);

function mutate(answer: string, changes: readonly { readonly at: number; readonly remove: number; readonly insert: string }[]): string {
  return changes.reduce((text, { at, insert, remove }) => text.slice(0, at) + insert + text.slice(at + remove), answer);
}

test('whatever is made of a right answer, the connection either opens or fails once', async () => {
  await fc.assert(
    fc.asyncProperty(mutations, async (changes) => {
      const events = (await told((accept) => mutate(switching(accept), changes))) as [string, ...unknown[]][];
      const names = events.map(([name]) => name);
      if (names[0] !== 'opened') {
        expect(names).toEqual(['failed', 'closed']);
        expect(events[1]).toEqual(['closed', 1006, '', false]);
        expect(String(events[0]?.[2])).toMatch(/^[\x20-\x7e]{8,120}$/);
        expect(String(events[0]?.[2])).not.toMatch(/undefined|unknown|127\.0\.0\.1/);
      }
    }),
    { numRuns: 500 },
  );
});

test.each(['ws', 'wss'])('a peer of %s: that resets at once, or in the midst, fails the connection and nothing else', async (scheme) => {
  const { port } = await openTcpServer((socket) => {
    socket.write(Buffer.alloc(5));
    setImmediate(() => socket.resetAndDestroy());
  });
  const clients = Array.from({ length: 50 }, () => openClient(`${scheme}://127.0.0.1:${port}/`));
  for (const { owner } of clients) {
    await owner.first('closed');
    expect(owner.order).toEqual(['failed', 'closed']);
  }
});
