import { describe, expect, test } from '@jest/globals';
import { FIRST, closed, opened, ofType, printed, startScript, type IsolateOptions, type IsolatedScript } from '../support/isolate.ts';
import type { Dialect } from '../../wire/settings.ts';

function openSocket(options?: IsolateOptions): IsolatedScript {
  const script = startScript("ws = new WebSocket('ws://a.example')", options);
  script.turn(opened());
  return script;
}

/** The one binary message that the code sends. */
function sentBytes(code: string, dialect: Dialect = 'web'): number[] {
  const commands = openSocket({ dialect }).run(code);
  expect(commands).toEqual([{ type: 'sendBinary', socket: FIRST, data: expect.anything() }]);
  return [...(ofType(commands, 'sendBinary')[0]?.data ?? [])];
}

describe('send', () => {
  test.each([
    ["'hello'", 'hello'],
    ["''", ''],
    ["'grüß 👋'", 'grüß 👋'],
    ['5', '5'],
    ['null', 'null'],
    ['undefined', 'undefined'],
    ['{ a: 1 }', '[object Object]'],
    ['[1, 2]', '1,2'],
    ["new String('boxed')", 'boxed'],
    ['{ toString: () => "own" }', 'own'],
  ])('%s is the text %j', (given, data) => {
    expect(openSocket().run(`ws.send(${given})`)).toEqual([{ type: 'sendText', socket: FIRST, data }]);
  });

  test.each([
    ['Uint8Array.of(1, 2, 3).buffer', [1, 2, 3]],
    ['new ArrayBuffer(0)', []],
    ['Uint8Array.of(1, 2, 3)', [1, 2, 3]],
    ['Uint8Array.of(1, 2, 3, 4).subarray(1, 3)', [2, 3]],
    ['Uint16Array.of(0x0102)', [2, 1]],
    ['Float32Array.of(1)', [0, 0, 128, 63]],
    ['Float16Array.of(1)', [0, 60]],
    ['BigInt64Array.of(1n)', [1, 0, 0, 0, 0, 0, 0, 0]],
    ['new DataView(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2)', [2, 3]],
    ["new Blob(['ab', Uint8Array.of(99)])", [97, 98, 99]],
    ["new Blob(['abcdef']).slice(2, 4)", [99, 100]],
  ])('%s is its bytes', (given, bytes) => {
    expect(sentBytes(`ws.send(${given})`)).toEqual(bytes);
  });

  test('overte: a resizable buffer and the views on it are as long as they are now', () => {
    const setUp = 'buffer = new ArrayBuffer(2, { maxByteLength: 8 }); whole = new Uint8Array(buffer); tail = new DataView(buffer, 1); buffer.resize(4); whole[3] = 7;';
    expect(sentBytes(`${setUp} ws.send(buffer)`, 'overte')).toEqual([0, 0, 0, 7]);
    expect(sentBytes(`${setUp} ws.send(whole)`, 'overte')).toEqual([0, 0, 0, 7]);
    expect(sentBytes(`${setUp} ws.send(tail)`, 'overte')).toEqual([0, 0, 7]);
  });

  test.each([
    ['a detached buffer', 'buffer.transfer(); ws.send(buffer)'],
    ['an array on a detached buffer', 'buffer.transfer(); ws.send(array)'],
    ['a DataView on a detached buffer', 'buffer.transfer(); ws.send(view)'],
    ['an array that its buffer has shrunk away from', 'buffer.resize(0); ws.send(array)'],
    ['a DataView that its buffer has shrunk away from', 'buffer.resize(0); ws.send(view)'],
  ])('%s has no bytes', (_, code) => {
    expect(sentBytes(`buffer = new ArrayBuffer(4, { maxByteLength: 4 }); array = new Uint16Array(buffer, 2, 1); view = new DataView(buffer, 2, 2); ${code}`, 'overte')).toEqual([]);
  });

  test('web: a resizable buffer and the views on it are a TypeError', () => {
    const script = openSocket();
    for (const data of ['buffer', 'new Uint8Array(buffer)', 'new DataView(buffer)']) {
      expect(script.thrown(`const buffer = new ArrayBuffer(2, { maxByteLength: 8 }); ws.send(${data})`)).toMatchObject({
        class: 'TypeError',
        message: "Failed to execute 'send' on 'WebSocket': The provided ArrayBuffer value must not be resizable.",
      });
    }
    expect(sentBytes('const buffer = new ArrayBuffer(2); const view = new Uint8Array(buffer); buffer.transfer(); ws.send(view)')).toEqual([]);
  });

  test('what is sent is what it was then', () => {
    expect(sentBytes('bytes = Uint8Array.of(1); ws.send(bytes); bytes[0] = 2')).toEqual([1]);
  });

  test('it asks the object itself for its bytes, not what a script put on it', () => {
    const lies = "array = Uint8Array.of(1, 2); for (const name of ['buffer', 'byteLength', 'byteOffset', 'length', Symbol.toStringTag]) Object.defineProperty(array, name, { value: 7 });";
    expect(sentBytes(`${lies} ws.send(array)`)).toEqual([1, 2]);
    expect(openSocket().run('ws.send({ __proto__: Uint8Array.prototype, toString: () => "no array" })')).toEqual([
      { type: 'sendText', socket: FIRST, data: 'no array' },
    ]);
  });

  test('needs an argument, and one that can be a string', () => {
    const script = openSocket();
    expect(script.thrown('ws.send()')).toMatchObject({ name: 'TypeError', message: "Failed to execute 'send' on 'WebSocket': 1 argument required, but only 0 present." });
    expect(script.thrown('ws.send(Symbol())')).toMatchObject({ name: 'TypeError' });
    expect(script.thrown("ws.send({ toString() { throw new RangeError('mine') } })")).toMatchObject({ name: 'RangeError', message: 'mine' });
  });

  test('web: before the connection is open, an InvalidStateError', () => {
    const script = startScript("ws = new WebSocket('ws://a.example')");
    expect(script.thrown("ws.send('x')")).toEqual({
      class: 'DOMException', name: 'InvalidStateError', code: 11,
      message: "Failed to execute 'send' on 'WebSocket': Still in CONNECTING state; wait for the open event.",
    });
  });

  test('overte: before the connection is open, it is dropped', () => {
    const script = startScript("ws = new WebSocket('ws://a.example')", { dialect: 'overte' });
    expect(script.run("ws.send('x'); ws.send(new ArrayBuffer(1))")).toEqual([]);
    expect(script.value('ws.bufferedAmount')).toBe(0);
  });

  test('a data argument whose conversion closes the socket is not sent', () => {
    const commands = openSocket().run('ws.send({ toString() { ws.close(); return "late"; } })');
    expect(commands.map(({ type }) => type)).toEqual(['close']);
  });

  test('what is sent in a microtask goes out with the same turn', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.onopen = async () => { ws.send('a'); await 0; ws.send('b'); await 0; ws.send(new ArrayBuffer(1)); }");
    expect(script.turn(opened()).map(({ type }) => type)).toEqual(['sendText', 'sendText', 'sendBinary']);
  });
});

describe('bufferedAmount', () => {
  test('grows by the bytes that are sent, and is nothing again by the next turn', () => {
    const script = openSocket();
    expect(printed(script.run("ws.send('grüß 👋'); print(ws.bufferedAmount); ws.send(new ArrayBuffer(5)); print(ws.bufferedAmount); ws.send('\\ud800'); print(ws.bufferedAmount);"))).toEqual([
      '11', '16', '19',
    ]);
    expect(script.value('ws.bufferedAmount')).toBe(0);
  });

  test('is what the host says that still waits', () => {
    const script = openSocket();
    script.run("ws.send('hello')");
    script.turn({ type: 'buffered', socket: FIRST, bytes: 1_000_000 });
    expect(script.value('ws.bufferedAmount')).toBe(1_000_000);
    expect(printed(script.run("ws.send('abc'); print(ws.bufferedAmount)"))).toEqual(['1000003']);
    script.turn({ type: 'buffered', socket: FIRST, bytes: 0 });
    expect(script.value('ws.bufferedAmount')).toBe(0);
  });

  test('once the socket is closing, it grows for ever, and nothing is sent', () => {
    const script = openSocket();
    expect(printed(script.run("ws.close(); ws.send('abc'); print(ws.bufferedAmount)"))).toEqual(['3']);
    expect(script.run("ws.send(new ArrayBuffer(4))")).toEqual([]);
    expect(script.value('ws.bufferedAmount')).toBe(7);
    script.turn(closed());
    expect(script.run("ws.send('abc'); ws.send(new Blob(['de']))")).toEqual([]);
    expect(script.value('ws.bufferedAmount')).toBe(12);
  });

  test('what waits when the connection closes goes on waiting', () => {
    const script = openSocket();
    script.turn({ type: 'buffered', socket: FIRST, bytes: 500 }, closed(FIRST, 1006, '', false), { type: 'buffered', socket: FIRST, bytes: 0 });
    expect(script.value('ws.bufferedAmount')).toBe(500);
  });
});
