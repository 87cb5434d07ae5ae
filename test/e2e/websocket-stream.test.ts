import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { WebSocketServer, type WebSocket } from 'ws';
import { startHost, type ObservedScript } from '../support/host.ts';
import { standsStill } from '../support/backpressure.ts';
import { afterThisTest } from '../support/sockets.ts';

/** A server of another make. */
interface Peer {
  readonly url: string;
  /** The connection to `path`, and the socket under it. */
  connection(path: string): Promise<{ readonly webSocket: WebSocket; readonly socket: Duplex }>;
}

async function startPeer(): Promise<Peer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const found = new Map<string, { webSocket: WebSocket; socket: Duplex }>();
  server.on('connection', (webSocket, { socket, url = '' }) => {
    found.set(url, { webSocket, socket });
    server.emit('found');
  });
  await once(server, 'listening');
  afterThisTest(() => {
    server.clients.forEach((client) => client.terminate());
    server.close();
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async connection(path) {
      for (;;) {
        const connection = found.get(path);
        if (connection !== undefined) {
          return connection;
        }
        await once(server, 'found');
      }
    },
  };
}

const BLOCK = 64 * 1024;
/** 64 MiB, which is more than the kernel and the host keep together. */
const BLOCKS = 1024;

/** A script with a stream, and a WebSocket by which it is told to go on and asked how far it is. */
async function startScript(peer: Peer, cells: 'owner' | 'in-process', source: string): Promise<ObservedScript & { ask(): Promise<number> }> {
  const host = await startHost(cells);
  const script = await host.run({
    source: `
      let count = 0;
      let goOn;
      const told = new Promise((resolve) => { goOn = resolve; });
      const control = new WebSocket('${peer.url}/control');
      control.onmessage = ({ data }) => data === 'go on' ? goOn() : control.send('' + count);
      (async () => {
        const stream = new WebSocketStream('${peer.url}/stream');
        const { readable, writable } = await stream.opened;
        ${source}
      })().catch((error) => print('failed', error.name, error.message, error.stack));`,
  });
  const { webSocket } = await peer.connection('/control');
  return {
    ...script,
    async ask() {
      webSocket.send('how far?');
      const [answer] = (await once(webSocket, 'message')) as [Buffer];
      return Number(String(answer));
    },
  };
}

describe.each(['owner', 'in-process'] as const)('a WebSocketStream, cells: %s', (cells) => {
  test('that nobody reads stops its peer; read, it gives every byte in order', async () => {
    const peer = await startPeer();
    const script = await startScript(peer, cells, `
      await told;
      let wrong = 0;
      for await (const chunk of readable) {
        if (chunk.length !== ${BLOCK} || new DataView(chunk.buffer).getUint32(0) !== count++ || chunk[${BLOCK} - 1] !== (count - 1) % 256) wrong++;
      }
      const { closeCode, reason } = await stream.closed;
      print('read', count, wrong, closeCode, reason);
    `);
    const { webSocket } = await peer.connection('/stream');
    for (let index = 0; index < BLOCKS; index++) {
      const block = Buffer.alloc(BLOCK, index % 256);
      block.writeUInt32BE(index, 0);
      webSocket.send(block);
    }
    webSocket.close(4000, 'that is all');
    expect(await standsStill(script, () => webSocket.bufferedAmount)).toBeGreaterThan((BLOCKS * BLOCK) / 4);
    // The host has stopped by itself: the script was told of one message, or two, and its control's.
    expect(script.script.statistics.bytesReceived).toBeLessThan(4 * BLOCK);
    (await peer.connection('/control')).webSocket.send('go on');
    expect(await script.line(/^(read|failed)/)).toBe(`read ${BLOCKS} 0 4000 that is all`);
    expect(script.errors).toEqual([]);
  });

  test('whose peer does not read keeps its writer waiting; then every byte arrives in order', async () => {
    const peer = await startPeer();
    const script = await startScript(peer, cells, `
      await told;
      const writer = writable.getWriter();
      for (; count < ${BLOCKS}; count++) {
        await writer.ready;
        const block = new Uint8Array(${BLOCK}).fill(count);
        new DataView(block.buffer).setUint32(0, count);
        writer.write(block);
      }
      await writer.close();
      const { closeCode } = await stream.closed;
      print('written', closeCode);
    `);
    const { webSocket } = await peer.connection('/stream');
    webSocket.pause();
    (await peer.connection('/control')).webSocket.send('go on');
    const stuckAt = await standsStill(script, (count) => count);
    expect(stuckAt).toBeGreaterThan(0);
    expect(stuckAt).toBeLessThan((BLOCKS * 3) / 4);
    const seen: number[] = [];
    webSocket.on('message', (data: Buffer) => {
      expect(data.length).toBe(BLOCK);
      expect(data[BLOCK - 1]).toBe(seen.length % 256);
      seen.push(data.readUInt32BE(0));
    });
    webSocket.resume();
    expect(await script.line(/^(written|failed)/)).toBe('written 1005');
    expect(seen).toEqual(Array.from({ length: BLOCKS }, (_, index) => index));
    expect(script.errors).toEqual([]);
  });
});

test('a WebSocketStream says why it does not open, and that it was cut off', async () => {
  const peer = await startPeer();
  const host = await startHost();
  const script = await host.run({
    source: `
      const tell = (name) => (error) => print(name, error.constructor === WebSocketError, error.closeCode, error.message);
      new WebSocketStream('ws://127.0.0.1:1/').opened.catch(tell('opened'));
      const stream = new WebSocketStream('${peer.url}/cut');
      stream.closed.catch(tell('closed'));
      stream.opened.then(({ readable }) => readable.getReader().read()).catch(tell('read'));
    `,
  });
  const { socket } = await peer.connection('/cut');
  socket.destroy();
  expect(await script.line(/^opened/)).toMatch(/^opened true 1006 WebSocket connection to 'ws:\/\/127\.0\.0\.1:1\/' failed/);
  expect(await script.line(/^closed/)).toMatch(/^closed true 1006 .*the remote host closed the connection/);
  expect(await script.line(/^read/)).toMatch(/^read true 1006 /);
  expect(script.errors).toEqual([]);
});

test('the peer’s answer to a close is found, though much waits before it', async () => {
  const peer = await startPeer();
  const script = await startScript(peer, 'in-process', `
    await told;
    print('closing');
    stream.close({ closeCode: 3456, reason: 'pizza' });
    const { closeCode, reason } = await stream.closed;
    print('closed', closeCode, reason);
  `);
  const { webSocket } = await peer.connection('/stream');
  for (let index = 0; index < BLOCKS / 2; index++) {
    webSocket.send(Buffer.alloc(BLOCK));
  }
  await standsStill(script, () => webSocket.bufferedAmount);
  (await peer.connection('/control')).webSocket.send('go on');
  expect(await script.line(/^closed/)).toBe('closed 3456 pizza');
});

test('a peer that closes before it has taken all ends the stream with an error, which has the peer’s code; what it sent can be read', async () => {
  const peer = await startPeer();
  const script = await startScript(peer, 'in-process', `
    const writer = writable.getWriter();
    const block = new Uint8Array(${BLOCK});
    // More than the kernel takes.
    for (let each = 0; each < ${BLOCKS}; each++) writer.write(block).then(() => count++, (error) => { if (error.name !== 'InvalidStateError') print('failed', error); });
    await stream.closed.catch(({ name, closeCode, reason }) => print('closed', name, closeCode, reason));
    for await (const message of readable) print('read', message);
    print('end');
  `);
  const { socket, webSocket } = await peer.connection('/stream');
  socket.pause();
  await standsStill(script, (count) => count);
  for (const message of ['a', 'b', 'c']) {
    webSocket.send(message);
  }
  webSocket.close(4567, 'enough');
  // What the script answers now was read by the host after the close frame.
  await script.ask();
  await script.ask();
  socket.destroy();
  expect(await script.line(/^(closed|failed)/)).toBe('closed WebSocketError 4567 enough');
  await script.line('end');
  expect(script.lines.filter((line) => line.startsWith('read'))).toEqual(['read a', 'read b', 'read c']);
  expect(script.errors).toEqual([]);
});
