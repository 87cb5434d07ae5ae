/**
 * A guest of `assignment-client/chat-server.js`: joins, has a short conversation with the first other guest that it hears
 * of, and leaves.
 *
 * An interface script. Its arguments: the server's address, as the server prints it, and the name (default: interface).
 *
 *     airlock run scripts-examples/interface/chat-client.js --allow-connect=127.0.0.1 -- ws://127.0.0.1:PORT Ada
 *
 * Whoever was there first speaks first, and each answers a line of the other with the next one of its own. Who has none
 * left goes, and the other follows. `entity/client/chat-entity.js` keeps to the same rule, so any two of them come to an
 * end with each other, in whatever order they come.
 */

const [url, me = 'interface'] = Script.args;
if (url === undefined) {
  throw new Error('Say where the chat server listens: -- ws://127.0.0.1:PORT');
}

const lines = ['Good evening!', 'My isolate is mine alone, they say.', 'Time to leave. Good night!'];
let joined = false;
let partner = '';

const socket = new WebSocket(url);

socket.onopen = () => send({ join: me });

socket.onmessage = ({ data }) => {
  const message = JSON.parse(String(data));
  if (message.joined === me) {
    // Those who were there have been named before this.
    joined = true;
  } else if (message.joined !== undefined) {
    print(`${message.joined} is here`);
    if (partner === '') {
      partner = message.joined;
      if (joined) {
        sayNext();
      }
    }
  } else if (message.left !== undefined) {
    print(`${message.left} has left`);
    if (message.left === partner) {
      leave();
    }
  } else if (message.from !== me) {
    print(`${message.from}: ${message.said}`);
    if (message.from === partner) {
      sayNext();
    }
  }
};

// The dialect `overte` hands over the number of the error first. `onclose` follows.
socket.onerror = (error, { message }) => print(`error ${error}: ${message}`);

socket.onclose = ({ code, reason, wasClean }) => {
  print(`closed with ${code} ${reason}${wasClean ? '' : ' (not cleanly)'}`);
  Script.stop();
};

function sayNext() {
  const line = lines.shift();
  if (line === undefined) {
    leave();
  } else {
    send({ say: line });
  }
}

function leave() {
  socket.close(WebSocket.CloseCode.Normal, 'good night');
}

/** @param {object} message */
function send(message) {
  socket.send(JSON.stringify(message));
}
