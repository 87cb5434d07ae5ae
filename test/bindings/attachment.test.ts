import '../support/natives.ts';
import { isDeepStrictEqual, types } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { takeLateBuiltIns } from '../../bindings/primordials.ts';
import { readValue } from '../../bindings/value-reader.ts';
import { Tag } from '../../bindings/value-tags.ts';
import { writeValue } from '../../bindings/value-writer.ts';
import { closed, ofType, startScript, type IsolatedScript } from '../support/isolate.ts';
import { acceptedEvent } from '../support/server-items.ts';

const MIB = 1024 * 1024;

function accepted(attachment = new Uint8Array(0), attachmentBytes = 16 * 1024): IsolatedScript {
  const script = startScript('new WebSocketServer().newConnection.connect((each) => { socket = each; })', {
    server: true,
    attachmentBytes,
    listen: () => ({ port: 8080, url: 'ws://127.0.0.1:8080', code: '', error: '' }),
  });
  script.turn(acceptedEvent({ attachment }));
  return script;
}

/** The bytes that the host is given for an expression. */
function attached(script: IsolatedScript, expression: string): Uint8Array<ArrayBuffer> {
  const [command] = ofType(script.run(`socket.attachment = ${expression}`), 'attach');
  return new Uint8Array(command?.data ?? []);
}

describe('a value as bytes', () => {
  beforeAll(takeLateBuiltIns);

  test('comes back as a structured clone does', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withSparseArray: true, withBoxedValues: true, withObjectString: true, maxDepth: 4 });
    fc.assert(
      fc.property(anything, (value) => {
        const copy = readValue(writeValue(value, MIB, 'test'));
        // Both are of Node's own realm then, which jest's is not.
        expect(isDeepStrictEqual(structuredClone(copy), structuredClone(value))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('every number, and every string, lone surrogates too', () => {
    fc.assert(
      fc.property(fc.double(), fc.bigInt(), fc.maxSafeInteger(), fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }), (...values) => {
        const copy = readValue(writeValue(values, MIB, 'test')) as unknown[];
        values.forEach((value, index) => expect(Object.is(copy[index], value)).toBe(true));
      }),
    );
  });

  test('is small where the value is', () => {
    expect(writeValue({ user: 17, name: 'Ada', rooms: ['a', 'b'] }, MIB, 'test').length).toBeLessThan(40);
    expect(writeValue(undefined, MIB, 'test')).toHaveLength(1);
  });

  test('takes no more than it may', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withTypedArray: true }), fc.nat({ max: 200 }), (value, most) => {
        const { length } = writeValue(value, MIB, 'test');
        const write = (): Uint8Array => writeValue(value, most, 'Failed to test');
        if (length <= most) {
          expect(write()).toHaveLength(length);
        } else {
          expect(write).toThrow(`Failed to test: It would take more than ${most} bytes, which is the limit.`);
        }
      }),
    );
  });

  test('bytes that hold no value are an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        try {
          readValue(new Uint8Array(bytes));
        } catch (error) {
          expect(types.isNativeError(error)).toBe(true);
        }
      }),
    );
    expect(() => readValue(new Uint8Array([99]))).toThrow('These bytes hold no value: 99 begins none.');
    expect(() => readValue(new Uint8Array([8, 20]))).toThrow('These bytes hold no value: they end too soon.');
    expect(() => readValue(new Uint8Array([Tag.Double, 1, 2, 3]))).toThrow('These bytes hold no value: they end too soon.');
  });

  test.each([['an array', Tag.Array], ['a buffer', Tag.Buffer], ['a Map', Tag.Map], ['an object', Tag.Plain]])('%s that says to be larger than the bytes that follow is not made', (_what, tag) => {
    expect(() => readValue(new Uint8Array([tag, 128, 128, 128, 128, 15, 0]))).toThrow('These bytes hold no value: they end too soon.');
  });
});

describe('attachment', () => {
  test('is undefined before it is set, and after it was set to that', () => {
    const script = accepted();
    expect(script.value('socket.attachment === undefined')).toBe(true);
    expect(attached(script, '5')).toHaveLength(2);
    expect(script.value('socket.attachment')).toBe(5);
    expect(attached(script, 'undefined')).toHaveLength(0);
    expect(script.value('socket.attachment === undefined')).toBe(true);
  });

  test('is a copy: what is changed afterwards has to be set again', () => {
    const script = accepted();
    script.run('value = { list: [1] }; socket.attachment = value; value.list.push(2); socket.attachment.list.push(3)');
    expect(script.value('[socket.attachment.list, socket.attachment === socket.attachment]')).toEqual([[1], false]);
  });

  test.each([
    ['(() => { const o = { m: new Map() }; o.self = o; o.m.set(o, new Set([o])); return o; })()', '[copy.self === copy, [...copy.m.get(copy)][0] === copy]', [true, true]],
    ['(() => { const b = new ArrayBuffer(4); return [new Uint8Array(b, 1), new Uint16Array(b), b]; })()', '[copy[0].buffer === copy[2], copy[1].buffer === copy[2], copy[0].byteOffset, copy[1].length]', [true, true, 1, 2]],
    ['new DataView(new ArrayBuffer(8), 2, 3)', '[copy.byteOffset, copy.byteLength, copy.buffer.byteLength]', [2, 3, 8]],
    ['new Uint8Array(new ArrayBuffer(4, { maxByteLength: 16 }), 1)', '[copy.length, copy.buffer.resize(8), copy.length, copy.byteOffset]', [3, null, 7, 1]],
    ['new DataView(new ArrayBuffer(4, { maxByteLength: 4 }))', '[copy.byteLength, copy.buffer.resize(2), copy.byteLength]', [4, null, 2]],
    ['new Uint8Array(new ArrayBuffer(4, { maxByteLength: 16 }), 1, 2)', '[copy.length, copy.buffer.resize(8), copy.length]', [2, null, 2]],
    ['new ArrayBuffer(2, { maxByteLength: 8 })', '[copy.byteLength, copy.maxByteLength, copy.resizable]', [2, 8, true]],
    ['Float16Array.of(1.5)', '[copy.constructor.name, copy[0]]', ['Float16Array', 1.5]],
    ['/a\\/b/giy', '[copy.source, copy.flags]', ['a\\/b', 'giy']],
    ['new Date(NaN)', '[copy instanceof Date, isNaN(copy)]', [true, true]],
    ['[1, , 3]', '[copy.length, 1 in copy]', [3, false]],
    ['Object.assign([1], { extra: 2 })', '[copy.length, copy.extra]', [1, 2]],
    ["({ ['__proto__']: 1 })", "[Object.hasOwn(copy, '__proto__'), copy.__proto__]", [true, 1]],
    ['-(2n ** 100n)', '[String(copy)]', ['-1267650600228229401496703205376']],
    ['[-0, NaN, Infinity, null, undefined, true]', '[Object.is(copy[0], -0), Object.is(copy[1], NaN), copy[2] === Infinity, copy[3], copy[4] === undefined, copy[5]]', [true, true, true, null, true, true]],
  ])('%s', (expression, probe, expected) => {
    const script = accepted();
    attached(script, expression);
    expect(script.value(`((copy) => ${probe})(socket.attachment)`)).toEqual(expected);
  });

  test('what the host has kept is there when it announces the connection again', () => {
    const kept = attached(accepted(), "{ user: 'Ada', seen: new Set([1]) }");
    expect(accepted(kept).value('[socket.attachment.user, [...socket.attachment.seen]]')).toEqual(['Ada', [1]]);
  });

  test.each(['() => {}', 'Symbol()', '{ a: new WeakMap() }', 'Promise.resolve()', "new Blob(['a'])", "new Error('e')", 'socket'])('%s cannot be kept, and what was kept stays', (expression) => {
    const script = accepted();
    attached(script, '1');
    expect(script.thrown(`socket.attachment = ${expression}`)).toMatchObject({ class: 'DOMException', name: 'DataCloneError' });
    expect(script.value('socket.attachment')).toBe(1);
  });

  test('that is too large is a RangeError', () => {
    const script = accepted(new Uint8Array(0), 100);
    expect(script.thrown("socket.attachment = 'x'.repeat(100)")).toMatchObject({
      class: 'RangeError', message: "Failed to set the 'attachment' property on 'ServerWebSocket': It would take more than 100 bytes, which is the limit.",
    });
    expect(attached(script, "'x'.repeat(97)")).toHaveLength(100);
  });

  test('of a closed socket can be read and set, and the host is told nothing', () => {
    const script = accepted();
    attached(script, '1');
    script.turn(closed(1));
    expect(script.run('socket.attachment += 1; print(socket.attachment)')).toMatchObject([{ text: '2' }]);
  });
});
