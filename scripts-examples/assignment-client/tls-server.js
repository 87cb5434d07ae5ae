/**
 * An echo server over TLS. The certificate is the operator's: the script knows its name, and never sees its key. Where the
 * operator has clients asked for certificates, the server greets them by the names in these.
 *
 * An assignment client script. Its arguments: the port (default: any free one) and the name of the TLS configuration
 * (default: main).
 *
 *     airlock run scripts-examples/assignment-client/tls-server.js --type assignment-client \
 *       --allow-listen=127.0.0.1:8443 --server-tls=main=cert.pem,key.pem -- 8443
 *
 * With `--server-tls=main=cert.pem,key.pem,ca.pem` clients are asked for a certificate. A new certificate in the same files
 * is read on SIGHUP. `scripts-examples/interface/wss-client.js` is a client for it.
 */

const [port = '0', tls = 'main'] = Script.args;

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port), tls });

server.onlistening = () => print(`echoing on ${server.url}`);
server.onerror = ({ message }) => {
  print(message);
  Script.stop();
};

server.onconnection = ({ socket }) => {
  const name = socket.request.peerCertificate?.subject['CN'] ?? 'a stranger';
  print(`${name} is here`);
  socket.onmessage = ({ data }) => socket.send(data);
  socket.onclose = ({ code }) => print(`${name} left with ${code}`);
};
