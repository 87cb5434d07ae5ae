/**
 * What `send` takes and what comes back: a text, an ArrayBuffer, a part of a typed array and a Blob, one after the other.
 *
 * An interface script. Its argument: the address of an echo server, as that of `entity/server/echo-server-entity.js`.
 *
 *     airlock run scripts-examples/interface/binary.js --allow-connect=127.0.0.1 -- ws://127.0.0.1:PORT
 */

const [url] = Script.args;
if (url === undefined) {
  throw new Error('Say where the echo server listens: -- ws://127.0.0.1:PORT');
}

/**
 * What is sent, and how what is binary shall come back.
 *
 * @type {{ what: string, data: Parameters<WebSocket['send']>[0], as: BinaryType }[]}
 */
const messages = [
  { what: 'a text', data: 'grüß dich', as: 'arraybuffer' },
  { what: 'an ArrayBuffer', data: Uint8Array.of(1, 2, 3).buffer, as: 'arraybuffer' },
  // A view sends what it shows, not the whole of its buffer.
  { what: 'part of a typed array', data: Float32Array.of(0, 0.5, 1, 2).subarray(1, 3), as: 'arraybuffer' },
  { what: 'a Blob', data: new Blob(['two ', 'parts'], { type: 'text/plain' }), as: 'blob' },
];
let next = 0;

const socket = new WebSocket(url);
socket.onopen = sendNext;
socket.onmessage = async ({ data }) => {
  print(`${messages[next].what} comes back as ${await describe(data)}`);
  next++;
  sendNext();
};
socket.onerror = (error, { message }) => print(`error ${error}: ${message}`);
socket.onclose = ({ code, reason }) => {
  print(`closed with ${code} ${reason}`);
  Script.stop();
};

function sendNext() {
  if (next === messages.length) {
    socket.close(1000, 'all of it came back');
    return;
  }
  const { data, as } = messages[next];
  socket.binaryType = as;
  socket.send(data);
}

/** @param {WebSocketData} data */
async function describe(data) {
  if (typeof data === 'string') {
    return `the text "${data}"`;
  }
  if (data instanceof Blob) {
    return `a Blob of ${data.size} bytes: "${await data.text()}"`;
  }
  return `an ArrayBuffer of ${data.byteLength} bytes: ${new Uint8Array(data).join(' ')}`;
}
