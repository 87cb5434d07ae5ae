import { once } from 'node:events';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { DeflateOptions } from '../../../host/sockets/server-compression.ts';
import { openRawClient } from '../../support/raw-peer.ts';
import { afterThisTest, handshakeRequest, openServer, openTcp, send, type TestServer } from '../../support/sockets.ts';
import { frame, OPCODE } from '../../support/websocket-frames.ts';

const DEFLATE: DeflateOptions = { contextTakeover: false, threshold: 1024, windowBits: 12 };
const MASK = Buffer.alloc(4);
const RSV1 = 4;
const NO_TAKEOVER = 'server_no_context_takeover; client_no_context_takeover';

/** RFC 7692, 7.2.1: without the four bytes of the empty block at its end. */
function deflated(data: string | Buffer): Buffer {
  return deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** 7.2.2. */
function inflated(data: Buffer): string {
  return inflateRawSync(Buffer.concat([data, Buffer.of(0, 0, 0xff, 0xff)]), { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}

/** The status of an answer to an offer, and its extensions. */
async function answerTo({ server }: TestServer, offer: string): Promise<readonly [status: string, extensions: string]> {
  const socket = await openTcp(server.port);
  socket.write(handshakeRequest({ 'Sec-WebSocket-Extensions': offer }));
  const [head] = (await once(socket, 'data')) as [Buffer];
  const text = head.toString('latin1');
  return [text.slice(9, 12), /sec-websocket-extensions: (.*)\r\n/i.exec(text)?.[1] ?? ''];
}

describe('an offer of permessage-deflate is answered', () => {
  test.each([
    ['permessage-deflate', `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12`],
    ['permessage-deflate; client_max_window_bits', `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12`],
    ['permessage-deflate; client_max_window_bits=10', `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12; client_max_window_bits=10`],
    ['permessage-deflate; server_max_window_bits=10', `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=10`],
    ['permessage-deflate; server_max_window_bits=15', `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12`],
    ['x-other; a=1, permessage-deflate', `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12`],
    ['permessage-deflate; server_max_window_bits=99, permessage-deflate', `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12`],
  ])('%s: %s', async (offer, expected) => {
    const [status, extensions] = await answerTo(openServer({ deflate: DEFLATE }), offer);
    expect(status).toBe('101');
    expect(extensions.split('; ').sort()).toEqual(expected.split('; ').sort());
  });

  test.each([
    'x-other',
    'permessage-deflate; mystery',
    'permessage-deflate; server_max_window_bits=8',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; client_max_window_bits; client_max_window_bits',
    'permessage-deflate; client_max_window_bits; client_max_window_bits=10',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
  ])('without compression, where it cannot be accepted: %s', async (offer) => {
    expect(await answerTo(openServer({ deflate: DEFLATE }), offer)).toEqual(['101', '']);
  });

  test('with takeover where the server has it and the client does not forbid it', async () => {
    const server = openServer({ deflate: { ...DEFLATE, contextTakeover: true, windowBits: 15 } });
    expect(await answerTo(server, 'permessage-deflate')).toEqual(['101', 'permessage-deflate; server_max_window_bits=15']);
    expect((await answerTo(server, 'permessage-deflate; server_no_context_takeover'))[1]).toContain('server_no_context_takeover');
  });

  test('without compression where the server has none, or may have no more', async () => {
    expect(await answerTo(openServer(), 'permessage-deflate')).toEqual(['101', '']);
    expect(await answerTo(openServer({ deflate: DEFLATE, mayCompress: () => false }), 'permessage-deflate')).toEqual(['101', '']);
  });
});

describe('messages of a compressed connection', () => {
  const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };

  test('go compressed from the threshold on, and uncompressed below, in order', async () => {
    const { client, server } = openServer({ deflate: DEFLATE });
    const peer = await openRawClient(server.port, OFFER);
    const { connection } = await client(0);
    const texts = ['a'.repeat(200_000), 'short', 'b'.repeat(1024), 'c'.repeat(1023), ''];
    texts.forEach((data) => send(connection, { type: 'sendText', data }));
    connection.flush();
    connection.ping(Buffer.from('p'));
    const frames = await peer.framesOf(OPCODE.text, texts.length);
    expect(frames.map(({ reserved }) => reserved)).toEqual([RSV1, 0, RSV1, 0, 0]);
    expect(frames.map(({ payload, reserved }) => (reserved === 0 ? payload.toString() : inflated(payload)))).toEqual(texts);
    expect(frames[0]?.payload.length).toBeLessThan(2000);
    expect((await peer.frame(OPCODE.ping)).payload.toString()).toBe('p');
    await new Promise<void>((resolve) => connection.whenSent(resolve));
    expect(connection.bufferedAmount).toBe(0);
  });

  test('come compressed or not, and are told in order', async () => {
    const { client, server } = openServer({ deflate: DEFLATE });
    const peer = await openRawClient(server.port, OFFER);
    const { owner } = await client(0);
    const long = 'ünder '.repeat(10_000);
    peer.socket.write(Buffer.concat([
      frame({ opcode: OPCODE.text, reserved: RSV1, payload: deflated(long), mask: MASK }),
      frame({ opcode: OPCODE.text, payload: 'between', mask: MASK }),
      frame({ opcode: OPCODE.text, reserved: RSV1, payload: deflated('last'), mask: MASK }),
    ]));
    await owner.received(3);
    expect(owner.told).toEqual([['text', long], ['text', 'between'], ['text', 'last']]);
  });

  test('that are more than they may be when inflated end the connection with 1009, before they are', async () => {
    const { client, server } = openServer({ deflate: DEFLATE, maxPayload: 100_000 });
    const peer = await openRawClient(server.port, OFFER);
    const { owner } = await client(0);
    const bomb = deflated(Buffer.alloc(100 * 1024 * 1024));
    // The payload itself is not too large.
    const largest = bomb.subarray(0, 99_000);
    peer.socket.write(frame({ opcode: OPCODE.binary, reserved: RSV1, payload: largest, mask: MASK }));
    expect(await peer.closeCode()).toBe(1009);
    expect((await owner.first('closed'))[1]).toBe(1006);
    expect(owner.messages).toEqual([]);
  });

  test('come back from a client of another make, whatever both have agreed on', async () => {
    for (const deflate of [DEFLATE, { ...DEFLATE, contextTakeover: true, threshold: 0 }, { ...DEFLATE, windowBits: 9 }]) {
      const { client, url } = openServer({ deflate });
      const peer = new WebSocket(`${url}/`, { perMessageDeflate: { threshold: 0 } });
      afterThisTest(() => peer.terminate());
      const { connection, owner } = await client(0);
      const texts = Array.from({ length: 20 }, (_, index) => `${index} `.repeat(index * 500));
      const echoed: string[] = [];
      peer.on('message', (data) => echoed.push((data as Buffer).toString()));
      await once(peer, 'open');
      expect(peer.extensions).toBe('permessage-deflate');
      texts.forEach((text) => peer.send(text));
      await owner.received(texts.length);
      owner.messages.forEach((data) => send(connection, { type: 'sendText', data: data.toString() }));
      connection.flush();
      while (echoed.length < texts.length) {
        await once(peer, 'message');
      }
      expect(echoed).toEqual(texts);
    }
  });
});
