/**
 * The host of a soak, in a process of its own, so that what it holds can be measured. Its parent tells it by messages
 * which scripts to start and to stop; it tells what became of them.
 */
import { readdirSync } from 'node:fs';
import { ScriptHost } from '../../dist/host/index.js';

/** An echo server that prints its port. A client that says so is closed, or its script ends, or fails. */
const SERVER = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.newConnection.connect((socket) => {
    socket.onmessage = ({ data }) => {
      switch (data) {
        case 'close me': return socket.close(4000, 'as asked');
        case 'stop': return Script.stop();
        case 'loop': for (;;);
        default: socket.send(data);
      }
    };
  });
  print(server.port);
`;

const host = await ScriptHost.start();
const scripts = new Map();

const actions = {
  async start({ id, options }) {
    try {
      const script = await host.run({
        name: `${id}.js`,
        type: 'assignment-client',
        source: SERVER,
        permissions: { listen: ['127.0.0.1'] },
        limits: { turnTimeout: 500, memory: 32 },
        ...options,
      });
      scripts.set(id, script);
      script.on('print', ({ text }) => tell({ type: 'listening', id, port: Number(text) }));
      // The script's cell has died, and it runs again.
      script.on('restarted', () => tell({ type: 'restarted', id }));
      script.on('error', () => {});
      void script.ended.then(({ error, reason }) => {
        scripts.delete(id);
        tell({ type: 'ended', id, reason, code: error?.code });
      });
    } catch (error) {
      tell({ type: 'ended', id, reason: 'not started', code: error.code ?? String(error) });
    }
  },
  stop({ id }) {
    void scripts.get(id)?.stop();
  },
  measure() {
    globalThis.gc();
    const { external, heapUsed, rss } = process.memoryUsage();
    tell({
      type: 'measured',
      measures: {
        resident: rss,
        held: heapUsed + external,
        handles: process.getActiveResourcesInfo().length,
        descriptors: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
      },
    });
  },
  async end() {
    await host.stop();
    process.disconnect();
  },
};

process.on('message', (message) => void actions[message.type](message));
// Without its parent, it is of no use.
process.on('disconnect', () => process.exit());
tell({ type: 'ready' });

function tell(message) {
  if (process.connected) {
    process.send(message);
  }
}
