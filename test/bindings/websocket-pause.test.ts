import { describe, expect, test } from '@jest/globals';
import { binary, closed, ofType, opened, printed, startScript, text, type IsolatedScript } from '../support/isolate.ts';

const LOGGING = `
  ws = new WebSocket('ws://a.example/x');
  for (const type of ['open', 'message', 'ping', 'pong', 'error', 'close']) {
    ws.addEventListener(type, (event) => print(type, ws.readyState, event.data instanceof ArrayBuffer ? 'bytes' : event.data ?? event.code ?? event.message ?? ''));
  }
  ws.binaryType = 'arraybuffer';
`;
const failed = { type: 'failed', socket: 2, error: 1, message: 'reset' } as const;
const closing = { type: 'closing', socket: 2 } as const;

function openScript(source = ''): IsolatedScript {
  const script = startScript(`${LOGGING} ${source}`);
  script.turn(opened());
  return script;
}

describe('pause and resume', () => {
  test('tell the host once each, and isPaused says which', () => {
    const script = openScript();
    expect(script.value('ws.isPaused')).toBe(false);
    expect(script.run('ws.pause(); ws.pause()')).toEqual([{ type: 'pause', socket: 2 }]);
    expect(script.value('ws.isPaused')).toBe(true);
    expect(script.run('ws.resume(); ws.resume()')).toEqual([{ type: 'resume', socket: 2 }]);
    expect(script.value('ws.isPaused')).toBe(false);
  });

  test('hold what has been read already, and tell it in order', () => {
    const script = openScript();
    script.run('ws.pause()');
    expect(printed(script.turn(text('a'), binary(Uint8Array.of(1)), { type: 'ping', socket: 2, data: new Uint8Array(0) }, text('b')))).toEqual([]);
    expect(printed(script.run('ws.resume(); print("resumed")'))).toEqual(['resumed', 'message 1 a', 'message 1 bytes', 'ping 1 bytes', 'message 1 b']);
    expect(printed(script.turn(text('c')))).toEqual(['message 1 c']);
  });

  test('hold what comes in the same turn', () => {
    const script = openScript("ws.onmessage = ({ data }) => { if (data === 'a') ws.pause(); }");
    expect(printed(script.turn(text('a'), text('b'), text('c')))).toEqual(['message 1 a']);
    expect(printed(script.run('ws.resume()'))).toEqual(['message 1 b', 'message 1 c']);
  });

  test('work again while what has waited is told', () => {
    const script = openScript("ws.onmessage = ({ data }) => { if (data === 'b') ws.pause(); }");
    script.run('ws.pause()');
    script.turn(text('a'), text('b'), text('c'));
    expect(printed(script.run('ws.resume()'))).toEqual(['message 1 a', 'message 1 b']);
    expect(printed(script.turn(text('d')))).toEqual([]);
    expect(printed(script.run('ws.resume()'))).toEqual(['message 1 c', 'message 1 d']);
  });

  test('resumed and paused in one turn tell nothing', () => {
    const script = openScript();
    script.run('ws.pause()');
    script.turn(text('a'));
    expect(printed(script.run('ws.resume(); ws.pause()'))).toEqual([]);
    expect(printed(script.run('ws.resume()'))).toEqual(['message 1 a']);
  });

  test('a handler that is set after resume() misses nothing', () => {
    const script = openScript();
    script.run('ws.pause()');
    script.turn(text('a'));
    expect(printed(script.run('ws.resume(); ws.onmessage = ({ data }) => print("late", data)'))).toEqual(['message 1 a', 'late a']);
  });

  test('before the connection is open, it is open with its messages held', () => {
    const script = startScript(`${LOGGING} ws.pause()`);
    expect(ofType(script.first.commands, 'pause')).toEqual([{ type: 'pause', socket: 2 }]);
    expect(printed(script.turn(opened(), text('a')))).toEqual(['open 1 ']);
    expect(printed(script.run('ws.resume()'))).toEqual(['message 1 a']);
  });

  test('the end comes behind the messages that wait, which are told to a socket that is open', () => {
    const script = openScript();
    script.run('ws.pause()');
    expect(printed(script.turn(text('a'), closing, failed, closed(2, 1006, '', false)))).toEqual([]);
    expect(script.value('ws.readyState')).toBe(1);
    expect(printed(script.run('ws.resume()'))).toEqual(['message 1 a', 'error 3 reset', 'close 3 1006']);
    expect(script.run('ws.pause(); ws.resume()')).toEqual([]);
  });

  test('where no message waits, the end is told at once', () => {
    const script = openScript();
    script.run('ws.pause()');
    expect(printed(script.turn(closing, closed(2, 1000)))).toEqual(['close 3 1000']);
    expect(script.value('ws.isPaused')).toBe(false);
  });

  test('close() drops the messages that wait, and its end needs no resume()', () => {
    const script = openScript();
    script.run('ws.pause()');
    script.turn(text('a'));
    expect(script.run('ws.close()')).toEqual([expect.objectContaining({ type: 'close' })]);
    expect(printed(script.turn(text('b'), closed(2, 1005)))).toEqual(['close 3 1005']);
  });

  test('close() in the midst of what has waited drops the rest', () => {
    const script = openScript("ws.onmessage = ({ data }) => { if (data === 'a') ws.close(); }");
    script.run('ws.pause()');
    script.turn(text('a'), text('b'), closed(2, 1000));
    expect(printed(script.run('ws.resume()'))).toEqual(['message 1 a', 'close 3 1000']);
  });

  test('sockets do not wait for each other', () => {
    const script = openScript("other = new WebSocket('ws://b.example'); other.onmessage = ({ data }) => print('other', data)");
    script.turn(opened(4));
    script.run('ws.pause()');
    expect(printed(script.turn(text('a'), text('b', 4)))).toEqual(['other b']);
  });

  test('what a handler throws is reported, and the next one is told', () => {
    const script = openScript("ws.onmessage = ({ data }) => { throw new Error(data); }");
    script.run('ws.pause()');
    script.turn(text('a'), text('b'));
    const commands = script.run('ws.resume()');
    expect(ofType(commands, 'reportError').map(({ text: line }) => line)).toEqual(['Error: a', 'Error: b']);
  });

  test('hold what is read for a second WebSocket of the connection too, in the dialect overte', () => {
    const script = startScript("first = new WebSocket('ws://a.example'); second = new WebSocket(first); second.onmessage = ({ data }) => print(data)", { dialect: 'overte' });
    script.turn(opened());
    script.run('first.pause()');
    expect(printed(script.turn(text('a')))).toEqual([]);
    expect(script.value('second.isPaused')).toBe(true);
    expect(printed(script.run('second.resume()'))).toEqual(['a']);
  });

  test('a script that stops is told nothing of it', () => {
    const script = openScript();
    script.run('ws.pause()');
    script.turn(text('a'));
    expect(printed(script.run('ws.resume(); Script.stop()'))).toEqual([]);
  });

  test('count as calls of the turn', () => {
    const script = startScript(LOGGING, { commandsPerTurn: 10 });
    expect(() => script.run('for (;;) { ws.pause(); ws.resume(); }')).toThrow('More than 10 calls in one turn');
  });

  test.each(['pause', 'resume'])('%s belongs to WebSockets', (name) => {
    expect(openScript().thrown(`ws.${name}.call({})`)).toMatchObject({ class: 'TypeError' });
  });

  test('what has waited is told in slices, and what comes meanwhile behind it', () => {
    const script = startScript(`${LOGGING} ws.pause(); other = new WebSocket('ws://b.example'); other.onopen = () => ws.resume();
      ws.onmessage = () => { for (const end = Date.now() + 8; Date.now() < end;); };`, { turnSlice: 5 });
    const lines: string[] = [];
    // On a busy machine an event without any work may take a slice as well.
    for (let result = script.result(opened(), text('a'), text('b'), text('c')); result.status === 'sliced'; result = script.resume());
    let slices = 0;
    for (let result = script.result(opened(4), text('d')); ; result = script.resume()) {
      slices++;
      lines.push(...printed(result.commands));
      if (result.status !== 'sliced') {
        expect(result.status).toBe('done');
        break;
      }
    }
    expect(lines).toEqual(['message 1 a', 'message 1 b', 'message 1 c', 'message 1 d']);
    expect(slices).toBeGreaterThanOrEqual(4);
    expect(printed(script.result(text('e')).commands)).toEqual(['message 1 e']);
  });

  test('microtasks of each message that has waited run before the next one', () => {
    const script = openScript("ws.onmessage = async ({ data }) => { await null; print('micro', data); if (data === 'b') ws.close(); }");
    script.run('ws.pause()');
    script.turn(text('a'), text('b'), text('c'));
    expect(printed(script.run('ws.resume()'))).toEqual(['message 1 a', 'micro a', 'message 1 b', 'micro b']);
  });
});
