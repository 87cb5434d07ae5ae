import { describe, expect, test } from '@jest/globals';
import { FIRST, closed, opened, startScript, type IsolatedScript } from '../support/isolate.ts';
import type { Dialect } from '../../wire/settings.ts';
import { acceptedEvent } from '../support/server-items.ts';

function openSocket(dialect: Dialect = 'web'): IsolatedScript {
  const script = startScript("ws = new WebSocket('ws://a.example')", { dialect });
  script.turn(opened());
  return script;
}

const close = (code: number, reason = ''): object => ({ type: 'close', socket: FIRST, code, reason });

test("the peer's close frame makes it CLOSING: what is sent then only counts, and close follows", () => {
  const script = startScript("ws = new WebSocket('ws://a.example'); ws.onclose = () => print('close', ws.readyState)");
  script.turn(opened());
  script.turn({ type: 'closing', socket: FIRST });
  expect(script.run("print(ws.readyState); ws.send('late'); print(ws.bufferedAmount); ws.close()")).toEqual([
    expect.objectContaining({ type: 'print', text: '2' }), expect.objectContaining({ type: 'print', text: '4' }),
  ]);
  expect(script.turn(closed())).toEqual([expect.objectContaining({ text: 'close 3' })]);
});

describe('close', () => {
  test.each([
    ['web', '', close(0)],
    ['web', 'undefined', close(0)],
    ['web', '1000', close(1000)],
    ['web', "3000, 'grüß'", close(3000, 'grüß')],
    ['web', '4999', close(4999)],
    ['web', "undefined, 'bye'", close(1000, 'bye')],
    ['web', "1000, undefined", close(1000)],
    ['web', "1000, null", close(1000, 'null')],
    ['web', "'4000'", close(4000)],
    ['web', '3999.5', close(4000)],
    ['web', "1000, 'a\\ud800'", close(1000, 'a\ufffd')],
    ['overte', '', close(1000)],
    ['overte', 'undefined', close(1000)],
    ['overte', '1001', close(1001)],
    ['overte', "1011, 'oops'", close(1011, 'oops')],
    ['overte', '1014', close(1014)],
    // Overte documents them, RFC 6455 forbids them on the wire: the close frame holds no code.
    ['overte', "1004, 'x'", close(0)],
    ['overte', '1005', close(0)],
    ['overte', '1006', close(0)],
    ['overte', '1015', close(0)],
  ] as const)('%s: close(%s)', (dialect, args, expected) => {
    const script = openSocket(dialect);
    expect(script.run(`ws.close(${args})`)).toEqual([expected]);
    expect(script.value('ws.readyState')).toBe(2);
  });

  test.each([
    ['web', '0', 0],
    ['web', 'null', 0],
    ['web', 'NaN', NaN],
    ['web', "'x'", NaN],
    ['web', '999', 999],
    ['web', '1001', 1001],
    ['web', '1005', 1005],
    ['web', '2999', 2999],
    ['web', '5000', 5000],
    ['web', '65536 + 1000', 66536],
    ['web', '65536', 65536],
    ['web', '-1', -1],
    ['overte', '0', 0],
    ['overte', '2999', 2999],
  ] as const)('%s: close(%s) is an InvalidAccessError', (dialect, code, shown) => {
    const script = openSocket(dialect);
    const defined = dialect === 'overte' ? ' between 1001 and 1003 or 1007 and 1014,' : '';
    expect(script.thrown(`ws.close(${code})`)).toEqual({
      class: 'DOMException', name: 'InvalidAccessError', code: 15,
      message: `Failed to execute 'close' on 'WebSocket': The close code must be either 1000,${defined} or between 3000 and 4999. ${shown} is neither.`,
    });
    expect(script.value('ws.readyState')).toBe(1);
  });

  test('a reason has at most 123 bytes of UTF-8', () => {
    expect(openSocket().run("ws.close(1000, 'é'.repeat(61) + 'x')")).toHaveLength(1);
    const script = openSocket();
    expect(script.thrown("ws.close(1000, 'é'.repeat(62))")).toEqual({
      class: 'DOMException', name: 'SyntaxError', code: 12,
      message: "Failed to execute 'close' on 'WebSocket': The close reason must not be greater than 123 UTF-8 bytes.",
    });
    expect(script.value('ws.readyState')).toBe(1);
  });

  test('arguments are checked whatever the state', () => {
    const script = openSocket();
    script.turn(closed());
    expect(script.thrown('ws.close(5)')).toMatchObject({ name: 'InvalidAccessError' });
  });

  test('is given once', () => {
    const script = openSocket();
    expect(script.run('ws.close(); ws.close(4000)')).toEqual([close(0)]);
    expect(script.run('ws.close()')).toEqual([]);
    script.turn(closed());
    expect(script.run('ws.close()')).toEqual([]);
    expect(script.value('ws.readyState')).toBe(3);
  });

  test('before the connection is open', () => {
    const script = startScript("ws = new WebSocket('ws://a.example')");
    expect(script.run('ws.close()')).toEqual([close(0)]);
    expect(script.value('ws.readyState')).toBe(2);
  });

  test('where a turn has no room for it, it throws and the socket stays open', () => {
    const script = startScript("ws = new WebSocket('ws://a.example')", { commandsPerTurn: 5 });
    script.turn(opened());
    script.run("for (let i = 0; i < 5; i++) ws.send('x'); try { ws.close() } catch {}");
    expect(script.value('ws.readyState')).toBe(1);
    expect(script.run('ws.close()')).toEqual([close(0)]);
  });

  test("a server's socket may be closed with the codes of RFC 6455, in the web dialect too", () => {
    const script = startScript('server = new WebSocketServer(); server.newConnection.connect((socket) => { ws = socket; })', {
      server: true,
      listen: () => ({ port: 80, url: 'ws://127.0.0.1:80', code: '', error: '' }),
    });
    script.turn(acceptedEvent({ url: 'ws://a.example/' }));
    expect(script.run("ws.close(1011, 'oops')")).toEqual([{ type: 'close', socket: 1, code: 1011, reason: 'oops' }]);
  });
});
