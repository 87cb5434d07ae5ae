import { describe, expect, test } from '@jest/globals';
import { reported, startScript } from '../../support/isolate.ts';

const script = (): ReturnType<typeof startScript> => startScript('');

describe('DOMException', () => {
  test.each([
    ["new DOMException('m', 'SyntaxError')", ['m', 'SyntaxError', 12]],
    ["new DOMException('m', 'InvalidStateError')", ['m', 'InvalidStateError', 11]],
    ["new DOMException('m', 'NotAName')", ['m', 'NotAName', 0]],
    ["new DOMException('m', 'toString')", ['m', 'toString', 0]],
    ['new DOMException()', ['', 'Error', 0]],
  ])('%s', (expression, expected) => {
    expect(script().value(`(({ message, name, code }) => [message, name, code])(${expression})`)).toEqual(expected);
  });

  test('is an Error with a stack, that says its name', () => {
    expect(script().value("(() => { const e = new DOMException('m', 'AbortError'); return [e instanceof Error, String(e), Object.prototype.toString.call(e), e.stack.split('\\n')[0]]; })()")).toEqual([
      true, 'AbortError: m', '[object DOMException]', 'AbortError: m',
    ]);
  });

  test('is an error to the language, and its class inherits from nothing', () => {
    expect(script().value(`(() => {
      const e = new DOMException('m', 'AbortError'); class Own extends DOMException { own = 1; } const own = new Own('o', 'DataError');
      return [Error.isError(e), Object.getPrototypeOf(DOMException) === Function.prototype, Object.getPrototypeOf(DOMException.prototype) === Error.prototype,
        Reflect.ownKeys(e), Error.isError(Object.create(DOMException.prototype)), Error.isError(own), own instanceof Own, own.message, own.own, own.stack.split('\\n')[0],
        Error.isError(new WebSocketError()), Error.isError(AbortSignal.abort().reason)];
    })()`)).toEqual([true, true, true, ['stack'], false, true, true, 'o', 1, 'DataError: o', true, true]);
    expect(script().thrown('DOMException()')).toMatchObject({ class: 'TypeError' });
    expect(script().thrown('Object.create(DOMException.prototype).name')).toMatchObject({ class: 'TypeError' });
  });

  test('has its name and message whatever a script has made of Error', () => {
    expect(script().value("(() => { Error.captureStackTrace = Error.prototype.toString = () => { throw 1; }; globalThis.Error = 1; const e = new DOMException('m', 'AbortError'); return [e.name, e.message]; })()")).toEqual(['AbortError', 'm']);
  });

  test('has the legacy constants', () => {
    expect(script().value("[DOMException.INVALID_STATE_ERR, new DOMException().DATA_CLONE_ERR]")).toEqual([11, 25]);
  });

  test('thrown and not caught, it is reported by name and place', () => {
    const target = startScript("target = new EventTarget();\ntarget.addEventListener('x', () => { new WebSocket('nonsense:'); });");
    const commands = target.run("target.dispatchEvent(new Event('x'))");
    expect(reported(commands)).toEqual(["SyntaxError: Failed to construct 'WebSocket': The URL's scheme must be either 'http', 'https', 'ws', or 'wss'. 'nonsense' is not allowed."]);
    expect(commands[0]).toEqual(expect.objectContaining({ stack: expect.stringMatching(/^ {4}at .*\(chat\.js:2:38\)/) }));
  });
});

describe('QuotaExceededError', () => {
  test('is a DOMException that says how much there is', () => {
    expect(script().value(`(() => {
      const e = new QuotaExceededError('m', { quota: 1, requested: 2.5 }), plain = new QuotaExceededError();
      return [e instanceof DOMException, Error.isError(e), e.name, e.code, e.message, e.quota, e.requested, plain.quota, plain.requested, plain.message,
        Object.getPrototypeOf(QuotaExceededError) === DOMException, QuotaExceededError.length, Object.keys(QuotaExceededError.prototype), Object.prototype.toString.call(e), e.stack.split('\\n')[0]];
    })()`)).toEqual([true, true, 'QuotaExceededError', 22, 'm', 1, 2.5, null, null, '', true, 0, ['quota', 'requested'], '[object QuotaExceededError]', 'QuotaExceededError: m']);
  });

  test.each([
    ['{ quota: -1 }', 'RangeError'],
    ['{ requested: -1 }', 'RangeError'],
    ['{ quota: 2, requested: 1 }', 'RangeError'],
    ['{ quota: NaN }', 'TypeError'],
    ['{ requested: Infinity }', 'TypeError'],
    ['5', 'TypeError'],
  ])('with %s is a %s', (options, name) => {
    expect(script().thrown(`new QuotaExceededError('m', ${options})`)).toMatchObject({ class: name });
  });

  test('is what asks for too much gets', () => {
    expect(script().value("(() => { try { crypto.getRandomValues(new Uint8Array(65_537)); } catch (e) { return [e instanceof QuotaExceededError, e.quota, e.requested]; } })()")).toEqual([true, 65_536, 65_537]);
  });
});
