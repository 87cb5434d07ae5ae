import { describe, expect, test } from '@jest/globals';
import type { Event } from '../../wire/events.ts';
import type { Command } from '../../wire/commands.ts';
import { closed, printed, reported, startScript, text, type IsolatedScript, type Listen } from '../support/isolate.ts';
import { acceptedEvent, listenQuestion } from '../support/server-items.ts';

const LISTENING: Listen = ({ port }) => ({ port: port === 0 ? 49_152 : port, url: `ws://127.0.0.1:${port}`, code: '', error: '' });

function serverScript(source: string, listen: Listen = LISTENING): IsolatedScript {
  return startScript(source, { server: true, listen });
}

function accepted(socket: number, server = 1): Event {
  return acceptedEvent({ server, socket, url: 'ws://127.0.0.1:8080/room', protocol: 'chat' });
}

describe('new WebSocketServer(options)', () => {
  test.each([
    ['', { port: 0, host: '', serverName: '' }],
    ['{}', { port: 0, host: '', serverName: '' }],
    ['undefined', { port: 0, host: '', serverName: '' }],
    ['8080', { port: 8080, host: '', serverName: '' }],
    ["{ port: 8080, host: '127.0.0.1', serverName: 'Chat' }", { port: 8080, host: '127.0.0.1', serverName: 'Chat' }],
    ["{ host: '127.0.0.1', maxBufferedAmount: 1000, slowReaders: 'drop-oldest' }", { maxBufferedAmount: 1000, slowReaders: 2 }],
  ])('(%s) asks the host', (args, fields) => {
    const asked: unknown[] = [];
    serverScript(`new WebSocketServer(${args})`, (question, commands) => {
      asked.push(question);
      return LISTENING(question, commands);
    });
    expect(asked).toEqual([listenQuestion(fields)]);
  });

  test('it listens when the constructor returns', () => {
    const script = serverScript('server = new WebSocketServer({ port: 8080 })');
    expect(script.value('[server.listening, server.port, server.url, String(server)]')).toEqual([true, 8080, 'ws://127.0.0.1:8080', '[object WebSocketServer]']);
  });

  test('where it cannot listen, it throws what the host says', () => {
    const script = serverScript('', () => ({ port: 0, url: '', code: 'EADDRINUSE', error: 'port 80 is in use' }));
    expect(script.thrown('new WebSocketServer(80)')).toEqual({
      class: 'Error', name: 'Error', code: 'EADDRINUSE', message: "Failed to construct 'WebSocketServer': port 80 is in use",
    });
  });

  test('where the host does not answer, it throws', () => {
    const script = serverScript('', () => {
      throw new Error('/secret/path');
    });
    expect(script.thrown('new WebSocketServer(80)')).toMatchObject({ class: 'Error', message: 'The host gave no answer.' });
    expect(script.run("print('still here')")).toHaveLength(1);
  });

  test.each([
    ['{ port: -1 }', 'RangeError', 'port must be a whole number from 0 to 65535, not -1.'],
    ['{ port: 65536 }', 'RangeError', 'port must be a whole number from 0 to 65535, not 65536.'],
    ['{ port: 1.5 }', 'RangeError', 'port must be a whole number from 0 to 65535, not 1.5.'],
    ['NaN', 'RangeError', 'port must be a whole number from 0 to 65535, not NaN.'],
    ["{ port: '80' }", 'TypeError', "port must be a number, not the string '80'."],
    ["{ maxConnections: '80' }", 'TypeError', 'maxConnections must be a number.'],
    ['{ host: 5 }', 'TypeError', 'host must be a string.'],
    ['{ serverName: null }', 'TypeError', 'serverName must be a string.'],
    ['null', 'TypeError', 'the argument must be an object, as { port: 8080 }, or a port.'],
    ['{ maxBufferedAmount: 0 }', 'RangeError', 'maxBufferedAmount must be a whole number from 1 to 4294967295, not 0.'],
    ["{ slowReaders: 'wait' }", 'TypeError', "slowReaders must be 'close', 'drop' or 'drop-oldest'."],
    ["'80'", 'TypeError', 'the argument must be an object, as { port: 8080 }, or a port.'],
  ])('(%s) is a %s, and the host is not asked', (args, name, message) => {
    const script = serverScript('', () => {
      throw new Error('asked');
    });
    expect(script.thrown(`new WebSocketServer(${args})`)).toMatchObject({ name, message: `Failed to construct 'WebSocketServer': ${message}` });
  });

  test('commands that were given before are carried out first, and only once', () => {
    const before: (readonly Command[])[] = [];
    const listen: Listen = (question, commands) => {
      before.push(commands);
      return LISTENING(question, commands);
    };
    const script = serverScript('', listen);
    const after = script.run("print('a'); new WebSocketServer(); print('b'); new WebSocketServer(); print('c')");
    expect(before.map((commands) => printed(commands))).toEqual([['a'], ['b']]);
    expect(printed(after)).toEqual(['c']);
  });

  test('the same in a microtask, when the turn has nearly ended', () => {
    const before: string[] = [];
    const script = serverScript('', (question, commands) => {
      before.push(...printed(commands));
      return LISTENING(question, commands);
    });
    const after = script.run("print('a'); (async () => { await 0; print('b'); server = new WebSocketServer(80); print(server.port); })()");
    expect(before).toEqual(['a', 'b']);
    expect(printed(after)).toEqual(['80']);
  });
});

describe('newConnection', () => {
  test('gives every handler the socket, which is open and has no open event', () => {
    const script = serverScript(`
      server = new WebSocketServer();
      server.newConnection.connect((socket) => {
        ws = socket;
        socket.onopen = () => print('open');
        socket.onmessage = ({ data, origin }) => { print(origin); socket.send(data + '!'); };
        print(socket instanceof WebSocket, socket.readyState, socket.url, socket.protocol);
      });
      server.newConnection.connect((socket) => print(socket === ws));
    `);
    expect(printed(script.turn(accepted(1)))).toEqual(['true 1 ws://127.0.0.1:8080/room chat', 'true']);
    expect(script.turn(text('hi', 1))).toEqual([
      expect.objectContaining({ type: 'print', text: 'ws://127.0.0.1:8080' }),
      { type: 'sendText', socket: 1, data: 'hi!' },
    ]);
  });

  test('a socket that sends at once, in the same turn as it is accepted', () => {
    const script = serverScript('new WebSocketServer().newConnection.connect((socket) => { socket.onmessage = ({ data }) => print(data); })');
    expect(printed(script.turn(accepted(1), text('early', 1), closed(1)))).toEqual(['early']);
  });

  test('goes to the server that accepted it', () => {
    const script = serverScript("for (const name of ['a', 'b']) new WebSocketServer().newConnection.connect(() => print(name))");
    expect(printed(script.turn(accepted(1, 2), accepted(3, 1)))).toEqual(['b', 'a']);
  });

  test("one handler's exception is reported, and the others still run", () => {
    const script = serverScript("new WebSocketServer().newConnection.connect(() => { throw new Error('no') }); ");
    const commands = script.turn(accepted(1));
    expect(reported(commands)).toEqual(['Error: no']);
  });
});

describe('a server that stops', () => {
  const STOPPED = [false, 0, ''];

  test('close() is told once; then it neither listens nor has an address', () => {
    const script = serverScript('server = new WebSocketServer(8080)');
    expect(script.run('server.close(); server.close()')).toEqual([{ type: 'closeServer', server: 1 }]);
    expect(script.value('[server.listening, server.port, server.url]')).toEqual(STOPPED);
  });

  test('a connection that was under way is no longer announced', () => {
    const script = serverScript("server = new WebSocketServer(); server.newConnection.connect(() => print('new')); server.close()");
    expect(script.turn(accepted(1), text('x', 1), closed(1, 1001))).toEqual([]);
  });

  test('where the listener fails by itself', () => {
    const script = serverScript('server = new WebSocketServer(8080)');
    expect(script.turn({ type: 'serverFailed', server: 1, code: 'ERR_AIRLOCK_LISTEN_FAILED', message: 'gone' })).toEqual([]);
    expect(script.value('[server.listening, server.port, server.url]')).toEqual(STOPPED);
    expect(script.run('server.close()')).toEqual([]);
  });

  test('its members refuse another receiver', () => {
    const script = serverScript('');
    for (const name of ['url', 'port', 'listening', 'newConnection']) {
      expect(script.thrown(`Reflect.get(WebSocketServer.prototype, '${name}', {})`)).toMatchObject({ class: 'TypeError' });
    }
    expect(script.thrown('WebSocketServer.prototype.close.call({})')).toMatchObject({ class: 'TypeError' });
  });
});
