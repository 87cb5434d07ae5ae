import { describe, expect, test } from '@jest/globals';
import { FIRST, binary, closed, opened, printed, startScript, text, type IsolatedScript } from '../support/isolate.ts';
import { acceptedEvent } from '../support/server-items.ts';

/** Overte's documentation: `new WebSocket(urlOrWebSocket)`, "an existing WebSocket to reuse the connection of". */
describe('overte: a WebSocket made of a WebSocket', () => {
  const SOURCE = `
    log = (name) => (e) => print(name, e.type, typeof e.data === 'string' ? e.data : e.code ?? '', e.target === (name === 'a' ? a : b));
    a = new WebSocket('ws://a.example/x', 'p');
    b = new WebSocket(a);
    for (const type of ['open', 'message', 'close']) { a['on' + type] = log('a'); b.addEventListener(type, log('b')); }
  `;
  const shared = (): IsolatedScript => startScript(SOURCE, { dialect: 'overte' });

  test('opens no second connection', () => {
    const { first } = shared();
    expect(first.commands.filter(({ type }) => type === 'connect')).toHaveLength(1);
  });

  test('has the state of the first, and handlers and a binaryType of its own', () => {
    const script = shared();
    expect(script.value('[b.url, b.readyState, a === b, b.onopen]')).toEqual(['ws://a.example/x', 0, false, null]);
    script.turn(opened(FIRST, { protocol: 'p', extensions: 'x' }));
    expect(script.value('[b.readyState, b.protocol, b.extensions]')).toEqual([1, 'p', 'x']);
    expect(script.value("(b.binaryType = 'blob', [a.binaryType, b.binaryType])")).toEqual(['arraybuffer', 'blob']);
  });

  test('both get each event, the first one first', () => {
    expect(printed(shared().turn(opened(), text('hi'), closed(FIRST, 4000)))).toEqual([
      'a open  true', 'b open  true', 'a message hi true', 'b message hi true', 'a close 4000 true', 'b close 4000 true',
    ]);
  });

  test('each gets bytes of its own', () => {
    const script = shared();
    script.run('kept = []; a.onmessage = b.onmessage = ({ data }) => { kept.push([...new Uint8Array(data)]); new Uint8Array(data).fill(0); }');
    script.turn(opened(), binary(Uint8Array.of(1, 2)));
    expect(script.value('kept')).toEqual([[1, 2], [1, 2]]);
  });

  test('what either sends counts for both', () => {
    const script = shared();
    script.turn(opened());
    const commands = script.run("b.send('x'); a.send('yz'); print(a.bufferedAmount, b.bufferedAmount)");
    expect(commands.map((command) => ('data' in command ? [command.type, command.data] : [command.type]))).toEqual([['sendText', 'x'], ['sendText', 'yz'], ['print']]);
    expect(printed(commands)).toEqual(['3 3']);
  });

  test('closing one closes the connection; the other hears no message any more', () => {
    const script = shared();
    script.turn(opened());
    script.run('a.onmessage = () => a.close(4001)');
    const commands = script.turn(text('hi'));
    expect(commands).toEqual([{ type: 'close', socket: FIRST, code: 4001, reason: '' }]);
    expect(script.value('[a.readyState, b.readyState]')).toEqual([2, 2]);
    expect(script.run('b.close()')).toEqual([]);
    expect(printed(script.turn(closed(FIRST, 4001)))).toEqual(['a close 4001 true', 'b close 4001 true']);
  });

  test('of a closed one it is closed, and hears nothing', () => {
    const script = shared();
    script.turn(opened(), closed());
    expect(script.value('(c = new WebSocket(b)).readyState')).toBe(3);
  });

  test('of one that a server has accepted, it is open', () => {
    const script = startScript('server = new WebSocketServer(); server.newConnection.connect((socket) => { a = socket; b = new WebSocket(socket); b.onmessage = ({ data }) => b.send(data + data); })', {
      dialect: 'overte',
      server: true,
      listen: () => ({ port: 80, url: 'ws://127.0.0.1:80', code: '', error: '' }),
    });
    script.turn(acceptedEvent({ url: 'ws://a.example/' }));
    expect(script.value('b.readyState')).toBe(1);
    expect(script.turn(text('ab', 1))).toEqual([{ type: 'sendText', socket: 1, data: 'abab' }]);
  });

  test('of a subclass, in a subclass', () => {
    const script = startScript("Chat = class Chat extends WebSocket {}; a = new Chat('ws://a.example'); b = new Chat(a)", { dialect: 'overte' });
    expect(script.value('[b instanceof Chat, b.url]')).toEqual([true, 'ws://a.example/']);
  });

  test('of what only looks like one, the string counts', () => {
    expect(startScript("a = new WebSocket('ws://a.example')", { dialect: 'overte' }).value("new WebSocket(Object.create(a, { toString: { value: () => 'ws://b.example' } })).url")).toBe('ws://b.example/');
  });
});

test('web: a WebSocket is made a string, as in browsers', () => {
  expect(startScript("a = new WebSocket('ws://a.example'); a.toString = () => 'ws://b.example'").value('new WebSocket(a).url')).toBe('ws://b.example/');
});
