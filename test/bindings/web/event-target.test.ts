import { describe, expect, test } from '@jest/globals';
import { printed, reported, startScript } from '../../support/isolate.ts';

/** What the code prints, where `target` is an EventTarget and `fire(type)` dispatches. */
function prints(code: string): string[] {
  return printed(startScript('target = new EventTarget(); fire = (type = "x", init) => target.dispatchEvent(new Event(type, init))').run(code));
}

describe('addEventListener', () => {
  test('the same callback is added once for each `capture`', () => {
    expect(prints('f = () => print("f"); for (const capture of [false, true, false, { capture: true }, undefined]) target.addEventListener("x", f, capture); fire()')).toEqual(['f', 'f']);
  });

  test('those that capture run first, each kind in its order', () => {
    expect(prints('for (const [name, capture] of [["1", false], ["2", true], ["3", false], ["4", true]]) target.addEventListener("x", () => print(name), capture); target.onx = 1; fire()')).toEqual(['2', '4', '1', '3']);
  });

  test('one that captures may add one that does not, or stop the event before those', () => {
    expect(prints('target.addEventListener("x", () => print("old")); target.addEventListener("x", () => target.addEventListener("x", () => print("new")), { capture: true, once: true }); fire()')).toEqual(['old', 'new']);
    expect(prints('target.addEventListener("x", () => print("no")); target.addEventListener("x", (e) => { e.stopPropagation(); print("stop"); }, true); target.addEventListener("x", () => print("yes"), true); fire()')).toEqual(['stop', 'yes']);
  });

  test('types are told apart, and made strings', () => {
    expect(prints('target.addEventListener("a", () => print("a")); target.addEventListener(5, () => print("5")); fire("a"); fire("5"); fire("b")')).toEqual(['a', '5']);
  });

  test('once', () => {
    expect(prints('target.addEventListener("x", () => { print("once"); fire(); }, { once: true }); fire(); fire()')).toEqual(['once']);
  });

  test('passive: the event cannot be canceled', () => {
    expect(prints('target.addEventListener("x", (e) => e.preventDefault(), { passive: true }); print(fire("x", { cancelable: true }))')).toEqual(['true']);
  });

  test('null is no listener; what is no object is a TypeError', () => {
    const script = startScript('target = new EventTarget()');
    expect(script.thrown('target.addEventListener("x", null); target.addEventListener("x", undefined)')).toBeUndefined();
    expect(script.thrown('target.addEventListener("x", 5)')).toMatchObject({ name: 'TypeError' });
    expect(script.thrown('target.addEventListener("x")')).toMatchObject({
      message: "Failed to execute 'addEventListener' on 'EventTarget': 2 arguments required, but only 1 present.",
    });
  });

  test('an object is asked for handleEvent at each event, and is `this`', () => {
    expect(prints('o = { n: 1, handleEvent(e) { print(this.n, e.type); } }; target.addEventListener("x", o); fire(); o.handleEvent = function () { print("new", this === o); }; fire()')).toEqual(['1 x', 'new true']);
  });

  test('an object without handleEvent is reported', () => {
    const script = startScript('target = new EventTarget(); target.addEventListener("x", {})');
    expect(reported(script.run('target.dispatchEvent(new Event("x"))'))).toEqual(['TypeError: EventListener.handleEvent is not a function']);
  });
});

describe('removeEventListener', () => {
  test('needs the callback and the same `capture`', () => {
    expect(prints('f = () => print("f"); target.addEventListener("x", f, true); target.removeEventListener("x", f); fire(); target.removeEventListener("x", f, { capture: true }); fire()')).toEqual(['f']);
  });

  test('of what was never added is no harm', () => {
    expect(prints('target.removeEventListener("x", () => {}); target.removeEventListener("x", null); print("fine")')).toEqual(['fine']);
  });
});

describe('during a dispatch', () => {
  test('a listener that is added does not run, one that is removed does not either', () => {
    expect(prints(`
      late = () => print('late');
      added = () => print('added');
      target.addEventListener('x', () => { target.removeEventListener('x', late); target.addEventListener('x', added); });
      target.addEventListener('x', late);
      fire(); print('again'); fire();
    `)).toEqual(['again', 'added']);
  });

  test('a lone listener that adds another', () => {
    expect(prints("target.addEventListener('x', () => { target.addEventListener('x', () => print('second')) }, { once: true }); fire(); print('again'); fire()")).toEqual(['again', 'second']);
  });

  test('stopImmediatePropagation ends it', () => {
    expect(prints("target.addEventListener('x', (e) => { print(1); e.stopImmediatePropagation(); }); target.addEventListener('x', () => print(2)); fire(); fire()")).toEqual(['1', '1']);
  });

  test('stopPropagation does not: there is one target', () => {
    expect(prints("target.addEventListener('x', (e) => { print(1); e.stopPropagation(); }); target.addEventListener('x', () => print(2)); fire()")).toEqual(['1', '2']);
  });

  test('the event knows its target', () => {
    expect(prints("target.addEventListener('x', function (e) { print(this === target, e.target === target, e.currentTarget === target, e.srcElement === target, e.eventPhase, e.composedPath().length) }); fire()")).toEqual([
      'true true true true 2 1',
    ]);
  });

  test('the same event cannot be dispatched again; another one can', () => {
    const script = startScript('target = new EventTarget()');
    expect(script.value(`(() => {
      const seen = [];
      target.addEventListener('x', (e) => { try { target.dispatchEvent(e) } catch (error) { seen.push(error.name) } });
      target.addEventListener('x', (e) => { if (seen.length < 2) target.dispatchEvent(new Event('x')) });
      target.dispatchEvent(new Event('x'));
      return seen;
    })()`)).toEqual(['InvalidStateError', 'InvalidStateError']);
  });
});

describe('dispatchEvent', () => {
  test('says whether the event was canceled', () => {
    expect(prints("target.addEventListener('x', (e) => e.preventDefault()); print(fire('x', { cancelable: true }), fire('x'), fire('y', { cancelable: true }))")).toEqual(['false true true']);
  });

  test('an event that was stopped before reaches nobody, and is not stopped afterwards', () => {
    expect(prints("target.addEventListener('x', () => print('heard')); e = new Event('x'); e.stopPropagation(); target.dispatchEvent(e); print('now'); target.dispatchEvent(e)")).toEqual(['now', 'heard']);
  });

  test('takes events only', () => {
    const script = startScript('target = new EventTarget()');
    for (const value of ['{ type: "x" }', 'null', '"x"', 'Object.create(Event.prototype)', 'new Proxy(new Event("x"), {})']) {
      expect(script.thrown(`target.dispatchEvent(${value})`)).toMatchObject({
        name: 'TypeError', message: "Failed to execute 'dispatchEvent' on 'EventTarget': parameter 1 is not of type 'Event'.",
      });
    }
  });

  test('exceptions are reported one by one, and the other listeners run', () => {
    const script = startScript("target = new EventTarget(); for (const n of [1, 2]) target.addEventListener('x', () => { throw new Error('no ' + n) })");
    const commands = script.run("target.addEventListener('x', () => print('ran')); print(target.dispatchEvent(new Event('x')))");
    expect(reported(commands)).toEqual(['Error: no 1', 'Error: no 2']);
    expect(printed(commands)).toEqual(['ran', 'true']);
  });

  test('a subclass that lies about its type is dispatched by the real one', () => {
    expect(prints(`
      class Liar extends Event { get type() { throw new Error('never asked') } get defaultPrevented() { throw new Error('never asked') } }
      target.addEventListener('x', () => print('heard')); print(target.dispatchEvent(new Liar('x')));
    `)).toEqual(['heard', 'true']);
  });

  test('an EventTarget can be inherited from', () => {
    expect(prints("class Room extends EventTarget { constructor() { super(); this.addEventListener('x', () => print('room')) } } new Room().dispatchEvent(new Event('x'))")).toEqual(['room']);
  });
});

describe('WebIDL', () => {
  const script = (): ReturnType<typeof startScript> => startScript('target = new EventTarget()');

  test('arguments are converted in order: the type, the callback, the options', () => {
    const target = script();
    target.run("read = []; options = new Proxy({}, { get(_, name) { read.push(name); } }); type = { toString() { read.push('type'); return 'x'; } }");
    target.run('target.addEventListener(type, () => {}, options); read.push(0); target.removeEventListener(type, () => {}, options); read.push(0); target.addEventListener(type, null, options)');
    expect(target.value('read')).toEqual(['type', 'capture', 'once', 'passive', 'signal', 0, 'type', 'capture', 0, 'type', 'capture', 'once', 'passive', 'signal']);
    expect(target.value("(() => { read = []; try { target.addEventListener(type, 5, options) } catch {} return read; })()")).toEqual(['type']);
  });

  test('a function is a dictionary, and what is no object a boolean', () => {
    expect(printed(script().run(`
      f = () => print('f');
      target.addEventListener('x', f, Object.assign(() => {}, { capture: true }));
      for (const capture of ['yes', 1, Symbol()]) target.addEventListener('x', f, capture);
      target.dispatchEvent(new Event('x'));
      target.removeEventListener('x', f, 'yes'); target.dispatchEvent(new Event('x'));
    `))).toEqual(['f']);
  });

  test('the lengths are those of the required arguments', () => {
    expect(script().value('[EventTarget.length, target.addEventListener.length, target.removeEventListener.length, target.dispatchEvent.length, Event.length, CloseEvent.length, MessageEvent.length]')).toEqual([0, 2, 2, 1, 1, 1, 1]);
  });

  test('members refuse what is no EventTarget', () => {
    for (const call of ["addEventListener.call({}, 'x', null)", "removeEventListener.call(Object.create(target), 'x', null)", "dispatchEvent.call(5, new Event('x'))"]) {
      expect(script().thrown(`target.${call}`)).toMatchObject({
        class: 'TypeError', message: "Illegal invocation: the object that this was called on is not of the type 'EventTarget'.",
      });
    }
  });

  test.each(['null', '{}', "'x'"])('the signal %s is a TypeError, without a callback too', (signal) => {
    expect(script().thrown(`target.addEventListener('x', () => {}, { signal: ${signal} })`)).toMatchObject({ class: 'TypeError' });
    expect(script().thrown(`target.addEventListener('x', null, { signal: ${signal} })`)).toMatchObject({ class: 'TypeError' });
  });
});
