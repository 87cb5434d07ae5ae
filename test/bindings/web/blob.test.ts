import { describe, expect, test } from '@jest/globals';
import { printed, startScript } from '../../support/isolate.ts';

const script = (): ReturnType<typeof startScript> => startScript('');

/** The text of a Blob that the expression makes. */
function textOf(expression: string): string | undefined {
  return printed(script().run(`(${expression}).text().then((text) => print(JSON.stringify(text)))`)).map((line) => JSON.parse(line) as string)[0];
}

describe('Blob', () => {
  test.each([
    ["new Blob(['a', 5, null, 'é'])", 'a5nullé'],
    ['new Blob([Uint8Array.of(104, 105), Uint8Array.of(33).buffer, new DataView(Uint8Array.of(65, 66).buffer, 1)])', 'hi!B'],
    ["new Blob([new Blob(['in']), 'out'])", 'inout'],
    ["new Blob(new Set(['x', 'y']))", 'xy'],
    ["new Blob(['\\ud800'])", '\ufffd'],
    ['new Blob()', ''],
    ['new Blob([new ArrayBuffer(0)])', ''],
    ['(() => { const gone = new ArrayBuffer(4); gone.transfer(); return new Blob([gone, "x"]); })()', 'x'],
  ])('%s', (expression, text) => {
    expect(textOf(expression)).toBe(text);
  });

  test('has a size in bytes and a type in lower case, none where it is not ASCII', () => {
    expect(script().value("[new Blob(['é']).size, new Blob([], { type: 'Text/PLAIN' }).type, new Blob([], { type: 'é' }).type, new Blob([]).type]")).toEqual([2, 'text/plain', '', '']);
  });

  test.each([
    ['', 'abcdef'], ['2', 'cdef'], ['-2', 'ef'], ['1, 3', 'bc'], ['1, -1', 'bcde'], ['4, 2', ''], ['0, 99', 'abcdef'], ['NaN, 1.9', 'ab'], ['0, 2.5', 'ab'], ['null, 1', 'a'], ['-99, 1', 'a'],
  ])('slice(%s)', (args, text) => {
    expect(textOf(`new Blob(['abcdef'], { type: 'a/b' }).slice(${args})`)).toBe(text);
  });

  test('a slice has the type that it is given', () => {
    expect(script().value("[new Blob(['a'], { type: 'a/b' }).slice().type, new Blob(['a']).slice(0, 1, 'C/D').type]")).toEqual(['', 'c/d']);
  });

  test('a slice of a slice', () => {
    expect(textOf("new Blob(['abcdef']).slice(1, 5).slice(1, 3)")).toBe('cd');
  });

  test('what it gives out can be changed; it cannot', () => {
    expect(printed(script().run(`
      source = Uint8Array.of(97, 98); blob = new Blob([source]); source[0] = 0;
      (async () => {
        new Uint8Array(await blob.arrayBuffer()).fill(0);
        (await blob.bytes()).fill(0);
        print(await blob.text(), (await blob.arrayBuffer()).byteLength, (await blob.bytes()).length);
      })();
    `))).toEqual(['ab 2 2']);
  });

  test('the text is UTF-8 without a byte order mark', () => {
    expect(textOf('new Blob([Uint8Array.of(0xef, 0xbb, 0xbf, 0xe2, 0x82, 0xac, 0xff)])')).toBe('€\ufffd');
  });

  test('takes lists only', () => {
    for (const parts of ["'text'", '5', 'null', '{}']) {
      expect(script().thrown(`new Blob(${parts})`)).toMatchObject({ name: 'TypeError' });
    }
    expect(script().thrown("Reflect.get(Blob.prototype, 'size', {})")).toMatchObject({ class: 'TypeError' });
  });

  test('converts its arguments from left to right, the options in the order of their names', () => {
    expect(script().value(`(() => {
      const order = [];
      const part = (name) => ({ toString() { order.push(name); return name; } });
      const options = new Proxy({}, { get(_, name) { order.push(name); return undefined; } });
      new Blob({ *[Symbol.iterator]() { order.push('iterate'); yield part('a'); yield part('b'); } }, options);
      return order;
    })()`)).toEqual(['iterate', 'a', 'b', 'endings', 'type']);
  });

  test.each([
    ["new Blob(['a\\r\\nb\\rc\\nd\\r'], { endings: 'native' })", 'a\nb\nc\nd\n'],
    ["new Blob(['a\\r\\nb'], { endings: 'transparent' })", 'a\r\nb'],
    ["new Blob([Uint8Array.of(13, 10)], { endings: 'native' })", '\r\n'],
    ["new Blob(Object.assign(() => {}, { *[Symbol.iterator]() { yield 'x'; } }))", 'x'],
    ["new Blob(new String('xyz'))", 'xyz'],
    ["new Blob(['x'], null)", 'x'],
    ["new Blob(['x'], () => {})", 'x'],
  ])('%s', (expression, text) => {
    expect(textOf(expression)).toBe(text);
  });

  test('takes no other endings and no other options', () => {
    for (const options of ["{ endings: 'Native' }", "{ endings: '' }", '5', "'x'"]) {
      expect(script().thrown(`new Blob([], ${options})`)).toMatchObject({ class: 'TypeError' });
    }
  });

  test('streams its bytes, in chunks, also into buffers of the reader’s own', () => {
    expect(printed(script().run(`(async () => {
      const blob = new Blob([new Uint8Array(150_000).fill(7), 'end']).slice(1);
      const sizes = []; let last;
      for await (const chunk of blob.stream()) { sizes.push(chunk.length); last = chunk; }
      print(sizes.join(), last.at(-1));
      const reader = blob.stream().getReader({ mode: 'byob' });
      const first = await reader.read(new Uint8Array(4), { min: 4 });
      print([...first.value].join(), first.done);
      await reader.cancel();
      const none = new Blob().stream().getReader({ mode: 'byob' });
      const { done, value } = await none.read(new Uint8Array(2));
      print(done, value.length);
    })()`))).toEqual(['65536,65536,18930 100', '7,7,7,7 false', 'true 0']);
  });

  test('its promises reject where it is none', () => {
    expect(printed(script().run("for (const name of ['text', 'arrayBuffer', 'bytes']) Blob.prototype[name].call({}).catch((error) => print(name, error.name))"))).toEqual(['text TypeError', 'arrayBuffer TypeError', 'bytes TypeError']);
  });

  test('a large text takes little more memory than it has', () => {
    const small = startScript('', { memory: 32 });
    expect(printed(small.run("new Blob([new Uint8Array(3 << 20).fill(97)]).text().then((text) => print(text.length))"))).toEqual(['3145728']);
  });
});
