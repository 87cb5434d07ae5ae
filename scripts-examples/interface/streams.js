/**
 * Reading and writing with streams: numbers go out as fast as the network takes them, and come back at the reader's pace.
 *
 * An interface script. Its argument: the address of an echo server, as that of `entity/server/echo-server-entity.js`.
 *
 *     airlock run scripts-examples/interface/streams.js --allow-connect=127.0.0.1 -- ws://127.0.0.1:PORT
 */

const [url] = Script.args;
if (url === undefined) {
  throw new Error('Say where the echo server listens: -- ws://127.0.0.1:PORT');
}

const BLOCKS = 64;
/** In each block, 64 KiB of them. */
const NUMBERS = 16 * 1024;

main(url)
  .catch((error) => print(error instanceof WebSocketError ? `failed with ${error.closeCode}: ${error.message}` : `failed: ${error}`))
  .finally(() => Script.stop());

/** @param {string} address */
async function main(address) {
  const stream = new WebSocketStream(address, {
    // The handshake only: a connection that is open stays open.
    signal: AbortSignal.timeout(10_000),
  });
  const { readable, writable } = await stream.opened;
  const [sum] = await Promise.all([sumUp(readable), writeBlocks(writable)]);
  print(`the numbers that came back make ${sum}`);
  stream.close({ closeCode: 1000, reason: 'all of it came back' });
  const { closeCode, reason } = await stream.closed;
  print(`closed with ${closeCode} ${reason}`);
}

/** @param {WebSocketOpenInfo['writable']} writable */
async function writeBlocks(writable) {
  const writer = writable.getWriter();
  for (let block = 0; block < BLOCKS; block++) {
    // Waits while the network has not taken the block before.
    await writer.ready;
    // Whether it is written is told by `ready`, too.
    writer.write(new Uint32Array(NUMBERS).fill(block)).catch(() => {});
  }
  await writer.ready;
  // Not closed, as that would end the connection before everything is back.
  writer.releaseLock();
}

/** @param {WebSocketOpenInfo['readable']} readable */
async function sumUp(readable) {
  let sum = 0;
  let blocks = 0;
  const reader = readable.getReader();
  while (blocks < BLOCKS) {
    // What is not read yet waits in the network, and in the end at the peer.
    const { done, value } = await reader.read();
    if (done) {
      throw new Error(`the server closed the connection after ${blocks} blocks`);
    }
    if (typeof value !== 'string') {
      sum = new Uint32Array(value.buffer).reduce((left, right) => left + right, sum);
      blocks++;
    }
  }
  return sum;
}
