import { describe, expect, test } from '@jest/globals';
import { printed, reported, startScript } from '../../support/isolate.ts';

const script = (): ReturnType<typeof startScript> => startScript('');

describe('queueMicrotask', () => {
  test('runs in order with promises, after the code that is running', () => {
    expect(printed(script().run("queueMicrotask(() => print('a')); Promise.resolve().then(() => print('b')); queueMicrotask(function () { print('c', this === globalThis || this === undefined, arguments.length); }); print('first')"))).toEqual(['first', 'a', 'b', 'c true 0']);
  });

  test('reports what the callback throws, and goes on', () => {
    const commands = script().run("queueMicrotask(() => { throw new Error('own'); }); queueMicrotask(() => print('ran'))");
    expect(reported(commands)).toEqual(['Error: own']);
    expect(printed(commands)).toEqual(['ran']);
  });

  test('takes functions only', () => {
    for (const callback of ['', 'null', "'x'", '{}']) {
      expect(script().thrown(`queueMicrotask(${callback})`)).toMatchObject({ class: 'TypeError' });
    }
  });
});

describe('performance', () => {
  test('counts milliseconds, in steps of a tenth, and never back', () => {
    const target = startScript(`
      times = [];
      for (const seen = new Set(); seen.size < 500; ) { const time = performance.now(); times.push(time); seen.add(time); }
      const started = Date.now(); const from = performance.now();
      while (Date.now() < started + 20);
      lasted = performance.now() - from;
    `, { turnTimeout: 20_000 });
    expect(target.value(`[
      times.every((time, index) => index === 0 || time >= times[index - 1]),
      times.every((time) => Math.abs(time * 10 - Math.round(time * 10)) < 1e-6),
      times.some((time, index) => index > 0 && Math.round((time - times[index - 1]) * 10) === 1),
      lasted > 15,
    ]`)).toEqual([true, true, true, true]);
  });

  test('together with its origin is the time of day', () => {
    const before = Date.now();
    const target = script();
    const [origin, now] = target.value('[performance.timeOrigin, performance.now()]') as [number, number];
    expect(origin).toBeGreaterThanOrEqual(before - 1);
    expect(origin + now).toBeLessThanOrEqual(Date.now() + 2);
    expect(target.value('[JSON.stringify(performance) === JSON.stringify({ timeOrigin: performance.timeOrigin }), performance instanceof EventTarget, String(performance)]')).toEqual([true, true, '[object Performance]']);
    expect(target.thrown('new Performance()')).toMatchObject({ class: 'TypeError' });
    expect(target.thrown('performance.now.call({})')).toMatchObject({ class: 'TypeError' });
  });
});

describe('crypto', () => {
  test('getRandomValues fills arrays of integers, within their view, and gives them back', () => {
    expect(script().value(`(() => {
      const all = new Uint8Array(70_000); const view = all.subarray(1000, 60_000);
      const same = crypto.getRandomValues(view) === view;
      const counts = new Uint32Array(256); for (const byte of view) counts[byte]++;
      return [same, all.subarray(0, 1000).every((byte) => byte === 0), all.subarray(60_000).every((byte) => byte === 0), Math.min(...counts) > 100, Math.max(...counts) < 400];
    })()`)).toEqual([true, true, true, true, true]);
    for (const kind of ['Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint32Array', 'BigUint64Array']) {
      expect(script().value(`crypto.getRandomValues(new ${kind}(64)).some((each) => each != 0)`)).toBe(true);
    }
    expect(script().value('crypto.getRandomValues(new Uint8Array(0)).length + crypto.getRandomValues(new Uint16Array(32768)).length')).toBe(32768);
  });

  test('getRandomValues refuses other values, and more than 65,536 bytes', () => {
    for (const array of ['new Float32Array(1)', 'new Float64Array(1)', 'new DataView(new ArrayBuffer(1))', '[]', 'null']) {
      expect(script().thrown(`crypto.getRandomValues(${array})`)).toMatchObject({ name: 'TypeMismatchError', code: 17 });
    }
    expect(script().thrown('crypto.getRandomValues(new Uint8Array(65_537))')).toMatchObject({ name: 'QuotaExceededError' });
    expect(script().thrown('crypto.getRandomValues()')).toMatchObject({ class: 'TypeError' });
    expect(script().thrown('crypto.getRandomValues.call({}, new Uint8Array(1))')).toMatchObject({ class: 'TypeError' });
  });

  test('randomUUID is of version 4, each another', () => {
    const ids = script().value('Array.from({ length: 200 }, () => crypto.randomUUID())') as string[];
    expect(new Set(ids).size).toBe(200);
    expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true);
  });
});

describe('ErrorEvent', () => {
  test('has its members from the dictionary, and their defaults', () => {
    const members = '[event.type, event.message, event.filename, event.lineno, event.colno, event.error ?? String(event.error), event.cancelable, event instanceof Event]';
    expect(script().value(`((event) => ${members})(new ErrorEvent('error'))`)).toEqual(['error', '', '', 0, 0, 'undefined', false, true]);
    expect(script().value(`((event) => ${members})(new ErrorEvent('x', { message: 'm', filename: 'f\\ud800', lineno: -1, colno: 2.9, error: null, cancelable: true }))`)).toEqual(['x', 'm', 'f\ufffd', 4294967295, 2, 'null', true, true]);
    expect(script().thrown('new ErrorEvent()')).toMatchObject({ class: 'TypeError' });
  });
});

describe('the globals', () => {
  const NAMES = `Object.getOwnPropertyNames(globalThis).filter((name) => !['console', 'Script', 'print'].includes(name) && Object.getOwnPropertyDescriptor(globalThis, name).value)`;

  test('are not enumerable, and are called what they are', () => {
    expect(script().value('Object.keys(globalThis)')).toEqual([]);
    expect(script().value(`${NAMES}.filter((name) => typeof globalThis[name] === 'function' && globalThis[name].name !== name)`)).toEqual([]);
  });

  test('are of the script’s own realm, and their errors hold no place of the host', () => {
    const target = startScript(`
      seen = new Set(); foreign = [];
      walk = (object, path) => {
        if (object === null || (typeof object !== 'object' && typeof object !== 'function') || seen.has(object)) return;
        seen.add(object);
        const isOwn = object instanceof Object || object === Object.prototype || Object.getPrototypeOf(object) === null;
        if (!isOwn || (typeof object === 'function' && object !== Function.prototype && !(object instanceof Function))) foreign.push(path);
        if (typeof object.stack === 'string' && /file:|node:|isolated-vm|[\\\\/]cell[\\\\/]/.test(object.stack)) foreign.push(object.stack);
        for (const key of Reflect.ownKeys(object)) {
          const descriptor = Object.getOwnPropertyDescriptor(object, key);
          for (const part of ['value', 'get', 'set']) walk(descriptor[part], path + '.' + String(key));
        }
        walk(Object.getPrototypeOf(object), path + '.__proto__');
      };
      walk(globalThis, 'globalThis');
      for (const make of [
        () => new URL('http://a/?b'), () => new URL('nonsense'), () => new URL('http://a/?b').searchParams.entries(), () => crypto.getRandomValues(new Uint8Array(9)), () => crypto.getRandomValues(5),
        () => new TextDecoder('x'), () => new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.of(255)), () => new TextEncoder().encode('x'), () => new ReadableStream().getReader(), () => new TransformStream(),
        () => structuredClone({ a: [new Error('x'), new Map(), Uint8Array.of(1)] }), () => atob('$'), () => new Blob(['x']).stream().getReader().read(), () => AbortSignal.timeout(-1), () => performance.toJSON(),
      ]) { let made; try { made = make(); } catch (error) { made = error; } walk(made, String(make)); }
    `);
    expect(target.value('foreign')).toEqual([]);
    expect(target.value('seen.size') as number).toBeGreaterThan(1000);
  });

  test('give a used-up stack a RangeError that holds no place of the host', () => {
    expect(script().value(`(() => {
      const errors = [];
      const deep = () => { try { deep(); } catch {} try { new URL('http://a/'); performance.now(); crypto.randomUUID(); } catch (error) { if (errors.length < 50) errors.push(error); } };
      try { deep(); } catch {}
      return [errors.length > 0, errors.every((error) => error instanceof RangeError && !/file:|node:/.test(error.stack))];
    })()`)).toEqual([true, true]);
  });
});
