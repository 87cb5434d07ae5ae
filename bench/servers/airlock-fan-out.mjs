/** A sandboxed script that sends each message to all. The argument says where scripts run: `owner` (a process) or `in-process`. Prints its port. */
import { ScriptHost } from '../../dist/host/index.js';

const host = await ScriptHost.start({ isolation: process.argv[2] });
host.on('log', ({ message }) => console.error(message));
const script = await host.run({
  name: 'fan-out.js',
  type: 'assignment-client',
  permissions: { listen: ['127.0.0.1:0'] },
  source: `
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.newConnection.connect((socket) => {
      socket.onmessage = ({ data }) => server.broadcast(data);
    });
    print(server.port);
  `,
});
script.on('print', ({ text }) => console.log(text));
script.on('error', (error) => console.error(error));
process.stdin.on('end', () => process.exit()).resume();
