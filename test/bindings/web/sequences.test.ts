import { describe, expect, test } from '@jest/globals';
import { startScript } from '../../support/isolate.ts';

/** Web IDL, "sequence": the method of the iterator is read once, and called once. */
describe('what takes an iterable reads Symbol.iterator once', () => {
  test.each([
    ['Blob', 'new Blob(list)', "'a', 'b'"],
    ['URLSearchParams', 'new URLSearchParams(list)', "['a', 'b'], ['c', 'd']"],
    ['AbortSignal.any', 'AbortSignal.any(list)', 'AbortSignal.abort()'],
    ['structuredClone', 'structuredClone(1, { transfer: list })', 'new ArrayBuffer(1)'],
    ['MessageEvent', "new MessageEvent('x', { ports: list })", ''],
    ['WebSocket', "new WebSocket('ws://a.example', list)", "'a', 'b'"],
    ['WebSocketStream', "new WebSocketStream('ws://a.example', { protocols: list })", "'a', 'b'"],
  ])('%s', (_name, code, items) => {
    expect(startScript('').value(`(() => {
      const order = [];
      const list = {
        get [Symbol.iterator]() {
          order.push('read');
          return () => { order.push('call'); return [${items}][Symbol.iterator](); };
        },
      };
      ${code};
      return order;
    })()`)).toEqual(['read', 'call']);
  });

  test('and that of each pair', () => {
    expect(startScript('').value(`(() => {
      let reads = 0;
      const pair = { get [Symbol.iterator]() { reads++; return () => ['a', 'b'][Symbol.iterator](); } };
      return [String(new URLSearchParams([pair])), reads];
    })()`)).toEqual(['a=b', 1]);
  });

  test('what is no iterable, or no pair, is a TypeError', () => {
    for (const code of ['new Blob({})', 'new Blob({ [Symbol.iterator]: 5 })', "new URLSearchParams([['a']])", "new URLSearchParams(['ab'])", "new URLSearchParams([['a', 'b', 'c']])", 'new URLSearchParams({ [Symbol.iterator]: 5 })', 'AbortSignal.any({})', "new MessageEvent('x', { ports: [1] })"]) {
      expect(startScript('').thrown(code)).toMatchObject({ class: 'TypeError' });
    }
  });
});
