import { connect } from 'node:net';
import { once } from 'node:events';
import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { startHost } from '../support/host.ts';
import { ZERO_MASK } from '../support/violations.ts';
import { frame } from '../support/websocket-frames.ts';

const MIB = 1024 * 1024;
const CLIENTS = 20;
/** The script's own limit, and how large a message is. */
const INBOX_BYTES = 8 * MIB;

const SERVER = `
  const server = new WebSocketServer({ port: 0, perMessageDeflate: true });
  let got = 0;
  server.newConnection.connect((socket) => {
    socket.onmessage = ({ data }) => {
      const until = Date.now() + 5;
      while (Date.now() < until) {}
      if (++got === ${CLIENTS}) { print('all'); }
    };
  });
  print('port ' + server.port);
`;

async function send(port: number, message: Buffer): Promise<() => void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n\r\n',
  );
  await once(socket, 'data');
  socket.resume();
  socket.write(message);
  return () => socket.destroy();
}

describe.each([
  ['compressed', 16],
  ['uncompressed', 4],
] as const)('%s messages of many clients at once', (kind, mib) => {
  test('wait with their peers, but for the limit and one message, and all come', async () => {
    const { run } = await startHost('owner');
    const observed = await run({ source: SERVER, type: 'assignment-client', limits: { inboxBytes: INBOX_BYTES, memory: 256 } });
    const port = Number((await observed.line(/^port /)).slice(5));
    const plain = Buffer.alloc(mib * MIB, 0x61);
    const payload = kind === 'compressed' ? deflateRawSync(plain, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4) : plain;
    const message = frame({ opcode: 2, payload, mask: ZERO_MASK, reserved: kind === 'compressed' ? 4 : 0 });
    let most = 0;
    const timer = setInterval(() => { most = Math.max(most, observed.script.statistics.inboxBytes); }, 1);
    const closers = await Promise.all(Array.from({ length: CLIENTS }, () => send(port, message)));
    await observed.line('all');
    clearInterval(timer);
    closers.forEach((close) => close());
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(INBOX_BYTES + mib * MIB + MIB);
  }, 60_000);
});
