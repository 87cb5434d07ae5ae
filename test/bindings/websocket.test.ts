import { describe, expect, test } from '@jest/globals';
import { binary, closed, opened, printed, reported, startScript, text, type IsolatedScript } from '../support/isolate.ts';

/** A socket whose every event is printed: its type, what it carries, and the state it finds. */
const LOGGING = `
  ws = new WebSocket('ws://a.example/x');
  for (const type of ['open', 'message', 'error', 'close']) {
    ws.addEventListener(type, (event) => print(type, ws.readyState, event.data ?? event.code ?? event.message ?? ''));
  }
`;

describe("a socket's life", () => {
  test('connecting, open, closing, closed', () => {
    const script = startScript(LOGGING);
    expect(script.value('ws.readyState')).toBe(0);
    expect(printed(script.turn(opened()))).toEqual(['open 1 ']);
    expect(printed(script.turn(text('hello')))).toEqual(['message 1 hello']);
    expect(script.value('(ws.close(), ws.readyState)')).toBe(2);
    expect(printed(script.turn(closed(2, 1000, 'bye')))).toEqual(['close 3 1000']);
    expect(script.value('ws.readyState')).toBe(3);
  });

  test('the host says what the handshake brought', () => {
    const script = startScript("ws = new WebSocket('ws://a.example', ['a', 'b'])");
    script.turn(opened(2, { protocol: 'b', extensions: 'permessage-deflate' }));
    expect(script.value('[ws.protocol, ws.extensions]')).toEqual(['b', 'permessage-deflate']);
  });

  test('all events of a turn are dispatched, in order', () => {
    const script = startScript(LOGGING);
    const events = [opened(), text('a'), text('b'), binary(Uint8Array.of(1)), closed()];
    expect(printed(script.turn(...events))).toEqual(['open 1 ', 'message 1 a', 'message 1 b', "message 1 Blob { size: 1, type: '' }", 'close 3 1000']);
  });

  test('a failure is an error event, already closed, and then a close event', () => {
    const script = startScript(LOGGING);
    expect(printed(script.turn({ type: 'failed', socket: 2, error: 0, message: 'refused' }, closed(2, 1006, '', false)))).toEqual([
      'error 3 refused',
      'close 3 1006',
    ]);
  });

  test('nothing more comes after close', () => {
    const script = startScript(LOGGING);
    script.turn(opened(), closed());
    expect(printed(script.turn(text('late'), closed(), opened()))).toEqual([]);
  });

  test('an event for a socket that is not there is no harm', () => {
    const script = startScript(LOGGING);
    expect(script.turn(text('x', 99), binary(Uint8Array.of(1, 2), 98), opened(97), closed(96), { type: 'buffered', socket: 95, bytes: 1 }, opened())).toEqual([
      expect.objectContaining({ type: 'print', text: 'open 1 ' }),
    ]);
  });

  test('messages that come after close() was called are not delivered', () => {
    const script = startScript(`${LOGGING} ws.onmessage = ({ data }) => { if (data === 'last') ws.close(); }`);
    const commands = script.turn(opened(), text('last'), text('late'), binary(Uint8Array.of(1)), closed(2, 1005));
    expect(printed(commands)).toEqual(['open 1 ', 'message 1 last', 'close 3 1005']);
  });

  test('a socket that is closed before it is open does not open', () => {
    const script = startScript(`${LOGGING} ws.close();`);
    expect(printed(script.turn(opened(), closed(2, 1006, '', false)))).toEqual(['close 3 1006']);
  });

  test('closing inside onopen', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.onopen = () => { ws.send('hi'); ws.close(1000, 'done'); }");
    expect(script.turn(opened())).toEqual([
      { type: 'sendText', socket: 2, data: 'hi' },
      { type: 'close', socket: 2, code: 1000, reason: 'done' },
    ]);
  });
});

describe('messages', () => {
  function received(type: string, dialect: 'web' | 'overte' = 'web'): IsolatedScript {
    return startScript(
      `ws = new WebSocket('ws://a.example:81/x'); ${type && `ws.binaryType = '${type}';`} ws.onmessage = (event) => { last = event; };`,
      { dialect },
    );
  }

  test('a text is a string', () => {
    const script = received('');
    script.turn(opened(), text('grüß 👋'));
    expect(script.value('[last.data, last.origin, last.lastEventId, last.source, last.ports, last.isTrusted, last.type, last.bubbles, last.cancelable]')).toEqual([
      'grüß 👋', 'ws://a.example:81', '', null, [], true, 'message', false, false,
    ]);
    expect(script.value('[last instanceof MessageEvent, last.target === ws, last.currentTarget, last.eventPhase]')).toEqual([true, true, null, 0]);
  });

  test('binary is an ArrayBuffer', () => {
    const script = received('arraybuffer');
    script.turn(opened(), binary(Uint8Array.of(1, 2, 255)));
    expect(script.value('[last.data instanceof ArrayBuffer, [...new Uint8Array(last.data)]]')).toEqual([true, [1, 2, 255]]);
  });

  test('or a Blob', () => {
    const script = received('blob');
    script.turn(opened(), binary(Buffer.from('blob text')));
    expect(script.value('[last.data instanceof Blob, last.data.size, last.data.type]')).toEqual([true, 9, '']);
    expect(printed(script.run('last.data.text().then(print)'))).toEqual(['blob text']);
  });

  test('binaryType counts when the message is delivered', () => {
    const script = startScript(`
      ws = new WebSocket('ws://a.example'); kinds = [];
      ws.onmessage = ({ data }) => { kinds.push(data.constructor.name); ws.binaryType = 'arraybuffer'; };
    `);
    script.turn(opened(), binary(Uint8Array.of(1)), binary(Uint8Array.of(2)));
    expect(script.value('kinds')).toEqual(['Blob', 'ArrayBuffer']);
  });

  test('each message has memory of its own', () => {
    const script = startScript(`
      ws = new WebSocket('ws://a.example'); ws.binaryType = 'arraybuffer'; kept = [];
      ws.onmessage = ({ data }) => { kept.push(data); new Uint8Array(data).fill(9); };
    `);
    script.turn(opened(), binary(Uint8Array.of(1, 2)), binary(Uint8Array.of(3)));
    expect(script.value('kept.map((each) => each.byteLength)')).toEqual([2, 1]);
  });

  test('empty messages are messages', () => {
    const script = received('arraybuffer');
    script.turn(opened(), text(''));
    expect(script.value('last.data')).toBe('');
    script.turn(binary(new Uint8Array(0)));
    expect(script.value('last.data.byteLength')).toBe(0);
  });
});

describe('close events', () => {
  test('carry the code, the reason and whether it was clean', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.onclose = (event) => { last = event; }");
    script.turn(opened(), closed(2, 4000, 'grund', false));
    expect(script.value('[last instanceof CloseEvent, last.code, last.reason, last.wasClean, last.isTrusted, last.type]')).toEqual([
      true, 4000, 'grund', false, true, 'close',
    ]);
  });
});

describe('onerror', () => {
  const failed = { type: 'failed', socket: 2, error: 13, message: 'cut off' } as const;

  test('web: the event, with `error` and `message` of its own', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.onerror = function (...args) { seen = [this === ws, args]; }");
    script.turn(failed, closed(2, 1006, '', false));
    expect(script.value('[seen[0], seen[1].length, seen[1][0].type, Object.entries(seen[1][0])]')).toEqual([
      true, 1, 'error', [['isTrusted', true], ['error', 13], ['message', 'cut off']],
    ]);
  });

  test('overte: the SocketError number, then the event', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.onerror = function (...args) { seen = [this === ws, args]; }", { dialect: 'overte' });
    script.turn(failed, closed(2, 1006, '', false));
    expect(script.value('[seen[0], seen[1].length, seen[1][0], seen[1][1].type, seen[1][1].error, seen[1][0] === WebSocket.SocketError.UnfinishedSocketOperationError]')).toEqual([
      true, 2, 13, 'error', 13, true,
    ]);
  });

  test('listeners get the event in both dialects', () => {
    for (const dialect of ['web', 'overte'] as const) {
      const script = startScript("ws = new WebSocket('ws://a.example'); ws.addEventListener('error', (...args) => print(args.length, args[0].error))", { dialect });
      expect(printed(script.turn(failed))).toEqual(['1 13']);
    }
  });
});

describe('listeners and handlers', () => {
  test('run in the order in which they were added; a handler keeps its place when it is replaced', () => {
    const script = startScript(`
      ws = new WebSocket('ws://a.example');
      ws.addEventListener('open', () => print('first'));
      ws.onopen = () => print('replaced');
      ws.addEventListener('open', () => print('last'));
      ws.onopen = () => print('handler');
    `);
    expect(printed(script.turn(opened()))).toEqual(['first', 'handler', 'last']);
  });

  test('a handler that was null takes the last place', () => {
    const script = startScript(`
      ws = new WebSocket('ws://a.example');
      ws.onopen = () => print('handler');
      ws.addEventListener('open', () => print('listener'));
      ws.onopen = null;
      ws.onopen = () => print('again');
    `);
    expect(printed(script.turn(opened()))).toEqual(['listener', 'again']);
  });

  test('a handler attribute keeps any object, and calls functions only', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); o = { handleEvent() { print('called') } }; ws.onopen = o; ws.addEventListener('open', () => print('listener'))");
    expect(script.value('ws.onopen === o')).toBe(true);
    const commands = script.turn(opened());
    expect([printed(commands), reported(commands)]).toEqual([['listener'], []]);
  });

  test('an object that is no function keeps the place of the handler that replaces it', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.onopen = {}; ws.addEventListener('open', () => print('listener')); ws.onopen = () => print('handler')");
    expect(printed(script.turn(opened()))).toEqual(['handler', 'listener']);
  });

  test('a handler that is replaced by an earlier listener runs as the new one, one that is set to null does not run', () => {
    const script = startScript(`
      ws = new WebSocket('ws://a.example');
      ws.addEventListener('open', () => { ws.onopen = () => print('new'); });
      ws.addEventListener('close', () => { ws.onclose = null; });
      ws.onopen = () => print('old');
      ws.onclose = () => print('closed');
    `);
    expect(printed(script.turn(opened(), closed()))).toEqual(['new']);
  });

  test('the same function may be a handler and a listener', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); f = () => print('f'); ws.onopen = f; ws.addEventListener('open', f)");
    expect(printed(script.turn(opened()))).toEqual(['f', 'f']);
  });

  test('a handler that returns false cancels an event that can be', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.onmessage = () => false");
    expect(script.value("[ws.dispatchEvent(new Event('message', { cancelable: true })), ws.dispatchEvent(new Event('message'))]")).toEqual([false, true]);
  });

  test('a handler attribute gives back its function, and null for what is no object', () => {
    const script = startScript("ws = new WebSocket('ws://a.example')");
    expect(script.value('[ws.onopen, ws.onmessage, ws.onerror, ws.onclose]')).toEqual([null, null, null, null]);
    expect(script.value('(f = () => {}, ws.onclose = f, ws.onclose === f)')).toBe(true);
    expect(script.value("[undefined, 5, 'x', null].map((value) => { ws.onclose = value; return ws.onclose; })")).toEqual([null, null, null, null]);
  });

  test('an exception is reported, with its place, and stops nothing', () => {
    const script = startScript(`ws = new WebSocket('ws://a.example');
ws.onopen = () => { null.x; };
ws.addEventListener('open', () => print('still'));
ws.onmessage = ({ data }) => { throw new RangeError(data); };`);
    const commands = script.turn(opened(), text('one'), text('two'), closed());
    expect(printed(commands)).toEqual(['still']);
    expect(reported(commands)).toEqual(["TypeError: Cannot read properties of null (reading 'x')", 'RangeError: one', 'RangeError: two']);
    expect(commands[0]).toEqual(expect.objectContaining({ stack: '    at ws.onopen (chat.js:2:26)' }));
  });

  test("a script's own events go to its own listeners and change nothing of the socket", () => {
    const script = startScript(LOGGING);
    script.turn(opened());
    expect(
      printed(script.run(`
        ws.onerror = (error) => print('onerror', typeof error);
        for (const event of [new MessageEvent('message', { data: 'mine' }), new CloseEvent('close', { code: 4001 }), new Event('error')]) ws.dispatchEvent(event);
      `)),
    ).toEqual(['message 1 mine', 'close 1 4001', 'error 1 ', 'onerror object']);
    expect(printed(script.turn(text('real')))).toEqual(['message 1 real']);
  });

  test('an event of the host that a script dispatches again is not trusted any more', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.onopen = (event) => { last = event; print(event.isTrusted); }");
    expect(printed(script.turn(opened()))).toEqual(['true']);
    expect(printed(script.run('ws.dispatchEvent(last)'))).toEqual(['false']);
  });
});
