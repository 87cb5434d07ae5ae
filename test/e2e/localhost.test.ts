import { expect, test } from '@jest/globals';
import { startHost } from '../support/host.ts';

/** RFC 6761, 6.3: no resolver is asked, and many know none of these but the first. */
test.each(['localhost', 'LOCALHOST', 'localhost.', 'app.localhost', 'a.b.localhost.'])('%s is loopback: a script listens there, and another connects', async (name) => {
  const host = await startHost();
  const script = await host.run({
    type: 'assignment-client',
    permissions: { connect: ['localhost', '*.localhost'], listen: ['localhost'] },
    source: `
      const server = new WebSocketServer({ host: '${name}', port: 0 });
      server.onconnection = ({ socket }) => socket.send(socket.request.headers.get('host') + ' from ' + socket.remoteAddress);
      const ws = new WebSocket('ws://${name}:' + server.port);
      ws.onmessage = ({ data }) => print(data);
      ws.onerror = (...error) => print(error.at(-1).message);
      print('url', server.url);`,
  });
  expect(await script.line(/ from /)).toMatch(new RegExp(`^${name.toLowerCase().replaceAll('.', '\\.')}:\\d+ from 127\\.0\\.0\\.1$`));
  expect(await script.line(/^url/)).toMatch(/^url ws:\/\/127\.0\.0\.1:/);
});

test.each(['localhost:0', 'localhost.:0', 'app.localhost:0', 'LOCALHOST:0'])('%s is a rule for listening at 127.0.0.1', async (rule) => {
  const host = await startHost();
  const script = await host.run({
    type: 'assignment-client',
    permissions: { listen: [rule] },
    source: "print('listens', new WebSocketServer({ host: 'localhost', port: 0 }).listening)",
  });
  await script.line('listens true');
});
