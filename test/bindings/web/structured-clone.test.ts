import '../../support/natives.ts';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { takeLateBuiltIns } from '../../../bindings/primordials.ts';
import { structuredClone as clone } from '../../../bindings/web/structured-clone.ts';
import { printed, startScript } from '../../support/isolate.ts';

const script = (): ReturnType<typeof startScript> => startScript('');

describe('structuredClone', () => {
  beforeAll(takeLateBuiltIns);

  test('gives a value that is equal, and none of its objects', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withSparseArray: true, withBoxedValues: true, maxDepth: 4 });
    fc.assert(
      fc.property(anything, (value) => {
        const copy = clone(value);
        expect(fc.stringify(copy)).toBe(fc.stringify(value));
        expect(typeof copy === 'object' && copy !== null && copy === value).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['[1, , 3]', "[copy.length, 1 in copy]", [3, false]],
    ["Object.assign([1], { extra: 2 })", '[copy.length, copy.extra]', [1, 2]],
    ['/a/giy', '[copy.source, copy.flags, copy.lastIndex]', ['a', 'giy', 0]],
    ['Object(5n)', '[typeof copy, copy.valueOf() === 5n]', ['object', true]],
    ["new (class A { x = 1; get y() { return 2; } })()", '[copy.constructor === Object, copy.x, copy.y]', [true, 1, null]],
    ['({ get x() { return 7; } })', "Object.getOwnPropertyDescriptor(copy, 'x')", { value: 7, writable: true, enumerable: true, configurable: true }],
    ['Object.create({ inherited: 1 }, { hidden: { value: 1 } })', '[Object.keys(copy), copy.inherited]', [[], null]],
    ["({ ['__proto__']: 1 })", "[Object.hasOwn(copy, '__proto__'), copy.__proto__]", [true, 1]],
    ["new RangeError('m', { cause: { c: 1 } })", "[copy instanceof RangeError, copy.message, copy.cause.c, Object.keys(copy), copy.stack === value.stack]", [true, 'm', 1, [], true]],
    ["Object.assign(new Error('m'), { name: 'Own', extra: 1 })", '[copy.name, copy.extra]', ['Error', null]],
    ["new DOMException('m', 'AbortError')", "[copy instanceof DOMException, copy.name, copy.message, copy.code, copy === value]", [true, 'AbortError', 'm', 20, false]],
    ["new QuotaExceededError('m', { quota: 1, requested: 2 })", "[copy instanceof QuotaExceededError, copy.name, copy.message, copy.code, copy.quota, copy.requested, Error.isError(copy)]", [true, 'QuotaExceededError', 'm', 22, 1, 2, true]],
    ["new Blob(['abc'], { type: 'a/b' })", '[copy instanceof Blob, copy.size, copy.type, copy === value]', [true, 3, 'a/b', false]],
    ['new ArrayBuffer(2, { maxByteLength: 8 })', '[copy.byteLength, copy.maxByteLength, copy.resizable]', [2, 8, true]],
    ['new Uint8Array(new ArrayBuffer(4, { maxByteLength: 16 }))', '[copy.length, copy.buffer.resize(8), copy.length]', [4, null, 8]],
    ['new Float64Array(new ArrayBuffer(20, { maxByteLength: 24 }), 8)', '[copy.length, copy.buffer.resize(24), copy.length, copy.byteOffset]', [1, null, 2, 8]],
    ['new DataView(new ArrayBuffer(4, { maxByteLength: 16 }), 1)', '[copy.byteLength, copy.buffer.resize(8), copy.byteLength]', [3, null, 7]],
    ['new Uint8Array(new ArrayBuffer(0, { maxByteLength: 1 }))', '[copy.length, copy.buffer.resize(1), copy.length]', [0, null, 1]],
    // As large as it may be: it can only shrink.
    ['(b => (new Uint8Array(b).set([1, 2, 3, 4]), new Uint16Array(b)))(new ArrayBuffer(4, { maxByteLength: 4 }))', '[copy.join(), value.join(), copy.buffer.resize(2), copy.length]', ['513,1027', '513,1027', null, 1]],
    ['new Uint8Array(new ArrayBuffer(4, { maxByteLength: 16 }), 0, 4)', '[copy.length, copy.buffer.resize(8), copy.length]', [4, null, 4]],
    ['(b => (new Uint8Array(b).set([1, 2, 3, 4]), new Uint8Array(b, 1, 3)))(new ArrayBuffer(4, { maxByteLength: 4 }))', '[copy.join(), value.join(), copy.buffer.resize(3), copy.length]', ['2,3,4', '2,3,4', null, 0]],
    ['new DataView(new ArrayBuffer(8), 2, 3)', '[copy.byteOffset, copy.byteLength, copy.buffer.byteLength]', [2, 3, 8]],
    ['BigInt64Array.of(5n)', '[copy.constructor.name, Number(copy[0])]', ['BigInt64Array', 5]],
    ['Float16Array.of(1.5)', '[copy.constructor.name, copy[0]]', ['Float16Array', 1.5]],
    ['(() => { const b = new ArrayBuffer(4); return [new Uint8Array(b, 1), new Uint16Array(b)]; })()', '[copy[0].buffer === copy[1].buffer, copy[0].byteOffset, copy[1].length]', [true, 1, 2]],
    ['(() => { const o = { m: new Map() }; o.self = o; o.m.set(o, new Set([o])); return o; })()', '[copy.self === copy, [...copy.m.get(copy)][0] === copy]', [true, true]],
  ])('%s', (expression, probe, expected) => {
    expect(script().value(`((value) => { const copy = structuredClone(value); return ${probe}; })(${expression})`)).toEqual(JSON.parse(JSON.stringify(expected)));
  });

  test.each([
    '() => {}', 'Symbol()', 'Object(Symbol())', 'new WeakMap()', 'new WeakSet()', 'new WeakRef({})', 'Promise.resolve()', '(function* () {})()', '[][Symbol.iterator]()', "new Event('x')", 'new EventTarget()',
    "new URL('http://a')", 'new AbortController().signal', 'new ReadableStream()', "new WebSocket('ws://a.example')", '[() => {}]', 'new Map([[1, Symbol()]])', "new Error('m', { cause: Symbol() })",
    '(() => { const b = new ArrayBuffer(8, { maxByteLength: 8 }); const view = new Uint8Array(b, 4, 2); b.resize(2); return view; })()', '(() => { const b = new ArrayBuffer(8, { maxByteLength: 8 }); const view = new DataView(b, 4, 2); b.resize(2); return view; })()',
    '(() => { const gone = new ArrayBuffer(4); gone.transfer(); return gone; })()', '(() => { const view = new Uint8Array(4); view.buffer.transfer(); return view; })()',
  ])('%s cannot be cloned', (expression) => {
    expect(script().thrown(`structuredClone(${expression})`)).toMatchObject({ class: 'DOMException', name: 'DataCloneError', code: 25 });
  });

  test('moves the buffers that are to be transferred', () => {
    expect(script().value(`(() => {
      const buffer = Uint8Array.of(1, 2, 3, 4).buffer;
      const copy = structuredClone({ view: new Uint8Array(buffer, 1, 2), buffer }, { transfer: [buffer] });
      return [buffer.detached, [...copy.view], copy.buffer.byteLength, copy.view.buffer === copy.buffer];
    })()`)).toEqual([true, [2, 3], 4, true]);
  });

  test('moves none where something cannot be cloned or moved', () => {
    expect(script().value(`(() => {
      const buffer = new ArrayBuffer(4); const gone = new ArrayBuffer(1); gone.transfer();
      const attempt = (value, transfer) => { try { structuredClone(value, { transfer }); return 'done'; } catch (error) { return error.name; } };
      const names = [attempt(Symbol(), [buffer]), attempt(1, [buffer, buffer]), attempt(1, [buffer, gone]), attempt(1, [buffer, {}]), attempt(1, [buffer, 5]), attempt(1, 5)];
      return [...names, buffer.detached];
    })()`)).toEqual(['DataCloneError', 'DataCloneError', 'DataCloneError', 'DataCloneError', 'TypeError', 'TypeError', false]);
    expect(script().thrown('structuredClone()')).toMatchObject({ class: 'TypeError' });
  });
});

describe('a Proxy has no clone', () => {
  const TRAPS = "new Proxy({}, { get(_, name) { print('trap', String(name)); return Reflect[name] && ((...args) => { print(name); return Reflect[name](...args); }); } })";

  test.each([
    ['of an object', 'new Proxy({ a: 1 }, {})'],
    ['of an array', 'new Proxy([1], {})'],
    ['of a Map', 'new Proxy(new Map(), {})'],
    ['of an error', "new Proxy(new Error('m'), {})"],
    ['of a Proxy', 'new Proxy(new Proxy({}, {}), {})'],
    ['of an ArrayBuffer', 'new Proxy(new ArrayBuffer(1), {})'],
    ['that is revoked', '(({ proxy, revoke }) => (revoke(), proxy))(Proxy.revocable({}, {}))'],
    ['within an object', '({ a: [new Proxy({}, {})] })'],
    ['within a Map', 'new Map([[1, new Proxy({}, {})]])'],
    ['within a Set', 'new Set([new Proxy({}, {})])'],
    ['as a cause', "new Error('m', { cause: new Proxy({}, {}) })"],
  ])('%s', (_what, expression) => {
    expect(script().thrown(`structuredClone(${expression})`)).toMatchObject({ name: 'DataCloneError' });
  });

  test('and none of its traps is called', () => {
    const target = script();
    expect(printed(target.run(`try { structuredClone(new Proxy({}, ${TRAPS})); } catch ({ name }) { print(name); }`))).toEqual(['DataCloneError']);
  });

  test('an object that inherits from one has, and so has what a script has put in the place of Proxy', () => {
    expect(script().value("JSON.stringify(structuredClone(Object.assign(Object.create(new Proxy({}, {})), { a: 1 })))")).toBe('{"a":1}');
    expect(script().thrown('globalThis.Proxy = class {}; structuredClone(new Proxy())')).toBeUndefined();
  });

  test('also when V8 has thrown away what has not run for long', () => {
    const target = script();
    for (let turn = 0; turn < 20; turn++) {
      target.run('for (let n = 0; n < 200; n++) new ArrayBuffer(1e6);');
    }
    expect(target.thrown('structuredClone(new Proxy({}, {}))')).toMatchObject({ name: 'DataCloneError' });
    expect(target.value('structuredClone({ a: 1 }).a')).toBe(1);
  });

  test('scripts have no part in the syntax by which it is known', () => {
    for (const code of ['%IsJSProxy(1)', '(() => %IsJSProxy(1))()']) {
      expect(script().thrown(`(0, eval)(${JSON.stringify(code)})`)).toMatchObject({ class: 'SyntaxError' });
      expect(script().thrown(`new Function(${JSON.stringify(`return ${code}`)})`)).toMatchObject({ class: 'SyntaxError' });
    }
    expect(script().value("Object.getOwnPropertyNames(globalThis).filter((name) => name.includes('airlock'))")).toEqual([]);
  });
});
