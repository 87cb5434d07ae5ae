import { describe, expect, test } from '@jest/globals';
import { binary, closed, ofType, opened, startScript, text } from '../support/isolate.ts';
import { acceptedEvent } from '../support/server-items.ts';

/**
 * A script that patches the language breaks nothing but itself: its sockets work on. Each patch throws where it is
 * called, so that a binding that uses what a script can change is found out.
 */
const EVIL = `evil = () => { throw new Failure('the bindings called what a script has patched'); };
  Failure = Error;
  const { create, defineProperty, getOwnPropertyDescriptor } = Object;
  const { ownKeys } = Reflect;
  define = (object, name, isAccessor) => {
    const descriptor = create(null);
    if (isAccessor) { descriptor.get = evil; descriptor.set = evil; } else { descriptor.value = evil; descriptor.writable = true; }
    descriptor.configurable = true;
    defineProperty(object, name, descriptor);
  };
  patch = (object, names, isAccessor) => { for (let i = 0; i < names.length; i++) define(object, names[i], isAccessor); };
  patchAll = (object) => {
    const names = ownKeys(object);
    for (let i = 0; i < names.length; i++) {
      const descriptor = getOwnPropertyDescriptor(object, names[i]);
      if (names[i] !== 'constructor' && descriptor.configurable) define(object, names[i], descriptor.get !== undefined);
    }
  };`;

const PATCHES: readonly (readonly [string, string])[] = [
  ['Array.prototype', 'patchAll(Array.prototype)'],
  ['setters for the indexes of arrays', "patch(Array.prototype, [0, 1, 2, 3, 4, 5, 6], true)"],
  ['setters for the indexes of everything', "patch(Object.prototype, [0, 1, 2, 3, 4, 5, 6], true)"],
  ['the species of arrays', "Object.defineProperty(Array, Symbol.species, { get: evil }); Object.defineProperty(Array.prototype, 'constructor', { get: evil })"],
  ['Map and Set', 'patchAll(Map.prototype); patchAll(Set.prototype); patchAll(WeakMap.prototype)'],
  ['Promise', "patchAll(Promise.prototype); Object.defineProperty(Promise, Symbol.species, { get: evil }); patch(Promise, ['resolve', 'reject'])"],
  ['String.prototype', 'patchAll(String.prototype)'],
  ['Function.prototype', "patch(Function.prototype, ['call', 'apply', 'bind', 'toString'])"],
  ['RegExp.prototype', 'patchAll(RegExp.prototype)'],
  ['Number.prototype and Boolean.prototype', 'patchAll(Number.prototype); patchAll(Boolean.prototype)'],
  ['typed arrays', 'patchAll(Object.getPrototypeOf(Uint8Array.prototype)); Object.defineProperty(Object.getPrototypeOf(Uint8Array), Symbol.species, { get: evil })'],
  ['ArrayBuffer and DataView', 'patchAll(ArrayBuffer.prototype); patchAll(DataView.prototype); Object.defineProperty(ArrayBuffer, Symbol.species, { get: evil })'],
  ['functions of Object, Reflect, JSON and Math', "patch(Object, ['keys', 'defineProperty', 'getOwnPropertyDescriptor', 'create', 'freeze', 'assign', 'values', 'entries', 'setPrototypeOf']); for (const o of [Reflect, JSON, Math]) patchAll(o)"],
  ['the members of Object.prototype', `patch(Object.prototype, [
    'socket', 'code', 'reason', 'wasClean', 'data', 'origin', 'bubbles', 'cancelable', 'composed', 'lastEventId', 'error', 'message', 'handler',
    'capture', 'once', 'passive', 'server', 'url', 'protocol', 'extensions', 'text', 'stack', 'type', 'value', 'get', 'set', 'writable',
    'enumerable', 'configurable', 'then', 'bytes', 'length', 'delay', 'buffer', 'start'], true)`],
  ['iterators', 'of = Object.getPrototypeOf([][Symbol.iterator]()); base = Object.getPrototypeOf(of); patchAll(of); patchAll(base)'],
  ['the constructors themselves', "for (const name of ['Array', 'Map', 'Set', 'Promise', 'String', 'Number', 'Boolean', 'Symbol', 'Object', 'Function', 'Uint8Array', 'ArrayBuffer', 'Error', 'TypeError', 'RangeError', 'Date', 'RegExp', 'Math', 'JSON', 'Reflect', 'eval', 'parseInt', 'isNaN']) globalThis[name] = evil"],
  ['Event, MessageEvent and EventTarget', 'for (const c of [Event, MessageEvent, CloseEvent]) patchAll(c.prototype); patchAll(EventTarget.prototype)'],
  ['WebSocket and Blob', 'patchAll(WebSocket.prototype); patchAll(Blob.prototype)'],
  ['the globals around WebSocket', `for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = globalThis[name];
    if (/^(URL|Text|Abort|Blob|Readable|Writable|Transform|Byte|Count|DOM|Performance|Crypto|ErrorEvent|WebSocketStream|WebSocketError)/.test(name)) { patchAll(value.prototype); globalThis[name] = evil; }
  }
  for (const name of ['performance', 'crypto', 'structuredClone', 'queueMicrotask', 'atob', 'btoa']) globalThis[name] = evil`],
  ['the well-known symbols', "for (const name of ['split', 'match', 'matchAll', 'replace', 'search', 'toPrimitive', 'isConcatSpreadable', 'species', 'unscopables', 'asyncIterator']) define(Object.prototype, Symbol[name]); for (const c of [Error, Map, Set, Date, RegExp, ArrayBuffer]) define(c, Symbol.hasInstance); define(String.prototype, Symbol.split)"],
  ['streams and their parts', `for (const name of Object.getOwnPropertyNames(globalThis)) if (/Stream|QueuingStrategy/.test(name)) { patchAll(globalThis[name].prototype); for (const each of ['_state', '_reader', '_readableStreamController']) define(globalThis[name].prototype, each, true); }`],
  ['the members of what the newer globals are given', "patch(Object.prototype, ['protocols', 'headers', 'heartbeat', 'interval', 'timeout', 'handshakeTimeout', 'perMessageDeflate', 'maxMessageSize', 'signal', 'transfer', 'endings', 'fatal', 'ignoreBOM', 'stream', 'done', 'next', 'return', 'throw', 'port', 'host', 'serverName', 'name', 'cause', 'reason', 'highWaterMark', 'size', 'start', 'pull', 'cancel', 'write', 'transform', 'flush', 'maxByteLength', 'names', 'types', 'handle', 'level', 'callback', 'args', 'removed', 'invoke'], true)"],
  ['errors', "patchAll(Error.prototype); patchAll(DOMException.prototype); Error.prepareStackTrace = evil; Error.stackTraceLimit = 0"],
];

/** It keeps what it uses of its own, as a script that patches must, and reads its own events' own slots. */
const ECHO = `
  const { send, close } = WebSocket.prototype;
  const get = (object, name) => Object.getOwnPropertyDescriptor(object, name).get;
  const dataOf = get(MessageEvent.prototype, 'data');
  const call = Reflect.apply;
  const { push } = Array.prototype;
  seen = { opened: 0, closed: 0, failed: 0 };
  ws = new WebSocket('ws://a.example');
  ws.binaryType = 'arraybuffer';
  ws.addEventListener('open', () => { seen.opened++; });
  ws.addEventListener('close', () => { seen.closed++; });
  ws.addEventListener('error', () => { seen.failed++; });
  ws.onmessage = (event) => call(send, ws, [call(dataOf, event, [])]);
  ws.addEventListener('message', () => {});
  closeIt = () => call(close, ws, [4000, 'bye']);
  report = () => call(send, ws, ['' + seen.opened + seen.failed + seen.closed]);
  server = typeof WebSocketServer === 'function' ? new WebSocketServer() : null;
  if (server) server.newConnection.connect((socket) => call(send, socket, ['welcome']));
  ${EVIL}
`;

/** What uses nothing but saved built-ins works on, too; streams and decoders are of packages, and need not. */
const AROUND = `
  const { URL: Url, URLSearchParams: Params, AbortController: Controller, structuredClone: clone, queueMicrotask: micro, atob: decode, btoa: encode, crypto: random, performance: clock, TextEncoder: Encoder } = globalThis;
  const part = get(Url.prototype, 'search'); const paramsOf = get(Url.prototype, 'searchParams'); const { append, toString } = Params.prototype;
  const signalOf = get(Controller.prototype, 'signal'); const { abort } = Controller.prototype; const { now } = Performance.prototype; const { randomUUID } = Crypto.prototype;
  const add = EventTarget.prototype.addEventListener; const { encode: toBytes } = Encoder.prototype;
  around = () => {
    const url = new Url('http://a.example/?x=%20');
    const params = call(paramsOf, url, []);
    call(append, params, ['y', 'é']);
    const controller = new Controller(); let aborted = 0;
    call(add, call(signalOf, controller, []), ['abort', () => { aborted++; }]);
    call(abort, controller, []);
    const copy = clone({ a: [1, { b: 2 }], c: new Date_(5) });
    micro(() => { say('micro'); });
    say(call(part, url, []) + ' ' + call(toString, params, []) + ' ' + decode(encode('text')) + ' ' + aborted + ' ' + copy.a[1].b + ' ' + (call(now, clock, []) > 0) + ' ' + (call(randomUUID, random, []) !== '') + ' ' + call(toBytes, new Encoder(), ['é'])[1]);
  };
  const Date_ = Date; const say = print;
`;

describe.each(PATCHES)('a script that has patched %s', (_, patch) => {
  test('still has the globals around WebSocket', () => {
    const script = startScript(ECHO + AROUND);
    script.turn({ type: 'evaluate', source: `${patch}; undefined` });
    const commands = script.turn({ type: 'evaluate', source: 'around()' });
    expect(commands.filter(({ type }) => type !== 'print')).toEqual([{ type: 'loaded' }]);
    expect(ofType(commands, 'print').map(({ text: line }) => line)).toEqual(['?x=+&y=%C3%A9 x=+&y=%C3%A9 text 1 2 true true 169', 'micro']);
  });

  test('still gets and sends messages', () => {
    const script = startScript(ECHO, { server: true, listen: () => ({ port: 80, url: 'ws://127.0.0.1:80', code: '', error: '' }) });
    expect(script.turn({ type: 'evaluate', source: `${patch}; undefined` })).toEqual([{ type: 'loaded' }]);
    const commands = script.turn(
      opened(),
      text('héllo'),
      binary(Uint8Array.of(1, 2, 3)),
      binary(new Uint8Array(100_000).fill(7)),
      acceptedEvent(),
      { type: 'buffered', socket: 2, bytes: 5 },
      { type: 'timer' },
    );
    expect(commands.filter(({ type }) => type === 'reportError')).toEqual([]);
    expect(ofType(commands, 'sendText')).toEqual([
      { type: 'sendText', socket: 2, data: 'héllo' },
      { type: 'sendText', socket: 1, data: 'welcome' },
    ]);
    expect(ofType(commands, 'sendBinary').map(({ data }) => [data.length, data[0], data.at(-1)])).toEqual([[3, 1, 3], [100_000, 7, 7]]);
    expect(script.turn({ type: 'evaluate', source: 'closeIt()' })).toEqual([
      { type: 'close', socket: 2, code: 4000, reason: 'bye' },
      { type: 'loaded' },
    ]);
    expect(script.turn({ type: 'failed', socket: 2, error: 1, message: 'gone' }, closed(), { type: 'evaluate', source: "print('' + seen.opened + seen.failed + seen.closed)" })).toEqual([
      { type: 'print', level: 0, text: '111' },
      { type: 'loaded' },
    ]);
  });

  test('still has its timers, and is told of its errors', () => {
    const script = startScript(`${EVIL} later = setTimeout; stop = clearTimeout; say = print; later(() => { say('due') }, 1); later(() => { throw 'own' }, 1); for (const end = Date.now() + 3; Date.now() < end;);`);
    script.turn({ type: 'evaluate', source: `${patch}; undefined` });
    const commands = script.turn({ type: 'timer' });
    expect(ofType(commands, 'print').map(({ text: line }) => line)).toEqual(['due']);
    expect(ofType(commands, 'reportError').map(({ text: line }) => line)).toEqual(['own']);
    expect(script.turn({ type: 'evaluate', source: 'id = later(() => {}, 60_000); stop(id)' }).map(({ type }) => type)).toEqual(['timer', 'timer', 'loaded']);
  });
});

test('nothing of the bindings’ own reaches a script through what it patches', () => {
  const script = startScript(`
    caught = new Set();
    for (let i = 0; i < 5; i++) for (const prototype of [Array.prototype, Object.prototype]) Object.defineProperty(prototype, i, { set(value) { caught.add(this); }, configurable: true });
    const slice = Array.prototype.slice;
    Object.defineProperty(Array, Symbol.species, { get() { caught.add('species'); return Array; }, configurable: true });
    for (const C of [Uint8Array, ArrayBuffer]) for (const [name, d] of Object.entries(Object.getOwnPropertyDescriptors(C.prototype))) if (typeof d.value === 'function' && name !== 'constructor') Object.defineProperty(C.prototype, name, { ...d, value() { caught.add(this); return d.value.apply(this, arguments); } });
    ws = new WebSocket('ws://a.example', 'p');
    ws.onopen = () => { ws.send('x'); ws.send(new Uint8Array(70_000)); };
    ws.addEventListener('open', () => { setTimeout(() => {}, 1); });
  `);
  script.turn(opened(), text('x'), binary(new Uint8Array(70_000)), closed());
  expect(script.value('caught.size')).toBe(0);
});
