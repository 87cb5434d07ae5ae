import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/folders.ts';
import { harmless, hostile, loadFails, timeout } from '../support/hostile.ts';

const FOLDER = temporaryFolder();
writeFileSync(join(FOLDER, 'short.js'), '0');
writeFileSync(join(FOLDER, 'throws.js'), "throw new Error('short')");
const FILES = { permissions: { read: [FOLDER] } };

const PRELUDE = `
  const later = () => setTimeout(() => print('survived'), 20);
  const attempt = (f) => { try { print('got it', typeof f()); } catch (error) { print('refused', String(error?.stack ?? error).slice(0, 500)); } };
  const told = (promise) => promise.then((value) => print('got it', typeof value), (error) => print('refused', String(error?.stack ?? error)));
`;

hostile('modules and code from text', { prelude: PRELUDE, limits: { turnTimeout: 500, memory: 32 } }, [
  { what: 'import() of a module of Node', source: "told(import('node:fs')); told(import('fs')); later()", expected: harmless, readsNot: /^got it/ },
  { what: 'import() of files', source: "for (const path of ['/etc/passwd', 'file:///etc/passwd', './package.json', '../wire/frames.js', 'isolated-vm', 'data:text/javascript,export default 1']) told(import(path)); later()", expected: harmless, readsNot: /^got it/ },
  { what: 'import() of an address', source: "told(import('http://127.0.0.1:NEIGHBOUR_PORT/')); told(import('https://127.0.0.1/')); later()", expected: harmless, readsNot: /^got it/ },
  { what: 'import() of what never becomes a text', source: "told(import({ toString() { throw new Error('mine'); } })); told(import(Symbol.iterator)); later()", expected: harmless, readsNot: /^got it/ },
  { what: 'import() out of eval, Function and a handler', source: "told(eval(\"import('node:fs')\")); told(Function(\"return import('node:fs')\")()); setTimeout(() => told(import('node:fs')), 1); later()", expected: harmless, readsNot: /^got it/ },
  { what: 'import() with attributes', source: "told(import('/etc/passwd', { with: { type: 'json' } })); told(import('/etc/passwd', new Proxy({}, { get() { throw 1; } }))); later()", expected: harmless, readsNot: /^got it/ },
  { what: 'import() without end', source: '(function again() { import("x").then(again, again); })()', expected: { end: 'fault', codes: ['ERR_AIRLOCK_TURN_TIMEOUT'] } },
  { what: 'an import declaration', source: "import fs from 'node:fs'", expected: loadFails(/SyntaxError/) },
  { what: 'import.meta', source: 'print(import.meta.url)', expected: loadFails(/SyntaxError/) },
  { what: 'an export', source: 'export default 1', expected: loadFails(/SyntaxError/) },
  { what: 'require of modules of Node, and of files', source: "for (const what of ['node:fs', 'fs', '/etc/passwd', 'file:///etc/passwd', 'file:///proc/self/environ', './package.json', '../../etc/passwd', 'data:text/javascript,module.exports=1', 'isolated-vm', 'http://127.0.0.1:NEIGHBOUR_PORT/x.js', 'http://169.254.169.254/latest', '\\0', 'x'.repeat(1e6)]) attempt(() => require(what)); later()", expected: harmless, readsNot: /^got it/ },
  { what: 'require of what is no text', source: "for (const what of [undefined, null, {}, Symbol.iterator, { toString() { throw new Error('mine'); } }, new Proxy({}, { get() { throw new Error('mine'); } })]) attempt(() => require(what)); later()", expected: harmless, readsNot: /^got it/ },
  { what: 'Script.include of files and addresses', source: "for (const what of ['/etc/passwd', 'file:///etc/passwd', 'http://127.0.0.1:NEIGHBOUR_PORT/x.js']) attempt(() => Script.include(what)); attempt(() => require.cache); attempt(() => require.resolve('x')); later()", expected: harmless, reads: /refused/ },
  { what: 'the environment', source: "for (const name of ['AIRLOCK_TEST_SECRET', 'PATH', 'HOME', '__proto__', 'constructor', '', '*']) { let value; try { value = Script.getEnv(name); } catch (e) { value = e.message; } print('value', value); } later()", expected: harmless },
  { what: 'require in the place of its own constructor', source: "attempt(() => require.constructor('return process')()); attempt(() => Object.getPrototypeOf(require).constructor('return this.process.env')()); later()", expected: harmless, readsNot: /^got it/ },
  // The time limit's own clock stands still while the cell loads or runs a file, and the next one begins in time.
  { what: 'require without end', source: "for (;;) try { require('http://127.0.0.1:NEIGHBOUR_PORT/' + Math.random()); } catch {}", expected: timeout },
  { what: 'files without end', source: `for (let i = 0; ; i++) Script.include('file://${FOLDER}/short.js?' + i);`, options: FILES, expected: timeout },
  { what: 'files without end that throw', source: `for (let i = 0; ; i++) try { require('file://${FOLDER}/throws.js?' + i); } catch {}`, options: FILES, expected: timeout },
  { what: 'variables without end', source: "for (;;) try { Script.getEnv('PATH'); } catch {}", expected: timeout },
  { what: 'a turn that used its time, and a listener of its rejection without end', source: "addEventListener('unhandledrejection', () => { for (;;); }); setTimeout(() => { globalThis.kept = Promise.reject(1); const until = performance.now() + 2500; while (performance.now() < until); }, 1);", limits: { turnTimeout: 3000, turnGrace: 1500 }, expected: timeout },
  { what: 'module, exports, __filename', source: "for (const name of ['module', 'exports', '__filename', '__dirname']) print(name, eval('typeof ' + name)); later()", expected: harmless, readsNot: /(?:object|function|string)$/ },
  { what: 'Function with an argument that closes it', source: "Function('}); print(typeof process); (function () {')", expected: loadFails(/SyntaxError/) },
  { what: 'a source that closes what is around it', source: "}); print(typeof process, typeof ask); (() => {", expected: loadFails(/SyntaxError/) },
  { what: 'a source that hides its own name', source: "later();\n//# sourceURL=airlock:bindings\n", expected: harmless },
  { what: 'a hashbang, a comment without an end', source: '/* later()', expected: loadFails(/SyntaxError/) },
  { what: 'eval with another realm\'s this', source: "const indirect = eval; indirect('this.own = 1'); print(own, typeof indirect('this.process')); later()", expected: harmless, reads: /1 undefined/ },
  { what: 'names of the bindings as names of its own', source: "var callbacks = 1, views, outbox, guest, services, ask, bounds; print(typeof callbacks, typeof views, typeof outbox, typeof guest); later()", expected: harmless, reads: /number undefined undefined undefined/ },
  { what: 'the module of another script', source: "told(import('neighbour.js')); told(import('./neighbour.js')); told(import('airlock:bindings')); later()", expected: harmless, readsNot: /^got it/ },
]);
