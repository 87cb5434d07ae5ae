import { cellDied, harmless, hostile, loadFails, timeout, timeoutOrDeath, timeoutOrThrow } from '../support/hostile.ts';

const survives = "setTimeout(() => print('survived'), 1);";

/** Code that a listener runs, and so not the source itself. */
const inCallback = (code: string): string => `addEventListener('x', () => { ${code} }); setTimeout(() => dispatchEvent(new Event('x')), 1);`;

/** Code that a timer runs; the checkpoint behind it and the timers behind it are to come all the same. */
const inTimers = (code: string, name = "value: ''"): string =>
  `function attack() { Promise.resolve().then(() => print('checkpoint')); ${code} } Object.defineProperty(attack, 'name', { ${name} }); setTimeout(attack, 1); ${survives} /* throw 1; */`;

hostile('errors and getters', { limits: { turnTimeout: 150, memory: 32 } }, [
  // What is told of an error may throw in turn. The callbacks behind it must not suffer for it.
  { what: 'an error whose errors are a proxy that throws', source: inTimers("const e = new AggregateError([]); Object.defineProperty(e, 'errors', { value: new Proxy([], { get() { throw 3; } }) }); throw e"), expected: harmless, reads: /checkpoint/ },
  { what: 'a thrown symbol of a function whose name is a getter that throws', source: inTimers("throw Symbol(1)", "get() { throw 2; }") + "const other = 'throw new';", expected: harmless, reads: /checkpoint/ },
  // What the source itself throws is copied outside of the turn's time limit: only the watch ends that. What a callback throws is not.
  { what: 'a thrown error whose message never comes', source: "throw Object.defineProperty(new Error(), 'message', { get() { for (;;); } })", expected: cellDied },
  { what: 'a thrown object whose message never comes', source: 'throw { get message() { for (;;); } }', expected: cellDied },
  { what: 'an error whose message never comes, thrown in a callback', source: inCallback("throw Object.defineProperty(new Error(), 'message', { get() { for (;;); } })"), expected: timeout },
  { what: 'an error whose stack never comes, thrown in a callback', source: inCallback("throw Object.defineProperty(new Error(), 'stack', { get() { for (;;); } })"), expected: timeout },
  { what: 'a value that never becomes a text, thrown in a callback', source: inCallback('throw { toString() { for (;;); } }'), expected: timeout },
  { what: 'a proxy that never answers, thrown in a callback', source: inCallback('throw new Proxy({}, { get() { for (;;); } })'), expected: timeout },
  { what: 'a thrown error whose name never comes', source: "throw Object.defineProperty(new Error('x'), 'name', { get() { for (;;); } })", expected: timeoutOrDeath },
  { what: 'a thrown error whose stack never comes', source: "throw Object.defineProperty(new Error('x'), 'stack', { get() { for (;;); } })", expected: cellDied },
  { what: 'a thrown value that never becomes a text', source: 'throw { toString() { for (;;); } }', expected: loadFails(/a value that is not an Error/) },
  { what: 'a thrown value that becomes what is no text', source: 'throw { toString: () => ({}), valueOf: () => ({}) }', expected: loadFails(/a value that is not an Error/) },
  { what: 'a thrown symbol', source: 'throw Symbol(1)', expected: loadFails(/a value that is not an Error/) },
  { what: 'a thrown proxy that throws for everything', source: 'throw new Proxy({}, new Proxy({}, { get() { throw new Error(); } }))', expected: loadFails(/a value that is not an Error/) },
  { what: 'a thrown proxy whose handler never returns', source: 'throw new Proxy({}, { get() { for (;;); } })', expected: cellDied },
  { what: 'a thrown proxy of a function', source: 'throw new Proxy(function () {}, { apply() { for (;;); }, get: () => 5 })', expected: loadFails(/./) },
  { what: 'a thrown error with a message of half a gigabyte', source: "throw new Error('x'.repeat(2 ** 29 - 24))", limits: { turnTimeout: 5000 }, expected: timeoutOrThrow },
  { what: 'a thrown error whose cause is itself', source: "const e = new Error('mine'); e.cause = e; throw e", expected: loadFails(/^Error: mine$/) },
  { what: 'errors of errors without end', source: "let e = new Error('first'); for (let i = 0; i < 1000; i++) e = new AggregateError([e], 'of ' + i, { cause: e }); throw e", expected: loadFails(/AggregateError/) },
  { what: 'a rejection whose reason is a proxy that never answers', source: 'Promise.reject(new Proxy({}, { get() { for (;;); } }))', expected: timeoutOrDeath },
  { what: 'a rejection whose reason is an error with a getter', source: "Promise.reject(Object.defineProperty(new Error('x'), 'message', { get() { for (;;); } }))", expected: timeoutOrDeath },
  { what: 'a rejection whose error inherits from a proxy', source: "Promise.reject(Object.setPrototypeOf(new Error('x'), new Proxy({}, { get() { for (;;); } })))", expected: timeoutOrDeath },
  { what: 'a rejection with a stack of five million lines', source: `${survives} Promise.reject(Object.assign(new Error(), { stack: '\\n    at x'.repeat(5e5) }));`, expected: harmless },
  { what: 'a getter of a printed object', source: `${survives} print({ get x() { for (;;); } })`, expected: harmless },
  { what: 'a printed proxy', source: "print(new Proxy({}, { ownKeys() { for (;;); } }))", expected: timeout },
  { what: 'a printed error whose stack never comes', source: "print(Object.defineProperty(new Error('x'), 'stack', { get() { for (;;); } }))", expected: timeout },
  { what: 'an options object whose getters throw', source: `${survives} try { new WebSocket('ws://127.0.0.1:9', new Proxy({}, { get() { throw new Error('mine'); } })) } catch (e) { print(e.message) }`, expected: harmless, reads: /mine/ },
  { what: 'a handler that throws what throws', source: `${survives} const t = new EventTarget(); t.addEventListener('x', () => { throw { get message() { throw 1; }, toString() { throw 2; } }; }); t.dispatchEvent(new Event('x'))`, expected: harmless },
  { what: 'an error thrown in a handler of its own errors', source: `${survives} const ws = new WebSocket('ws://127.0.0.1:1/'); ws.onerror = ws.onclose = () => { throw new Error('again'); };`, expected: harmless },
  { what: 'Error.stackTraceLimit without end, deep down', source: "Error.stackTraceLimit = Infinity; (function down(n) { if (n === 0) throw new Error('deep'); down(n - 1); })(5000)", expected: loadFails(/deep/) },
]);
