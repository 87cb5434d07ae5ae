import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Event, EventOf } from '../../wire/events.ts';
import type { QuestionOf } from '../../wire/questions.ts';
import { ofType, printed, reported, startScript, type IsolatedScript, type Listen } from '../support/isolate.ts';
import { acceptedEvent, listenQuestion } from '../support/server-items.ts';

const LISTENING: Listen = () => ({ port: 8080, url: 'ws://127.0.0.1:8080', code: '', error: '' });

function serverScript(source: string, listen: Listen = LISTENING): IsolatedScript {
  return startScript(source, { server: true, listen });
}

function upgrade(fields: Partial<EventOf<'upgradeRequested'>> = {}): Event {
  const about = { target: '/chat?a=1&a=2', headers: ['Host', 'a.example', 'X-A', '1', 'x-a', '2'], address: '10.0.0.1', port: 5 };
  return { type: 'upgradeRequested', server: 1, request: 1, ...about, protocols: ['v1', 'v2'], certificate: '', ...fields };
}

function plain(fields: Partial<EventOf<'plainRequested'>> = {}): Event {
  const about = { target: '/', headers: ['Host', 'a'], address: '10.0.0.1', port: 5, certificate: '' };
  return { type: 'plainRequested', server: 1, request: 1, method: 'POST', ...about, data: Buffer.from('grüße'), ...fields };
}

describe('the options of a server', () => {
  test.each<[string, Partial<QuestionOf<'listen'>>]>([
    ["{ tls: 'main', path: '/chat', protocols: ['a', 'b'] }", { tls: 'main', path: '/chat', protocols: ['a', 'b'] }],
    ["{ origins: '*' }", { origins: ['*'] }],
    ['{ origins: [] }', { origins: [] }],
    ["{ origins: ['self', 'null', 'https://A.example:443', 'http://b.example/', 'chrome-extension://abc'] }", { origins: ['self', 'null', 'https://a.example', 'http://b.example', 'chrome-extension://abc'] }],
    ['{ maxConnections: 1, maxConnectionsPerAddress: 2, maxPendingHandshakes: 3, maxMessageSize: 4, handshakeTimeout: 5 }', { maxConnections: 1, maxConnectionsPerAddress: 2, maxPendingHandshakes: 3, maxMessageSize: 4, handshakeTimeout: 5 }],
  ])('%s are told to the host', (options, fields) => {
    const asked: unknown[] = [];
    serverScript(`new WebSocketServer(${options})`, (question, commands) => {
      asked.push(question);
      return LISTENING(question, commands);
    });
    expect(asked).toEqual([listenQuestion({ host: '', ...fields })]);
  });

  test.each([
    ["{ path: 'chat' }", 'TypeError', "path must begin with a slash, and has no query: 'chat'."],
    ["{ path: '/a?b' }", 'TypeError', "path must begin with a slash, and has no query: '/a?b'."],
    ["{ origins: ['a.example'] }", 'TypeError', "origins must be as 'https://example.com', or 'self', 'null' or '*'; 'a.example' is not."],
    ["{ origins: ['https://a.example/b'] }", 'TypeError', "origins must be as 'https://example.com', or 'self', 'null' or '*'; 'https://a.example/b' is not."],
    ["{ origins: 'https://a.example' }", 'TypeError', 'origins must be a list of strings.'],
    ['{ origins: [1] }', 'TypeError', 'origins must be a list of strings.'],
    ["{ protocols: ['a', 'a'] }", 'SyntaxError', "The subprotocol 'a' is duplicated."],
    ["{ protocols: ['a b'] }", 'SyntaxError', "The subprotocol 'a b' is invalid."],
    ["{ protocols: 'a' }", 'TypeError', 'protocols must be a list of strings.'],
    ['{ protocols: Array.from({ length: 65 }, (_, i) => `p${i}`) }', 'RangeError', 'protocols may hold 64; there are more.'],
    ['{ maxConnections: 0 }', 'RangeError', 'maxConnections must be a whole number from 1 to 4294967295, not 0.'],
    ['{ handshakeTimeout: 1.5 }', 'RangeError', 'handshakeTimeout must be a whole number from 1 to 4294967295, not 1.5.'],
    ["{ tls: { key: '' } }", 'TypeError', 'tls must be a string.'],
  ])('%s is a %s', (options, name, message) => {
    expect(serverScript('').thrown(`new WebSocketServer(${options})`)).toMatchObject({ name, message: `Failed to construct 'WebSocketServer': ${message}` });
  });

  test('above a limit are a RangeError, in the words of the host', () => {
    const script = serverScript('', () => ({ port: 0, url: '', code: 'ERR_AIRLOCK_INVALID_ARGUMENT', error: 'it is more' }));
    expect(script.thrown('new WebSocketServer({ maxConnections: 9 })')).toMatchObject({ name: 'RangeError', message: "Failed to construct 'WebSocketServer': it is more" });
  });
});

describe('onupgrade and onrequest', () => {
  test('are told to the host when they are set, and no oftener', () => {
    const script = serverScript('server = new WebSocketServer()');
    const watch = { type: 'watchRequests', server: 1 };
    expect(script.run('server.onupgrade = () => true; server.onupgrade = () => false')).toEqual([{ ...watch, upgrades: true, plain: false }]);
    expect(script.run('server.onrequest = () => {}')).toEqual([{ ...watch, upgrades: true, plain: true }]);
    expect(script.run('server.onupgrade = 5')).toEqual([{ ...watch, upgrades: false, plain: true }]);
    expect(script.value('[server.onupgrade, typeof server.onrequest]')).toEqual([null, 'function']);
  });

  test('a request has what was asked', () => {
    const script = serverScript(`server = new WebSocketServer(); server.onupgrade = (r) => { request = r; }`);
    expect(script.turn(upgrade({ certificate: '{"subject":{"CN":"a"}}' }))).toEqual([]);
    expect(script.value('[request.method, request.url, request.path, request.query.getAll("a"), request.remoteAddress, request.remotePort]')).toEqual(['GET', '/chat?a=1&a=2', '/chat', ['1', '2'], '10.0.0.1', 5]);
    expect(script.value('[...request.headers]')).toEqual([['host', 'a.example'], ['x-a', '1, 2']]);
    expect(script.value('[request.headers.get("X-A"), request.headers.get("x-b"), request.headers.has("HOST"), [...request.headers.keys()], [...request.headers.values()]]')).toEqual(['1, 2', null, true, ['host', 'x-a'], ['a.example', '1, 2']]);
    expect(script.value('[request.protocols, Object.isFrozen(request.protocols), request.peerCertificate.subject.CN, request.aborted, String(request)]')).toEqual([['v1', 'v2'], true, 'a', false, '[object UpgradeRequest]']);
  });

  test('the headers are found by any case of their names, and never more than came', () => {
    const script = serverScript('server = new WebSocketServer(); server.onupgrade = ({ headers }) => { print(JSON.stringify([...headers])); }');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,8}$/), fc.stringMatching(/^[\x21-\x7e]{0,8}$/)), { maxLength: 8 }), (pairs) => {
        const expected = new Map<string, string>();
        for (const [name, value] of pairs) {
          const key = name.toLowerCase();
          const before = expected.get(key);
          expected.set(key, before === undefined ? value : `${before}${key === 'cookie' ? '; ' : ', '}${value}`);
        }
        const [line = ''] = printed(script.turn(upgrade({ headers: pairs.flat() })));
        expect(JSON.parse(line)).toEqual([...expected]);
      }),
      { numRuns: 50 },
    );
  });

  test('what is accepted is told once, and what is refused with its body', () => {
    const script = serverScript('server = new WebSocketServer(); server.onupgrade = (r) => { request = r; }');
    script.turn(upgrade());
    expect(script.run("request.accept({ protocol: 'v2', headers: { 'X-B': 'c' } })")).toEqual([{ type: 'acceptRequest', request: 1, byDefault: false, protocol: 'v2', headers: ['X-B', 'c'], paused: false }]);
    expect(script.thrown('request.reject()')).toMatchObject({ name: 'InvalidStateError' });
    expect(script.thrown('(0, request.accept)()')).toMatchObject({ name: 'TypeError', message: expect.stringContaining("of the type 'UpgradeRequest'") });
    script.turn(acceptedEvent({ request: 1 }), upgrade({ request: 2 }));
    expect(script.run("request.reject(418, 'tea')")).toEqual([
      { type: 'answerRequest', request: 2, status: 418, headers: ['Content-Type', 'text/plain; charset=utf-8'], data: Buffer.from('tea') },
    ]);
  });

  test('a request that is gone can be answered as often as one likes, without effect', () => {
    const script = serverScript("server = new WebSocketServer(); server.onupgrade = (r) => { request = r; r.signal.onabort = () => print('aborted', r.signal.reason.name); }");
    script.turn(upgrade());
    expect(printed(script.turn({ type: 'requestGone', request: 1 }))).toEqual(['aborted AbortError']);
    expect(script.run('request.accept(); request.reject(); request.accept()')).toEqual([]);
    expect(script.value('[request.aborted, request.signal.aborted]')).toEqual([true, true]);
  });

  test('a plain request has its body', () => {
    const script = serverScript('server = new WebSocketServer(); server.onrequest = (r) => `${r.text()} ${r.body.byteLength} ${r}`');
    const [answer] = ofType(script.turn(plain()), 'answerRequest');
    expect(Buffer.from(answer?.data ?? []).toString()).toBe('grüße 7 [object PlainRequest]');
  });

  test('an event for a server that is closed does nothing', () => {
    const script = serverScript("server = new WebSocketServer(); server.onupgrade = () => print('asked'); server.close()");
    expect(script.turn(upgrade(), plain({ request: 2 }), { type: 'requestGone', request: 1 })).toEqual([]);
  });

  test('members refuse another receiver', () => {
    const script = serverScript('server = new WebSocketServer(); server.onupgrade = (r) => { prototype = Object.getPrototypeOf(r); base = Object.getPrototypeOf(prototype); headers = r.headers }');
    script.turn(upgrade());
    for (const member of ['method', 'url', 'path', 'query', 'headers', 'remoteAddress', 'remotePort', 'peerCertificate', 'aborted', 'signal']) {
      expect(script.thrown(`Reflect.get(base, '${member}', {})`)).toMatchObject({ class: 'TypeError' });
    }
    for (const call of ["Reflect.get(prototype, 'protocols', {})", 'prototype.accept.call({})', 'prototype.reject.call({})', "headers.get.call({}, 'a')"]) {
      expect(script.thrown(call)).toMatchObject({ class: 'TypeError' });
    }
  });
});

describe('a script that patches built-ins', () => {
  test('breaks nothing but itself', () => {
    const script = serverScript(`
      server = new WebSocketServer();
      server.onupgrade = async () => ({ status: 401, body: 'no', headers: [['X-A', 'b']] });
      Object.defineProperty(Object.prototype, 'status', { set() { throw new Error('patched'); }, configurable: true });
      for (const name of ['then', 'catch', 'finally']) Promise.prototype[name] = () => { throw new Error('patched'); };
      for (const object of [Map.prototype, String.prototype, RegExp.prototype, Object]) {
        for (const name of Object.getOwnPropertyNames(object)) {
          try { if (typeof object[name] === 'function' && name !== 'constructor') object[name] = () => { throw new Error('patched'); }; } catch {}
        }
      }
    `);
    const commands = script.turn(upgrade());
    // An async function's own promise is asked for its then, which is the script's.
    expect(reported(commands)).toEqual(['Error: patched']);
    expect(ofType(commands, 'answerRequest').map(({ status }) => status)).toEqual([500]);
  });
});
