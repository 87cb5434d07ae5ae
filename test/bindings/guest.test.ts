import { describe, expect, test } from '@jest/globals';
import { IsolatedScript, ofType, printed, reported, startScript, text, opened } from '../support/isolate.ts';

describe('the globals of a script', () => {
  const GIVEN = [
    'Blob', 'CloseEvent', 'DOMException', 'Event', 'EventTarget', 'MessageEvent', 'Script', 'WebSocket', 'WebSocketError', 'WebSocketStream',
    'PromiseRejectionEvent', 'addEventListener', 'clearInterval', 'clearTimeout', 'console', 'dispatchEvent', 'print', 'removeEventListener',
    'require', 'setInterval', 'setTimeout',
  ];

  test('are those of the web platform and of Overte', () => {
    const script = startScript('');
    for (const name of GIVEN) {
      expect(script.value(`Object.getOwnPropertyDescriptor(globalThis, '${name}')`)).toMatchObject({ writable: true, enumerable: false, configurable: true });
    }
    expect(script.value('Object.keys(globalThis)')).toEqual([]);
  });

  test('WebSocketServer is there for the script types that have it', () => {
    expect(startScript('').value('typeof WebSocketServer')).toBe('undefined');
    expect(startScript('', { server: true }).value('typeof WebSocketServer')).toBe('function');
  });

  test.each([
    'WebAssembly', 'SharedArrayBuffer', 'Atomics', '__airlock', 'process', 'Buffer', 'global', 'module', 'exports',
    'fetch', 'XMLHttpRequest', 'Worker', 'navigator', 'window', 'ivm',
  ])('%s is not there', (name) => {
    expect(startScript('', { server: true }).value(`['${name}' in globalThis, typeof ${name}]`)).toEqual([false, 'undefined']);
  });

  test('`self` is the global object, in the dialect web only', () => {
    expect(startScript('').value('self === globalThis')).toBe(true);
    expect(startScript('', { dialect: 'overte' }).value('typeof self')).toBe('undefined');
  });

  test('beside the language itself there is nothing else', () => {
    const language = Object.getOwnPropertyNames(globalThis);
    const known = new Set([...GIVEN, ...language, 'WebSocketServer', 'ServerWebSocket', 'onerror', 'onunhandledrejection']);
    const names = startScript('', { server: true, dialect: 'overte' }).value('Object.getOwnPropertyNames(globalThis)') as string[];
    // jest's own global object has the language's names and Node's, which the test above looks for.
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  test('are each script’s own', () => {
    startScript('WebSocket.prototype.send = null; globalThis.mine = 1; console.log = null');
    expect(startScript('').value("[typeof WebSocket.prototype.send, typeof mine, typeof console.log]")).toEqual(['function', 'undefined', 'function']);
  });
});

describe('the source', () => {
  test('runs in the global scope, to its end', () => {
    const script = startScript('var a = 1; function f() { return a; } this.b = 2; print(this === globalThis)');
    expect(script.first.commands).toEqual([{ type: 'print', level: 0, text: 'true' }, { type: 'loaded' }]);
    expect(script.value('[a, f(), b]')).toEqual([1, 1, 2]);
  });

  test.each([
    ['let a = ;', "SyntaxError: Unexpected token ';'", 'chat.js:1:9'],
    ['print(1);\n\n  }', "SyntaxError: Unexpected token '}'", 'chat.js:3:3'],
    ['"use strict";\nwith ({}) {}', 'SyntaxError: Strict mode code may not include a with statement', 'chat.js:2:1'],
    ['print("never");\n/* open', 'SyntaxError: Invalid or unexpected token', 'chat.js:2:1'],
  ])('the syntax error of %j is told with its place, and nothing has run', (source, message, place) => {
    expect(new IsolatedScript(source).first).toMatchObject({
      status: 'done', message: '', commands: [{ type: 'loadFailed', text: message, stack: `    at ${place}` }],
    });
  });

  test('what it throws is told with its place; what it did before is kept', () => {
    expect(new IsolatedScript("print('before');\nfunction fail() {\n  throw new RangeError('bad');\n}\nfail();").first.commands).toEqual([
      { type: 'print', level: 0, text: 'before' },
      { type: 'loadFailed', text: 'RangeError: bad', stack: '    at fail (chat.js:3:9)\n    at chat.js:5:1' },
    ]);
  });

  test('a name that no URL could hold stands in places as it is', () => {
    const name = "mein skript 'neu' (2) [ü].js";
    expect(new IsolatedScript('\nnull.x', { name }).first.commands).toMatchObject([{ type: 'loadFailed', stack: `    at ${name}:2:6` }]);
    expect(new IsolatedScript('\n}', { name }).first.commands).toMatchObject([{ type: 'loadFailed', stack: `    at ${name}:2:1` }]);
    expect(startScript('\nPromise.reject(new Error("x"))', { name }).first.commands).toContainEqual(expect.objectContaining({ type: 'reportError', stack: `    at ${name}:2:16` }));
  });

  /** What is thrown, and how it is told: by a callback, and by the source itself, of which isolated-vm makes a copy. */
  const THROWN = [
    ["'text'", 'text'],
    ['5', '5'],
    ['null', 'null'],
    ['undefined', 'undefined'],
    ["Symbol('s')", 'Symbol(s)', 'a value that is not an Error'],
    ["{ toString: () => 'own' }", 'own', 'a value that is not an Error'],
    ["Object.assign(new Error('m'), { name: 'Own' })", 'Own: m'],
    ["new Error('')", 'Error'],
    ['Object.create(null)', 'a value that cannot be converted to a string was thrown', 'a value that is not an Error'],
    ["new Proxy({}, { get() { throw 1 } })", 'a value that cannot be converted to a string was thrown', 'a value that is not an Error'],
    ["Object.defineProperty(new Error('x'), 'message', { get() { throw 1 } })", 'a value that cannot be converted to a string was thrown'],
    ["new Error('x'.repeat(5000))", `Error: ${'x'.repeat(4089)}...`],
  ] as const;

  test.each(THROWN)('throw %s', (thrown, text_, copied: string = text_) => {
    expect(new IsolatedScript(`throw ${thrown}`).first.commands).toEqual([expect.objectContaining({ type: 'loadFailed', text: copied })]);
    const script = startScript(`addEventListener('x', () => { throw ${thrown} }); dispatchEvent(new Event('x'))`);
    expect(script.first.commands).toEqual([expect.objectContaining({ type: 'reportError', text: text_ }), { type: 'loaded' }]);
  });

  test('what the source throws is the same object for those who hear of it, if it is an Error', () => {
    expect(printed(new IsolatedScript(`
      const cause = new TypeError('inner');
      class Own extends Error {}
      addEventListener('error', ({ error, message, filename, lineno, colno }) => print(error instanceof Own, error.cause === cause, message, filename, lineno, colno));
      const target = new EventTarget();
      target.addEventListener('x', () => {
        throw new Own('outer', { cause });
      });
      target.dispatchEvent(new Event('x'));
    `).first.commands)).toEqual(['true true Uncaught Error: outer chat.js 7 15']);
  });

  test('an error whose stack cannot be read, or is something else, is told without', () => {
    for (const stack of ["get() { throw 1 }", 'value: 5', "value: { toString: () => '    at evil' }"]) {
      const { commands } = new IsolatedScript(`throw Object.defineProperty(new Error('x'), 'stack', { ${stack} })`).first;
      // Instead of its own stack, the only `throw` of the source.
      expect(commands).toEqual([{ type: 'loadFailed', text: 'Error: x', stack: '    at chat.js:1:1' }]);
    }
  });
});

describe('promises', () => {
  test('what microtasks do belongs to the turn', () => {
    expect(printed(startScript("(async () => { for (let i = 0; i < 3; i++) { await 0; print(i); } })()").first.commands)).toEqual(['0', '1', '2']);
  });

  test('a rejection that nothing handles is reported with its place, and the turn keeps what it commanded', () => {
    const script = startScript("ws = new WebSocket('ws://a.example');\nws.onmessage = async ({ data }) => {\n  ws.send(data);\n  throw new RangeError('bad ' + data);\n};");
    script.turn(opened());
    const commands = script.turn(text('one'));
    expect(commands).toEqual([
      { type: 'sendText', socket: 2, data: 'one' },
      { type: 'reportError', text: "Unhandled rejection (the listener for 'message'): RangeError: bad one", stack: expect.stringMatching(/^ {4}at .*chat\.js:4:9\)?$/) },
    ]);
    expect(ofType(script.turn(text('two'), text('three')), 'sendText').map(({ data }) => data)).toEqual(['two', 'three']);
  });

  test('one that is handled in the same turn is not', () => {
    expect(startScript("const p = Promise.reject(new Error('x')); Promise.resolve().then(() => p.catch(() => print('caught')))").first.commands.map(({ type }) => type)).toEqual(['loaded', 'print']);
  });

  test.each([
    ["'text'", 'Unhandled rejection: text'],
    ['5', 'Unhandled rejection: 5'],
    ['undefined', 'Unhandled rejection: undefined'],
    ['null', 'Unhandled rejection: null'],
    ['{ a: 1 }', 'Unhandled rejection: a value that is not an Error'],
    ['Symbol()', 'Unhandled rejection: a value that is not an Error'],
    ['() => {}', 'Unhandled rejection: a value that is not an Error'],
    ['Object.create(null)', 'Unhandled rejection: a value that is not an Error'],
    ["new DOMException('m', 'AbortError')", 'Unhandled rejection: AbortError: m'],
    ["new (class Own extends Error { name = 'Own' })('m')", 'Unhandled rejection: Own: m'],
    ["new Error('x'.repeat(9000))", `Unhandled rejection: Error: ${'x'.repeat(4068)}...`],
  ])('a rejection with %s', (reason, message) => {
    const { commands } = startScript(`Promise.reject(${reason})`).first;
    expect(reported(commands)).toEqual([message]);
    expect(ofType(commands, 'reportError')[0]?.stack ?? '').not.toContain(import.meta.dirname.slice(0, 5));
  });
});
