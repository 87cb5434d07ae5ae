import { describe, expect, test } from '@jest/globals';
import type { Command } from '../../wire/commands.ts';
import {
  FIRST,
  binary,
  closed,
  ofType,
  opened,
  printed,
  startScript,
  text,
  type IsolatedScript,
  type IsolateOptions,
} from '../support/isolate.ts';

/** Opens a stream, and tells how its promises end. */
const OPEN = `
  tell = (name, promise) => promise.then(
    (value) => print(name, JSON.stringify(value)),
    (error) => print(name, 'rejected', error.constructor.name, error.name, error.closeCode, error.reason, error.message));
  start = (...args) => {
    stream = new WebSocketStream('ws://a.example', ...args);
    tell('closed', stream.closed);
    stream.opened.then((info) => {
      ({ readable, writable } = info);
      reader = readable.getReader(); writer = writable.getWriter();
      print('opened', JSON.stringify(Object.keys(info)), info.protocol, info.extensions);
    }, (error) => print('opened rejected', error.constructor?.name, error.message));
  };
  read = () => reader.read().then(({ done, value }) => print(done ? 'done' : typeof value === 'string' ? value : value.constructor.name + ' ' + value), (error) => print('read failed', error.name, error.closeCode));
  write = (chunk) => writer.write(chunk).then(() => print('written'), (error) => print('write failed', error.name, error.message));
`;

const drained = (socket = FIRST) => ({ type: 'drained', socket }) as const;
const failed = (message: string) => ({ type: 'failed', socket: FIRST, error: 0, message }) as const;
const types = (commands: readonly Command[]): string[] => commands.map(({ type }) => type).filter((type) => type !== 'loaded');

function openStream(options?: IsolateOptions): IsolatedScript {
  const script = startScript(`${OPEN} start()`, options);
  script.turn(opened());
  return script;
}

describe('WebSocketStream', () => {
  test('asks the host to connect, with the options of the draft and those of WebSocket', () => {
    const script = startScript(`new WebSocketStream('http://a.example/x', { protocols: ['p', 'q'], headers: { 'X-A': 'b' }, maxMessageSize: 9,
      heartbeat: { interval: 5000 }, handshakeTimeout: 7, perMessageDeflate: true, unknown: 1, signal: undefined })`);
    expect(ofType(script.first.commands, 'connect')).toEqual([
      {
        type: 'connect', socket: FIRST, url: 'ws://a.example/x', protocols: ['p', 'q'], headers: ['X-A', 'b'], maxMessageSize: 9,
        heartbeatInterval: 5000, heartbeatTimeout: 5000, handshakeTimeout: 7, perMessageDeflate: true,
      },
    ]);
  });

  test('has the shape of Web IDL', () => {
    const script = startScript("s = new WebSocketStream('ws://a.example')");
    expect(script.value('[WebSocketStream.length, WebSocketStream.name, Object.keys(WebSocketStream.prototype), Object.prototype.toString.call(s), Reflect.ownKeys(s)]')).toEqual([
      1, 'WebSocketStream', ['url', 'opened', 'closed', 'close'], '[object WebSocketStream]', [],
    ]);
    expect(script.value('[s.url, s.opened === s.opened, s.closed === s.closed, Reflect.ownKeys(s.opened), s.close.length]')).toEqual(['ws://a.example/', true, true, [], 0]);
  });

  test.each([
    ['new WebSocketStream()', 'TypeError', '1 argument required'],
    ["WebSocketStream('ws://a')", 'TypeError', "'new'"],
    ["new WebSocketStream('ftp://a')", 'SyntaxError', "Failed to construct 'WebSocketStream': The URL's scheme"],
    ["new WebSocketStream('ws://a/#b')", 'SyntaxError', 'fragment'],
    ["new WebSocketStream('ws://a', true)", 'TypeError', 'options'],
    ["new WebSocketStream('ws://a', 'chat')", 'TypeError', 'options'],
    ["new WebSocketStream('ws://a', { protocols: 'chat' })", 'TypeError', 'a list of strings'],
    ["new WebSocketStream('ws://a', { protocols: ['a', 'a'] })", 'SyntaxError', "Failed to construct 'WebSocketStream': The subprotocol 'a' is duplicated"],
    ["new WebSocketStream('ws://a', { protocols: [''] })", 'SyntaxError', 'invalid'],
    ["new WebSocketStream('ws://a', { signal: null })", 'TypeError', 'AbortSignal'],
    ["new WebSocketStream('ws://a', { signal: {} })", 'TypeError', 'AbortSignal'],
    ["new WebSocketStream('ws://a', { headers: { Host: 'b' } })", 'SecurityError', "Failed to construct 'WebSocketStream': The option headers"],
    ["new WebSocketStream('ws://a', { maxMessageSize: 1e9 })", 'RangeError', "Failed to construct 'WebSocketStream'"],
    ['WebSocketStream.prototype.url', 'TypeError', 'Illegal invocation'],
    ['WebSocketStream.prototype.close()', 'TypeError', 'Illegal invocation'],
  ])('%s throws a %s', (code, name, message) => {
    const script = startScript('');
    expect(script.thrown(code)).toMatchObject({ name, message: expect.stringContaining(message) });
    expect(types(script.run(`try { ${code} } catch {}`))).toEqual([]);
  });

  test('reads the members of its options in the order of their names', () => {
    const script = startScript("read = []; options = new Proxy({}, { get(_, name) { read.push(name); } }); new WebSocketStream('ws://a', options)");
    expect(script.value('read')).toEqual(['handshakeTimeout', 'headers', 'heartbeat', 'maxMessageSize', 'perMessageDeflate', 'protocols', 'signal']);
  });

  test('the attributes that are promises do not throw on what is no stream', () => {
    const script = startScript('');
    expect(printed(script.run("for (const name of ['opened', 'closed']) WebSocketStream.prototype[name].catch((error) => print(name, error.constructor.name))"))).toEqual(['opened TypeError', 'closed TypeError']);
  });

  test('opens', () => {
    const script = startScript(`${OPEN} start({ protocols: ['p'] })`);
    expect(printed(script.turn(opened(FIRST, { protocol: 'p', extensions: 'permessage-deflate' })))).toEqual(['opened ["extensions","protocol","readable","writable"] p permessage-deflate']);
    expect(script.value('[readable.constructor === ReadableStream, writable.constructor === WritableStream]')).toEqual([true, true]);
  });

  test('that does not open rejects both promises, and nothing is uncaught', () => {
    const lines = ['rejected WebSocketError WebSocketError 1006  connection refused'];
    const script = startScript(`${OPEN} start(); tell('opened', stream.opened)`);
    const commands = script.turn(failed('connection refused'), closed(FIRST, 1006, '', false));
    expect(printed(commands)).toEqual(['opened rejected WebSocketError connection refused', `opened ${lines[0]}`, `closed ${lines[0]}`]);
    const careless = startScript("new WebSocketStream('ws://a.example')");
    expect(careless.turn(failed('no'), closed(FIRST, 1006, '', false))).toEqual([]);
  });
});

describe('reading', () => {
  test('gives strings and Uint8Arrays, in order, and nothing is read on before they are wanted', () => {
    const script = openStream();
    expect(types(script.turn(text('one'), binary(Uint8Array.of(1, 2)), text('three')))).toEqual([]);
    expect(printed(script.run('read()'))).toEqual(['one']);
    expect(printed(script.run('read(); read(); '))).toEqual(['Uint8Array 1,2', 'three']);
  });

  test('the host is told how much may be unread, and of what the stream has taken once all of it is gone', () => {
    const script = startScript(`${OPEN} start()`);
    const [window] = ofType(script.first.commands, 'window');
    expect(window).toEqual({ type: 'window', socket: FIRST, bytes: 64 * 1024 });
    script.turn(opened());
    const half = 'x'.repeat(32 * 1024);
    // The stream has room for the first one.
    expect(types(script.turn(text(half), text(half), text(half)))).toEqual([]);
    expect(ofType(script.run('read().then(read)'), 'taken')).toEqual([]);
    expect(ofType(script.run('read().then(read)'), 'taken')).toEqual([{ type: 'taken', socket: FIRST, messages: 3 }]);
  });

  test.each([
    ['small ones', 600, () => text('')],
    ['texts of three bytes a character', 30, () => text('\u20ac'.repeat(1000))],
    ['bytes', 30, () => binary(new Uint8Array(3000))],
  ])('of %s, as many are told to be taken as the host may wait for', (_what, count, message) => {
    const script = openStream();
    script.run('(async () => { for (;;) if ((await reader.read()).done) return; })()');
    const commands = script.turn(...Array.from({ length: count }, message));
    const taken = ofType(commands, 'taken').reduce((sum, { messages }) => sum + messages, 0);
    // So much is left at most, by the host's weights of them, before it waits.
    const weight = 128 + Number(new TextEncoder().encode(count === 30 ? '\u20ac'.repeat(1000) : '').length);
    expect((count - taken) * weight).toBeLessThanOrEqual(64 * 1024);
    expect(taken).toBeGreaterThan(0);
  });

  test('what waits is read to its end after the connection was closed', () => {
    const script = openStream();
    expect(types(script.turn(text('one'), text('two'), text('three'), closed(FIRST, 1000, 'bye')))).toEqual(['print']);
    expect(printed(script.run('for (let i = 0; i < 4; i++) read()'))).toEqual(['one', 'two', 'three', 'done']);
  });

  test('ends with the error where the connection is lost', () => {
    const script = openStream();
    script.run('read(); reader.closed.catch((error) => print(error.name))');
    expect(printed(script.turn(failed('reset'), closed(FIRST, 1006, '', false)))).toEqual([
      'closed rejected WebSocketError WebSocketError 1006  reset', 'WebSocketError', 'read failed WebSocketError 1006',
    ]);
  });
});

describe('writing', () => {
  test('a write is done when the bytes have left', () => {
    const script = openStream();
    expect(script.run("write('text'); write(Uint8Array.of(1, 2, 3).subarray(1)); print(writer.desiredSize); writer.ready.then(() => print('ready'))")).toEqual([
      { type: 'sendText', socket: FIRST, data: 'text' },
      { type: 'drain', socket: FIRST },
      { type: 'print', level: 0, text: '-1' },
    ]);
    expect(script.turn(drained())).toEqual([
      { type: 'sendBinary', socket: FIRST, data: Buffer.of(2, 3) },
      { type: 'drain', socket: FIRST },
      { type: 'print', level: 0, text: 'written' },
    ]);
    expect(printed(script.turn(drained()))).toEqual(['written', 'ready']);
    expect(script.turn(drained(), drained(98))).toEqual([]);
  });

  test.each([
    ['5', '5'],
    ['{ toString: () => "own" }', 'own'],
    ['undefined', 'undefined'],
    ['"\\ud800"', '\ufffd'],
  ])('%s goes as a text', (chunk, data) => {
    expect(ofType(openStream().run(`write(${chunk})`), 'sendText')).toEqual([{ type: 'sendText', socket: FIRST, data }]);
  });

  test.each(['new ArrayBuffer(2)', 'new DataView(new ArrayBuffer(4), 1, 2)', 'new Uint16Array(1)'])('%s goes as bytes', (chunk) => {
    expect(ofType(openStream().run(`write(${chunk})`), 'sendBinary')).toEqual([{ type: 'sendBinary', socket: FIRST, data: Buffer.of(0, 0) }]);
  });

  test.each(['Symbol()', 'new ArrayBuffer(1, { maxByteLength: 2 })', '{ toString() { throw new TypeError() } }'])('%s cannot be written, and what is read is read on', (chunk) => {
    const script = openStream();
    expect(printed(script.run(`write(${chunk})`))).toEqual([expect.stringContaining('write failed TypeError')]);
    script.run('read()');
    expect(printed(script.turn(text('on')))).toEqual(['on']);
  });

  test('a chunk whose conversion closes the stream is not sent', () => {
    const script = openStream();
    const commands = script.run("write({ toString() { stream.close(); return 'late' } })");
    expect(types(commands)).toEqual(['close', 'print']);
    expect(printed(commands)).toEqual([expect.stringContaining('write failed InvalidStateError')]);
  });

  test('a write that the turn has no room for fails, and says so', () => {
    const script = openStream({ bytesPerTurn: 1000 });
    expect(printed(script.run("write('x'.repeat(2000))"))).toEqual([expect.stringContaining('More than 1000 bytes given out in one turn')]);
  });

  test('fails where the connection ends before the bytes have left, which is no clean end then', () => {
    const script = openStream();
    script.run("write('a'); write('b')");
    expect(printed(script.turn(closed(FIRST, 4567, 'why')))).toEqual([
      'closed rejected WebSocketError WebSocketError 4567 why The connection was closed before all that was written had gone.',
      expect.stringContaining('write failed InvalidStateError'),
      expect.stringContaining('write failed InvalidStateError'),
    ]);
  });

  test('does not take what came before a clean end from its reader', () => {
    const script = openStream();
    script.run("write('a')");
    script.turn(text('one'), text('two'), { type: 'closing', socket: FIRST }, closed(FIRST, 4000, 'why'));
    expect(printed(script.run('read(); read(); read()'))).toEqual(['one', 'two', 'done']);
    const lost = openStream();
    lost.run("write('a')");
    lost.turn(text('one'), text('two'), closed(FIRST, 1006, '', false));
    expect(printed(lost.run('read()'))).toEqual(['read failed WebSocketError 1006']);
  });

  test('a peer that closes when all has gone ends both streams cleanly', () => {
    const script = openStream();
    script.run("write('a')");
    expect(printed(script.turn(drained(), closed(FIRST, 4000, 'robot')))).toEqual(['closed {"closeCode":4000,"reason":"robot"}', 'written']);
    expect(printed(script.run("read(); writer.ready.catch((error) => print(error.name)); writer.closed.catch((error) => print(error.name))"))).toEqual(['done', 'InvalidStateError', 'InvalidStateError']);
  });
});

describe('a script that has broken its streams', () => {
  test.each([
    ['Promise', "Promise.resolve = undefined; Object.defineProperty(Promise.prototype, 'then', { get() { throw new Error('own'); } }); Object.defineProperty(Promise.prototype, 'constructor', { get() { throw new Error('own'); } })"],
    ['Array', "for (const name of Object.getOwnPropertyNames(Array.prototype)) if (name !== 'constructor' && name !== 'length') Object.defineProperty(Array.prototype, name, { get() { throw new Error('own'); } })"],
    ['the prototypes of streams', "for (const each of [ReadableStream, WritableStream, ReadableStreamDefaultController, WritableStreamDefaultController]) for (const name of Object.getOwnPropertyNames(each.prototype)) delete each.prototype[name]"],
    ['the indexes of everything', "for (let index = 0; index < 9; index++) Object.defineProperty(Object.prototype, index, { set() { throw new Error('own'); }, get() {} })"],
  ])('(%s) harms no other connection, nor the end of this one', (_, patch) => {
    const script = startScript(`${OPEN} closeStream = WebSocketStream.prototype.close; apply = Reflect.apply; say = print; start();
      other = new WebSocket('ws://b.example'); other.onmessage = () => say('other');`);
    script.run(`${patch}; undefined`);
    const commands = script.turn(opened(), opened(4), text('one'), text('two'), drained(), text('three', 4));
    expect(printed(commands)).toContain('other');
    const end = script.turn({ type: 'evaluate', source: 'apply(closeStream, stream, [])' });
    // Where the streams could not be made, the connection is closed already.
    expect([...ofType(commands, 'close'), ...ofType(end, 'close')]).toEqual([{ type: 'close', socket: FIRST, code: 0, reason: '' }]);
    expect(printed(script.turn(closed(), text('four', 4)))).toContain('other');
  });

  test('and calls what they call, as often as it likes, gives out no command of the bindings’ own twice', () => {
    const script = openStream();
    script.turn(text('one'), text('two'));
    const commands = script.run(`
      const source = readable._readableStreamController, sink = writable._writableStreamController;
      const [pull, write] = [source._pullAlgorithm, sink._writeAlgorithm];
      for (let count = 0; count < 1000; count++) { pull(count); write('x', count); }
      for (let count = 0; count < 1000; count++) { source._cancelAlgorithm?.('y'); sink._abortAlgorithm?.({}); sink._closeAlgorithm?.(); }`);
    expect(ofType(commands, 'taken')).toHaveLength(0);
    expect(ofType(commands, 'close')).toHaveLength(1);
    expect(ofType(commands, 'drain')).toHaveLength(1);
    expect(ofType(commands, 'sendText')).toHaveLength(1000);
    expect(types(script.turn(text('late'), drained(), closed()))).toEqual(['print']);
  });
});
