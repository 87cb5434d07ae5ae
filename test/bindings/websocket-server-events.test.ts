import { describe, expect, test } from '@jest/globals';
import type { Event } from '../../wire/events.ts';
import { closed, printed, startScript, text, type IsolatedScript, type Listen } from '../support/isolate.ts';
import { acceptedEvent } from '../support/server-items.ts';

const LISTENING: Listen = ({ port }) => ({ port, url: `ws://127.0.0.1:${port}`, code: '', error: '' });
const REFUSED: Listen = () => ({ port: 0, url: '', code: 'ERR_AIRLOCK_LISTEN_FAILED', error: 'port 80 is in use' });
const ACCEPTED = acceptedEvent();
const FAILED: Event = { type: 'serverFailed', server: 1, code: 'ERR_AIRLOCK_LISTEN_FAILED', message: 'port 80 is in use' };
const LISTENS: Event = { type: 'listening', server: 1 };
const CLOSED: Event = { type: 'serverClosed', server: 1 };

function serverScript(source: string, listen: Listen = LISTENING, dialect: 'web' | 'overte' = 'web'): IsolatedScript {
  return startScript(source, { server: true, listen, dialect });
}

describe('a WebSocketServer is an EventTarget', () => {
  test('listening comes in a turn after the constructor, to listeners and to onlistening', () => {
    const script = serverScript(`
      server = new WebSocketServer(80);
      server.addEventListener('listening', (e) => print(e.type, e.target === server, e.isTrusted, server.port));
      server.onlistening = function (e) { print(this === server, e instanceof Event); };
      print('constructed', server instanceof EventTarget);`);
    expect(printed(script.first.commands)).toEqual(['constructed true']);
    expect(printed(script.turn(LISTENS))).toEqual(['listening true true 80', 'true true']);
  });

  test('listening does not come where the server was closed before', () => {
    const script = serverScript("server = new WebSocketServer(80); server.onlistening = () => print('listening'); server.close()");
    expect(script.turn(LISTENS)).toEqual([]);
  });

  test('connection comes after the signal, with the same socket, before its messages', () => {
    const script = serverScript(`
      server = new WebSocketServer(80);
      server.newConnection.connect((socket) => { ws = socket; print('signal'); });
      server.onconnection = ({ socket }) => {
        print('event', socket === ws, socket.readyState);
        socket.onmessage = ({ data }) => print(data);
      };`);
    expect(printed(script.turn(ACCEPTED, text('early', 1)))).toEqual(['signal', 'event true 1', 'early']);
  });

  test('close comes when all that it accepted is closed, and is the last event', () => {
    const script = serverScript(`
      server = new WebSocketServer(80);
      server.onconnection = ({ socket }) => { socket.onclose = ({ code, reason }) => print(code, reason); };
      server.onclose = (e) => print(e.type, server.listening);`);
    script.turn(ACCEPTED);
    expect(printed(script.run("server.close(); print('called')"))).toEqual(['called']);
    expect(printed(script.turn(closed(1, 1001, 'Server closing.'), CLOSED))).toEqual(['1001 Server closing.', 'close false']);
    expect(script.turn(CLOSED, LISTENS, ACCEPTED, FAILED)).toEqual([]);
  });

  test('a listener that fails by itself: error, with what was wrong, and then close', () => {
    const script = serverScript(`
      server = new WebSocketServer(80);
      server.onerror = (...args) => {
        const [{ message, error, type }] = args;
        print(args.length, type, message, error instanceof Error, error.code, server.listening);
      };
      server.onclose = () => print('close');`, LISTENING, 'overte');
    expect(printed(script.turn(FAILED, CLOSED))).toEqual(['1 error port 80 is in use true ERR_AIRLOCK_LISTEN_FAILED false', 'close']);
  });

  test('its handlers are members like any other, and refuse another receiver', () => {
    const script = serverScript('server = new WebSocketServer(80)');
    for (const name of ['onconnection', 'onlistening', 'onerror', 'onclose']) {
      expect(script.value(`[server.${name}, (server.${name} = print) === server.${name}, '${name}' in WebSocketServer.prototype]`)).toEqual([null, true, true]);
      expect(script.thrown(`Reflect.get(WebSocketServer.prototype, '${name}', {})`)).toMatchObject({ class: 'TypeError' });
    }
  });
});

describe('where it cannot listen', () => {
  test('the dialect web has the constructor throw', () => {
    expect(serverScript('', REFUSED).thrown('new WebSocketServer(80)')).toMatchObject({ code: 'ERR_AIRLOCK_LISTEN_FAILED' });
  });

  test('the dialect overte has a server that does not listen, and an error event for those who care', () => {
    const script = serverScript(`
      server = new WebSocketServer(80);
      server.onerror = ({ message }) => print(message);
      server.onclose = () => print('close');
      print(server.listening, server.port, server.url === '');
      server.close();`, REFUSED, 'overte');
    expect(printed(script.first.commands)).toEqual(['false 0 true']);
    expect(script.first.commands.map(({ type }) => type)).toEqual(['print', 'loaded']);
    expect(printed(script.turn(FAILED, CLOSED))).toEqual(['port 80 is in use', 'close']);
  });
});
