import { describe, expect, test } from '@jest/globals';
import { startScript } from '../support/isolate.ts';

describe('new WebSocket(url, protocols)', () => {
  test('asks the host to connect, under even numbers', () => {
    const script = startScript('');
    expect(script.run(`a = new WebSocket('ws://a.example'); b = new WebSocket('wss://b.example:8080/x?y=z', ['p', 'q']);`)).toEqual([
      expect.objectContaining({ type: 'connect', socket: 2, url: 'ws://a.example/', protocols: [] }),
      expect.objectContaining({ type: 'connect', socket: 4, url: 'wss://b.example:8080/x?y=z', protocols: ['p', 'q'] }),
    ]);
    expect(script.value('[a.url, b.url, a.readyState, a.protocol, a.extensions, a.bufferedAmount]')).toEqual([
      'ws://a.example/', 'wss://b.example:8080/x?y=z', 0, '', '', 0,
    ]);
  });

  test.each([
    ['http://a.example/x', 'ws://a.example/x'],
    ['https://a.example', 'wss://a.example/'],
    ['/socket', 'wss://scripts.example/socket'],
    ['rooms?id=1', 'wss://scripts.example/chat/rooms?id=1'],
    ['WS://A.example:80/a/../b', 'ws://a.example/b'],
    ['ws://user:secret@a.example', 'ws://user:secret@a.example/'],
  ])('the address %s is %s', (given, url) => {
    expect(startScript('').value(`new WebSocket(${JSON.stringify(given)}).url`)).toBe(url);
  });

  test.each([
    ["''", 'wss://scripts.example/chat/chat.js'],
    ['{ toString: () => "ws://b.example" }', 'ws://b.example/'],
  ])('the address %s is made a string first', (given, url) => {
    expect(startScript('').value(`new WebSocket(${given}).url`)).toBe(url);
  });

  test.each([
    ['ws://', "The URL 'ws://' is invalid."],
    ['http://[', "The URL 'http://[' is invalid."],
    ['ftp://a.example', "The URL's scheme must be either 'http', 'https', 'ws', or 'wss'. 'ftp' is not allowed."],
    ['localhost:80', "The URL's scheme must be either 'http', 'https', 'ws', or 'wss'. 'localhost' is not allowed."],
    ['ws://a.example/#part', "The URL contains a fragment identifier ('#part'). Fragment identifiers are not allowed in WebSocket URLs."],
    ['ws://a.example/#', "The URL contains a fragment identifier ('#'). Fragment identifiers are not allowed in WebSocket URLs."],
  ])('the address %s is a SyntaxError', (given, message) => {
    const script = startScript('');
    expect(script.thrown(`new WebSocket(${JSON.stringify(given)})`)).toEqual({
      class: 'DOMException',
      name: 'SyntaxError',
      message: `Failed to construct 'WebSocket': ${message}`,
      code: 12,
    });
    expect(script.run(`try { new WebSocket(${JSON.stringify(given)}) } catch {}`)).toEqual([]);
  });

  test.each([
    ["'chat'", ['chat']],
    ["['a', 'b']", ['a', 'b']],
    ['[]', []],
    ['undefined', []],
    ['null', ['null']],
    ['new Set(["x", 5])', ['x', '5']],
    ['{ toString: () => "own" }', ['own']],
  ])('the protocols %s are %j', (given, protocols) => {
    expect(startScript('').run(`new WebSocket('ws://a.example', ${given})`)).toEqual([
      expect.objectContaining({ type: 'connect', protocols }),
    ]);
  });

  test.each([
    ["''", "The subprotocol '' is invalid."],
    ["'a b'", "The subprotocol 'a b' is invalid."],
    ["'a,b'", "The subprotocol 'a,b' is invalid."],
    ["'a\\n'", "The subprotocol 'a\n' is invalid."],
    ["['a', 'b', 'a']", "The subprotocol 'a' is duplicated."],
  ])('the protocols %s are a SyntaxError', (given, message) => {
    expect(startScript('').thrown(`new WebSocket('ws://a.example', ${given})`)).toMatchObject({
      class: 'DOMException',
      name: 'SyntaxError',
      message: `Failed to construct 'WebSocket': ${message}`,
    });
  });

  test('all arguments are converted before one is looked at', () => {
    const script = startScript('');
    const given = "read = []; new WebSocket({ toString() { read.push('url'); return 'ws://['; } }, { [Symbol.iterator]: () => ({ next: () => (read.push('next'), { done: read.length > 2 }) }) })";
    expect(script.thrown(given)).toMatchObject({ name: 'SyntaxError', message: expect.stringContaining("'ws://['") });
    expect(script.value('read')).toEqual(['url', 'next', 'next']);
  });

  test('lone surrogates of an address become U+FFFD', () => {
    expect(startScript('').value("new WebSocket('ws://a.example/\\ud800').url")).toBe('ws://a.example/%EF%BF%BD');
  });

  test.each([
    ['{ [Symbol.iterator]: 5 }', 'TypeError'],
    ['{ [Symbol.iterator]: () => 5 }', 'TypeError'],
    ['Object.assign(() => {}, { [Symbol.iterator]: () => [][Symbol.iterator]() })', undefined],
    ['{ [Symbol.iterator]: null, toString: () => "p" }', undefined],
    ['[Symbol()]', 'TypeError'],
  ])('the protocols %s: %s', (given, name) => {
    expect(startScript('').thrown(`new WebSocket('ws://a.example', ${given})`)?.name).toBe(name);
  });

  test.each(['', '/rel', 'rel', '?q', '//'])("the relative address '%s' needs a base that is a server's", (given) => {
    for (const baseUrl of ['file:///home/someone/secret/script.js', 'about:blank']) {
      const { message, name } = startScript('', { baseUrl, url: baseUrl }).thrown(`new WebSocket('${given}')`) ?? {};
      expect(name).toBe('SyntaxError');
      if (given !== '//') {
        expect(message).toBe(
          `Failed to construct 'WebSocket': The URL '${given}' is relative, and this script was not loaded from a server. Give a whole ws: or wss: URL, or run the script with a baseUrl (--base-url).`,
        );
      }
    }
  });

  test('the base is `baseUrl`, not the script\'s own address', () => {
    expect(startScript('', { baseUrl: 'http://b.example:81/x/' }).value("[new WebSocket('y').url, new WebSocket('//c.example').url]")).toEqual(['ws://b.example:81/x/y', 'ws://c.example/']);
  });

  test('it needs an address and `new`', () => {
    const script = startScript('');
    expect(script.thrown('new WebSocket()')).toMatchObject({
      name: 'TypeError',
      message: "Failed to construct 'WebSocket': 1 argument required, but only 0 present.",
    });
    expect(script.thrown("WebSocket('ws://a.example')")).toMatchObject({ name: 'TypeError' });
  });

  test('an exception while the arguments are converted goes to the caller, and nothing is connected', () => {
    const script = startScript('');
    const code = "new WebSocket({ toString() { throw new RangeError('mine') } })";
    expect(script.thrown(code)).toMatchObject({ name: 'RangeError', message: 'mine' });
    expect(script.run(`try { ${code} } catch {}`)).toEqual([]);
  });
});

describe('what a WebSocket looks like', () => {
  const script = (): ReturnType<typeof startScript> => startScript("ws = new WebSocket('ws://a.example')");

  test('constants, on the class and on instances, for good', () => {
    const names = '["CONNECTING", "OPEN", "CLOSING", "CLOSED"]';
    expect(script().value(`[${names}.map((name) => WebSocket[name]), ${names}.map((name) => ws[name])]`)).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
    expect(script().value('Object.getOwnPropertyDescriptor(WebSocket, "OPEN")')).toEqual({
      value: 1, enumerable: true, configurable: false, writable: false,
    });
  });

  test("Overte's tables of errors and close codes are on the class, frozen", () => {
    const read = script();
    expect(read.value('[WebSocket.SocketError.ConnectionRefusedError, WebSocket.SocketError.UnknownSocketError]')).toEqual([0, -1]);
    expect(read.value('[WebSocket.CloseCode.Normal, WebSocket.CloseCode.TlsHandshakeFailed]')).toEqual([1000, 1015]);
    expect(read.value('[Object.isFrozen(WebSocket.SocketError), Object.isFrozen(WebSocket.CloseCode)]')).toEqual([true, true]);
  });

  test('attributes are accessors of the prototype, enumerable and configurable', () => {
    const read = script();
    for (const name of ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol']) {
      expect(read.value(`(({ get, set, ...rest }) => [typeof get, typeof set, rest])(Object.getOwnPropertyDescriptor(WebSocket.prototype, '${name}'))`))
        .toEqual(['function', 'undefined', { enumerable: true, configurable: true }]);
    }
    for (const name of ['binaryType', 'onopen', 'onmessage', 'onerror', 'onclose']) {
      expect(read.value(`(({ get, set, ...rest }) => [typeof get, typeof set, rest])(Object.getOwnPropertyDescriptor(WebSocket.prototype, '${name}'))`))
        .toEqual(['function', 'function', { enumerable: true, configurable: true }]);
    }
    for (const name of ['send', 'close']) {
      expect(read.value(`(({ value, ...rest }) => [typeof value, rest])(Object.getOwnPropertyDescriptor(WebSocket.prototype, '${name}'))`))
        .toEqual(['function', { writable: true, enumerable: true, configurable: true }]);
    }
    expect(read.value('Reflect.ownKeys(ws)')).toEqual([]);
  });

  test('the class has its name and nothing of how it works', () => {
    const read = script();
    expect(read.value('[WebSocket.name, String(ws), ws instanceof EventTarget, Object.getPrototypeOf(WebSocket) === EventTarget]')).toEqual([
      'WebSocket', '[object WebSocket]', true, true,
    ]);
    expect(read.value('Reflect.ownKeys(WebSocket).sort()')).toEqual([
      'CLOSED', 'CLOSING', 'CONNECTING', 'CloseCode', 'OPEN', 'SocketError', 'length', 'name', 'prototype',
    ]);
  });

  test('read-only attributes stay what they are: silently in sloppy code, with a TypeError in strict code', () => {
    const read = script();
    expect(read.value("(ws.readyState = 3, ws.url = 'x', [ws.readyState, ws.url])")).toEqual([0, 'ws://a.example/']);
    expect(read.thrown("'use strict'; ws.readyState = 3")).toBeUndefined();
    expect(read.value("(() => { 'use strict'; try { ws.readyState = 3 } catch (e) { return e.name } })()")).toBe('TypeError');
  });

  test('functions have the names and lengths of WebIDL', () => {
    const read = script();
    expect(read.value('[WebSocket.length, ws.send.length, ws.close.length, ws.ping.length, ws.send.name, ws.close.name]')).toEqual([1, 1, 0, 0, 'send', 'close']);
    const accessor = (name: string): unknown =>
      read.value(`(({ get, set }) => [get.name, get.length, set.name, set.length])(Object.getOwnPropertyDescriptor(WebSocket.prototype, '${name}'))`);
    expect(accessor('onopen')).toEqual(['get onopen', 0, 'set onopen', 1]);
    expect(accessor('binaryType')).toEqual(['get binaryType', 0, 'set binaryType', 1]);
    expect(read.thrown('new ws.send()')).toMatchObject({ name: 'TypeError', message: 'ws.send is not a constructor' });
  });

  test('the error for another receiver names the class as scripts know it', () => {
    const message = "Illegal invocation: the object that this was called on is not of the type 'WebSocket'.";
    const read = script();
    for (const code of ['WebSocket.prototype.url', 'ws.close.call({})', 'ws.send.call(undefined)', 'WebSocket.prototype.onopen', 'WebSocket.prototype.binaryType = 1']) {
      expect(read.thrown(code)).toMatchObject({ class: 'TypeError', message });
    }
  });

  test('members refuse a receiver that is not a WebSocket', () => {
    const read = script();
    for (const name of ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType', 'onopen', 'onmessage', 'onerror', 'onclose']) {
      for (const receiver of ['{}', 'WebSocket.prototype', 'new EventTarget()', 'new Proxy(ws, {})', 'Object.create(ws)']) {
        expect(read.thrown(`Reflect.get(WebSocket.prototype, '${name}', ${receiver})`)).toMatchObject({ class: 'TypeError' });
      }
    }
    for (const call of ["send.call({}, 'x')", 'close.call({})', 'send.call(new EventTarget(), "x")', 'close.call(Object.create(ws))']) {
      expect(read.thrown(`WebSocket.prototype.${call}`)).toMatchObject({ class: 'TypeError' });
    }
    expect(read.thrown("Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onopen').set.call({}, () => {})")).toMatchObject({ class: 'TypeError' });
  });

  test('a subclass is a WebSocket', () => {
    const read = startScript(`
      Chat = class Chat extends WebSocket {
        lines = [];
        constructor(room) { super('ws://a.example/' + room); }
        get room() { return new URLish(this.url).room; }
        say(line) { this.lines.push(line); }
      };
      class URLish { constructor(url) { this.room = url.split('/').pop(); } }
      chat = new Chat('lobby');
      chat.say('x');
    `);
    expect(read.value('[chat instanceof WebSocket, chat.room, chat.lines, chat.readyState, Chat.OPEN, chat.constructor.name]')).toEqual([
      true, 'lobby', ['x'], 0, 1, 'Chat',
    ]);
  });

  test.each([['web', 'blob'], ['overte', 'arraybuffer']] as const)('binaryType in the dialect %s is %s, and knows two values', (dialect, fallback) => {
    const read = startScript("ws = new WebSocket('ws://a.example')", { dialect });
    expect(read.value('ws.binaryType')).toBe(fallback);
    expect(read.value("['arraybuffer', 'blob', 'nodebuffer', '', 5, null].map((value) => { ws.binaryType = value; return ws.binaryType; })")).toEqual([
      'arraybuffer', 'blob', 'blob', 'blob', 'blob', 'blob',
    ]);
  });
});
