/**
 * Chat rooms: a WebSocketServer whose clients say by the path in which room they are, and each room is a topic.
 *
 * An assignment client script. Its arguments: the port (default: any free one) and the address to listen at.
 *
 *     airlock run scripts-examples/assignment-client/chat-rooms.js --type assignment-client \
 *       --allow-listen=127.0.0.1:0
 *
 * Its first line of output says where it listens. A client connects to `ws://HOST:PORT/ROOM?name=NAME`, and sends text:
 *
 *     Hello.              everybody else in the room gets "NAME: Hello."
 *     /room ROOM          goes to another room
 *     /rooms              is answered with how many are in the room, and in all
 *
 * However many there are in a room, a message leaves the script once: the host sends it to all of them.
 */

const NAME = /^[\w-]{1,32}$/;

const server = new WebSocketServer({
  port: Number(Script.args[0] ?? 0),
  host: Script.args[1] ?? '127.0.0.1',
  // Who does not read misses the oldest messages, and stays.
  slowReaders: 'drop-oldest',
  maxBufferedAmount: 1_000_000,
});
print(`listening on ${server.url}`);

let present = 0;

server.newConnection.connect((socket) => {
  const { path, query } = socket.request;
  const name = query.get('name') ?? '';
  let room = path.slice(1);
  if (!NAME.test(name) || !NAME.test(room)) {
    socket.close(WebSocket.CloseCode.PolicyViolated, 'connect to /ROOM?name=NAME');
    return;
  }
  present++;
  enter(socket, name, room);

  socket.onmessage = ({ data }) => {
    const [, command = '', word = ''] = /^\/(\w+) ?(.*)$/.exec(String(data)) ?? [];
    if (command === 'room' && NAME.test(word)) {
      leave(socket, name, room);
      room = word;
      enter(socket, name, room);
    } else if (command === 'rooms') {
      socket.send(`${server.subscriberCount(room)} in ${room}, ${present} in all`);
    } else {
      socket.publish(room, `${name}: ${String(data)}`);
    }
  };

  // It has left the topic by itself.
  socket.onclose = () => {
    present--;
    server.publish(room, `${name} has left ${room}`);
    print(`${name} has gone`);
  };
});

/**
 * @param {ServerWebSocket} socket
 * @param {string} name
 * @param {string} room
 */
function enter(socket, name, room) {
  socket.subscribe(room);
  server.publish(room, `${name} has come to ${room}`);
}

/**
 * @param {ServerWebSocket} socket
 * @param {string} name
 * @param {string} room
 */
function leave(socket, name, room) {
  socket.unsubscribe(room);
  server.publish(room, `${name} has left ${room}`);
}
