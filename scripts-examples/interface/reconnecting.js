/**
 * Stays connected: where the connection is lost, it tries again, later and later, and what was said meanwhile goes out when
 * it is back.
 *
 * An interface script. Its argument: the address of a server, as that of scripts-examples/entity/server/echo-server-entity.js.
 *
 *     airlock run scripts-examples/interface/reconnecting.js --allow-connect=127.0.0.1:8080 -- ws://127.0.0.1:8080
 */

const FIRST_DELAY = 250;
const LONGEST_DELAY = 30_000;

const [url] = Script.args;
if (url === undefined) {
  throw new Error('Say where the server is: -- ws://HOST:PORT');
}

/** @type {string[]} What waits for the connection. */
const outbox = [];
let delay = FIRST_DELAY;
let isEnding = false;
/** @type {WebSocket} */
let socket;

function connect() {
  // A server that is gone without a word is noticed by the heartbeat.
  socket = new WebSocket(/** @type {string} */ (url), {
    handshakeTimeout: 5000,
    heartbeat: { interval: 15_000, timeout: 5000 },
  });
  socket.onopen = () => {
    delay = FIRST_DELAY;
    print('connected');
    for (const text of outbox.splice(0)) {
      socket.send(text);
    }
  };
  socket.onmessage = ({ data }) => print('got:', data);
  socket.onerror = (_error, event) => print(event.message);
  socket.onclose = ({ code }) => {
    if (isEnding) {
      return;
    }
    // At random, so that not all clients of a server that starts again come at the same moment.
    const wait = delay * (0.5 + Math.random() / 2);
    delay = Math.min(delay * 2, LONGEST_DELAY);
    print(`closed with ${code}; trying again in ${Math.round(wait)} ms`);
    Script.setTimeout(connect, wait);
  };
}

/** @param {string} text */
function say(text) {
  if (socket.readyState === WebSocket.OPEN) {
    socket.send(text);
  } else {
    outbox.push(text);
  }
}

connect();
let count = 0;
Script.setInterval(() => say(`tick ${++count}`), 1000);
Script.scriptEnding.connect(() => {
  isEnding = true;
});
