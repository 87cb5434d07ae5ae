import { once } from 'node:events';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WebSocketServer, type PerMessageDeflateOptions, type WebSocket } from 'ws';
import { SOCKET_ERRORS } from '../../../wire/socket-codes.ts';
import { openRawServer, type RawPeer } from '../../support/raw-peer.ts';
import { afterThisTest, openClient, send, type TestClient } from '../../support/sockets.ts';
import { closePayload, frame, OPCODE } from '../../support/websocket-frames.ts';

const { binary: BINARY, ping: PING, text: TEXT } = OPCODE;
const RSV1 = 4;
const LARGEST = 1024 * 1024;

/** RFC 7692, 7.2.1: without the four bytes of the empty block at its end. */
function deflated(data: string | Buffer): Buffer {
  return deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

interface Opened {
  readonly client: TestClient;
  readonly peer: RawPeer;
}

/** A client that offers compression, and a server that answers the offer so. */
async function openDeflating(answer = 'permessage-deflate; server_no_context_takeover'): Promise<Opened> {
  const peers: RawPeer[] = [];
  const { port } = await openRawServer((peer) => peers.push(peer), answer);
  const client = openClient(`ws://127.0.0.1:${port}/`, { perMessageDeflate: true, maxPayload: LARGEST });
  await client.owner.first('opened');
  return { client, peer: peers[0] as RawPeer };
}

describe('an answer to the offer that RFC 7692, 7.1 permits opens the connection:', () => {
  test.each([
    'permessage-deflate',
    'permessage-deflate; server_no_context_takeover',
    'permessage-deflate; client_no_context_takeover; server_no_context_takeover',
    'permessage-deflate;server_max_window_bits=8',
    'permessage-deflate ; client_max_window_bits="15" ; server_max_window_bits=9',
    'permessage-deflate; client_max_window_bits=8',
  ])('%s', async (answer) => {
    const { client, peer } = await openDeflating(answer);
    peer.socket.write(frame({ opcode: TEXT, reserved: RSV1, payload: deflated('héllo') }));
    expect(await client.owner.first('text')).toEqual(['text', 'héllo']);
    expect(client.owner.told[0]).toEqual(['opened', '', 'permessage-deflate']);
  });

  test('and none at all: then nothing is compressed', async () => {
    const peers: RawPeer[] = [];
    const { port } = await openRawServer((peer) => peers.push(peer));
    const { owner } = openClient(`ws://127.0.0.1:${port}/`, { perMessageDeflate: true });
    expect(await owner.first('opened')).toEqual(['opened', '', '']);
    peers[0]?.socket.write(frame({ opcode: TEXT, reserved: RSV1, payload: deflated('a') }));
    expect(await peers[0]?.closeCode()).toBe(1002);
  });
});

describe('an answer to the offer that RFC 7692, 7.1 or RFC 6455, 9.1 forbids fails the handshake, with what is wrong:', () => {
  const value = (name: string): string => `the server answered permessage-deflate with a value that ${name} cannot have`;
  test.each([
    ['permessage-deflate; mystery', 'the server answered permessage-deflate with an unknown parameter'],
    ['permessage-deflate; mystery=1', 'the server answered permessage-deflate with an unknown parameter'],
    ['permessage-deflate; server_max_window_bits', value('server_max_window_bits')],
    ...['0', '7', '16', '08', '+9', '9.0', '1e1', '0x9', 'nine'].map((bits) => [
      `permessage-deflate; server_max_window_bits=${bits}`,
      value('server_max_window_bits'),
    ]),
    ['permessage-deflate; client_max_window_bits', value('client_max_window_bits')],
    ['permessage-deflate; client_max_window_bits=16', value('client_max_window_bits')],
    ['permessage-deflate; client_max_window_bits=""', 'Invalid Sec-WebSocket-Extensions header'],
    ['permessage-deflate; server_no_context_takeover=true', value('server_no_context_takeover')],
    ['permessage-deflate; client_no_context_takeover=1', value('client_no_context_takeover')],
    [
      'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
      'the server answered permessage-deflate with server_no_context_takeover more than once',
    ],
    [
      'permessage-deflate; server_max_window_bits=9; server_max_window_bits=10',
      'the server answered permessage-deflate with server_max_window_bits more than once',
    ],
    ['permessage-deflate, permessage-deflate', 'the server accepted permessage-deflate more than once'],
    ['permessage-bzip2', 'Server indicated an extension that was not requested'],
    ['permessage-deflate, x-webkit-deflate-frame', 'Server indicated an extension that was not requested'],
    ['', 'Invalid Sec-WebSocket-Extensions header'],
    ['permessage-deflate;', 'Invalid Sec-WebSocket-Extensions header'],
    ['permessage-deflate; =1', 'Invalid Sec-WebSocket-Extensions header'],
    ['permessage deflate', 'Invalid Sec-WebSocket-Extensions header'],
  ] as [string, string][])('%s', async (answer, reason) => {
    const { port } = await openRawServer(() => {}, answer);
    const url = `ws://127.0.0.1:${port}/`;
    const { owner } = openClient(url, { perMessageDeflate: true });
    await owner.first('closed');
    expect(owner.told).toEqual([
      ['failed', SOCKET_ERRORS.UnknownSocketError, `WebSocket connection to '${url}' failed: ${reason}`],
      ['closed', 1006, '', false],
    ]);
  });
});

describe('a compressed message that is broken ends the connection:', () => {
  const first = frame({ opcode: TEXT, reserved: RSV1, payload: deflated('hello'), final: false });
  test.each<readonly [string, Buffer, number]>([
    ['RFC 7692, 7.2.2: no blocks', frame({ opcode: TEXT, reserved: RSV1, payload: Buffer.of(0xff, 0xff, 0xff, 0xff) }), 1007],
    ['RFC 1951, 3.2.3: a block of the reserved type', frame({ opcode: BINARY, reserved: RSV1, payload: Buffer.of(0x07) }), 1007],
    ['RFC 1951, 3.2.4: a stored block whose lengths differ', frame({ opcode: BINARY, reserved: RSV1, payload: Buffer.of(0, 5, 0, 5, 0) }), 1007],
    ['RFC 7692, 7.2.2: a distance before the window', frame({ opcode: BINARY, reserved: RSV1, payload: Buffer.of(0x4b, 0x04, 0x22, 0x00) }), 1007],
    ['RFC 6455, 8.1: no UTF-8 in it', frame({ opcode: TEXT, reserved: RSV1, payload: deflated(Buffer.of(0x61, 0xff)) }), 1007],
    ['RFC 7692, 6.1: RSV1 on a continuation', Buffer.concat([first, frame({ opcode: 0, reserved: RSV1 })]), 1002],
    ['RFC 7692, 6.1: RSV1 on a ping', frame({ opcode: PING, reserved: RSV1 }), 1002],
    ['RFC 7692, 6.1: RSV1 on a close frame', frame({ opcode: OPCODE.close, reserved: RSV1 }), 1002],
    ['RFC 6455, 5.2: RSV2', frame({ opcode: TEXT, reserved: RSV1 + 2, payload: deflated('a') }), 1002],
    ['RFC 6455, 5.4: another message within it', Buffer.concat([first, frame({ opcode: TEXT, payload: 'b' })]), 1002],
    ['RFC 6455, 7.4.1: 1 MiB and a byte, when inflated', frame({ opcode: BINARY, reserved: RSV1, payload: deflated(Buffer.alloc(LARGEST + 1)) }), 1009],
    ['RFC 6455, 7.4.1: a bomb', frame({ opcode: BINARY, reserved: RSV1, payload: deflated(Buffer.alloc(100 * LARGEST)) }), 1009],
  ])('%s', async (_what, bytes, code) => {
    const { client, peer } = await openDeflating();
    peer.socket.write(frame({ opcode: TEXT, reserved: RSV1, payload: deflated('before') }));
    peer.socket.write(Buffer.concat([bytes, frame({ opcode: TEXT, payload: 'too late' })]));
    expect(await peer.closeCode()).toBe(code);
    expect(await client.owner.first('closed')).toEqual(['closed', 1006, '', false]);
    expect(client.owner.told.slice(1, -1)).toEqual([
      ['text', 'before'],
      ['failed', SOCKET_ERRORS.UnknownSocketError, expect.any(String)],
    ]);
  });
});

test('compressed, plain, empty and fragmented messages come in their order, with pings between them', async () => {
  const { client, peer } = await openDeflating();
  const long = deflated('é'.repeat(20_000));
  const cut = [0, 1, 5, long.length];
  peer.socket.write(
    Buffer.concat([
      frame({ opcode: TEXT, reserved: RSV1, payload: deflated('first') }),
      frame({ opcode: PING, payload: '1' }),
      frame({ opcode: TEXT, payload: 'plain' }),
      // RFC 7692, 7.2.3.6: an empty message is an empty block; nothing at all is one too, with what is appended to it.
      frame({ opcode: BINARY, reserved: RSV1, payload: Buffer.of(0) }),
      frame({ opcode: TEXT, reserved: RSV1 }),
      ...cut.slice(1).flatMap((end, index) => [
        frame({
          opcode: index === 0 ? TEXT : 0,
          reserved: index === 0 ? RSV1 : 0,
          payload: long.subarray(cut[index], end),
          final: end === long.length,
        }),
        frame({ opcode: PING, payload: `in ${index}` }),
      ]),
      frame({ opcode: OPCODE.close, payload: closePayload(1000) }),
    ]),
  );
  await client.owner.first('closed');
  expect(client.owner.told.slice(1)).toEqual([
    ['text', 'first'], ['ping', '1'], ['text', 'plain'], ['binary', ''], ['text', ''], ['ping', 'in 0'], ['ping', 'in 1'],
    ['text', 'é'.repeat(20_000)], ['ping', 'in 2'], ['closed', 1000, '', true],
  ]);
});

test('RFC 7692, 7.1.2.2: with the smallest window that a server can ask for, it can inflate what it is sent', async () => {
  const { client, peer } = await openDeflating('permessage-deflate; client_max_window_bits=8; client_no_context_takeover');
  // What repeats itself within 256 bytes, beyond them, and beyond the 512 of the next larger window.
  const data = [200, 260, 600].map((period) => Array.from({ length: 3000 }, (_, at) => (((at % period) * 7919) % 94) + 32));
  const text = String.fromCharCode(...data.flat());
  send(client.connection, { type: 'sendText', data: text });
  client.connection.flush();
  const { payload, reserved } = await peer.frame(TEXT);
  expect(reserved).toBe(RSV1);
  const bytes = Buffer.concat([payload, Buffer.of(0, 0, 0xff, 0xff)]);
  expect(inflateRawSync(bytes, { windowBits: 8, finishFlush: constants.Z_SYNC_FLUSH }).toString()).toBe(text);
});

/** A ws server that sends back what it gets. */
async function openEchoServer(perMessageDeflate: PerMessageDeflateOptions): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate });
  server.on('connection', (socket: WebSocket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })));
  afterThisTest(() => server.close());
  await once(server, 'listening');
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('whatever a server of ws answers the offer with, messages of all sizes come back unchanged:', () => {
  const bits = [undefined, 9, 12, 15];
  const rows = bits.flatMap((serverMaxWindowBits) =>
    bits.flatMap((clientMaxWindowBits) =>
      [false, true].map((noTakeover): PerMessageDeflateOptions => ({
        ...(serverMaxWindowBits === undefined ? {} : { serverMaxWindowBits }),
        ...(clientMaxWindowBits === undefined ? {} : { clientMaxWindowBits }),
        serverNoContextTakeover: noTakeover,
        clientNoContextTakeover: noTakeover,
        threshold: 0,
      })),
    ),
  );
  test.each(rows.map((options) => [JSON.stringify(options), options] as const))('%s', async (_name, options) => {
    const { connection, owner } = openClient(await openEchoServer(options), { perMessageDeflate: true });
    await owner.first('opened');
    let count = 0;
    const size = fc.oneof(fc.nat(300), fc.nat(70_000), fc.constantFrom(0, 125, 126, 65_535, 65_536));
    const message = fc.record({ size, isText: fc.boolean(), seed: fc.nat(255), isRandom: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 5 }), async (messages) => {
        const sent = messages.map(({ isRandom, isText, seed, size: length }) => {
          const data = Buffer.alloc(length, seed);
          for (let at = 0; isRandom && at < length; at++) {
            data[at] = (seed * at * at) >> 3;
          }
          return isText ? Buffer.from(data.toString('latin1')) : data;
        });
        messages.forEach(({ isText }, index) => {
          const data = sent[index] as Buffer;
          send(connection, isText ? { type: 'sendText', data: data.toString() } : { type: 'sendBinary', data: Buffer.from(data) });
        });
        connection.flush();
        await owner.received(count + sent.length);
        sent.forEach((data, index) => expect(owner.messages[count + index]?.equals(data)).toBe(true));
        count += sent.length;
      }),
      { numRuns: 15 },
    );
  });
});
