import { describe, expect, test } from '@jest/globals';
import { opened, printed, reported, startScript, text } from '../../support/isolate.ts';

const SOCKET = "ws = new WebSocket('ws://a.example');";

describe('the event `error` of the global object', () => {
  test('tells the script of what a callback has thrown, with its place', () => {
    const script = startScript(`${SOCKET}
      onerror = (message, filename, line, column, error) => print(message, filename, line, column, error.message);
      ws.onmessage = ({ data }) => {
        throw new RangeError(data);
      };`);
    const commands = script.turn(opened(), text('bad'));
    expect(printed(commands)).toEqual(['Uncaught RangeError: bad chat.js 4 15 bad']);
    expect(reported(commands)).toEqual(['RangeError: bad']);
  });

  test.each([
    ['preventDefault', "addEventListener('error', (event) => event.preventDefault());"],
    ['a handler that returns true', 'onerror = () => true;'],
  ])('%s stops the report to the host', (_, listener) => {
    const script = startScript(`${SOCKET} ${listener} ws.onmessage = () => { throw new Error('x') };`);
    expect(reported(script.turn(opened(), text('')))).toEqual([]);
  });

  test('what its own listener throws is reported, and not told to it again', () => {
    const script = startScript(`${SOCKET} onerror = (message) => { throw new Error('again: ' + message) }; ws.onmessage = () => { throw new Error('x') };`);
    expect(reported(script.turn(opened(), text('')))).toEqual(['Error: again: Uncaught Error: x', 'Error: x']);
  });

  test('a value that is no Error has the place of its `throw`, if that can be found', () => {
    const script = startScript(`${SOCKET} onerror = (...given) => { print(JSON.stringify(given)); return true; }; ws.onmessage = () => { throw 5 };`);
    expect(printed(script.turn(opened(), text('')))).toEqual(['["Uncaught 5","chat.js",1,134,5]']);
  });
});

describe('the event `unhandledrejection` of the global object', () => {
  test('tells of the promise that a callback has returned, with the very promise and reason', () => {
    const script = startScript(`${SOCKET}
      const reason = new Error('x');
      let promise;
      onunhandledrejection = (event) => print(event.promise === promise, event.reason === reason, event.cancelable, event.isTrusted);
      ws.onmessage = () => promise = Promise.reject(reason);`);
    const commands = script.turn(opened(), text(''));
    expect(printed(commands)).toEqual(['true true true true']);
    expect(reported(commands)).toEqual(["Unhandled rejection (the listener for 'message'): Error: x"]);
  });

  test('tells of a promise that no callback has returned, with the same reason if it is an Error', () => {
    expect(printed(startScript(`
      const reason = new Error('x', { cause: 'why' });
      addEventListener('unhandledrejection', ({ promise, reason: given }) => { print(given === reason); promise.catch((error) => print(error === reason)); });
      Promise.reject(reason);
    `).first.commands)).toEqual(['true', 'true']);
  });

  test('and with a copy if its stack was read before', () => {
    expect(printed(startScript(`
      const reason = new TypeError('x');
      reason.stack;
      addEventListener('unhandledrejection', ({ reason: given }) => print(given instanceof TypeError, given.message, given.stack === reason.stack));
      Promise.reject(reason);
    `).first.commands)[0]).toMatch(/^true x /);
  });

  test('preventDefault stops the report to the host', () => {
    const script = startScript(`${SOCKET} onunhandledrejection = (event) => event.preventDefault(); ws.onmessage = async () => { throw 1 }; Promise.reject(2);`);
    expect(reported(script.first.commands)).toEqual([]);
    expect(reported(script.turn(opened(), text('')))).toEqual([]);
  });

  test('what its own listener rejects is reported, and not told to it again', () => {
    const script = startScript(`${SOCKET} onunhandledrejection = async (event) => { throw 'again' }; ws.onmessage = async () => { throw 'x' };`);
    expect(reported(script.turn(opened(), text('')))).toEqual([
      "Unhandled rejection (the listener for 'message'): x",
      "Unhandled rejection (the listener for 'unhandledrejection'): again",
    ]);
  });
});

describe('the global object as a target', () => {
  test('is what listeners see as `this` and as the target', () => {
    const script = startScript(`
      addEventListener('x', function (event) { print(this === globalThis, event.target === globalThis, event.currentTarget === globalThis); });
      dispatchEvent(new Event('x'));
      globalThis.dispatchEvent(new Event('x'));
      EventTarget.prototype.dispatchEvent.call(undefined, new Event('x'));
    `);
    expect(printed(script.first.commands)).toEqual(Array(3).fill('true true true'));
  });

  test('`onerror` keeps functions and objects, and takes anything else for null', () => {
    const script = startScript('');
    expect(script.value("[onerror, onerror = 5, onerror, onerror = print, onerror === print, typeof onunhandledrejection].map(String)")).toEqual(['null', '5', 'null', expect.any(String), 'true', 'object']);
  });
});

describe('PromiseRejectionEvent', () => {
  test('wants a promise, and keeps what it is given', () => {
    const script = startScript('');
    expect(script.thrown("new PromiseRejectionEvent('x')")).toMatchObject({ class: 'TypeError' });
    expect(script.thrown("new PromiseRejectionEvent('x', {})")).toMatchObject({ class: 'TypeError' });
    expect(script.value("(() => { const promise = Promise.resolve(); const event = new PromiseRejectionEvent('x', { promise, reason: 5 }); return [event.promise === promise, event.reason, event.type, event.isTrusted]; })()")).toEqual([true, 5, 'x', false]);
  });
});
