/**
 * The load of `fan-out.mjs`: raw TCP clients of which the first says what all of them get. Every byte is compared.
 *
 * It takes jobs as JSON lines on standard input, `{ port, clients, inFlight, milliseconds }`, and answers each with a line:
 * `{ rate }`, the messages that all clients together have got in a second.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const SIZE = 64;
const RING = 64;
const FRAME = SIZE + 2;

const texts = Array.from({ length: RING }, (_, index) => Buffer.from(`${index} `.padEnd(SIZE, 'abcdefghijklmnopqrstuvwxyz').slice(0, SIZE)));
/** The mask is 0, which masks nothing. */
const sent = texts.map((text) => Buffer.concat([Buffer.from([0x81, 0x80 | SIZE, 0, 0, 0, 0]), text]));
const expected = Buffer.concat(texts.map((text) => Buffer.concat([Buffer.from([0x81, SIZE]), text])));

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await load(JSON.parse(line))));
}

async function load({ clients, inFlight, milliseconds, port }) {
  let bytes = 0;
  const sockets = [];
  for (let index = 0; index < clients; index++) {
    sockets.push(await open(port));
  }
  const [first] = sockets;
  let acknowledged = 0;
  let next = 0;
  const say = () => first.write(sent[next++ % RING]);
  for (const socket of sockets) {
    let at = 0;
    socket.on('data', (data) => {
      bytes += data.length;
      for (let from = 0; from < data.length; ) {
        const place = at % expected.length;
        const size = Math.min(data.length - from, expected.length - place);
        if (data.compare(expected, place, place + size, from, from + size) !== 0) {
          console.error('a message is not what was sent');
          process.exit(1);
        }
        from += size;
        at += size;
      }
      if (socket === first) {
        for (; acknowledged < Math.floor(at / FRAME); acknowledged++) {
          say();
        }
      }
    });
  }
  first.cork();
  for (let count = 0; count < inFlight; count++) {
    say();
  }
  first.uncork();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = bytes;
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const rate = (bytes - before) / FRAME / ((performance.now() - started) / 1000);
  sockets.forEach((socket) => socket.destroy());
  return { rate };
}

async function open(port) {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  socket.write(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await once(socket, 'data');
  return socket;
}
