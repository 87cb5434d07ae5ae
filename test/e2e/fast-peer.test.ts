import { once } from 'node:events';
import type { Socket } from 'node:net';
import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { openRawClient, openRawServer, type RawPeer } from '../support/raw-peer.ts';
import { openTcpServer } from '../support/sockets.ts';
import { inSpawnedHost } from '../support/spawned-host.ts';
import { ZERO_MASK } from '../support/violations.ts';
import { frame, OPCODE, type FrameOptions } from '../support/websocket-frames.ts';

const MIB = 1024 * 1024;

/** What waits for the script may take so much. */
const INBOX_BYTES = 2 * MIB;
/** What the peer sends, or what it becomes in the script. */
const SENT = 192 * MIB;
/** What the host may take more than before: its inbox, turns on their way to the cell and back, V8's garbage. */
const MOST_GROWTH = 112 * MIB;

/** Runs the script to its end, and gives what it printed and by how many bytes the host has grown meanwhile. */
const HOST = `
  import { connect } from 'node:net';
  const { args, control, limits, source } = ARGUMENT;
  const host = await ScriptHost.start();
  const script = await host.run({ name: 'busy.js', type: 'assignment-client', source, args, limits, permissions: { connect: ['127.0.0.1'], listen: ['127.0.0.1'] } });
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => { most = Math.max(most, process.memoryUsage.rss()); }, 5);
  const lines = [];
  script.on('print', ({ text }) => {
    if (text.startsWith('port ')) {
      connect(control, '127.0.0.1').end(text.slice(5));
    } else {
      lines.push(text);
    }
  });
  const { error } = await script.ended;
  clearInterval(timer);
  console.log(JSON.stringify({ lines, grown: most - before, error: error?.message ?? null }));
  await host.stop();
`;

/** Takes what the peer sends, for a second more slowly than it comes, and checks that it comes in order. */
const SCRIPT = `
  const [kind, count, url] = Script.args;
  let next = 0;
  let slowUntil = 0;
  const took = (size, number) => {
    if (slowUntil === 0) { slowUntil = Date.now() + 1000; }
    if (size > 0 && number !== next) { print('got', number, 'instead of', next); Script.stop(); }
    next++;
    if (Date.now() < slowUntil) {
      const until = Date.now() + (size > 10_000 ? 20 : 1);
      while (Date.now() < until) {}
    }
    if (next === Number(count)) { print('all'); Script.stop(); }
  };
  const watch = (socket) => {
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) =>
      typeof data === 'string' ? took(data.length, parseInt(data)) : took(data.byteLength, new DataView(data).getUint32(0));
    socket.addEventListener('ping', () => took(0));
    socket.onclose = ({ code }) => { print('closed', code); Script.stop(); };
  };
  if (url === undefined) {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.newConnection.connect(watch);
    print('port', server.port);
  } else {
    watch(new WebSocket(url, { perMessageDeflate: kind === 'compressed' }));
  }
`;

interface Flood {
  /** How many events the script gets. */
  readonly count: number;
  /** The frames from the event of this number on, and how many events they are. */
  readonly next: (from: number) => { readonly frames: readonly FrameOptions[]; readonly events: number };
}

const numbered = (from: number, size: number, opcode: number): FrameOptions => {
  const payload = Buffer.alloc(size, 32);
  if (opcode === OPCODE.text) {
    payload.write(String(from));
  } else {
    payload.writeUInt32BE(from);
  }
  return { opcode, payload };
};

function floodOf(opcode: number, size: number): Flood {
  const together = Math.ceil(65_536 / size);
  return {
    count: Math.ceil(SENT / size / together) * together,
    next: (from) => ({ frames: Array.from({ length: together }, (_, index) => numbered(from + index, size, opcode)), events: together }),
  };
}

/** A message of 64 KiB in pieces of 16 bytes. */
function fragments(from: number): FrameOptions[] {
  const { payload } = numbered(from, 65_536, OPCODE.binary) as { readonly payload: Buffer };
  return Array.from({ length: 4096 }, (_, index) => ({
    opcode: index === 0 ? OPCODE.binary : 0,
    payload: payload.subarray(index * 16, index * 16 + 16),
    final: index === 4095,
  }));
}

/** 1 MiB as some hundred bytes: a thousand times as much. */
function bomb(from: number): FrameOptions {
  const { payload } = numbered(from, MIB, OPCODE.binary) as { readonly payload: Buffer };
  return { opcode: OPCODE.binary, reserved: 4, payload: deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4) };
}

const PINGS = Array.from({ length: 4096 }, (): FrameOptions => ({ opcode: OPCODE.ping, payload: 'p'.repeat(125) }));
const EMPTY_MESSAGES = Array.from({ length: 16_384 }, (): FrameOptions => ({ opcode: OPCODE.text }));
const EMPTY_FRAGMENTS = Array.from({ length: 65_536 }, (_, index): FrameOptions => ({ opcode: index === 0 ? OPCODE.text : 0, final: index === 65_535 }));

const FLOODS: Readonly<Record<string, Flood>> = {
  'texts of 1 KiB': floodOf(OPCODE.text, 1024),
  'binary messages of 100 KiB': floodOf(OPCODE.binary, 100 * 1024),
  'messages of 64 KiB in fragments of 16 bytes': { count: SENT / 8 / 65_536, next: (from) => ({ frames: fragments(from), events: 1 }) },
  'pings': { count: 4096 * 100, next: () => ({ frames: PINGS, events: 4096 }) },
  'empty messages': { count: 16_384 * 64, next: () => ({ frames: EMPTY_MESSAGES, events: 16_384 }) },
  'empty fragments': { count: 64, next: () => ({ frames: EMPTY_FRAGMENTS, events: 1 }) },
  'compressed': { count: SENT / MIB, next: (from) => ({ frames: [bomb(from)], events: 1 }) },
};

async function drained(socket: Socket): Promise<void> {
  const either = new AbortController();
  await Promise.race(['drain', 'close'].map((event) => once(socket, event, { signal: either.signal }).catch(() => {})));
  either.abort();
}

/** What is too much for the kernel's buffers. */
const LARGE = ['texts of 1 KiB', 'binary messages of 100 KiB', 'pings'];

/** Sends as fast as the other end takes it, and reads nothing. Returns the longest time that it had to wait, in milliseconds. */
async function flood({ socket }: RawPeer, { count, next }: Flood, mask: Buffer | undefined): Promise<number> {
  socket.removeAllListeners('data');
  socket.pause();
  let longest = 0;
  let last: { readonly frames: readonly FrameOptions[]; readonly bytes: Buffer } | undefined;
  for (let from = 0; from < count && !socket.destroyed; ) {
    const { events, frames } = next(from);
    const bytes: Buffer = last?.frames === frames ? last.bytes : Buffer.concat(frames.map((each) => frame({ ...each, mask })));
    last = { frames, bytes };
    from += events;
    if (!socket.write(bytes)) {
      const began = performance.now();
      await drained(socket);
      longest = Math.max(longest, performance.now() - began);
    }
  }
  return longest;
}

interface Outcome {
  readonly lines: readonly string[];
  readonly grown: number;
  readonly error: string | null;
}

async function outcomeOf(kind: string, url: string | undefined, control: number): Promise<Outcome> {
  const { count } = FLOODS[kind] as Flood;
  const args = [kind, String(count), ...(url === undefined ? [] : [url])];
  // The peer reads no close frame, and so answers none: the script's end need not wait for it.
  return (await inSpawnedHost(HOST, { args, control, limits: { inboxBytes: INBOX_BYTES, turnTimeout: 20_000, closeTimeout: 100 }, source: SCRIPT })) as Outcome;
}

function expectBounded(kind: string, { error, grown, lines }: Outcome, waited: number): void {
  process.stdout.write(`${kind}: ${Math.round(grown / MIB)} MiB, the peer waited ${Math.round(waited)} ms\n`);
  expect({ error, lines }).toEqual({ error: null, lines: ['all'] });
  expect(grown).toBeLessThan(MOST_GROWTH);
  if (LARGE.includes(kind)) {
    // TCP's window was closed while the script was busy: waits that are not for it take a few milliseconds.
    expect(waited).toBeGreaterThan(50);
  }
}

describe('a peer that sends faster than its script takes has to wait, the host does not grow, and nothing is lost or reordered:', () => {
  test.each(Object.keys(FLOODS))('a server sends %s', async (kind) => {
    const waited = Promise.withResolvers<number>();
    const extension = kind === 'compressed' ? 'permessage-deflate; server_no_context_takeover' : undefined;
    const { port } = await openRawServer((peer) => {
      waited.resolve(flood(peer, FLOODS[kind] as Flood, undefined));
    }, extension);
    const outcome = await outcomeOf(kind, `ws://127.0.0.1:${port}/`, 0);
    expectBounded(kind, outcome, await waited.promise);
  }, 60_000);

  test.each(Object.keys(FLOODS).filter((kind) => kind !== 'compressed'))('a client sends %s', async (kind) => {
    const portKnown = Promise.withResolvers<number>();
    const control = await openTcpServer((socket: Socket) => socket.once('data', (data) => portKnown.resolve(Number(data))));
    const ended = outcomeOf(kind, undefined, control.port);
    const peer = await openRawClient(await portKnown.promise);
    const waited = flood(peer, FLOODS[kind] as Flood, ZERO_MASK);
    const outcome = await ended;
    expectBounded(kind, outcome, await waited);
  }, 60_000);
});

test('RFC 7692, 8: a message that would be 512 MiB when inflated ends its connection with 1009, long before it is', async () => {
  const block = deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_SYNC_FLUSH });
  const payload = Buffer.concat(Array.from({ length: 512 }, () => block)).subarray(0, -4);
  expect(payload.length).toBeLessThan(MIB);
  const closeCode = Promise.withResolvers<number>();
  const { port } = await openRawServer((peer) => {
    peer.socket.write(frame({ opcode: OPCODE.binary, reserved: 4, payload }));
    closeCode.resolve(peer.closeCode());
  }, 'permessage-deflate');
  const args = ['compressed', '1', `ws://127.0.0.1:${port}/`];
  const outcome = (await inSpawnedHost(HOST, { args, control: 0, limits: {}, source: SCRIPT })) as Outcome;
  process.stdout.write(`a bomb: ${Math.round(outcome.grown / MIB)} MiB\n`);
  expect({ code: await closeCode.promise, lines: outcome.lines }).toEqual({ code: 1009, lines: ['closed 1006'] });
  expect(outcome.grown).toBeLessThan(MOST_GROWTH);
}, 60_000);
