import { describe, expect, test } from '@jest/globals';
import { printed, startScript } from '../../support/isolate.ts';

const linesOf = (code: string): string[] => printed(startScript('').run(`(async () => { ${code} })()`));

describe('streams', () => {
  test('pull when there is room, and not before', () => {
    expect(linesOf(`
      let pulled = 0;
      const stream = new ReadableStream({ pull(controller) { controller.enqueue(++pulled); } }, new CountQueuingStrategy({ highWaterMark: 2 }));
      await 0; await 0; await 0; await 0;
      print(pulled);
      const reader = stream.getReader();
      print((await reader.read()).value, stream.locked);
      await 0; await 0;
      print(pulled);
    `)).toEqual(['2', '1 true', '3']);
  });

  test('hold a writer back until the sink is ready', () => {
    expect(linesOf(`
      let release;
      const stream = new WritableStream({ write: () => new Promise((resolve) => { release = resolve; }) }, new ByteLengthQueuingStrategy({ highWaterMark: 4 }));
      const writer = stream.getWriter();
      await writer.ready;
      writer.write(new Uint8Array(5));
      print(writer.desiredSize);
      let isReady = false; writer.ready.then(() => { isReady = true; });
      await 0; await 0; print(isReady);
      release(); await writer.ready; print(writer.desiredSize);
    `)).toEqual(['-1', 'false', '4']);
  });

  test('carry backpressure and errors through a pipe', () => {
    expect(linesOf(`
      const upper = new TransformStream({ transform(chunk, controller) { if (chunk === 'bad') throw new Error('bad chunk'); controller.enqueue(chunk.toUpperCase()); } });
      const seen = [];
      await ReadableStream.from(['a', 'b', 'bad', 'c']).pipeThrough(upper).pipeTo(new WritableStream({ write(chunk) { seen.push(chunk); } })).catch((error) => seen.push(error.message));
      print(seen.join());
    `)).toEqual(['A,B,bad chunk']);
  });

  test('tee, iterate and cancel', () => {
    expect(linesOf(`
      const [left, right] = new ReadableStream({ start(controller) { for (const each of [1, 2, 3]) controller.enqueue(each); controller.close(); }, cancel() { print('cancelled'); } }).tee();
      const all = []; for await (const each of left) all.push(each);
      for await (const each of right) { all.push(each); break; }
      print(all.join(), right.locked);
    `)).toEqual(['1,2,3,1 false']);
  });

  test('abort a sink’s signal, also where the script has taken AbortController away', () => {
    expect(linesOf(`
      globalThis.AbortController = undefined; globalThis.queueMicrotask = undefined;
      const stream = new WritableStream({ start({ signal }) { signal.addEventListener('abort', () => print(signal.reason, signal instanceof AbortSignal)); } });
      await stream.abort('why');
    `)).toEqual(['why true']);
  });

  test.each([
    ['new ReadableStreamDefaultController()', 'TypeError'],
    ['new ReadableStream({ type: "nonsense" })', 'TypeError'],
    ['new ReadableStream({}, { highWaterMark: -1 })', 'RangeError'],
    ['new WritableStream({ type: "bytes" })', 'RangeError'],
    ['new ReadableStream().getReader({ mode: "byob" })', 'TypeError'],
    ['(() => { const s = new ReadableStream(); s.getReader(); s.getReader(); })()', 'TypeError'],
    ['new CountQueuingStrategy()', 'TypeError'],
    ['ReadableStream.from(5)', 'TypeError'],
  ])('%s is a %s', (code, name) => {
    expect(startScript('').thrown(code)).toMatchObject({ class: name });
  });
});

describe('values()', () => {
  test('inherits from the asynchronous iterators of the language', () => {
    expect(startScript('').value(`(() => {
      const iterator = new ReadableStream().values(), prototype = Object.getPrototypeOf(iterator);
      return [Object.getPrototypeOf(prototype) === Object.getPrototypeOf(Object.getPrototypeOf((async function* () {}).prototype)),
        iterator[Symbol.asyncIterator]() === iterator, Reflect.ownKeys(prototype).map(String), String(iterator)];
    })()`)).toEqual([true, true, ['next', 'return', 'Symbol(Symbol.toStringTag)'], '[object ReadableStream AsyncIterator]']);
  });
});
