import { describe, expect, test } from '@jest/globals';
import { ofType, printed, reported, startScript, type IsolatedScript } from '../../support/isolate.ts';

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

describe('a signal that lives for long', () => {
  /** What would take several times the memory that the script has, if it were kept. */
  const COUNT = 300_000;

  test.each([
    ['any', 'AbortSignal.any([shutdown.signal])'],
    ['any of any', 'AbortSignal.any([AbortSignal.any([shutdown.signal])])'],
    ['any with a timeout', 'AbortSignal.any([shutdown.signal, AbortSignal.timeout(1e6)])'],
    ['timeout', 'AbortSignal.timeout(1e6)'],
    ['a listener of a target', "new EventTarget().addEventListener('x', () => {}, { signal: shutdown.signal })"],
    ['a listener that has come and gone', "{ const s = AbortSignal.any([shutdown.signal]); s.addEventListener('abort', f); s.removeEventListener('abort', f); }"],
    ['a handler that has come and gone', '{ const s = AbortSignal.any([shutdown.signal, AbortSignal.timeout(1e6)]); s.onabort = f; s.onabort = null; }'],
    ['a listener that went with its own signal', "{ const c = new AbortController(); AbortSignal.any([shutdown.signal]).addEventListener('abort', f, { signal: c.signal }); c.abort(); }"],
    ['a listener of its own that went with its signal', "{ const c = new AbortController(); shutdown.signal.addEventListener('abort', () => {}, { signal: c.signal }); c.abort(); }"],
  ])('does not keep %s', (_what, code) => {
    const target = startScript('shutdown = new AbortController(); f = () => {}', { memory: 32, turnTimeout: 60_000, commandsPerTurn: 1e6 });
    // In one turn, which ends no job before its end.
    target.run(`for (let n = 0; n < ${COUNT}; n++) ${code};`);
    for (let turn = 0; turn < 10; turn++) {
      target.run(`for (let n = 0; n < ${COUNT / 100}; n++) ${code};`);
    }
    expect(target.value('(shutdown.abort("why"), shutdown.signal.reason)')).toBe('why');
  });

  test('keeps those that somebody listens to, and tells them in the order in which they were made', () => {
    const target = startScript(`
      shutdown = new AbortController();
      first = AbortSignal.any([shutdown.signal]); second = AbortSignal.any([first]);
      second.onabort = () => print('second', first.aborted); first.onabort = () => print('first', second.aborted);
      AbortSignal.any([shutdown.signal]).addEventListener('abort', ({ target }) => print('third', target.reason));
      shutdown.signal.onabort = () => { first = AbortSignal.any([shutdown.signal]); print('source', first.aborted); };`);
    target.run('for (let n = 0; n < 100_000; n++) new ArrayBuffer(1000);');
    expect(printed(target.run("shutdown.abort('why')"))).toEqual(['source true', 'first true', 'second true', 'third why']);
  });

  test('tells a dependent of its first listener’s, which the source’s own listener has added', () => {
    const target = startScript("c = new AbortController(); d = AbortSignal.any([c.signal]); c.signal.onabort = () => { d.onabort = () => print('d', d.reason); }");
    expect(printed(target.run("c.abort('why'); d.onabort = () => print('late')"))).toEqual(['d why']);
  });
});

describe('a signal that nobody listens to', () => {
  test('is aborted with the reason of the source that was the first', () => {
    expect(script().value("(() => { const [a, b] = [new AbortController(), new AbortController()]; const s = AbortSignal.any([a.signal, b.signal]); b.abort('b'); a.abort('a'); return [s.reason, s.aborted]; })()")).toEqual(['b', true]);
  });

  test('of a timeout is aborted when its time has come, without a timer', () => {
    const target = startScript('s = AbortSignal.timeout(3); both = AbortSignal.any([s, new AbortController().signal]); before = [s.aborted, both.aborted]');
    expect(target.first.commands.filter(({ type }) => type === 'timer')).toEqual([]);
    target.run('for (const end = Date.now() + 5; Date.now() < end;);');
    expect(target.value('[...before, s.aborted, both.aborted, both.reason === s.reason, s.reason.name]')).toEqual([false, false, true, true, true, 'TimeoutError']);
    expect(printed(target.run("s.onabort = both.onabort = () => print('no')"))).toEqual([]);
  });

  test('of a timeout is aborted in a timer that was set after it for the same time', () => {
    const target = startScript('const s = AbortSignal.timeout(2); setTimeout(() => print(s.aborted), 2)');
    expect(runTimersOf(target)).toEqual(['true']);
  });

  test('heard later on, it is told at its time, before a timer that was set after it', () => {
    const target = startScript("s = AbortSignal.timeout(2); setTimeout(() => print('timer'), 2); AbortSignal.any([s]).onabort = () => print('aborted')");
    expect(runTimersOf(target)).toEqual(['aborted', 'timer']);
  });

  test('of a timeout, a listener that goes takes the timer with it', () => {
    const target = startScript('s = AbortSignal.timeout(1e6)');
    expect(target.run('s.onabort = () => {}')).toEqual([expect.objectContaining({ type: 'timer' })]);
    expect(target.run('s.onabort = null')).toEqual([{ type: 'timer', delay: -1 }]);
  });

  test('of a timeout needs a timer when somebody listens; where there are too many, the listener is refused', () => {
    const target = startScript('s = AbortSignal.timeout(1e6); setTimeout(() => {}, 1e6)', { timers: 1 });
    expect(target.thrown("s.addEventListener('abort', () => {})")).toMatchObject({ message: expect.stringContaining('the limit of 1 timers is reached') });
    expect(target.thrown("AbortSignal.any([new AbortController().signal, s]).addEventListener('abort', () => {})")).toMatchObject({ message: expect.stringContaining('the limit of 1 timers is reached') });
    expect(ofType(target.result({ type: 'evaluate', source: "new WebSocketStream('ws://a.example', { signal: s })" }).commands, 'connect')).toEqual([]);
  });
});
