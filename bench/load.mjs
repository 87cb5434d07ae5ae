/**
 * The load: raw TCP sockets that send WebSocket frames made beforehand and check every byte that comes back.
 *
 * It takes jobs as JSON lines on standard input, `{ port, connections, inFlight, size, warmUp, milliseconds }`, and answers
 * each with a line: `{ messages, seconds, median }`, the median being the round trip's in microseconds where one message
 * is in flight. What comes back in the first `warmUp` milliseconds is checked, but does not count: a server that has
 * waited for its turn has shrunk its heap.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** Distinct messages of each connection; they come round and round. */
const RING = 64;

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await load(JSON.parse(line))));
}

async function load({ port, connections, inFlight, size, warmUp, milliseconds }) {
  const clients = await Promise.all(Array.from({ length: connections }, () => open(port, inFlight, size)));
  const received = () => clients.reduce((sum, client) => sum + client.received(), 0);
  for (const client of clients) {
    client.start();
  }
  await new Promise((resolve) => setTimeout(resolve, warmUp));
  for (const client of clients) {
    client.latencies.length = 0;
  }
  const before = received();
  const started = process.hrtime.bigint();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const messages = received() - before;
  const latencies = Float64Array.from(clients.flatMap((client) => client.latencies)).sort();
  for (const client of clients) {
    client.close();
  }
  return { messages, seconds, median: latencies[latencies.length >> 1] };
}

function open(port, inFlight, size) {
  return new Promise((resolve, reject) => {
    const { expected, frames, frameSize, echoSize } = makeFrames(size);
    const socket = connect(port, '127.0.0.1');
    const latencies = [];
    let received = 0;
    let next = 0;
    let sentAt = 0n;
    let pending = Buffer.alloc(0);
    let upgraded = false;

    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.write(
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );

    /** Sends the next messages: one write, or two where the ring begins anew. */
    const send = (count) => {
      while (count > 0) {
        const batch = Math.min(count, RING - next);
        socket.write(frames.subarray(next * frameSize, (next + batch) * frameSize));
        next = (next + batch) % RING;
        count -= batch;
      }
    };

    socket.on('data', (chunk) => {
      const data = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      if (!upgraded) {
        const end = data.indexOf('\r\n\r\n');
        if (end === -1) {
          pending = data;
          return;
        }
        upgraded = true;
        pending = Buffer.alloc(0);
        resolve({
          start() {
            sentAt = process.hrtime.bigint();
            send(inFlight);
          },
          received: () => received,
          latencies,
          close: () => socket.destroy(),
        });
        return;
      }
      // Every byte is compared, as many messages at once as lie in a row in the ring.
      let offset = 0;
      const count = Math.floor(data.length / echoSize);
      for (let left = count; left > 0; ) {
        const first = (received + count - left) % RING;
        const run = Math.min(left, RING - first);
        const end = offset + run * echoSize;
        if (data.compare(expected, first * echoSize, (first + run) * echoSize, offset, end) !== 0) {
          console.error(`an echo among the messages ${received} to ${received + count} is not what was sent`);
          process.exit(1);
        }
        offset = end;
        left -= run;
      }
      pending = data.subarray(offset);
      received += count;
      if (inFlight === 1 && count === 1) {
        const now = process.hrtime.bigint();
        latencies.push(Number(now - sentAt) / 1e3);
        sentAt = now;
      }
      send(count);
    });
  });
}

/** A ring of masked text frames, and the unmasked ones that must come back. */
function makeFrames(size) {
  const frames = [];
  const expected = [];
  for (let index = 0; index < RING; index++) {
    const payload = Buffer.from(`${index} `.padEnd(size, 'abcdefghijklmnopqrstuvwxyz').slice(0, size));
    const mask = randomBytes(4);
    const masked = Buffer.from(payload.map((byte, at) => byte ^ mask[at & 3]));
    frames.push(header(size, true), mask, masked);
    expected.push(header(size, false), payload);
  }
  const all = Buffer.concat(frames);
  const back = Buffer.concat(expected);
  return { frames: all, frameSize: all.length / RING, expected: back, echoSize: back.length / RING };
}

/** RFC 6455, 5.2: a final text frame. */
function header(size, masked) {
  const bit = masked ? 0x80 : 0;
  if (size < 126) {
    return Buffer.from([0x81, bit | size]);
  }
  if (size < 65_536) {
    return Buffer.from([0x81, bit | 126, size >> 8, size & 0xff]);
  }
  const result = Buffer.alloc(10);
  result[0] = 0x81;
  result[1] = bit | 127;
  result.writeBigUInt64BE(BigInt(size), 2);
  return result;
}
