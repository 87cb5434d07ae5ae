import { expect, test } from '@jest/globals';
import { startScript } from '../support/isolate.ts';

/** V8 takes the memory of resizable buffers from elsewhere than where the isolate's limit counts it. Nothing here is filled. */
const SETUP = 'MIB = 1024 * 1024; make = (max, size = 0) => new ArrayBuffer(size, { maxByteLength: max });';
const FULL = { class: 'RangeError', message: 'Array buffer allocation failed' };

test('a script has 32 MiB of resizable buffers at one time', () => {
  const script = startScript(`${SETUP} kept = []; for (let i = 0; i < 32; i++) kept.push(make(MIB));`);
  expect(script.thrown('make(1)')).toMatchObject(FULL);
  expect(script.value('[kept[0].resizable, kept[0].maxByteLength, (kept[0].resize(5), kept[0].byteLength)]')).toEqual([true, 1024 * 1024, 5]);
});

test.each([
  ['one that is too large', 'make(33 * MIB)'],
  ['many that are small, as each takes a page', 'kept = []; for (let i = 0; i < 8193; i++) kept.push(make(1))'],
  ['those of a class of its own', 'class Own extends ArrayBuffer {} kept = []; for (let i = 0; i < 33; i++) kept.push(new Own(0, { maxByteLength: MIB }))'],
  ['those of the constructor on the prototype', 'kept = []; for (let i = 0; i < 33; i++) kept.push(new ArrayBuffer.prototype.constructor(0, { maxByteLength: MIB }))'],
  ['those of the species', 'kept = []; for (let i = 0; i < 33; i++) kept.push(new ArrayBuffer[Symbol.species](0, { maxByteLength: MIB }))'],
  ['those that were transferred', 'kept = []; for (let i = 0; i < 33; i++) kept.push(make(MIB).transfer())'],
  ['clones', 'first = make(MIB); kept = []; for (let i = 0; i < 33; i++) kept.push(structuredClone(first))'],
  ['those that structuredClone transferred', 'kept = []; for (let i = 0; i < 33; i++) { const b = make(MIB); kept.push(structuredClone(b, { transfer: [b] })) }'],
  ['a size that changes while it is looked at', 'kept = []; for (let i = 0; i < 33; i++) { let n = 0; kept.push(new ArrayBuffer(0, { get maxByteLength() { return n++ === 0 ? MIB : 0; } })) }'],
])('no more, by %s', (_what, code) => {
  expect(startScript(SETUP).thrown(code)).toMatchObject(FULL);
});

test('those that are gone count no more', () => {
  const script = startScript(SETUP);
  expect(script.value('(() => { for (let i = 0; i < 200; i++) { const b = make(MIB); b.transferToFixedLength(0); } return 1; })()')).toBe(1);
  for (let turn = 0; turn < 40; turn++) {
    script.run('for (let i = 0; i < 2; i++) make(MIB); garbage = []; for (let i = 0; i < 1e5; i++) garbage.push({ i });');
  }
});

test('else ArrayBuffer is as it was', () => {
  const script = startScript(SETUP);
  expect(script.value(`[ArrayBuffer.name, ArrayBuffer.length, new ArrayBuffer(8).byteLength, new ArrayBuffer(3).resizable, ArrayBuffer.isView(new Uint8Array(1)),
    new ArrayBuffer(1) instanceof ArrayBuffer, ArrayBuffer.prototype.constructor === ArrayBuffer, ArrayBuffer[Symbol.species] === ArrayBuffer, new Uint8Array(4).buffer.constructor === ArrayBuffer,
    new ArrayBuffer(6).slice(1, 3).byteLength, new ArrayBuffer(6).transfer(2).byteLength, ArrayBuffer.prototype.transfer.length, ArrayBuffer.prototype.transfer.name,
    Object.keys(ArrayBuffer.prototype), new ArrayBuffer(4, {}).resizable, new ArrayBuffer(4, { maxByteLength: undefined }).resizable]`)).toEqual([
    'ArrayBuffer', 1, 8, false, true, true, true, true, true, 2, 2, 0, 'transfer', [], false, false,
  ]);
  expect(script.thrown('ArrayBuffer(1)')?.class).toBe('TypeError');
  expect(script.thrown('new ArrayBuffer(-1)')?.class).toBe('RangeError');
  expect(script.thrown('make(1, 2)')?.class).toBe('RangeError');
  expect(script.thrown('ArrayBuffer.prototype.transfer.call({})')?.class).toBe('TypeError');
  expect(script.thrown('new ArrayBuffer.prototype.transfer()')?.class).toBe('TypeError');
});
