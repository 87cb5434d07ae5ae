/**
 * An echo server for the pages of a list of sites, and for what is no browser. It says who is there and how it was when
 * they leave: a client that vanishes is found by the heartbeat.
 *
 * An assignment client script. Its arguments: the origins whose pages may connect.
 *
 *     airlock run scripts-examples/assignment-client/origin-list.js --type assignment-client \
 *       --allow-listen=127.0.0.1:0 -- https://example.com https://www.example.com:8443
 */

const origins = Script.args;
if (origins.length === 0) {
  throw new Error('Say whose pages may connect: -- https://example.com ...');
}
const server = new WebSocketServer({
  host: '127.0.0.1',
  origins,
  heartbeat: { interval: 20_000, timeout: 5000 },
  idleTimeout: 10 * 60_000,
  perMessageDeflate: true,
});

server.onlistening = () => print(`echoing on ${server.url}`);
server.onerror = ({ message }) => {
  print(message);
  Script.stop();
};
server.onconnection = ({ socket }) => {
  socket.onmessage = ({ data }) => socket.send(data);
  socket.onclose = ({ code, wasClean }) => print(wasClean ? `a client left with ${code}` : 'a client vanished');
};
