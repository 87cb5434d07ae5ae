/**
 * A page, and the WebSocket that it opens, from one server: a browser that loads the page counts along with everybody else
 * who has it open. Only the page itself may connect, as its origin is that of the server, and at most 8 tabs of one address.
 *
 * An assignment client script. Its arguments: the port (default: any free one) and the name of a TLS configuration.
 *
 *     airlock run scripts-examples/assignment-client/page-server.js --type assignment-client \
 *       --allow-listen=127.0.0.1:0
 *
 * Its first line of output is the address to open. With `--server-tls=main=cert.pem,key.pem` and the arguments
 * `-- 8443 main` the page comes over https, and connects over wss.
 */

const [port = '0', tls = ''] = Script.args;

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>Counter</title>
<p>Everybody together: <output>...</output> <button>Count</button></p>
<script>
  const socket = new WebSocket(location.href.replace('http', 'ws') + 'count', 'counter');
  socket.onmessage = ({ data }) => { document.querySelector('output').textContent = data; };
  document.querySelector('button').onclick = () => socket.send('count');
</script>
`;

let count = 0;

/** @type {Set<WebSocket>} */
const open = new Set();

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(port),
  tls,
  path: '/count',
  protocols: ['counter'],
  maxConnectionsPerAddress: 8,
  maxMessageSize: 100,
});
print(`${server.url.replace('ws', 'http')}/`);

server.onrequest = ({ method, path }) => {
  switch (path) {
    case '/':
      return {
        headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' },
        body: method === 'POST' ? undefined : PAGE,
        status: method === 'POST' ? 405 : 200,
      };
    case '/healthz':
      return `ok, ${open.size} open\n`;
    default:
      // 404.
      return undefined;
  }
};

server.onupgrade = ({ headers, remoteAddress }) => {
  print(`${remoteAddress} connects with ${headers.get('user-agent') ?? 'an unnamed client'}`);
  return true;
};

server.newConnection.connect((socket) => {
  open.add(socket);
  socket.send(String(count));
  socket.onmessage = () => {
    count++;
    for (const each of open) {
      each.send(String(count));
    }
  };
  socket.onclose = () => open.delete(socket);
});
