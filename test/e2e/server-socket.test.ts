import { expect, test } from '@jest/globals';
import { runServer, startHost } from '../support/host.ts';
import { openClient } from '../support/sockets.ts';

test('a script reads the latency of a client, of whose pings it hears nothing', async () => {
  const host = await startHost('owner');
  const server = await runServer(
    host,
    `const server = new WebSocketServer({ host: '127.0.0.1', port: 0, heartbeat: { interval: 50, timeout: 5000 } });
    server.newConnection.connect((socket) => {
      print('first', socket.latency);
      socket.onpong = () => print('pong');
      const timer = Script.setInterval(() => {
        if (socket.latency !== null) { print('latency', socket.latency >= 0 && socket.latency < 5000); Script.clearInterval(timer); }
      }, 10);
    });
    print('port', server.port);`,
    { limits: { heartbeatInterval: 1 } },
  );
  openClient(`ws://127.0.0.1:${server.port}/`);
  await server.line('latency true');
  expect(server.lines).toContain('first null');
  expect(server.lines).not.toContain('pong');
});

test('a script sees where its client is and what it has asked for, and cuts it off', async () => {
  const host = await startHost('owner');
  const server = await runServer(
    host,
    `const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.newConnection.connect((socket) => {
      const { headers, path, protocols, query } = socket.request;
      print(socket.remoteAddress, socket.remotePort, path, query.get('a'), protocols.join(), headers.get('X-Token'));
      socket.onclose = ({ code, wasClean }) => print('closed', code, wasClean);
      socket.onerror = () => print('error');
      socket.terminate();
    });
    print('port', server.port);`,
  );
  const { owner } = openClient(`ws://127.0.0.1:${server.port}/x?a=b`, { protocols: ['p', 'q'], headers: { 'X-Token': 'secret' } });
  expect(await server.line(/secret/)).toMatch(/^127\.0\.0\.1 \d+ \/x b p,q secret$/);
  await server.line('closed 1006 false');
  expect(await owner.first('closed')).toEqual(['closed', 1006, '', false]);
  expect(server.lines).not.toContain('error');
});
