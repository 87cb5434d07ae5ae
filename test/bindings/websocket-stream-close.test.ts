import { describe, expect, test } from '@jest/globals';
import type { Command } from '../../wire/commands.ts';
import { FIRST, closed, ofType, opened, printed, startScript, text, type IsolatedScript } from '../support/isolate.ts';

const OPEN = `
  start = (options) => {
    stream = new WebSocketStream('ws://a.example', options);
    stream.opened.then((info) => { ({ readable, writable } = info); }, (error) => print('opened', error?.name ?? error));
    stream.closed.then(({ closeCode, reason }) => print('closed', closeCode, reason), (error) => print('closed', error?.name ?? error, error?.closeCode));
  };`;

const close = (code = 0, reason = ''): Command => ({ type: 'close', socket: FIRST, code, reason });
const unclean = closed(FIRST, 1006, '', false);
const commandsOf = (commands: readonly Command[]): Command[] => commands.filter(({ type }) => type !== 'loaded' && type !== 'print');

function openStream(): IsolatedScript {
  const script = startScript(`${OPEN} start()`);
  script.turn(opened());
  return script;
}

describe('close()', () => {
  test.each([
    ['', close()],
    ['undefined', close()],
    ['null', close()],
    ['{}', close()],
    ["{ reason: '' }", close()],
    ["{ reason: 'why' }", close(1000, 'why')],
    ["{ closeCode: 3456, reason: 'pizza' }", close(3456, 'pizza')],
    ['{ closeCode: 4999.9 }', close(4999)],
    ["{ closeCode: '3000', code: 1 }", close(3000)],
    ["{ reason: '\\ud800' }", close(1000, '\ufffd')],
  ])('close(%s)', (given, expected) => {
    const script = openStream();
    expect(commandsOf(script.run(`stream.close(${given}); stream.close()`))).toEqual([expected]);
    expect(printed(script.turn(closed(FIRST, 1005)))).toEqual(['closed 1005 ']);
  });

  test.each([
    ['true', 'TypeError'],
    ['{ closeCode: 999 }', 'InvalidAccessError'],
    ['{ closeCode: 1001 }', 'InvalidAccessError'],
    ['{ closeCode: 2999 }', 'InvalidAccessError'],
    ['{ closeCode: 5000 }', 'InvalidAccessError'],
    ['{ closeCode: null }', 'InvalidAccessError'],
    ['{ closeCode: -1 }', 'TypeError'],
    ['{ closeCode: 65536 }', 'TypeError'],
    ['{ closeCode: NaN }', 'TypeError'],
    ['{ closeCode: 1000n }', 'TypeError'],
    ["{ reason: '\u00e9'.repeat(62) }", 'SyntaxError'],
  ])('close(%s) throws a %s, and the connection stays', (given, name) => {
    const script = openStream();
    expect(script.thrown(`stream.close(${given})`)).toMatchObject({ name });
    expect(commandsOf(script.run('writable.getWriter().write(1)')).map(({ type }) => type)).toEqual(['sendText', 'drain']);
  });

  test('while connecting, both promises are rejected', () => {
    const script = startScript(`${OPEN} start(); stream.close({ closeCode: 4000 })`);
    expect(ofType(script.first.commands, 'close')).toHaveLength(1);
    expect(printed(script.turn(unclean))).toEqual(['opened WebSocketError', 'closed WebSocketError 1006']);
  });

  test('drops what comes, and what came before can be read', () => {
    const script = openStream();
    script.turn(text('one'), text('two'));
    expect(commandsOf(script.run('stream.close()'))).toEqual([close()]);
    script.turn(text('three'), closed(FIRST, 1005));
    expect(printed(script.run('(async () => { for await (const each of readable) print(each); print("end"); })()'))).toEqual(['one', 'two', 'end']);
  });
});

describe('the writable end', () => {
  test('closes the connection, and is closed when that is done', () => {
    const script = openStream();
    expect(commandsOf(script.run("writer = writable.getWriter(); writer.write('last'); writer.close().then(() => print('end'))")).map(({ type }) => type)).toEqual(['sendText', 'drain']);
    expect(script.turn({ type: 'drained', socket: FIRST })).toEqual([close()]);
    expect(printed(script.turn(closed(FIRST, 1005)))).toEqual(['closed 1005 ', 'end']);
  });

  test('fails to close where the connection is lost', () => {
    const script = openStream();
    script.run("writable.close().catch((error) => print('failed', error.name, error.closeCode))");
    expect(printed(script.turn(unclean))).toEqual(['closed WebSocketError 1006', 'failed WebSocketError 1006']);
  });

  test('takes nothing after the connection was closed, and says why', () => {
    const script = openStream();
    script.turn(closed(FIRST, 1000, 'bye'));
    expect(printed(script.run("writable.getWriter().write('late').catch((error) => print(error.name, error.message))"))).toEqual([
      'InvalidStateError A WebSocketStream that is closing or closed cannot be written to.',
    ]);
  });

  test('is aborted at once, though the peer takes nothing', () => {
    const script = openStream();
    const commands = script.run(`
      writer = writable.getWriter();
      writer.write('stuck').catch((error) => print('write', error));
      Promise.resolve().then(() => writer.abort('no more').then(() => print('aborted')));`);
    expect(commandsOf(commands)).toEqual([{ type: 'sendText', socket: FIRST, data: 'stuck' }, { type: 'drain', socket: FIRST }, close()]);
    expect(printed(commands)).toEqual(['write no more', 'aborted']);
  });
});

describe.each(['readable.cancel', 'writable.abort'])('%s', (method) => {
  test.each([
    ['', close()],
    ['{ closeCode: 3456, reason: "set" }', close()],
    ['new DOMException("a", "AbortError")', close()],
    ['new WebSocketError("a")', close()],
    ['new WebSocketError("a", { closeCode: 3456, reason: "pizza" })', close(3456, 'pizza')],
    ['new WebSocketError("a", { reason: "pizza" })', close(1000, 'pizza')],
    ['Object.create(new WebSocketError("a", { closeCode: 3456 }))', close()],
  ])('with (%s) closes', (reason, expected) => {
    const script = openStream();
    expect(commandsOf(script.run(`${method}(${reason})`))).toEqual([expected]);
    expect(printed(script.turn(closed(FIRST, 1005)))).toEqual(['closed 1005 ']);
  });
});

describe('a signal', () => {
  test('that is aborted already keeps the host from being asked', () => {
    const script = startScript(`${OPEN} start({ signal: AbortSignal.abort('own') })`);
    expect(commandsOf(script.first.commands)).toEqual([]);
    expect(printed(script.first.commands)).toEqual(['opened own', 'closed own undefined']);
    expect(commandsOf(script.run('stream.close()'))).toEqual([]);
  });

  test('ends the handshake', () => {
    const script = startScript(`${OPEN} controller = new AbortController(); start({ signal: controller.signal })`);
    const commands = script.run('controller.abort(); controller.abort()');
    expect(commandsOf(commands)).toEqual([close()]);
    expect(printed(commands)).toEqual(['opened AbortError', 'closed AbortError undefined']);
    expect(script.turn(opened(), unclean)).toEqual([]);
  });

  test('does nothing once the connection is open', () => {
    const script = startScript(`${OPEN} controller = new AbortController(); start({ signal: controller.signal })`);
    script.turn(opened());
    expect(commandsOf(script.run('controller.abort()'))).toEqual([]);
    expect(commandsOf(script.run('writable.getWriter().write(1)')).map(({ type }) => type)).toEqual(['sendText', 'drain']);
  });
});

describe('WebSocketError', () => {
  test.each([
    ['', { message: '', closeCode: null, reason: '' }],
    ['"m"', { message: 'm', closeCode: null, reason: '' }],
    ['"m", { closeCode: 3456, reason: "r" }', { message: 'm', closeCode: 3456, reason: 'r' }],
    ['undefined, { reason: "r" }', { message: '', closeCode: 1000, reason: 'r' }],
    ['"m", { reason: "" }', { message: 'm', closeCode: null, reason: '' }],
  ])('new WebSocketError(%s)', (given, expected) => {
    const script = startScript('');
    expect(script.value(`(({ message, closeCode, reason, name, code }) => ({ message, closeCode, reason, name, code }))(new WebSocketError(${given}))`)).toEqual({ ...expected, name: 'WebSocketError', code: 0 });
  });

  test.each([
    ['"", { closeCode: 1001 }', 'InvalidAccessError'],
    ['"", { closeCode: 65536 }', 'TypeError'],
    ['"", { reason: "x".repeat(124) }', 'SyntaxError'],
    ['"", 5', 'TypeError'],
    ['Symbol()', 'TypeError'],
  ])('new WebSocketError(%s) throws a %s', (given, name) => {
    expect(startScript('').thrown(`new WebSocketError(${given})`)).toMatchObject({ name });
  });

  test('is cloned with its code and reason', () => {
    const script = startScript("e = new WebSocketError('m', { closeCode: 3456, reason: 'r' }); Object.defineProperty(e, 'message', { value: 'own' }); c = structuredClone({ e }).e");
    expect(script.value('[c instanceof WebSocketError, c !== e, c.message, c.name, c.closeCode, c.reason, c.stack === e.stack]')).toEqual([true, true, 'm', 'WebSocketError', 3456, 'r', true]);
  });

  test('is a DOMException and an Error', () => {
    const script = startScript("e = new WebSocketError('m')");
    expect(script.value('[e instanceof DOMException, e instanceof Error, WebSocketError.length, Object.keys(WebSocketError.prototype), Object.prototype.toString.call(e), e.stack.split("\\n")[0], Object.getPrototypeOf(WebSocketError) === DOMException]')).toEqual([
      true, true, 0, ['closeCode', 'reason'], '[object WebSocketError]', 'WebSocketError: m', true,
    ]);
  });
});
