/**
 * A guest of `assignment-client/chat-server.js`: joins, waits for somebody to talk to, and leaves when both have said
 * what they had to say.
 *
 * An interface script. Its arguments: the server's address, as the server prints it, and the name (default: interface).
 *
 *     airlock run scripts-examples/interface/chat-client.js --allow-connect=127.0.0.1 -- ws://127.0.0.1:PORT Ada
 *
 * Each side says its first line when it hears of the other, and the next one whenever the other has said something. So
 * it does not matter who comes first, and both hear everything before either leaves.
 */

const [url, me = 'interface'] = Script.args;
if (url === undefined) {
  throw new Error('Say where the chat server listens: -- ws://127.0.0.1:PORT');
}

const lines = ['Good evening. Who is there?', 'A script like me, then. Where do you run?', 'Sleep well, then.'];
let said = 0;
/** Who came first besides this script: whom it talks to. */
let partner = '';

const socket = new WebSocket(url);

socket.onopen = () => send({ join: me });

socket.onmessage = ({ data }) => {
  const message = JSON.parse(String(data));
  if (message.joined !== undefined) {
    print(`${message.joined} is here`);
    if (partner === '' && message.joined !== me) {
      partner = message.joined;
      sayNext();
    }
  } else if (message.said !== undefined) {
    print(`${message.from}: ${message.said}`);
    if (message.from === partner) {
      sayNext();
    }
  } else if (message.left !== undefined) {
    print(`${message.left} has left`);
    if (message.left === partner) {
      socket.close(3002, 'nobody to talk to');
    }
  }
};

// The dialect `overte` gives the number of the error first; `close` follows.
socket.onerror = (error, { message }) => print(`error ${error}: ${message}`);

socket.onclose = ({ code, reason, wasClean }) => {
  print(`closed with ${code} ${reason}${wasClean ? '' : ' (not cleanly)'}`);
  Script.stop();
};

/** Says the next line; when there is none, it has heard the partner's last one and leaves. */
function sayNext() {
  const line = lines[said++];
  if (line === undefined) {
    socket.close(WebSocket.CloseCode.Normal, 'good night');
  } else {
    send({ say: line });
  }
}

/** @param {object} message */
function send(message) {
  socket.send(JSON.stringify(message));
}
