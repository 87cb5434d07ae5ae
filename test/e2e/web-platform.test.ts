import { describe, expect, test } from '@jest/globals';
import { startHost } from '../support/host.ts';

describe.each(['owner', 'script', 'context', 'in-process'] as const)('cells: %s', (isolation) => {
  test('a view that follows its buffer does so in a clone; a Proxy has none', async () => {
    const host = await startHost(isolation);
    const script = await host.run({
      source: `
        const buffer = new ArrayBuffer(4, { maxByteLength: 16 });
        const array = structuredClone(new Uint8Array(buffer));
        array.buffer.resize(8);
        const view = structuredClone(new DataView(buffer));
        view.buffer.resize(8);
        print(array.length, view.byteLength, buffer.byteLength);
        try { structuredClone(new Proxy({ a: 1 }, {})); } catch (error) { print(error.name, Error.isError(error)); }
        print('end');`,
    });
    await script.line('end');
    expect(script.lines).toEqual(['8 8 4', 'DataCloneError true', 'end']);
  });

  test.each([
    ['any', 'AbortSignal.any([shutdown.signal]);'],
    ['listener', "new EventTarget().addEventListener('x', () => {}, { signal: shutdown.signal });"],
  ])('a signal that lives for long keeps nothing that nobody else keeps: %s', async (_kind, code) => {
    const host = await startHost(isolation);
    const script = await host.run({
      limits: { memory: 32 },
      source: `
        const shutdown = new AbortController();
        let turns = 0;
        const loop = setInterval(() => {
          for (let each = 0; each < 3000; each++) { ${code} }
          if (++turns === 100) { clearInterval(loop); print('alive'); }
        }, 1);`,
    });
    await script.line('alive');
    expect(script.errors).toEqual([]);
  });

  test('what a socket publishes in its onclose reaches the others', async () => {
    const host = await startHost(isolation);
    const script = await host.run({
      type: 'assignment-client',
      source: `
        const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
        server.onconnection = ({ socket }) => {
          socket.subscribe('room');
          socket.onclose = () => { socket.publish('room', 'left (socket)'); server.publish('room', 'left (server)'); };
        };
        const b = new WebSocket(server.url);
        b.onmessage = ({ data }) => print(data);
        b.onopen = () => { const a = new WebSocket(server.url); a.onopen = () => a.close(); };`,
    });
    await script.line('left (server)');
    expect(script.lines).toEqual(['left (socket)', 'left (server)']);
  });
});
