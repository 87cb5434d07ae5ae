import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { IsolatedScript, isolateSettings, opened, printed, startScript, text } from '../support/isolate.ts';

describe('a turn that takes too long', () => {
  const timeout = (source: string, name = 'chat.js'): IsolatedScript['first'] => new IsolatedScript(source, { turnTimeout: 50, name }).first;

  test('ends as a timeout that says where the script was, with what it commanded before', () => {
    expect(timeout("print('before');\nfunction spin() {\n  for (;;);\n}\nspin();")).toMatchObject({
      status: 'timeout',
      message: '    at spin (chat.js:3:3)\n    at chat.js:5:1',
      commands: [{ type: 'print', level: 0, text: 'before' }],
    });
  });

  test('the place has the name of the script as it is', () => {
    expect(timeout('for (;;);', 'mein skript.js').message).toBe('    at mein skript.js:1:1');
  });

  test.each([
    ['in a microtask', 'Promise.resolve().then(() => { for (;;); })'],
    ['in one microtask after another', 'const again = () => { for (const end = Date.now() + 100; Date.now() < end;); return Promise.resolve().then(again); }; again()'],
    ['in a getter of what a callback has thrown', "dispatchEvent(new Event('x')); addEventListener('x', () => { throw { get message() { for (;;); }, name: '' } }); dispatchEvent(new Event('x'))"],
    ['in a catch of everything', 'for (;;) { try { for (;;); } catch {} finally { continue; } }'],
    ['while it is shown', 'print(new Proxy({}, { ownKeys() { for (;;); } }))'],
    ['while it sends', "for (;;) { try { print('x'.repeat(1000)) } catch {} }"],
  ])('%s', (_, source) => {
    expect(timeout(source).status).toBe('timeout');
  });

  test.each([
    ['an async function without end', '(async () => { for (;;) await null; })()'],
    ['an async iterator without end', '(async () => { for await (const _ of { [Symbol.asyncIterator]: () => ({ next: () => ({}) }) }); })()'],
  ])('between two functions may have no place, and has none of the cell: %s', (_, source) => {
    const { message } = timeout(source);
    expect(message).toMatch(/^(?: +at (?:\S+ \()?chat\.js:\d+:\d+\)?\n?)*$/);
  });

  test('in a handler', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.onmessage = () => { ws.send('x');\n  for (;;);\n}", { turnTimeout: 50 });
    expect(script.result(opened(), text('go'), text('never'))).toMatchObject({
      status: 'timeout',
      message: expect.stringMatching(/^ +at .*\(?chat\.js:2:3\)?$/m),
      commands: [{ type: 'sendText', socket: 2, data: 'x' }],
    });
  });
});

describe('an isolate that is used up', () => {
  test('more memory than its limit ends as such', () => {
    // In a process of its own: what V8 does without memory is not for a test's process.
    const dist = resolve(import.meta.dirname, '../../dist');
    const program = `
      import { ScriptIsolate } from ${JSON.stringify(`file://${dist}/cell/script-isolate.js`)};
      import { bindingsSnapshot } from ${JSON.stringify(`file://${dist}/cell/snapshot.js`)};
      import { FlatWriter } from ${JSON.stringify(`file://${dist}/wire/flat-writer.js`)};
      import { decodeTexts } from ${JSON.stringify(`file://${dist}/wire/encoded.js`)};
      import { EVENT_SCHEMA } from ${JSON.stringify(`file://${dist}/wire/events.js`)};
      const isolate = new ScriptIsolate(${JSON.stringify(isolateSettings({ memory: 16, turnTimeout: 20_000 }))}, bindingsSnapshot(${JSON.stringify(`${dist}/bindings/guest.js`)}), () => []);
      const run = (source) => {
        const turn = new FlatWriter();
        turn.item(EVENT_SCHEMA, { type: 'evaluate', source });
        return isolate.turn(1, decodeTexts(turn.finish()));
      };
      const { status, message } = run('const kept = new Map(); for (let i = 0; ; i++) kept.set(i, { i });');
      console.log(JSON.stringify([status, message, run('1').status]));
    `;
    const output = execFileSync(process.execPath, ['--no-node-snapshot', '--input-type=module', '--eval', program], { encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual(['memory', 'used more than its 16 MiB of memory', 'memory']);
  });

  test('a message that there is no memory for is reported, and the next ones are delivered', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.binaryType = 'arraybuffer'; ws.onmessage = ({ data }) => print(data.byteLength ? new Uint8Array(data).join() : data)", { memory: 16 });
    const commands = script.turn(opened(), { type: 'binary', socket: 2, data: new Uint8Array(64 * 1024 * 1024) }, { type: 'binary', socket: 2, data: Uint8Array.of(7, 8) }, text('after'));
    expect(printed(commands)).toEqual(['7,8', 'after']);
    expect(commands[0]).toMatchObject({ type: 'reportError', text: expect.stringContaining('RangeError') });
  });

  test('one that was disposed of does not run', () => {
    const script = startScript('');
    script.dispose();
    script.dispose();
    expect(script.result(opened()).status).not.toBe('done');
  });
});

describe('what a script can read', () => {
  /** Every text that a script gets to see where something fails: no file of this process may be in it. */
  function expectNoPath(commands: readonly object[]): void {
    const root = resolve(import.meta.dirname, '../..');
    const lines = commands.flatMap((command) => Object.values(command).flatMap((value) => String(value).split('\n')));
    const ours = /file:|node:|node_modules|\.ts\b|isolated-vm|applySync|ScriptIsolate/;
    expect(lines.filter((line) => line.includes(root) || ours.test(line)).slice(0, 5)).toEqual([]);
  }

  const PROBE = `
    texts = [];
    note = (e) => { for (const each of [e, e?.stack, e?.message, e?.cause, e?.fileName]) texts.push(String(each)); };
    attempt = (f) => { try { note(f()) } catch (e) { note(e) } };
    odd = [undefined, null, 5, -1, 'x', 'ws://a.example', '\\ud800', Symbol.iterator, {}, [], () => {}, new Proxy({}, {}), new ArrayBuffer(1), 2n ** 64n, 'x'.repeat(1 << 16)];
    tell = () => { for (const text of new Set(texts)) print(text); print('told', texts.length); };
  `;

  test('errors of every global function, class and method, whatever it is given', () => {
    const script = startScript(PROBE, { server: true, commandsPerTurn: 100_000, listen: () => { throw new Error(import.meta.dirname); } });
    const commands = script.run(`
      const own = ['Blob', 'CloseEvent', 'DOMException', 'Event', 'EventTarget', 'MessageEvent', 'Script', 'WebSocket', 'WebSocketServer', 'clearInterval', 'clearTimeout', 'console', 'setInterval', 'setTimeout', 'eval', 'Function', 'Promise', 'Error', 'JSON', 'Reflect'];
      for (const name of own) {
        const value = globalThis[name];
        const holders = [value, value.prototype].filter((holder) => holder !== undefined);
        const functions = [value, ...holders.flatMap((holder) => Object.values(Object.getOwnPropertyDescriptors(holder)).flatMap(({ value, get, set }) => [value, get, set]))].filter((f) => typeof f === 'function');
        for (const f of functions) for (const a of odd) for (const b of [undefined, 'x', {}]) {
          attempt(() => f(a, b));
          attempt(() => new f(a, b));
          attempt(() => f.call(a, b));
        }
      }
      tell();
    `);
    expect(printed(commands).at(-1)).toMatch(/^told \d{4,}$/);
    expectNoPath(commands);
  });

  test('the stack, by Error.prepareStackTrace, and who called', () => {
    const script = startScript(`${PROBE} target = new EventTarget(); ws = new WebSocket('ws://a.example');`);
    const commands = script.run(`
      Error.prepareStackTrace = (error, sites) => {
        for (const site of sites) {
          for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(site))) {
            if (name === 'constructor') continue;
            let value; try { value = site[name]() } catch { continue }
            const isOurs = site.getFileName() === 'airlock:bindings';
            if (isOurs && value !== null && ['object', 'function'].includes(typeof value)) print('leaked', name);
            if (typeof value === 'string') texts.push(value);
          }
        }
        return sites.map(String).join();
      };
      ws.addEventListener('open', () => note(new Error('in a listener')));
      ws.onopen = function handler() { texts.push(String(handler.caller)); };
      target.addEventListener('x', () => { throw new Error('reported') });
      attempt(() => target.dispatchEvent(new Event('x')));
      attempt(() => new WebSocket('nonsense:'));
      attempt(() => { throw new Error('own') });
      setTimeout(() => note(new Error('in a timer')), 1);
      Promise.resolve().then(() => note(new Error('in a microtask')));
      for (const end = Date.now() + 3; Date.now() < end;);
    `);
    const all = [...commands, ...script.turn(opened(), { type: 'timer' }), ...script.run('tell()')];
    expect(printed(all).filter((line) => line.startsWith('leaked'))).toEqual([]);
    expectNoPath(all);
  });

  test('errors where the stack is used up inside of the bindings', () => {
    const script = startScript(`${PROBE} ws = new WebSocket('ws://a.example'); large = new Uint8Array(70_000);`, {
      server: true, memory: 256, turnTimeout: 20_000, commandsPerTurn: 100_000, bytesPerTurn: 64 * 1024 * 1024,
      listen: () => { throw new Error(import.meta.dirname); },
    });
    script.turn(opened());
    const commands = script.run(`
      let sends = 0, sockets = 0;
      const calls = [() => new WebSocketServer(), () => { if (sends++ < 50) ws.send(large) }, () => { if (sockets < 10_000) { new WebSocket('ws://a.example/x'); sockets++; } }, () => Script.resolvePath('x')];
      function deep() {
        try { deep() } catch {}
        for (const call of calls) try { call() } catch (e) { if (texts.length < 10_000) texts.push(String(e.stack)) }
      }
      // From other depths, the stack ends in other places.
      function from(depth) { if (depth > 0) from(depth - 1); else try { deep() } catch {} }
      for (let depth = 0; depth < 8; depth++) from(depth);
      tell();
    `);
    expect(printed(commands).some((line) => line.includes('Maximum call stack size exceeded'))).toBe(true);
    expectNoPath(commands);
  });

  test('a source that is nested too deep to be compiled', () => {
    const { commands } = new IsolatedScript(`${'('.repeat(200_000)}1${')'.repeat(200_000)}`).first;
    expect(commands).toEqual([{ type: 'loadFailed', text: 'RangeError: Maximum call stack size exceeded', stack: '    at chat.js:1:1' }]);
    expectNoPath(commands);
  });

  test('rejections, whatever they are', () => {
    const script = startScript('');
    for (const reason of ['{}', 'Symbol()', '() => {}', 'null', 'new Error("x")', '[]', 'new Proxy({}, {})', 'new Map()', 'globalThis', 'new WebSocket("ws://a.example")']) {
      const commands = script.turn({ type: 'evaluate', source: `Promise.reject(${reason})` });
      expect(commands.at(-1)).toMatchObject({ type: 'reportError', text: expect.stringMatching(/^Unhandled rejection: /) });
      expectNoPath(commands);
    }
  });
});
