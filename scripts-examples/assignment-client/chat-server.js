/**
 * A chat room: a WebSocketServer that knows its guests by name, tells each of them who comes, says something and leaves.
 *
 * An assignment client script. Its arguments: the port (default: any free one) and the address to listen at.
 *
 *     airlock run scripts-examples/assignment-client/chat-server.js --type assignment-client \
 *       --allow-listen=127.0.0.1:0
 *
 * Its first line of output says where it listens; `interface/chat-client.js` and `entity/client/chat-entity.js` are
 * guests for it. A guest sends JSON, its name first and then what it says:
 *
 *     { "join": "Ada" }    { "say": "Hello." }
 *
 * and hears the same of everybody, itself included:
 *
 *     { "joined": "Ada" }    { "from": "Ada", "said": "Hello." }    { "left": "Ada", "code": 1000, "reason": "bye" }
 */

const LONGEST_NAME = 32;

/**
 * Everybody who has joined, by name.
 *
 * @type {Map<string, WebSocket>}
 */
const guests = new Map();

const server = new WebSocketServer({ port: Number(Script.args[0] ?? 0), host: Script.args[1] ?? '127.0.0.1' });
print(`listening on ${server.url}`);

server.newConnection.connect((socket) => {
  /** Empty until the guest has joined. */
  let name = '';

  socket.onmessage = ({ data }) => {
    const message = parse(data);
    if (name === '' && typeof message.join === 'string') {
      if (!mayJoin(socket, message.join)) {
        return;
      }
      name = message.join;
      welcome(socket, name);
    } else if (name !== '' && typeof message.say === 'string') {
      print(`${name}: ${message.say}`);
      tellAll({ from: name, said: message.say });
    } else {
      socket.close(WebSocket.CloseCode.PolicyViolated, 'send your name, then what you say');
    }
  };

  // The dialect `overte` hands over the number of the error first. `onclose` follows.
  socket.onerror = (error, { message }) => print(`${name || 'a stranger'}: error ${error}, ${message}`);

  socket.onclose = ({ code, reason }) => {
    if (guests.delete(name)) {
      print(`${name} left with ${code} ${reason}`);
      tellAll({ left: name, code, reason });
    }
  };
});

/**
 * @param {WebSocket} socket
 * @param {string} name
 */
function mayJoin(socket, name) {
  if (name === '' || name.length > LONGEST_NAME) {
    socket.close(3010, `a name has 1 to ${LONGEST_NAME} characters`);
    return false;
  }
  if (guests.has(name)) {
    socket.close(3011, 'the name is taken');
    return false;
  }
  return true;
}

/**
 * The newcomer hears who is there, and then everybody hears of the newcomer. So any two guests know of each other, and
 * which of them came first.
 *
 * @param {WebSocket} socket
 * @param {string} name
 */
function welcome(socket, name) {
  print(`${name} joined`);
  for (const present of guests.keys()) {
    socket.send(JSON.stringify({ joined: present }));
  }
  guests.set(name, socket);
  tellAll({ joined: name });
}

/** @param {object} message */
function tellAll(message) {
  const text = JSON.stringify(message);
  for (const socket of guests.values()) {
    socket.send(text);
  }
}

/**
 * What a guest sends is anything at all until it has been looked at.
 *
 * @param {unknown} data
 * @returns {{ join?: unknown, say?: unknown }}
 */
function parse(data) {
  try {
    const message = typeof data === 'string' ? JSON.parse(data) : undefined;
    return typeof message === 'object' && message !== null ? message : {};
  } catch {
    return {};
  }
}
