import { describe, expect, test } from '@jest/globals';
import { printed, reported, startScript, type IsolatedScript } from '../../support/isolate.ts';

const script = (): ReturnType<typeof startScript> => startScript('');

/** Lets a few milliseconds pass by the script's own clock, and gives the timer's turn. */
function runTimersOf(target: IsolatedScript): string[] {
  target.run('for (const end = Date.now() + 5; Date.now() < end;);');
  return printed(target.turn({ type: 'timer' }));
}

describe('AbortController', () => {
  test('aborts its signal once, with the reason', () => {
    expect(script().value(`(() => {
      const controller = new AbortController(); const { signal } = controller; const seen = [];
      signal.onabort = function (event) { seen.push(event.type, event.isTrusted, event.bubbles, this === signal, event.target === signal); };
      seen.push(signal.aborted, signal.reason);
      controller.abort('why'); controller.abort('again');
      return [...seen, signal.aborted, signal.reason, controller.signal === signal];
    })()`)).toEqual([false, null, 'abort', true, false, true, true, true, 'why', true]);
  });

  test('has an AbortError for a reason where none is given', () => {
    expect(script().value("(() => { const c = new AbortController(); c.abort(); const { reason } = c.signal; return [reason instanceof DOMException, reason.name, reason.code, AbortSignal.abort().reason.name, AbortSignal.abort(null).reason]; })()")).toEqual([true, 'AbortError', 20, 'AbortError', null]);
  });
});

describe('AbortSignal', () => {
  test('cannot be constructed', () => {
    expect(script().thrown('new AbortSignal()')).toMatchObject({ class: 'TypeError', message: "Failed to construct 'AbortSignal': Illegal constructor" });
    expect(script().value('[AbortSignal.length, Object.keys(AbortSignal), Object.getPrototypeOf(AbortSignal) === EventTarget]')).toEqual([0, ['abort', 'timeout', 'any'], true]);
    expect(script().thrown("Reflect.get(AbortSignal.prototype, 'onabort', new EventTarget())")).toMatchObject({ class: 'TypeError' });
  });

  test('throwIfAborted throws the reason itself', () => {
    expect(script().value("(() => { AbortSignal.prototype.throwIfAborted.call(new AbortController().signal); const reason = {}; try { AbortSignal.abort(reason).throwIfAborted(); } catch (error) { return error === reason; } })()")).toBe(true);
  });

  test('timeout aborts with a TimeoutError', () => {
    const target = startScript("signal = AbortSignal.timeout(1); signal.onabort = ({ isTrusted }) => print(isTrusted, signal.reason.name, signal.reason.code)");
    expect(runTimersOf(target)).toEqual(['true TimeoutError 23']);
  });

  test.each(['-1', 'Infinity', 'NaN', "'x'", '2 ** 53', ''])('timeout(%s) is a TypeError', (delay) => {
    expect(script().thrown(`AbortSignal.timeout(${delay})`)).toMatchObject({ class: 'TypeError' });
  });

  test('any follows the first that is aborted', () => {
    expect(script().value(`(() => {
      const [a, b] = [new AbortController(), new AbortController()]; const order = [];
      const both = AbortSignal.any([a.signal, b.signal]); const nested = AbortSignal.any(new Set([both, a.signal]));
      both.onabort = () => order.push('both', nested.aborted); nested.onabort = () => order.push('nested'); b.signal.onabort = () => order.push('b', both.aborted);
      b.abort('first'); a.abort('second');
      return [...order, both.reason, nested.reason, AbortSignal.any([]).aborted, AbortSignal.any([AbortSignal.abort(1), AbortSignal.abort(2)]).reason];
    })()`)).toEqual(['b', true, 'both', true, 'nested', 'first', 'first', false, 1]);
    for (const value of ['5', '[{}]', '[new EventTarget()]', '']) {
      expect(script().thrown(`AbortSignal.any(${value})`)).toMatchObject({ class: 'TypeError' });
    }
  });

  test('what a listener throws is reported, and the others still run', () => {
    const commands = script().run("c = new AbortController(); c.signal.addEventListener('abort', () => { throw new Error('own'); }); c.signal.addEventListener('abort', () => print('ran')); c.abort();");
    expect(reported(commands)).toEqual(['Error: own']);
    expect(printed(commands)).toEqual(['ran']);
  });

  test('ends a pipe', () => {
    expect(printed(script().run("c = new AbortController(); new ReadableStream({ cancel(reason) { print('cancelled', reason); } }).pipeTo(new WritableStream({ abort(reason) { print('aborted', reason); } }), { signal: c.signal }).catch((reason) => print('rejected', reason)); c.abort('why')"))).toEqual(['aborted why', 'cancelled why', 'rejected why']);
  });
});
