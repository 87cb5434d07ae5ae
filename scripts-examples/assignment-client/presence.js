/**
 * Who is there: a presence server. What it knows of a client lies with the connection, as its `attachment`, where the host
 * keeps it: the script itself remembers nothing but the sockets.
 *
 * An assignment client script. Its arguments: the port (default: any free one) and the address to listen at.
 *
 *     airlock run scripts-examples/assignment-client/presence.js --type assignment-client \
 *       --allow-listen=127.0.0.1:0
 *
 * Its first line of output says where it listens. A client connects to `ws://HOST:PORT/?user=NAME`, sends its status as JSON,
 * and gets who is there, and from then on each change:
 *
 *     { "status": "away" }
 *     { "present": [{ "user": "Ada", "status": "away", "since": "2026-01-01T12:00:00.000Z" }] }
 *     { "changed": { "user": "Ada", "status": "here", "since": "..." } }    { "gone": "Ada" }
 */

/** @typedef {{ user: string, status: string, since: Date }} Presence */

const STATUSES = ['here', 'away', 'busy'];

/** @type {Set<ServerWebSocket>} */
const sockets = new Set();

const server = new WebSocketServer({ port: Number(Script.args[0] ?? 0), host: Script.args[1] ?? '127.0.0.1' });
print(`listening on ${server.url}`);

server.newConnection.connect((socket) => {
  const user = socket.request.query.get('user') ?? '';
  if (user === '' || user.length > 64) {
    socket.close(WebSocket.CloseCode.PolicyViolated, 'connect with ?user=NAME');
    return;
  }
  sockets.add(socket);
  setStatus(socket, { user, status: 'here', since: new Date() });
  socket.send(JSON.stringify({ present: [...sockets].map(presenceOf) }));

  socket.onmessage = ({ data }) => {
    const status = statusOf(data);
    if (status === undefined) {
      socket.close(WebSocket.CloseCode.PolicyViolated, `send a status: ${STATUSES.join(', ')}`);
    } else if (status !== presenceOf(socket).status) {
      setStatus(socket, { ...presenceOf(socket), status, since: new Date() });
    }
  };

  socket.onclose = () => {
    sockets.delete(socket);
    server.broadcast(JSON.stringify({ gone: user }));
    print(`${user} has gone, as ${presenceOf(socket).status}`);
  };
});

/**
 * @param {ServerWebSocket} socket
 * @returns {Presence}
 */
function presenceOf(socket) {
  return socket.attachment;
}

/**
 * @param {ServerWebSocket} socket
 * @param {Presence} presence
 */
function setStatus(socket, presence) {
  socket.attachment = presence;
  server.broadcast(JSON.stringify({ changed: presence }), { except: socket });
}

/**
 * What a client sends is anything at all until it has been looked at.
 *
 * @param {unknown} data
 * @returns {string | undefined}
 */
function statusOf(data) {
  try {
    const { status } = JSON.parse(String(data));
    return STATUSES.find((each) => each === status);
  } catch {
    return undefined;
  }
}
