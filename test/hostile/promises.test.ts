import { harmless, hostile, loadFails, timeout, timeoutOrDeath, timeoutOrMemory } from '../support/hostile.ts';

const survives = "setTimeout(() => print('survived'), 1);";

hostile('promises and proxies', { limits: { turnTimeout: 150, memory: 32 } }, [
  { what: 'microtasks without end', source: '(function again() { Promise.resolve().then(again); })()', expected: timeout },
  { what: 'queueMicrotask without end', source: '(function again() { queueMicrotask(again); })()', expected: timeout },
  { what: 'an async function without end', source: '(async () => { for (;;) await null; })()', expected: timeout },
  { what: 'an async iterator without end', source: '(async () => { for await (const _ of { [Symbol.asyncIterator]: () => ({ next: () => ({ done: false }) }) }); })()', expected: timeout },
  { what: 'a thenable that goes on', source: 'const more = { then(resolve) { resolve(more); } }; Promise.resolve(more);', expected: timeout },
  { what: 'a thenable whose then is a getter that loops', source: 'Promise.resolve(Object.defineProperty({}, "then", { get() { for (;;); } }))', expected: timeout },
  { what: 'microtasks that double', source: '(function again() { Promise.resolve().then(again); Promise.resolve().then(again); })()', expected: timeoutOrMemory },
  { what: 'rejections without end, none handled', source: '(function again() { Promise.reject(1); Promise.resolve().then(again); })()', expected: timeoutOrDeath },
  { what: 'a hundred thousand rejections', source: `${survives} for (let i = 0; i < 1e5; i++) Promise.reject(i);`, limits: { turnTimeout: 3000 }, expected: harmless },
  { what: 'a rejection that a rejection handles', source: `${survives} const p = Promise.reject(1); Promise.resolve().then(() => p.catch(() => Promise.reject(2)));`, expected: harmless },
  { what: 'a rejection with a proxy of an error', source: "Promise.reject(new Proxy(new Error('x'), { get() { for (;;); }, getPrototypeOf() { for (;;); } }))", expected: timeoutOrDeath },
  { what: 'a rejection with a revoked proxy', source: `${survives} const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); Promise.reject(proxy);`, expected: harmless },
  { what: 'a rejection with a Float16Array', source: `${survives} Promise.reject(new Float16Array(4));`, expected: harmless },
  { what: 'a rejection with an object that holds a Float16Array', source: `${survives} Promise.reject({ inside: [new Float16Array(4)] });`, expected: harmless },
  { what: 'a rejection with an array buffer, one that is detached, a Map, a WeakRef, a function', source: `${survives} const b = new ArrayBuffer(8); for (const each of [b, b.transfer(), new Map([[1, 1]]), new WeakRef({}), () => {}, Symbol.iterator, globalThis]) Promise.reject(each);`, expected: harmless },
  { what: 'a rejection with a number of many digits', source: `${survives} Promise.reject(2n ** (2n ** 24n));`, limits: { turnTimeout: 5000 }, expected: harmless },
  { what: 'a rejection with the longest string', source: `${survives} Promise.reject('x'.repeat(2 ** 29 - 24));`, limits: { turnTimeout: 5000 }, expected: harmless },
  { what: 'the settling of a promise of a class of its own', source: `${survives} class Mine extends Promise { constructor(f) { super(f); } static get [Symbol.species]() { for (;;); } then() { for (;;); } }; queueMicrotask.call(null, () => {}); try { new WebSocketStream('ws://127.0.0.1:1/').opened.catch(() => {}) } catch {} Mine.resolve(1);`, expected: harmless },
  { what: 'a Promise.prototype.then that is taken by a stream', source: `${survives} const { then } = Promise.prototype; Promise.prototype.then = function (...args) { return Reflect.apply(then, this, args); }; const s = new WebSocketStream('ws://127.0.0.1:1/'); s.opened.catch(() => {}); s.closed.catch(() => {});`, expected: harmless },
  { what: 'a proxy as an argument of everything', source: `${survives} const p = new Proxy(function () {}, {}); for (const name of Object.getOwnPropertyNames(globalThis)) { const f = globalThis[name]; if (typeof f !== 'function' || name === 'eval') continue; try { f(p, p); } catch {} try { new f(p, p); } catch {} }`, expected: harmless },
  { what: 'a proxy that throws as an argument of everything', source: `${survives} const p = new Proxy(function () {}, new Proxy({}, { get() { throw new Error(); } })); for (const name of Object.getOwnPropertyNames(globalThis)) { const f = globalThis[name]; if (typeof f !== 'function') continue; try { f(p, p); } catch {} try { new f(p, p); } catch {} }`, expected: harmless },
  { what: 'a proxy of a WebSocket', source: `${survives} const ws = new WebSocket('ws://127.0.0.1:1/'); const p = new Proxy(ws, {}); for (const f of [() => p.send('x'), () => p.close(), () => p.readyState, () => p.addEventListener('x', () => {}), () => p.dispatchEvent(new Event('x'))]) try { f() } catch (e) { print(e.message) }`, expected: harmless, reads: /Illegal invocation/ },
  { what: 'await in the top of the source', source: 'await null', expected: loadFails(/SyntaxError/) },
]);
