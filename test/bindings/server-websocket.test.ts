import { describe, expect, test } from '@jest/globals';
import type { EventOf } from '../../wire/events.ts';
import { closed, ofType, printed, startScript, text, type IsolateOptions, type IsolatedScript } from '../support/isolate.ts';
import { acceptedEvent } from '../support/server-items.ts';

/** A script with a server, and the accepted sockets 1, 3 and so on as `sockets`. */
function serverScript(sockets = 1, options: IsolateOptions = {}, fields: Partial<EventOf<'accepted'>> = {}): IsolatedScript {
  const script = startScript('sockets = []; server = new WebSocketServer(); server.newConnection.connect((socket) => sockets.push(socket));', {
    server: true,
    listen: () => ({ port: 8080, url: 'ws://127.0.0.1:8080', code: '', error: '' }),
    ...options,
  });
  for (let index = 0; index < sockets; index++) {
    script.turn(acceptedEvent({ socket: 2 * index + 1, ...fields }));
  }
  script.run('[socket] = sockets');
  return script;
}

describe('an accepted socket', () => {
  test('is a ServerWebSocket, and so a WebSocket', () => {
    expect(serverScript().value('[socket instanceof ServerWebSocket, socket instanceof WebSocket, socket instanceof EventTarget, String(socket), socket.constructor === ServerWebSocket]')).toEqual([
      true, true, true, '[object ServerWebSocket]', true,
    ]);
  });

  test.each(["new ServerWebSocket('ws://a.example')", 'new ServerWebSocket()', 'new ServerWebSocket(socket)', 'new socket.constructor(1, {})', 'Reflect.construct(ServerWebSocket, [socket], WebSocket)'])(
    'no script makes one: %s',
    (code) => {
      expect(serverScript().thrown(code)).toMatchObject({ class: 'TypeError', message: expect.stringMatching(/Illegal constructor/) });
    },
  );

  test('its members refuse another receiver, a WebSocket too', () => {
    const script = serverScript(1, {});
    script.run("other = new WebSocket('ws://a.example')");
    for (const name of ['remoteAddress', 'remotePort', 'request', 'latency', 'attachment', 'ondrain']) {
      expect(script.thrown(`Reflect.get(ServerWebSocket.prototype, '${name}', other)`)).toMatchObject({ class: 'TypeError' });
    }
    for (const call of ['terminate.call(other)', "subscribe.call(other, 'a')", "unsubscribe.call(other, 'a')", "isSubscribed.call({}, 'a')", "publish.call(other, 'a', 'b')"]) {
      expect(script.thrown(`ServerWebSocket.prototype.${call}`)).toMatchObject({ class: 'TypeError' });
    }
  });

  test('says where its peer is', () => {
    expect(serverScript(1, {}, { remoteAddress: '::1', remotePort: 1234 }).value('[socket.remoteAddress, socket.remotePort]')).toEqual(['::1', 1234]);
  });

  test('terminate() is told once; then it is closing, and closed when the host says so', () => {
    const script = serverScript();
    script.run("socket.onclose = ({ code }) => print('closed', code)");
    expect(script.run('socket.terminate(); print(socket.readyState)')).toMatchObject([{ type: 'terminate', socket: 1 }, { text: '2' }]);
    expect(printed(script.turn(closed(1, 1006, '', false)))).toEqual(['closed 1006']);
    expect(script.run('socket.terminate()')).toEqual([]);
  });
});

describe('request', () => {
  const HEADERS = [
    'Host: a.example', 'Sec-WebSocket-Protocol: chat, , superchat', 'X-Token: a:b ', 'x-token: c', 'Cookie: a=1', 'Cookie: b=2', '__proto__: own', 'sec-websocket-protocol: last',
  ].join('\n');

  test('has the path, the query, the headers, the subprotocols and where the client is', () => {
    const script = serverScript(1, {}, { target: '/rooms/1?name=Ada&x=?', headers: HEADERS, remoteAddress: '::1', remotePort: 7 });
    script.run('({ request } = socket)');
    expect(script.value('[request.method, request.url, request.path, [...request.query], request.protocols, request.remoteAddress, request.remotePort, request.peerCertificate, request.aborted]')).toEqual([
      'GET', '/rooms/1?name=Ada&x=?', '/rooms/1', [['name', 'Ada'], ['x', '?']], ['chat', 'superchat', 'last'], '::1', 7, null, false,
    ]);
    expect(script.value('[...request.headers]')).toEqual([
      ['host', 'a.example'], ['sec-websocket-protocol', 'chat, , superchat, last'], ['x-token', 'a:b , c'], ['cookie', 'a=1; b=2'], ['__proto__', 'own'],
    ]);
  });

  test('is the same each time, and answered already', () => {
    const script = serverScript(2, {}, { target: '/', headers: '' });
    expect(script.value('[socket.request === socket.request, socket.request === sockets[1].request, [...socket.request.headers].length, socket.request.protocols.length]')).toEqual([true, false, 0, 0]);
    expect(script.thrown('socket.request.accept()')).toMatchObject({ name: 'InvalidStateError' });
  });

  test('is the one that onupgrade has had', () => {
    const script = serverScript(0);
    script.run('server.onupgrade = (request) => { asked = request; return true; }');
    script.turn({ type: 'upgradeRequested', server: 1, request: 1, target: '/x', headers: ['Host', 'a'], protocols: [], address: '::1', port: 7, certificate: '' });
    script.turn(acceptedEvent({ request: 1, target: '', headers: '' }));
    expect(script.value('[sockets[0].request === asked, asked.path]')).toEqual([true, '/x']);
  });
});

describe('latency', () => {
  test.each([
    [12.5, 12.5],
    [-1, null],
  ])('the host says %p: %p', (told, expected) => {
    const asked: number[] = [];
    const script = serverScript(1, { latency: (socket) => (asked.push(socket), told) });
    expect(script.value('socket.latency')).toBe(expected);
    expect(asked).toEqual([1]);
  });

  test('of a closed socket is null, and the host is not asked', () => {
    const script = serverScript();
    script.turn(closed(1));
    expect(script.value('socket.latency')).toBeNull();
  });
});

describe('the drain event', () => {
  test.each(['socket.ondrain = told', "socket.addEventListener('drain', told)", "EventTarget.prototype.addEventListener.call(socket, 'drain', told)"])(
    'is asked for once by who listens: %s',
    (code) => {
      const script = serverScript();
      script.run('told = ({ type, target, isTrusted }) => print(type, target === socket, isTrusted)');
      expect(script.run(`${code}; socket.addEventListener('drain', () => {})`)).toEqual([{ type: 'watchDrain', socket: 1 }]);
      expect(printed(script.turn({ type: 'drained', socket: 1 }))).toEqual(['drain true true']);
    },
  );

  test('other listeners ask for nothing, nor do those of other targets', () => {
    const script = serverScript();
    expect(script.run("socket.onmessage = () => {}; new EventTarget().addEventListener('drain', () => {}); socket.onclose = null")).toEqual([]);
  });
});

describe('topics', () => {
  test('subscribing and unsubscribing are told once', () => {
    const script = serverScript();
    expect(script.run("socket.subscribe('a'); socket.subscribe('a'); socket.unsubscribe('b'); socket.unsubscribe('a'); socket.unsubscribe('a')")).toEqual([
      { type: 'subscribe', socket: 1, topic: 'a' },
      { type: 'unsubscribe', socket: 1, topic: 'a' },
    ]);
  });

  test('are known at once, and until the socket is closed', () => {
    const script = serverScript(2);
    expect(script.value("(socket.subscribe('a'), sockets[1].subscribe('a'), socket.subscribe(7), [socket.isSubscribed('a'), socket.isSubscribed('7'), sockets[1].isSubscribed('7'), server.subscriberCount('a')])")).toEqual([true, true, false, 2]);
    script.run("socket.onclose = () => print(socket.isSubscribed('a'), server.subscriberCount('a'))");
    expect(printed(script.turn(closed(1)))).toEqual(['false 1']);
    expect(script.run("socket.subscribe('a')")).toEqual([]);
  });

  test('are those of their server', () => {
    const script = serverScript();
    script.run("second = new WebSocketServer(); socket.subscribe('a')");
    expect(script.value("[server.subscriberCount('a'), second.subscriberCount('a')]")).toEqual([1, 0]);
    expect(script.run("second.publish('a', 'x'); second.broadcast('x')")).toEqual([]);
  });

  test.each([
    ["socket.subscribe('')", 'TypeError', 'The topic must not be empty.'],
    ["server.publish('', 'x')", 'TypeError', 'The topic must not be empty.'],
    ["server.broadcast('x', { topic: '' })", 'TypeError', 'The topic must not be empty.'],
    ["socket.subscribe('abcdef')", 'RangeError', 'A topic may have 5 characters; this one has 6.'],
    ["socket.subscribe('c')", 'Error', 'The limit of 2 topics for one socket is reached.'],
    ["sockets[1].subscribe('a'); sockets[1].subscribe('b')", 'Error', 'The limit of 3 subscriptions of all sockets is reached.'],
    ['socket.subscribe()', 'TypeError', '1 argument required, but only 0 present.'],
    ["socket.publish('a')", 'TypeError', '2 arguments required, but only 1 present.'],
    ['socket.subscribe(Symbol())', 'TypeError', 'Cannot convert a Symbol value to a string'],
  ])('%s throws a %s', (code, name, message) => {
    const script = serverScript(2, { topicLength: 5, topicsPerSocket: 2, subscriptions: 3 });
    script.run("socket.subscribe('a'); socket.subscribe('b')");
    expect(script.thrown(code)).toMatchObject({ name, message: expect.stringContaining(message) });
    expect(script.value('[1, 2]')).toEqual([1, 2]);
  });

  test('what is unsubscribed, and what closed sockets had, counts no more', () => {
    const script = serverScript(2, { subscriptions: 2 });
    script.run("socket.subscribe('a'); socket.subscribe('b'); socket.unsubscribe('a'); sockets[1].subscribe('a')");
    script.turn(closed(1));
    script.run("sockets[1].subscribe('b')");
    expect(script.thrown("sockets[1].subscribe('c')")).toBeDefined();
  });
});

describe('one command for many sockets', () => {
  const TEXT = { type: 'publishText', server: 1, topic: 'a', except: 0, newest: 5, data: 'hi' };

  test.each([
    ["server.publish('a', 'hi')", TEXT],
    ["socket.publish('a', 'hi')", { ...TEXT, except: 1 }],
    ["server.broadcast('hi')", { ...TEXT, topic: '' }],
    ["server.broadcast('hi', { except: sockets[1] })", { ...TEXT, topic: '', except: 3 }],
    ["server.broadcast('hi', { except: sockets[1], topic: 'a' })", { ...TEXT, except: 3 }],
    ["server.broadcast('hi', { except: null })", { ...TEXT, topic: '' }],
    ["server.publish('a', 17)", { ...TEXT, data: '17' }],
    ["server.publish('a', '€')", { ...TEXT, data: '€' }],
  ])('%s', (code, command) => {
    const script = serverScript(3);
    script.run("socket.subscribe('a'); sockets[2].subscribe('a')");
    expect(script.run(code)).toEqual([command]);
  });

  test.each(['Uint8Array.of(1, 2, 3)', 'Uint8Array.of(0, 1, 2, 3).subarray(1)', "new Blob(['\\x01\\x02\\x03'])", 'Uint8Array.of(1, 2, 3).buffer'])('bytes: %s', (data) => {
    const script = serverScript(1);
    const [command] = ofType(script.run(`server.broadcast(${data})`), 'publishBinary');
    expect(command).toMatchObject({ server: 1, topic: '', except: 0, newest: 1 });
    expect([...(command?.data ?? [])]).toEqual([1, 2, 3]);
  });

  test('bytes of any size, among other commands, in order', () => {
    const script = serverScript(1);
    const commands = script.run("socket.send('before'); server.broadcast(new Uint8Array(300_000).fill(7)); socket.send(Uint8Array.of(8)); server.broadcast('after')");
    expect(commands.map(({ type }) => type)).toEqual(['sendText', 'publishBinary', 'sendBinary', 'publishText']);
    expect(ofType(commands, 'publishBinary')[0]?.data.every((byte) => byte === 7)).toBe(true);
    expect(ofType(commands, 'publishBinary')[0]?.data).toHaveLength(300_000);
  });

  test('what nobody would get does not cross', () => {
    const script = serverScript(0);
    expect(script.run("server.broadcast('x'); server.publish('a', 'x')")).toEqual([]);
  });

  test.each([
    ['that is closing', "socket.close(); socket.publish('a', 'left')"],
    ['that is cut off', "socket.terminate(); socket.publish('a', 'left')"],
  ])('a socket %s still publishes to the others', (_what, code) => {
    const script = serverScript(2);
    script.run("for (const each of sockets) each.subscribe('a')");
    expect(ofType(script.run(code), 'publishText')).toMatchObject([{ topic: 'a', except: 1, data: 'left' }]);
  });

  test('in onclose, the others get what a socket publishes; if there are none, nothing crosses', () => {
    const script = serverScript(2);
    script.run("for (const each of sockets) { each.subscribe('a'); each.onclose = () => each.publish('a', 'left'); }");
    expect(ofType(script.turn(closed(1)), 'publishText')).toEqual([{ type: 'publishText', server: 1, topic: 'a', except: 1, newest: 3, data: 'left' }]);
    expect(ofType(script.turn(closed(3)), 'publishText')).toEqual([]);
  });

  test.each(["{ except: {} }", "{ except: new WebSocket('ws://a.example') }", '5'])('broadcast with %s is a TypeError', (options) => {
    expect(serverScript(1).thrown(`server.broadcast('x', ${options})`)).toMatchObject({ class: 'TypeError' });
  });

  test('in one turn only so many are delivered; the next turn may again', () => {
    const script = serverScript(3, { deliveriesPerTurn: 6 });
    expect(script.run("server.broadcast('x'); server.broadcast('x')")).toHaveLength(2);
    expect(script.thrown("for (let n = 0; n < 3; n++) server.broadcast('x')")).toMatchObject({
      class: 'Error', message: expect.stringContaining('More than 6 messages, counted for each socket that gets one, in one turn'),
    });
    expect(script.run("server.broadcast('x'); server.broadcast('x')")).toHaveLength(2);
  });
});

describe('a script that patches the language', () => {
  test('gets the same', () => {
    const script = serverScript(1, {}, { target: '/x?y', headers: 'Host: a\nSec-WebSocket-Protocol: p, q' });
    script.run(`
      socket.attachment = { list: [1], map: new Map([[1, new Date(5)]]) };
      const broken = () => { throw new Error('patched'); };
      for (const prototype of [Array, Map, Set, String, Date, Uint8Array, Object.getPrototypeOf(Uint8Array), ArrayBuffer, Number].map((each) => each.prototype)) {
        for (const name of Object.getOwnPropertyNames(prototype)) {
          if (name !== 'constructor' && Object.getOwnPropertyDescriptor(prototype, name).configurable) {
            Object.defineProperty(prototype, name, { get: broken, set: broken, configurable: true });
          }
        }
      }
      Object.defineProperty(Object.prototype, 'path', { set: broken, configurable: true });
    `);
    expect(script.run('const { path, headers, protocols } = socket.request; print(path + headers.get("host") + protocols[1])')).toMatchObject([{ text: '/xaq' }]);
    expect(script.run("socket.attachment = { a: [1, 'x', 1.5, 5n, -7n], b: [new Map(), new Set(), new Date(5), /a/g, Object(1)], c: new Uint8Array(2) }; print(socket.attachment.a[1]); socket.subscribe('t'); server.publish('t', 'm'); print(socket.isSubscribed('t'))").map(({ type }) => type)).toEqual([
      'attach', 'print', 'subscribe', 'publishText', 'print',
    ]);
    expect(script.turn(text('x', 1), closed(1))).toEqual([]);
  });
});
