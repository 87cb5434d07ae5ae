import { describe, expect, test } from '@jest/globals';
import type { Event } from '../../../wire/events.ts';
import { FIRST, closed, opened, printed, reported, startScript, text } from '../../support/isolate.ts';

const SOCKET = "ws = new WebSocket('ws://a.example');";

describe('a microtask checkpoint comes behind each callback', () => {
  test('so a handler that is set behind `await` gets the message that came with the opening', () => {
    const script = startScript(`${SOCKET}
      (async () => {
        await new Promise((resolve) => { ws.onopen = resolve; });
        ws.onmessage = ({ data }) => print(data);
      })();
    `);
    expect(printed(script.turn(opened(), text('welcome'), text('second')))).toEqual(['welcome', 'second']);
  });

  test('so each of many messages of one turn can be awaited', () => {
    const script = startScript(`${SOCKET}
      const next = () => new Promise((resolve) => ws.addEventListener('message', resolve, { once: true }));
      (async () => { for (;;) print((await next()).data); })();
    `);
    expect(printed(script.turn(opened(), text('1'), text('2'), text('3')))).toEqual(['1', '2', '3']);
  });

  test('so what a microtask closes gets no further message', () => {
    const script = startScript(`${SOCKET} ws.onmessage = async ({ data }) => { print(data); await null; ws.close(); };`, { dialect: 'web' });
    expect(printed(script.turn(opened(), text('1'), text('2'), text('3')))).toEqual(['1']);
  });

  test('between two listeners of one event', () => {
    const script = startScript(`${SOCKET}
      for (const name of ['a', 'b']) ws.addEventListener('message', () => { print(name); Promise.resolve().then(() => print(name, 'microtask')); });
    `);
    expect(printed(script.turn(opened(), text('x')))).toEqual(['a', 'a microtask', 'b', 'b microtask']);
  });

  test('between two timers, of which the first one clears the second in a microtask', () => {
    const script = startScript(`
      setTimeout(() => { print('a'); Promise.resolve().then(() => clearTimeout(b)); }, 1);
      const b = setTimeout(() => print('never'), 1);
      setTimeout(() => print('c'), 1);
      for (const end = Date.now() + 5; Date.now() < end;);
    `);
    expect(printed(script.turn({ type: 'timer' }))).toEqual(['a', 'c']);
  });

  test('between two handlers of a signal', () => {
    const script = startScript("for (const name of ['a', 'b']) Script.scriptEnding.connect(() => { print(name); queueMicrotask(() => print(name, 'microtask')); });");
    expect(printed(script.turn({ type: 'end' }))).toEqual(['a', 'a microtask', 'b', 'b microtask']);
  });

  test('behind the source, and behind `preload`', () => {
    const script = startScript("print('source'); queueMicrotask(() => print('microtask')); (function () { this.preload = () => { print('preload'); queueMicrotask(() => print('of preload')); } })", { entity: true });
    expect(printed(script.first.commands)).toEqual(['source', 'microtask']);
    expect(printed(script.turn({ type: 'preload', entityID: 'x' }, { type: 'end' }))).toEqual(['preload', 'of preload']);
  });

  test('but not while a script’s own code is on the stack: an event that it dispatches itself runs through', () => {
    expect(printed(startScript(`
      const target = new EventTarget();
      for (const name of ['a', 'b']) target.addEventListener('x', () => { print(name); queueMicrotask(() => print(name, 'microtask')); });
      target.dispatchEvent(new Event('x'));
      print('behind');
    `).first.commands)).toEqual(['a', 'b', 'behind', 'a microtask', 'b microtask']);
  });

  test('nor while a microtask is', () => {
    expect(printed(startScript(`
      const target = new EventTarget();
      target.addEventListener('x', () => { print('a'); queueMicrotask(() => print('microtask')); });
      queueMicrotask(() => { target.dispatchEvent(new Event('x')); print('behind'); });
    `).first.commands)).toEqual(['a', 'behind', 'microtask']);
  });

  test('whatever a script has made of Promise', () => {
    const script = startScript(`${SOCKET}
      Promise.prototype.then = Promise.resolve = Promise = undefined;
      ws.onmessage = async ({ data }) => { print(data); await 0; print('microtask'); };
    `);
    expect(printed(script.turn(opened(), text('1'), text('2')))).toEqual(['1', 'microtask', '2', 'microtask']);
  });

  test('after many collections of garbage too', () => {
    const script = startScript(`${SOCKET} ws.onmessage = async ({ data }) => {
      await null;
      print(data);
      for (let i = 0, kept; i < 200; i++) kept = new Array(50_000).fill(i);
    };`, { turnTimeout: 30_000 });
    script.turn(opened());
    for (let turn = 0; turn < 10; turn++) {
      expect(printed(script.turn(text('1'), text('2')))).toEqual(['1', '2']);
    }
  });

  test('one that does not end is ended by the limit', () => {
    const script = startScript(`${SOCKET} ws.onmessage = async () => { for (;;) await null; };`, { turnTimeout: 50 });
    expect(script.result(opened(), text('1'), text('2'))).toMatchObject({ status: 'timeout' });
  });
});

describe('the promise that a callback returns', () => {
  const rejectionsOf = (source: string, ...events: readonly Event[]): string[] => {
    const script = startScript(`${SOCKET} ${source}`);
    return reported(script.turn(opened(), ...events, closed(FIRST)));
  };

  test('is watched: each rejection is reported by itself, with the callback', () => {
    expect(rejectionsOf("ws.onmessage = async ({ data }) => { throw new Error(data) }; ws.addEventListener('message', async ({ data }) => { await 0; throw data });", text('1'), text('2'))).toEqual([
      "Unhandled rejection (the listener for 'message'): Error: 1",
      "Unhandled rejection (the listener for 'message'): 1",
      "Unhandled rejection (the listener for 'message'): Error: 2",
      "Unhandled rejection (the listener for 'message'): 2",
    ]);
  });

  test.each([
    ['setTimeout(f, 1)', 'the callback of setTimeout'],
    ['const i = setInterval(() => { clearInterval(i); return f(); }, 1)', 'the callback of setInterval'],
  ])('of a timer: %s', (set, origin) => {
    const script = startScript(`const f = async () => { throw new Error('x') }; ${set}; for (const end = Date.now() + 5; Date.now() < end;);`);
    expect(reported(script.turn({ type: 'timer' }))).toEqual([`Unhandled rejection (${origin}): Error: x`]);
  });

  test('of a signal, and of a method of an entity script', () => {
    expect(reported(startScript("Script.scriptEnding.connect(async () => { throw 1 })").turn({ type: 'end' }))).toEqual([
      "Unhandled rejection (the handler of the signal 'scriptEnding'): 1",
    ]);
    expect(reported(startScript('(function () { this.preload = async () => { throw 1 } })', { entity: true }).turn({ type: 'preload', entityID: 'x' }))).toEqual([
      "Unhandled rejection (the method 'preload'): 1",
    ]);
  });

  test('is not watched if the callback handles it itself', () => {
    expect(rejectionsOf('ws.onmessage = () => Promise.reject(1).catch(() => {});', text('1'))).toEqual([]);
  });

  test.each(['Object.freeze(Promise.reject(1))', 'new Proxy(Promise.reject(1), {})', 'Object.create(Promise.prototype)', '({ then() {} })'])('does no harm if it is %s', (value) => {
    expect(rejectionsOf(`ws.onmessage = () => ${value}; ws.onclose = () => { throw 'end' }`, text('1')).filter((line) => line.startsWith('Error') || line.startsWith('Type'))).toEqual([]);
  });
});

describe('of promises that no callback has returned', () => {
  test('the first rejection of a turn is reported', () => {
    expect(reported(startScript("Promise.reject(new Error('first')); Promise.reject(new Error('second'));").first.commands)).toEqual(['Unhandled rejection: Error: first']);
  });

  test('and the same turn’s events go on', () => {
    const script = startScript(`${SOCKET} ws.onmessage = ({ data }) => { Promise.reject(data); ws.send(data); };`);
    const commands = script.turn(opened(), text('1'), text('2'));
    expect(commands.map(({ type }) => type)).toEqual(['sendText', 'sendText', 'reportError']);
  });
});
