import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { WebSocketServer, type WebSocket } from 'ws';
import { startHost } from '../support/host.ts';
import { afterThisTest } from '../support/sockets.ts';

type Handler = (webSocket: WebSocket, request: IncomingMessage, socket: Duplex) => void;

/** A server of another make, with what the paths ask of it. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  '/echo': (webSocket) => {
    webSocket.on('message', (data, binary) => webSocket.send(data, { binary }));
    webSocket.on('ping', () => webSocket.send('pinged'));
  },
  '/close': (webSocket) => webSocket.close(4001, 'grüß'),
  '/bare-close': (webSocket) => webSocket.close(),
  '/cut': (_webSocket, _request, socket) => socket.destroy(),
  // A text message, and then a frame of a reserved opcode.
  '/violation': (_webSocket, _request, socket) => socket.write(Buffer.from('810474657374830134', 'hex')),
  '/origin': (webSocket, { headers }) => {
    webSocket.send(String(headers.origin));
    webSocket.close();
  },
  '/ping': (webSocket) => webSocket.ping('are you there'),
};

async function startServer(): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  const webSockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const handler = HANDLERS[request.url ?? ''];
    if (request.url === '/never') {
      return;
    }
    if (handler === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    } else {
      webSockets.handleUpgrade(request, socket, head, (webSocket) => handler(webSocket, request, socket));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterThisTest(() => {
    webSockets.clients.forEach((client) => client.terminate());
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** What a script prints that opens `path` and tells every event, until the socket is closed. */
async function events(path: string, more = ''): Promise<string[]> {
  const port = await startServer();
  const host = await startHost();
  const { errors, lines, script } = await host.run({
    dialect: 'web',
    baseUrl: `http://127.0.0.1:${port}/`,
    source: `
      const ws = new WebSocket('${path}');
      const tell = (event, ...rest) => print(event.type, ws.readyState, event.isTrusted, event.constructor === globalThis[event.constructor.name], ...rest);
      ws.onopen = (event) => tell(event, 'Event' === event.constructor.name, ws.protocol, ws.extensions);
      ws.onmessage = (event) => tell(event, event.data, event.origin === 'ws://127.0.0.1:${port}');
      ws.onerror = (event) => tell(event, event.constructor.name);
      ws.addEventListener('close', (event) => { tell(event, event.code, event.reason, event.wasClean); Script.stop(); });
      ${more}
    `,
  });
  await script.ended;
  expect(errors).toEqual([]);
  return lines;
}

describe('a WebSocket of the dialect web, and a server of another make', () => {
  test('opens, echoes and closes without a code', async () => {
    expect(await events('/echo', "ws.addEventListener('open', () => ws.send('hi \\ud800')); ws.addEventListener('message', () => { ws.close(); print('closing', ws.readyState); })")).toEqual([
      'open 1 true true true  ', 'message 1 true true hi \ufffd true', 'closing 2', 'close 3 true true 1005  true',
    ]);
  });

  test('hears why the server closes', async () => {
    expect(await events('/close')).toEqual(['open 1 true true true  ', 'close 3 true true 4001 grüß true']);
    expect(await events('/bare-close')).toEqual(['open 1 true true true  ', 'close 3 true true 1005  true']);
  });

  test('a refused handshake is a plain error event in the state CLOSED, and then close with 1006', async () => {
    expect(await events('/not-there')).toEqual(['error 3 true true Event', 'close 3 true true 1006  false']);
  });

  test('so are a connection that is cut, and a violation, whose message before it still comes', async () => {
    expect(await events('/cut')).toEqual(['open 1 true true true  ', 'error 3 true true Event', 'close 3 true true 1006  false']);
    expect(await events('/violation')).toEqual([
      'open 1 true true true  ', 'message 1 true true test true', 'error 3 true true Event', 'close 3 true true 1006  false',
    ]);
  });

  test('says where it comes from, as a page does, where it has a base URL; in the dialect overte it does not', async () => {
    const port = await startServer();
    const host = await startHost();
    const source = `
      const ws = new WebSocket('ws://127.0.0.1:${port}/origin');
      ws.onmessage = ({ data }) => print(data);
      ws.onclose = () => Script.stop();
    `;
    for (const [options, origin] of [
      [{ dialect: 'web', baseUrl: 'https://user@Pages.example:443/a/b.html?c' }, 'https://pages.example'],
      [{ dialect: 'web', baseUrl: 'ws://pages.example:8080/' }, 'http://pages.example:8080'],
      [{ dialect: 'web' }, 'undefined'],
      [{ dialect: 'overte', baseUrl: 'https://pages.example/' }, 'undefined'],
    ] as const) {
      const { lines, script } = await host.run({ ...options, source });
      await script.ended;
      expect(lines).toEqual([origin]);
    }
  });

  test('close() while connecting: its events come later, never inside the call', async () => {
    expect(await events('/never', "print('before', ws.readyState); ws.close(3000, 'x'); print('after', ws.readyState); ws.close();")).toEqual([
      'before 0', 'after 2', 'error 3 true true Event', 'close 3 true true 1006  false',
    ]);
  });

  test('bufferedAmount grows at send, falls as the bytes leave, and for good after close', async () => {
    expect(await events('/echo', `
      ws.addEventListener('open', () => {
        ws.send('é'); ws.send(new Blob(['abc'])); ws.send(new Uint8Array(4));
        print(ws.bufferedAmount);
        Promise.resolve().then(() => print('microtask', ws.bufferedAmount));
      });
      let count = 0;
      ws.onmessage = () => { if (++count === 3) { print('sent', ws.bufferedAmount); ws.close(); ws.send('late'); print('late', ws.bufferedAmount); } };
      ws.addEventListener('close', () => print('closed', ws.bufferedAmount));
    `)).toEqual(['open 1 true true true  ', '9', 'microtask 9', 'sent 0', 'late 4', 'close 3 true true 1005  true', 'closed 4']);
  });

  test('binary comes as a Blob, or as an ArrayBuffer', async () => {
    expect(await events('/echo', `
      ws.onopen = () => ws.send(new Uint16Array([1, 2, 3]).subarray(1));
      ws.onmessage = async ({ data }) => {
        if (data instanceof Blob) { print('blob', data.size); ws.binaryType = 'arraybuffer'; ws.send(data); }
        else { print('buffer', ...new Uint16Array(data)); ws.close(1000, 'enough'); }
      };
    `)).toEqual(['blob 4', 'buffer 2 3', 'close 3 true true 1000 enough true']);
  });

  test('pings go both ways', async () => {
    expect(await events('/echo', "ws.onopen = () => ws.ping('x'); ws.onpong = ({ data }) => { print('pong', String.fromCharCode(...new Uint8Array(data))); }; ws.onmessage = ({ data }) => { print(data); ws.close(); }")).toEqual(
      expect.arrayContaining(['pong x', 'pinged']),
    );
    expect(await events('/ping', "ws.onopen = null; ws.onping = ({ data }) => { print('ping', String.fromCharCode(...new Uint8Array(data))); ws.close(); }")).toEqual([
      'ping are you there', 'close 3 true true 1005  true',
    ]);
  });
});
