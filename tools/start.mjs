/**
 * `npm start`: a chat between scripts of three types. A server script listens; an interface script and an entity script
 * connect to it over TCP, talk, and leave with a code and a reason. Prints what each of them prints.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScriptHost } from '../dist/host/index.js';

const examples = join(dirname(dirname(fileURLToPath(import.meta.url))), 'scripts-examples');
const host = await ScriptHost.start();
host.on('log', ({ message, script }) => console.error(`airlock: ${script}: ${message}`));

async function run(options) {
  const script = await host.run(options);
  script.on('print', ({ text }) => console.log(`${script.name}: ${text}`));
  script.on('error', (error) => {
    console.error(`${script.name}: ${error.stack}`);
    process.exitCode = 1;
  });
  return script;
}

const server = await run({
  file: join(examples, 'assignment-client/chat-server.js'),
  type: 'assignment-client',
  permissions: { listen: ['127.0.0.1:0'] },
});
const url = await new Promise((resolve, reject) => {
  server.on('print', ({ text }) => resolve(/ws:\S+/.exec(text)?.[0]));
  server.on('ended', () => reject(new Error('The server script ended before it listened.')));
});
const { host: address } = new URL(url);
const clients = [
  await run({
    file: join(examples, 'interface/chat-client.js'),
    type: 'interface',
    args: [url],
    permissions: { connect: [address] },
  }),
  await run({
    file: join(examples, 'entity/client/chat-entity.js'),
    type: 'client-entity',
    args: [url],
    permissions: { connect: [address] },
  }),
];
await Promise.all(clients.map((client) => client.ended));
await host.stop();
