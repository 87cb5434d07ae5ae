import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { SCRIPT_TYPES, type ScriptType } from '../../host/index.ts';
import type { Event } from '../../wire/events.ts';
import { openRawClient } from '../support/raw-peer.ts';
import { openClient } from '../support/sockets.ts';
import { runServer, startHost } from '../support/host.ts';
import { FIRST, closed, ofType, opened, printed, startScript, text, type IsolatedScript } from '../support/isolate.ts';
import { acceptedEvent } from '../support/server-items.ts';
import { askScript } from '../sandbox-types/guest-globals.ts';
import { code, tableOf } from './tables.ts';

const SOCKET = "ws = new WebSocket('ws://a.example')";
const overte = (source = SOCKET): IsolatedScript => startScript(source, { dialect: 'overte' });

function open(source = SOCKET): IsolatedScript {
  const script = overte(source);
  script.turn(opened());
  return script;
}

const failed: Event = { type: 'failed', socket: FIRST, error: 0, message: 'refused' };
const LISTEN = { server: true, dialect: 'overte', listen: () => ({ port: 80, url: 'ws://127.0.0.1:80', code: '', error: '' }) } as const;

const ACCEPTED = acceptedEvent();
const SERVER_FAILED: Event = { type: 'serverFailed', server: 1, code: 'ERR_AIRLOCK_LISTEN_FAILED', message: 'gone' };
const HANDSHAKE = { 'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };

/** The answer to a handshake. */
function answerTo(port: number, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, headers: { ...HANDSHAKE, ...headers } });
    request.on('response', resolve).on('upgrade', (response, socket) => (socket.destroy(), resolve(response)));
  });
}

/** Shows each row of `docs/overte.md`, by its first cell. */
const SHOWN: Readonly<Record<string, () => void | Promise<void>>> = {
  'an existing WebSocket as argument': () => {
    const script = open(`${SOCKET}; again = new WebSocket(ws); again.onmessage = ({ data }) => print(data, again.readyState)`);
    expect(printed(script.turn(text('hi')))).toEqual(['hi 1']);
  },
  'the argument of `onerror`': () => {
    expect(printed(overte(`${SOCKET}; ws.onerror = (error, event) => print(error, event.type)`).turn(failed))).toEqual(['0 error']);
  },
  'an object in `send`': () => {
    const commands = open().run("ws.send({ toString: () => 'own' }); ws.send({}); ws.send([1, 2]); ws.send(new ArrayBuffer(2)); ws.send(new Uint8Array(3)); ws.send(new Blob(['four']))");
    expect(ofType(commands, 'sendText').map(({ data }) => data)).toEqual(['own', '[object Object]', '1,2']);
    expect(ofType(commands, 'sendBinary').map(({ data }) => data.length)).toEqual([2, 3, 4]);
  },
  '`send` before open and after close': () => {
    const script = overte();
    expect(script.run("ws.send('early')")).toEqual([]);
    script.turn(opened(), closed());
    expect(script.run("ws.send('late')")).toEqual([]);
  },
  '`close()` without a code': () => {
    for (const args of ['', 'undefined', "undefined, ''"]) {
      expect(open().run(`ws.close(${args})`)).toEqual([{ type: 'close', socket: FIRST, code: 1000, reason: '' }]);
    }
  },
  'the codes of `close`': () => {
    expect(open().run('for (const code of Object.values(WebSocket.CloseCode)) { ws = new WebSocket("ws://a.example"); ws.close(code); }')
      .filter(({ type }) => type === 'close')).toHaveLength(13);
    expect(open().thrown('ws.close(2999)')).toMatchObject({ name: 'InvalidAccessError' });
  },
  '`CloseCode` numbers that no frame may hold': () => {
    expect(open().run("ws.close(WebSocket.CloseCode.TlsHandshakeFailed, 'no')")).toEqual([{ type: 'close', socket: FIRST, code: 0, reason: '' }]);
  },
  'the length of a reason': () => {
    expect(open().thrown("ws.close(1000, 'x'.repeat(124))")).toMatchObject({ name: 'SyntaxError' });
  },
  '`binaryType`': () => {
    expect(open().value("[ws.binaryType, ws.binaryType = 'blob', ws.binaryType, (ws.binaryType = 'other', ws.binaryType)]")).toEqual(['arraybuffer', 'blob', 'blob', 'blob']);
  },
  '`bufferedAmount`, `extensions`, `protocol`': () => {
    const script = overte();
    script.turn(opened(FIRST, { protocol: 'p', extensions: 'permessage-deflate' }));
    expect(printed(script.run("ws.send('four'); print(ws.bufferedAmount, ws.extensions, ws.protocol)"))).toEqual(['4 permessage-deflate p']);
  },
  'the constants': () => {
    expect(open().value('[ws.CONNECTING, ws.OPEN, ws.CLOSING, ws.CLOSED, WebSocket.OPEN]')).toEqual([0, 1, 2, 3, 1]);
  },
  '`SocketError` and `CloseCode`': () => {
    expect(open().value('[WebSocket.SocketError.HostNotFoundError, WebSocket.CloseCode.GoingAway]')).toEqual([2, 1001]);
  },
  'the argument of `onopen`': () => {
    expect(printed(overte(`${SOCKET}; ws.onopen = (...args) => print(args.length, args[0].type)`).turn(opened()))).toEqual(['1 open']);
  },
  'the argument of `onmessage`': () => {
    expect(printed(open(`${SOCKET}; ws.onmessage = (e) => print(e.data, e instanceof MessageEvent)`).turn(text('hi')))).toEqual(['hi true']);
  },
  'the argument of `onclose`': () => {
    expect(printed(open(`${SOCKET}; ws.onclose = (e) => print(e.code, e.reason, e.wasClean, e instanceof CloseEvent)`).turn(closed(FIRST, 4000, 'why')))).toEqual(['4000 why true true']);
  },
  '`this` in callbacks': () => {
    expect(printed(overte(`${SOCKET}; ws.onopen = function () { print(this === ws); }`).turn(opened()))).toEqual(['true']);
  },
  'handlers that are not set': () => {
    expect(open().value('[ws.onopen, ws.onmessage, ws.onerror, ws.onclose]')).toEqual([null, null, null, null]);
  },
  'the order after a failure': async () => {
    const host = await startHost();
    const { lines, script } = await host.run({
      permissions: { connect: true },
      source: "ws = new WebSocket('ws://127.0.0.1:1'); ws.onerror = () => print('error', ws.readyState); ws.onclose = () => { print('close'); Script.stop(); }",
    });
    await script.ended;
    expect(lines).toEqual(['error 3', 'close']);
  },
  'a handshake that is refused': () => {
    expect(printed(overte(`${SOCKET}; ws.onclose = (e) => print(e.code, e.wasClean)`).turn(failed, closed(FIRST, 1006, '', false)))).toEqual(['1006 false']);
  },
  "`onclose` after one's own `close`": async () => {
    const host = await startHost();
    const source = `
      server = new WebSocketServer({ host: '127.0.0.1' });
      server.newConnection.connect((socket) => {
        socket.onclose = ({ code, reason }) => print(code, reason);
        socket.close(3000, 'given');
        print(socket.readyState);
      });
      print('port', server.port);`;
    const answered = await runServer(host, source);
    await openClient(`ws://127.0.0.1:${answered.port}/`).owner.first('closed');
    const unanswered = await runServer(host, source, { limits: { closeTimeout: 100 } });
    const silent = await openRawClient(unanswered.port);
    await once(silent.socket, 'close');
    await host.host.stop();
    expect(answered.lines.slice(1)).toEqual(['2', '3000 given']);
    expect(unanswered.lines.slice(1)).toEqual(['2', '1006 ']);
  },
  'a close frame without a code': () => {
    expect(printed(open(`${SOCKET}; ws.onclose = (e) => print(e.code === WebSocket.CloseCode.MissingStatusCode)`).turn(closed(FIRST, 1005)))).toEqual(['true']);
  },
  'what is not an address': () => {
    for (const address of ['ws://', 'ftp://a.example', 'localhost:80']) {
      expect(overte().thrown(`new WebSocket('${address}')`)).toMatchObject({ name: 'SyntaxError' });
    }
  },
  '`url`': () => {
    expect(overte().value("['ws://echo.example', 'ws://echo.example:80/a'].map((url) => new WebSocket(url).url)")).toEqual(['ws://echo.example/', 'ws://echo.example/a']);
  },
  '`instanceof WebSocket`': () => {
    expect(open().value('ws instanceof WebSocket')).toBe(true);
  },
  'writing to what is read-only': () => {
    expect(open().value("[ws.readyState = 3, ws.readyState, (() => { 'use strict'; try { ws.url = ''; } catch (e) { return e.name; } })()]")).toEqual([3, 1, 'TypeError']);
  },
  listeners: () => {
    expect(printed(overte(`${SOCKET}; ws.addEventListener('open', () => print('heard'))`).turn(opened()))).toEqual(['heard']);
  },
  'a socket that nobody refers to': () => {
    const script = open("new WebSocket('ws://a.example').onmessage = ({ data }) => print(data); waste = Array.from({ length: 1e5 }, () => ({})); waste = undefined");
    expect(printed(script.turn(text('still here')))).toEqual(['still here']);
  },
  'where there is a `WebSocket`': async () => {
    for (const type of Object.keys(SCRIPT_TYPES) as ScriptType[]) {
      expect(await askScript(type, 'typeof WebSocket')).toBe('function');
    }
  },
  'the argument of `WebSocketServer`': () => {
    const asked: object[] = [];
    startScript("new WebSocketServer({ port: 5, serverName: 'n' }); new WebSocketServer(6); new WebSocketServer()", {
      ...LISTEN,
      listen: (question) => (asked.push(question), LISTEN.listen()),
    });
    expect(asked).toMatchObject([{ port: 5, serverName: 'n' }, { port: 6 }, { port: 0 }]);
  },
  'an option of `WebSocketServer` that is none': () => {
    const script = startScript('', LISTEN);
    expect(script.thrown("new WebSocketServer({ port: '80' })")).toMatchObject({ name: 'TypeError' });
    expect(script.thrown('new WebSocketServer({ port: 65536 })')).toMatchObject({ name: 'RangeError' });
    expect(script.thrown('new WebSocketServer({ serverName: 5 })')).toMatchObject({ name: 'TypeError' });
  },
  'a port that cannot be had': async () => {
    const host = await startHost();
    const { port } = await runServer(host);
    const { lines, script } = await host.run({
      type: 'assignment-client',
      source: `
        server = new WebSocketServer({ host: '127.0.0.1', port: ${port} });
        print(server.listening, server.port, server.url);
        server.onerror = ({ error, message }) => print(error.code, message);
        server.onclose = () => { print('close'); Script.stop(); };`,
    });
    await script.ended;
    const message = `cannot listen on 127.0.0.1:${port}: the port is in use (EADDRINUSE)`;
    expect(lines).toEqual(['false 0 ', `ERR_AIRLOCK_LISTEN_FAILED ${message}`, 'close']);
    expect(host.log.map((entry) => entry.message)).toEqual([`a server could not be opened: ${message}`]);
  },
  "a server's signals and events": () => {
    const script = startScript(`
      server = new WebSocketServer();
      server.newConnection.connect((socket) => print('signal', socket.readyState));
      server.onconnection = ({ socket }) => print('event', socket.readyState);
      for (const type of ['listening', 'error', 'close']) server.addEventListener(type, () => print(type));`, LISTEN);
    expect(printed(script.turn({ type: 'listening', server: 1 }, ACCEPTED, SERVER_FAILED, { type: 'serverClosed', server: 1 })))
      .toEqual(['listening', 'signal 1', 'event 1', 'error', 'close']);
  },
  'a server that nobody refers to': () => {
    const script = startScript(`
      new WebSocketServer().newConnection.connect((socket) => { socket.onmessage = ({ data }) => print(data); });
      waste = Array.from({ length: 1e5 }, () => ({})); waste = undefined;`, LISTEN);
    script.turn(ACCEPTED);
    expect(printed(script.turn(text('still here', 1)))).toEqual(['still here']);
  },
  'where there is a `WebSocketServer`': async () => {
    for (const type of Object.keys(SCRIPT_TYPES) as ScriptType[]) {
      expect(await askScript(type, 'typeof WebSocketServer')).toBe(['server-entity', 'assignment-client'].includes(type) ? 'function' : 'undefined');
    }
  },
  'the interfaces of `WebSocketServer`': async () => {
    const host = await startHost();
    const open = async (options: string): Promise<number> =>
      (await runServer(host, `server = new WebSocketServer(${options}); print('port', server.port)`)).port;
    const reaches = async (port: number, address: string): Promise<boolean> => {
      const socket = connectTcp(port, address);
      const reached = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false);
      socket.destroy();
      return reached;
    };
    expect(await reaches(await open(''), '127.0.0.2')).toBe(true);
    expect(await reaches(await open("{ host: '127.0.0.1' }"), '127.0.0.2')).toBe(false);
  },
  'the `Server` header of a `WebSocketServer`': async () => {
    const host = await startHost();
    const headerOf = async (options: string): Promise<string> => {
      const { port } = await runServer(host, `server = new WebSocketServer(${options}); print('port', server.port)`);
      return String((await answerTo(port)).headers['server']);
    };
    expect(await headerOf('')).toBe('Airlock - Scripted WebSocket Listener');
    expect(await headerOf("{ serverName: 'Mine' }")).toBe('Mine');
  },
  'who may connect to a `WebSocketServer`': async () => {
    const { port } = await runServer(await startHost());
    expect((await answerTo(port, { Origin: 'http://evil.example' })).statusCode).toBe(403);
    const { headers, statusCode } = await answerTo(port, { 'Origin': `http://127.0.0.1:${port}`, 'Sec-WebSocket-Protocol': 'a, b' });
    expect([statusCode, headers['sec-websocket-protocol']]).toEqual([101, 'a']);
  },
};

describe('docs/overte.md: every row is so', () => {
  const rows = tableOf('overte.md', 'what').map((row) => row['what'] as string);

  test('and every row is shown', () => {
    expect(Object.keys(SHOWN)).toEqual(rows);
  });

  test.each(Object.keys(SHOWN))('%s', async (row) => {
    await SHOWN[row]?.();
  });
});

describe('docs/websocket.md', () => {
  test('has every member', () => {
    const members = startScript('').value(`[
      ...Object.getOwnPropertyNames(WebSocket), ...Object.getOwnPropertyNames(WebSocket.prototype), ...Object.getOwnPropertyNames(EventTarget.prototype),
    ].filter((name) => !['length', 'name', 'prototype', 'constructor'].includes(name))`) as string[];
    const documented = tableOf('websocket.md', 'member').flatMap(({ member }) => (member ?? '').split(', ').slice());
    expect(documented.filter((name) => !name.includes('(') && !name.includes(')')).sort()).toEqual([...new Set(members)].map(code).sort());
  });

  test('has every option', () => {
    const message = startScript('').thrown("new WebSocket('ws://a.example', { headers: {}, x: 1 })")?.message ?? '';
    const known = message.slice(message.indexOf('there are ') + 10, -1).split(', ');
    expect(tableOf('websocket.md', 'option').map(({ option }) => option).sort()).toEqual(known.map(code));
  });
});

describe('docs/websocket-server.md', () => {
  test('has every member', () => {
    const members = startScript('', LISTEN).value(`[
      ...Object.getOwnPropertyNames(WebSocketServer.prototype), ...Object.getOwnPropertyNames(EventTarget.prototype),
    ].filter((name) => name !== 'constructor')`) as string[];
    const [constructed, ...documented] = tableOf('websocket-server.md', 'member').flatMap(({ member }) => (member ?? '').split(', '));
    expect(constructed).toBe('`new WebSocketServer(options)`');
    expect(documented.sort()).toEqual(members.map(code).sort());
  });
});
