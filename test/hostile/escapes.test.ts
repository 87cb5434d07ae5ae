import { harmless, hostile, loadFails } from '../support/hostile.ts';

/**
 * `walk` goes through all that can be reached from a value, prototypes, accessors and symbols included, and tells every
 * text on its way, and what is of another world: whose chain of prototypes does not end in this one's.
 */
const PRELUDE = `
  const survives = () => setTimeout(() => print('survived'), 1);
  const walk = (root) => {
    const texts = new Set(), seen = new Set(), strangers = [];
    const visit = (value, path) => {
      if (typeof value === 'string') { texts.add(value); return; }
      if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return;
      seen.add(value);
      const proto = Object.getPrototypeOf(value);
      if (typeof value === 'function' && value !== Function.prototype && !(value instanceof Function)) strangers.push(path);
      if (typeof value === 'object' && proto !== null && !(value instanceof Object) && value !== Object.prototype) strangers.push(path);
      if (typeof value === 'function') texts.add(Function.prototype.toString.call(value).slice(0, 200));
      visit(proto, path + '.__proto__');
      for (const key of Reflect.ownKeys(value)) {
        const d = Reflect.getOwnPropertyDescriptor(value, key);
        for (const part of ['get', 'set', 'value']) visit(d[part], path + '.' + String(key));
        if (d.get) try { visit(Reflect.get(value, key), path + '.' + String(key)); } catch (e) { visit(e, path + '.error'); texts.add(String(e.stack)); }
      }
    };
    visit(root, '');
    const wanted = /process|^Reference$|ExternalCopy|Isolate|Callback|__airlock|isolated/i;
    print('seen', seen.size, 'strangers', strangers.slice(0, 20), 'names', [...seen].filter((v) => typeof v === 'function' && wanted.test(v.name)).map((v) => v.name));
    for (let part = [...texts].join('\\n'), at = 0; at < part.length && at < 400_000; at += 100_000) print(part.slice(at, at + 100_000));
  };
  const attempt = (f) => { try { const value = f(); print(typeof value, String(value).slice(0, 300)); return value; } catch (e) { print('threw', String(e?.stack)); return e; } };
`;

const noProcess = /process is not defined/;

hostile('escapes through constructors', { prelude: PRELUDE, limits: { turnTimeout: 3000, memory: 64 } }, [
  { what: 'the global object, walked to its end', source: 'walk(globalThis); survives()', expected: harmless, reads: /^seen \d{3,} strangers \[\] names \[\]/ },
  { what: 'the constructor of the global object', source: "constructor.constructor('return process')()", expected: loadFails(noProcess) },
  { what: 'the constructor of every function there is', source: "for (const f of [print, setTimeout, WebSocket, URL, crypto.getRandomValues, performance.now, Script.stop, console.log, atob, structuredClone]) attempt(() => f.constructor('return process.env')()); survives()", expected: harmless, readsNot: /^object/ },
  { what: 'the constructors of generators and async functions', source: "for (const f of [function* () {}, async () => {}, async function* () {}]) { const v = attempt(() => Object.getPrototypeOf(f).constructor('return this.process ?? globalThis.process')()); walk(v); } survives()", expected: harmless, reads: /strangers \[\]/ },
  { what: 'the errors of every callback of the cell', source: `
      const errors = [() => new URL('::'), () => new URL('x', 5), () => Script.resolvePath('http://['), () => crypto.getRandomValues(new Uint8Array(70_000)), () => crypto.getRandomValues(5), () => new WebSocket('ftp://x/'), () => new WebSocketServer({ host: '1.2.3.4', port: 1 }), () => new WebSocketServer({ host: '\\0', port: -1 }), () => performance.now.call({}), () => structuredClone(() => {}), () => atob('*'), () => new TextDecoder('x')].map((f) => attempt(f));
      for (const e of errors) { walk(e); attempt(() => e.constructor.constructor('return process')()); } survives()`, expected: harmless, reads: /strangers \[\] names \[\]/ },
  { what: 'the same, where the stack is used up', source: `
      let left = 5000; const texts = new Set(); const calls = [() => new URL('http://a'), () => crypto.getRandomValues(new Uint8Array(8)), () => performance.now(), () => new WebSocket('ws://127.0.0.1:1/'), () => new WebSocketServer({ host: '127.0.0.1', port: 1 }), () => print('x')];
      const deep = (call) => { try { deep(call); } catch {} try { if (left-- > 0) call(); } catch (e) { if (texts.size < 500) { texts.add(String(e.stack)); if (!(e instanceof Error)) texts.add('stranger'); else if (e.constructor.constructor !== Function) texts.add('stranger'); } } };
      for (const call of calls) for (let i = 0; i < 5; i++) (function from(n) { if (n > 0) from(n - 1); else try { deep(call) } catch {} })(i);
      print([...texts].join('\\n')); survives()`, limits: { turnTimeout: 10_000 }, expected: harmless, readsNot: /stranger/ },
  { what: 'the answers of the host', source: "const s = new WebSocketServer({ host: '127.0.0.1', port: 0 }); walk(s); s.close(); survives()", expected: harmless, reads: /strangers \[\]/ },
  { what: 'events and what they hold', source: "const s = new WebSocketServer({ host: '127.0.0.1', port: 0 }); s.newConnection.connect((c) => { walk(c); c.send('x'); c.close(1000, 'bye'); }); const c = new WebSocket(s.url); c.onopen = c.onmessage = c.onerror = walk; c.onclose = (e) => { walk(e); print('survived'); };", expected: harmless, reads: /strangers \[\]/ },
  { what: 'arguments.callee.caller of a handler', source: "const s = new WebSocketServer({ host: '127.0.0.1', port: 0 }); s.newConnection.connect(function f(c) { attempt(() => f.caller); attempt(() => f.arguments); attempt(() => arguments.callee.caller); walk(arguments); print('survived'); }); new WebSocket(s.url)", expected: harmless, readsNot: /^function .*(?:airlock|emit|dispatch)/ },
  { what: 'this of a handler, of a timer and of a microtask', source: "setTimeout(function () { walk(this); (0, function () { walk(this); })(); Promise.resolve().then(function () { walk(this ?? {}); print('survived'); }); }, 1)", expected: harmless, reads: /strangers \[\]/ },
  { what: 'deleted globals that come back', source: "for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics', '__airlock', 'process', 'Buffer', 'global', 'ivm', '_ivm', '$0', 'gc', 'd8', 'Deno', 'Worker', 'fetch', 'importScripts', 'XMLHttpRequest']) print(name, typeof globalThis[name], name in globalThis); survives()", expected: harmless, readsNot: /(?:object|function|true)$/ },
  { what: 'shared memory by a clone, a Blob, a stream or a memory of its own', source: "attempt(() => new (Object.getPrototypeOf(Int8Array).prototype.constructor)()); const b = new ArrayBuffer(8); for (const v of [structuredClone(b), b.slice(0), b.transfer(), new Uint8Array(8).buffer, new Float16Array(2).buffer, new TextEncoder().encode('x').buffer, crypto.getRandomValues(new Uint8Array(8)).buffer]) print(Object.prototype.toString.call(v)); survives()", expected: harmless, readsNot: /Shared/ },
  { what: 'the memory behind a message, all of it', source: "const s = new WebSocketServer({ host: '127.0.0.1', port: 0 }); s.newConnection.connect((c) => { c.send(new Uint8Array(3)); }); const c = new WebSocket(s.url); c.binaryType = 'arraybuffer'; c.onmessage = ({ data }) => { print('bytes', data.byteLength, data.maxByteLength, data.resizable); walk(data); print('survived'); }", expected: harmless, reads: /bytes 3 3 false/ },
  { what: 'bytes that a buffer was not filled with', source: "let sum = 0; for (let i = 0; i < 2000; i++) for (const b of new Uint8Array(4096)) sum += b; for (const b of new Uint8Array(new ArrayBuffer(8).transfer(2 ** 20))) sum += b; const r = new ArrayBuffer(8, { maxByteLength: 2 ** 20 }); r.resize(2 ** 20); for (const b of new Uint8Array(r)) sum += b; print('sum', sum); survives()", expected: harmless, reads: /sum 0/ },
  { what: 'V8 natives', source: "eval('%DebugPrint(1)')", expected: loadFails(/SyntaxError/) },
  { what: 'a class that extends each of the globals', source: "for (const name of Object.getOwnPropertyNames(globalThis)) { const C = globalThis[name]; if (typeof C !== 'function') continue; try { const o = new (class extends C {})('ws://127.0.0.1:1/'); if (typeof o === 'object') walk(o.constructor); } catch {} } survives()", expected: harmless },
  { what: 'private state by the return override trick', source: "class Stamp extends (function (o) { return o; }) { #x = 1; static has(o) { return #x in o; } } for (const v of [globalThis, Script, console, crypto, performance, new WebSocket('ws://127.0.0.1:1/')]) attempt(() => { new Stamp(v); return Stamp.has(v); }); survives()", expected: harmless },
]);

hostile('escapes through stacks', { prelude: PRELUDE, limits: { turnTimeout: 3000, memory: 64 } }, [
  { what: 'prepareStackTrace: frames with getThis and getFunction', source: "Error.prepareStackTrace = (e, frames) => { for (const f of frames) for (const n of ['getThis', 'getFunction', 'getEvalOrigin', 'getFileName', 'getScriptNameOrSourceURL']) print(n, typeof f[n]?.()); return 'mine'; }; print(new Error('x').stack); survives()", expected: harmless, readsNot: /mine|object|function/ },
  { what: 'prepareStackTrace redefined', source: "attempt(() => Object.defineProperty(Error, 'prepareStackTrace', { value: (e, frames) => frames })); attempt(() => delete Error.prepareStackTrace); for (const C of [TypeError, RangeError, class extends Error {}]) { C.prepareStackTrace = (e, frames) => { print('frames', frames.length); return frames; }; try { throw new C() } catch (e) { print(typeof e.stack); } } survives()", expected: harmless, readsNot: /^(?:frames|object)/ },
  { what: 'prepareStackTrace on a prototype', source: "Function.prototype.prepareStackTrace = Object.prototype.prepareStackTrace = (e, frames) => { print('frames'); return frames; }; try { null.x } catch (e) { print(typeof e.stack) } survives()", expected: harmless, readsNot: /^(?:frames|object)/ },
  { what: 'captureStackTrace on what is not its own', source: "for (const v of [globalThis, Script, console, WebSocket, WebSocket.prototype, new WebSocket('ws://127.0.0.1:1/'), Object.prototype]) attempt(() => { Error.captureStackTrace(v); const s = v.stack; delete v.stack; return s; }); survives()", expected: harmless },
  { what: 'a stack with all of its frames, in a handler', source: "Error.stackTraceLimit = 1000; const s = new WebSocketServer({ host: '127.0.0.1', port: 0 }); s.newConnection.connect(() => { print(new Error('here').stack); print('survived'); }); new WebSocket(s.url)", expected: harmless },
  { what: 'the stacks of rejections from inside of the bindings', source: "const s = new WebSocketStream('ws://127.0.0.1:1/'); s.opened.catch((e) => { print(e.stack); walk(e); }); s.closed.catch((e) => { print(e.stack); walk(e); print('survived'); })", expected: harmless, reads: /strangers \[\]/ },
  { what: 'a loop between two functions, for the place of its timeout', source: '(async () => { for (;;) await null; })()', limits: { turnTimeout: 100 }, expected: { end: 'fault', codes: ['ERR_AIRLOCK_TURN_TIMEOUT'], says: /in one turn/ } },
  { what: 'a loop in a built-in, for the place of its timeout', source: "/^(a+)+$/.test('a'.repeat(40) + 'b')", limits: { turnTimeout: 100 }, expected: { end: 'fault', codes: ['ERR_AIRLOCK_TURN_TIMEOUT'] } },
  { what: 'a loop in a source that names itself as one of the host', source: "eval('for (;;);\\n//# sourceURL=node:fs/x.js')", limits: { turnTimeout: 100 }, expected: { end: 'fault', codes: ['ERR_AIRLOCK_TURN_TIMEOUT'] } },
  { what: 'a source map that is to be fetched', source: "eval('throw new Error(1)\\n//# sourceMappingURL=file:///etc/passwd')", expected: loadFails(/Error: 1/) },
  { what: 'a syntax error with a source of its own in its message', source: "eval('\\n\\n  }}} [x:1:1]')", expected: loadFails(/SyntaxError/) },
  { what: 'the error of a source that the compiler refuses', source: "}}}", expected: loadFails(/SyntaxError/) },
]);
