/**
 * Sends a line over TLS and prints what comes back. Where it goes is the script's business; whom TLS trusts, and through
 * which proxy it goes, are the operator's.
 *
 * An interface script. Its arguments: the address of an echo server, and the line.
 *
 *     airlock run scripts-examples/interface/wss-client.js --allow-connect=echo.example:443 --tls-ca company.pem \
 *       --proxy http://proxy.example:3128 --exit-when-idle -- wss://echo.example hello
 */

const [url, line = 'hello'] = Script.args;
if (url === undefined) {
  throw new Error('Say where the echo server is: -- wss://HOST:PORT LINE');
}
const socket = new WebSocket(url);
socket.onopen = () => socket.send(line);
socket.onmessage = ({ data }) => {
  print(data);
  socket.close();
};
socket.onerror = (error, event) => {
  // The number says what kind of failure it is, the message the rest.
  const { ProxyAuthenticationRequiredError, SslHandshakeFailedError } = WebSocket.SocketError;
  if (error === SslHandshakeFailedError) {
    print('the server is not whom it says, or nobody we know:');
  } else if (error === ProxyAuthenticationRequiredError) {
    print('the proxy wants a password:');
  }
  print(event.message);
};
socket.onclose = ({ code }) => print('closed with', code);
