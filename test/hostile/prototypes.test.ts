import { harmless, hostile, loadFails, timeout } from '../support/hostile.ts';

/** A connection of the attacker to itself: `echoed` is called when a message has been there and back. */
const ECHO = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.newConnection.connect((socket) => { socket.onmessage = ({ data }) => socket.send(data); });
  const client = new WebSocket(server.url);
  client.onopen = () => client.send('there');
  client.onmessage = ({ data }) => { if (data === 'there') print('survived'); };
`;

/** What is patched calls this: where the bindings used it, their own values would be seen. */
const STOLEN = "const stolen = (...values) => { for (const value of values) if (typeof value === 'function' && /airlock:bindings|native code/.test(value.toString())) print('stolen'); };";

hostile('prototype tampering', { limits: { turnTimeout: 300, memory: 32 } }, [
  { what: 'every method of Array.prototype throws', source: `for (const name of Object.getOwnPropertyNames(Array.prototype)) try { Array.prototype[name] = () => { throw new Error(name); }; } catch {} ${ECHO}`, expected: harmless },
  { what: 'every method of String.prototype throws', source: `for (const name of Object.getOwnPropertyNames(String.prototype)) if (name !== 'length') String.prototype[name] = () => { throw new Error(name); }; ${ECHO}`, expected: harmless },
  { what: 'every method of Map, Set and WeakMap throws', source: `for (const { prototype } of [Map, Set, WeakMap, WeakSet]) for (const name of Object.getOwnPropertyNames(prototype)) Object.defineProperty(prototype, name, { get() { throw new Error(name); }, configurable: true }); ${ECHO}`, expected: harmless },
  { what: 'every function of Object and Reflect throws', source: `const define = Object.defineProperty; for (const holder of [Reflect, Object]) for (const name of Object.getOwnPropertyNames(holder)) if (typeof holder[name] === 'function' && name !== 'prototype') define(holder, name, { value: () => { throw new Error(name); } }); ${ECHO}`, expected: harmless },
  { what: 'typed arrays without their methods', source: `const proto = Object.getPrototypeOf(Uint8Array.prototype); for (const name of Reflect.ownKeys(proto)) delete proto[name]; Uint8Array.prototype.constructor = null; ${ECHO}`, expected: harmless },
  { what: 'setters for indexes on Object.prototype and Array.prototype', source: `for (const proto of [Object.prototype, Array.prototype]) for (let i = 0; i < 50; i++) Object.defineProperty(proto, i, { set(v) { print('caught', v); throw new Error('caught'); }, get() { throw new Error('got'); }, configurable: true }); ${ECHO}`, expected: harmless, readsNot: /caught/ },
  { what: 'getters and setters for field names on Object.prototype', source: `for (const name of ['type', 'socket', 'data', 'url', 'code', 'text', 'stack', 'value', 'get', 'set', 'enumerable', 'configurable', 'writable', 'host', 'port', 'error', 'callback', 'next', 'done']) Object.defineProperty(Object.prototype, name, { __proto__: null, set() { print('caught', name); }, get() { return undefined; }, configurable: true }); ${ECHO}`, expected: harmless, readsNot: /caught/ },
  { what: 'a constructor put on Object.prototype', source: `Object.prototype.host = '0.0.0.0'; Object.prototype.port = 1; ${ECHO}`, expected: harmless },
  { what: 'Function.prototype.call, apply and bind that steal', source: `${STOLEN} for (const name of ['call', 'apply', 'bind']) Function.prototype[name] = function (...args) { stolen(this); throw new Error(name); }; ${ECHO}`, expected: harmless, readsNot: /stolen/ },
  { what: 'iterators that steal', source: `${STOLEN} const ai = Object.getPrototypeOf([][Symbol.iterator]()); ai.next = function () { stolen(this); throw new Error(); }; Array.prototype[Symbol.iterator] = function () { stolen(...Object.values(this)); throw new Error(); }; ${ECHO}`, expected: harmless, readsNot: /stolen/ },
  { what: 'Symbol.species, hasInstance and toPrimitive', source: `for (const c of [Array, Promise, ArrayBuffer, Map, Set, RegExp]) Object.defineProperty(c, Symbol.species, { get() { throw new Error('species'); } }); for (const c of [Error, Map, Set, Date, RegExp, Uint8Array, WebSocket]) Object.defineProperty(c, Symbol.hasInstance, { value: () => { throw new Error('instance'); } }); Object.prototype[Symbol.toPrimitive] = () => { throw new Error('primitive'); }; ${ECHO}`, expected: harmless },
  { what: 'Promise without then', source: `Promise.prototype.then = () => { for (;;); }; Promise.resolve = Promise.reject = () => { for (;;); }; ${ECHO}`, expected: harmless },
  { what: 'globals replaced, each of them', source: `const { WebSocketServer, WebSocket, print } = globalThis; for (const name of Object.getOwnPropertyNames(globalThis)) try { globalThis[name] = () => { throw new Error(name); }; } catch {} ${ECHO}`, expected: harmless },
  { what: 'a proxy in the chain of Object.prototype', source: `try { Object.setPrototypeOf(Object.prototype, new Proxy({}, { get() { for (;;); } })); } catch (error) { print(error.message); } ${ECHO}`, expected: harmless, reads: /Immutable prototype/ },
  { what: 'a proxy as the prototype of the global object', source: `try { Object.setPrototypeOf(globalThis, new Proxy({}, { has() { for (;;); }, get() { for (;;); } })); notThere; } catch {} ${ECHO}`, expected: { end: 'fault', codes: ['ERR_AIRLOCK_TURN_TIMEOUT'] } },
  { what: 'a proxy as the prototype of WebSocket.prototype', source: `Object.setPrototypeOf(WebSocket.prototype, new Proxy(EventTarget.prototype, { get(t, n, r) { if (n === 'onmessage') for (;;); return Reflect.get(t, n, r); } })); ${ECHO}`, expected: harmless },
  { what: 'Date.now and Math that lie', source: `Date.now = () => NaN; Math.min = Math.max = () => Infinity; ${ECHO}`, expected: harmless },
  { what: 'String, Number and Error replaced', source: `String = Number = Error = TypeError = RangeError = Uint8Array = function () { throw 1; }; ${ECHO}`, expected: harmless },
  { what: 'JSON.parse and JSON.stringify that never return', source: `JSON.parse = JSON.stringify = () => { for (;;); }; ${ECHO}`, expected: harmless },
  { what: 'a frozen world', source: `for (const name of Object.getOwnPropertyNames(globalThis)) { const v = globalThis[name]; if (v && (typeof v === 'object' || typeof v === 'function') && v !== globalThis) { Object.freeze(v); if (v.prototype) Object.freeze(v.prototype); } } ${ECHO}`, expected: harmless },
  { what: 'a WebSocket whose handlers are getters that loop', source: `${ECHO} Object.defineProperty(client, 'onmessage', { get() { for (;;); } }); client.addEventListener('message', () => print('survived'))`, expected: harmless },
  { what: 'a message event whose getter loops', source: `Object.defineProperty(MessageEvent.prototype, 'data', { get() { for (;;); } }); ${ECHO}`, expected: timeout },
  { what: 'a toString on Object.prototype that loops', source: "Object.prototype.toString = () => { for (;;); }; setTimeout(() => { throw {}; }, 1)", expected: timeout },
  { what: 'an Error.prototype.toString that lies', source: "Error.prototype.toString = () => 'lie'; Error.prototype.name = { toString() { for (;;); } }; throw new RangeError('true')", expected: loadFails(/true/) },
]);
