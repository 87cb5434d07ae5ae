/** The yardstick of `fan-out.mjs`: plain `ws`, and a loop over its clients. Prints its port. */
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => {
  console.log(server.address().port);
});
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => {
    for (const client of server.clients) {
      client.send(data, { binary: isBinary });
    }
  });
});
process.stdin.on('end', () => process.exit()).resume();
