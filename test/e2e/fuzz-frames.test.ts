import { setImmediate as nextLoop } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openRawClient, openRawServer, type RawPeer } from '../support/raw-peer.ts';
import { predict } from '../support/frame-oracle.ts';
import { openClient, openServer, type TestClient } from '../support/sockets.ts';
import { closePayload, frame, OPCODE, type FrameOptions } from '../support/websocket-frames.ts';

/** How many frames are looked at, in both directions together. */
const CASES = 40_000;

/** Some of what is sent is larger. */
const LARGEST = 3000;
const CONNECTIONS_AT_A_TIME = 8;

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.nat(400).map((length) => 'é€😀'.repeat(length)));
const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(125, 126, 127, 2000, 65_535, 65_536).map((length) => new Uint8Array(length).fill(length)));
const payload = fc.oneof({ weight: 3, arbitrary: text.map((each) => Buffer.from(each)) }, bytes.map((each) => Buffer.from(each)));
const mask = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((each) => Buffer.from(each));

/** A right message, whole or in fragments with control frames between them, as options of its frames. */
const message: fc.Arbitrary<FrameOptions[]> = fc
  .record({ opcode: fc.constantFrom(1, 2), text: text.map((each) => Buffer.from(each)), pieces: fc.array(fc.nat(60), { maxLength: 6 }), ping: fc.boolean() })
  .map(({ opcode, ping, pieces, text: whole }) => {
    const frames: FrameOptions[] = [];
    let at = 0;
    pieces.forEach((piece, index) => {
      frames.push({ opcode: index === 0 ? opcode : 0, payload: whole.subarray(at, at + piece), final: false });
      if (ping) {
        frames.push({ opcode: OPCODE.ping, payload: `${index}` });
      }
      at += piece;
    });
    return [...frames, { opcode: pieces.length === 0 ? opcode : 0, payload: whole.subarray(at) }];
  });
const control = fc.record({ opcode: fc.constantFrom<number>(OPCODE.ping, OPCODE.pong), payload: fc.string({ maxLength: 30 }) }).map((each) => [each]);

/** A frame of anything. */
const anyFrame: fc.Arbitrary<FrameOptions[]> = fc
  .record(
    {
      opcode: fc.oneof(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.nat(15)),
      payload: fc.oneof(payload, fc.integer({ min: 990, max: 5010 }).map((code) => closePayload(code, 'why'))),
      final: fc.boolean(),
      reserved: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(7)),
      lengthBytes: fc.constantFrom(2, 8),
    },
    { requiredKeys: ['opcode', 'payload'] },
  )
  .map((each) => [each]);

/** Bytes that are changed in the stream, counted from its end, where most of it is still looked at. */
const change = fc.record({ at: fc.nat(400), remove: fc.nat(2), insert: fc.uint8Array({ maxLength: 3 }), flip: fc.nat(255) });

const stream = fc.record({
  frames: fc.array(fc.oneof({ weight: 12, arbitrary: message }, { weight: 6, arbitrary: control }, { weight: 1, arbitrary: anyFrame }), { minLength: 4, maxLength: 12 }),
  mask,
  changes: fc.array(change, { maxLength: 3 }),
  cuts: fc.array(fc.oneof(fc.nat(8), fc.nat(3000)), { maxLength: 6 }),
  close: fc.boolean(),
});
type Stream = typeof stream extends fc.Arbitrary<infer Value> ? Value : never;

function bytesOf({ changes, close, frames, mask: key }: Stream, masked: boolean): Buffer {
  const last: FrameOptions[] = close ? [{ opcode: OPCODE.close, payload: closePayload(4000, 'done') }] : [];
  let all = Buffer.concat([...frames.flat(), ...last].map((each) => frame({ ...each, mask: masked ? key : undefined })));
  for (const { at, flip, insert, remove } of changes) {
    const from = Math.max(0, all.length - 1 - at);
    const tail = Buffer.from(all.subarray(from + remove));
    if (tail.length > 0) {
      tail[0] = (tail[0] as number) ^ flip;
    }
    all = Buffer.concat([all.subarray(0, from), insert, tail]);
  }
  return all;
}

/** The streams themselves would fill screens. */
function reporter({ counterexamplePath, errorInstance, failed, seed }: fc.RunDetails<[Stream[]]>): void {
  if (failed) {
    throw new Error(`it failed with the seed ${seed} at ${counterexamplePath}`, { cause: errorInstance });
  }
}

/** Gives the stream in its pieces, and then the end of TCP. */
async function give(peer: RawPeer, all: Buffer, cuts: readonly number[]): Promise<void> {
  let at = 0;
  for (const cut of cuts) {
    peer.socket.write(all.subarray(at, at + cut));
    at = Math.min(all.length, at + cut);
    await nextLoop();
  }
  peer.socket.end(all.subarray(at));
}

test(`${CASES} frames, right and mutated, by servers and by clients: each is told as it should be, or ends its connection as it should`, async () => {
  let cases = 0;
  const outcomes = new Map<string, number>();
  const peers = new Map<string, PromiseWithResolvers<RawPeer>>();
  const rawServer = await openRawServer((peer, path) => peers.get(path)?.resolve(peer));
  const server = openServer({ maxPayload: LARGEST });
  let count = 0;

  const run = async (each: Stream, masked: boolean, near: TestClient, peer: RawPeer): Promise<void> => {
    const all = bytesOf(each, masked);
    const expected = predict(all, masked, LARGEST);
    await give(peer, all, each.cuts);
    await near.owner.first('closed');
    const closeCode = expected.closeCode === undefined ? undefined : await peer.closeCode();
    const told = near.owner.told.filter(([name]) => name !== 'opened').map((event) => (event[0] === 'failed' ? ['failed'] : event));
    expect({ closeCode, told }).toEqual({ closeCode: expected.closeCode, told: expected.told });
    // RFC 6455, 5.5.2: a pong for each, as long as the connection is open.
    const pongs = peer.frames.filter(({ opcode }) => opcode === OPCODE.pong).map((pong) => pong.payload.toString('latin1'));
    expect(pongs).toEqual(near.owner.order.includes('failed') ? expected.pongs.slice(0, pongs.length) : expected.pongs);
    expect(peer.frames.filter(({ opcode }) => opcode === OPCODE.close).length).toBeLessThan(2);
    cases += expected.frames;
    const outcome = String(expected.closeCode ?? 'cut off');
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  };
  const byServer = async (each: Stream): Promise<void> => {
    const path = `/${count++}`;
    const opened = Promise.withResolvers<RawPeer>();
    peers.set(path, opened);
    const near = openClient(`ws://127.0.0.1:${rawServer.port}${path}`, { maxPayload: LARGEST });
    await near.owner.first('opened');
    await run(each, false, near, await opened.promise);
    peers.delete(path);
  };
  const byClient = async (each: Stream): Promise<void> => {
    const index = server.clients.length;
    const peer = await openRawClient(server.server.port);
    await run(each, true, await server.client(index), peer);
  };
  while (cases < CASES) {
    await fc.assert(
      fc.asyncProperty(fc.array(stream, { minLength: CONNECTIONS_AT_A_TIME, maxLength: CONNECTIONS_AT_A_TIME }), async (streams) => {
        await Promise.all([
          ...streams.map(byServer),
          // One after the other, so that it is known which connection is whose.
          streams.reduce((before, each) => before.then(() => byClient(each)), Promise.resolve()),
        ]);
      }),
      { numRuns: 10, endOnFailure: true, reporter },
    );
  }
  // Every way in which a connection can end has come up.
  expect([...outcomes.keys()].sort()).toEqual(expect.arrayContaining(['1002', '1007', '1009', '4000', 'cut off']));
  process.stdout.write(`${cases} frames over ${count * 2} connections: ${JSON.stringify(Object.fromEntries(outcomes))}\n`);
}, 120_000);
