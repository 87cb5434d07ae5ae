import { describe, expect, test } from '@jest/globals';
import type { Event } from '../../wire/events.ts';
import { FIRST, closed, ofType, opened, printed, startScript } from '../support/isolate.ts';

const control = (type: 'ping' | 'pong', text: string): Event => ({ type, socket: FIRST, data: Buffer.from(text) });

describe('ping', () => {
  test.each([
    ['', ''],
    ['undefined', ''],
    ["'grüß'", 'grüß'],
    ['5', '5'],
    ["new Uint8Array([97, 98, 99]).subarray(1)", 'bc'],
    ["new Blob(['x'])", 'x'],
    ["'x'.repeat(125)", 'x'.repeat(125)],
  ])('ping(%s)', (args, expected) => {
    const script = startScript("ws = new WebSocket('ws://a.example')");
    script.turn(opened());
    const commands = script.run(`ws.ping(${args})`);
    expect(commands.map(({ type }) => type)).toEqual(['ping']);
    expect(Buffer.from(ofType(commands, 'ping')[0]?.data ?? []).toString()).toBe(expected);
    expect(script.value('ws.bufferedAmount')).toBe(0);
  });

  test('more than 125 bytes are a SyntaxError, in every state', () => {
    const script = startScript("ws = new WebSocket('ws://a.example')");
    expect(script.thrown("ws.ping('é'.repeat(63))")).toMatchObject({
      class: 'DOMException', name: 'SyntaxError',
      message: "Failed to execute 'ping' on 'WebSocket': The data of a ping must not be greater than 125 bytes. There are 126.",
    });
  });

  test('before the connection is open, as with send', () => {
    const source = "ws = new WebSocket('ws://a.example')";
    expect(startScript(source).thrown('ws.ping()')).toMatchObject({ name: 'InvalidStateError' });
    expect(startScript(source, { dialect: 'overte' }).run('ws.ping()')).toEqual([]);
  });

  test('after it, nothing happens', () => {
    const script = startScript("ws = new WebSocket('ws://a.example')");
    script.turn(opened());
    expect(script.run('ws.close(); ws.ping()').map(({ type }) => type)).toEqual(['close']);
    script.turn(closed());
    expect(script.run('ws.ping()')).toEqual([]);
  });
});

describe('ping and pong events', () => {
  const source = `
    ws = new WebSocket('ws://a.example');
    for (const type of ['ping', 'pong']) {
      ws['on' + type] = (e) => print('on' + e.type, e instanceof MessageEvent, e.isTrusted, e.origin, String.fromCharCode(...new Uint8Array(e.data)));
      ws.addEventListener(type, (e) => print(e.type, e.data instanceof ArrayBuffer));
    }
  `;

  test('have the data, an ArrayBuffer whatever binaryType says', () => {
    const script = startScript(source);
    expect(printed(script.turn(opened(), control('ping', 'a'), control('pong', 'b')))).toEqual([
      'onping true true ws://a.example a', 'ping true', 'onpong true true ws://a.example b', 'pong true',
    ]);
  });

  test('come while the connection is open only', () => {
    const script = startScript(source);
    script.turn(opened());
    script.run('ws.close()');
    expect(printed(script.turn(control('pong', 'late')))).toEqual([]);
  });
});
