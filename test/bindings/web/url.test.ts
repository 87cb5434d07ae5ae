import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startScript } from '../../support/isolate.ts';

const PARTS = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'] as const;
const SETTABLE = PARTS.filter((part) => part !== 'origin');
const script = (): ReturnType<typeof startScript> => startScript('');

const pieces = fc.constantFrom(
  'http:', 'https:', 'ws:', 'wss:', 'file:', 'data:', 'mailto:', 'x:', 'C:', '//', '/', '\\', '.', '..', '%2e', '?', '#', '@', ':', ':80', ':443', ':8080', ':99999',
  'example', 'EXAMPLE.com', 'xn--4gbrim', 'faß.de', 'ä', '日本', '127.0.0.1', '0x7f.1', '[::1]', '[::1', '%41', '%zz', ' ', '\t', '\n', 'a b', "'", '"', '<', '^', '|', '`', '{', 'a=1', '&', '+', '\ud800', '😀', '\0', '',
);
const nearlyURL = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''));

function partsOf(url: URL): string[] {
  return PARTS.map((part) => url[part]);
}

describe('URL', () => {
  test('parses as Node.js does, whatever the text', () => {
    const parse = startScript(`ask = (cases) => cases.map(([url, base]) => { const u = base === null ? URL.parse(url) : URL.parse(url, base); return u && ${JSON.stringify(PARTS)}.map((part) => u[part]); });`);
    fc.assert(
      fc.property(fc.array(fc.tuple(nearlyURL, fc.option(nearlyURL)), { minLength: 12, maxLength: 12 }), (cases) => {
        const expected = cases.map(([url, base]) => {
          const parsed = base === null ? URL.parse(url) : URL.parse(url, base);
          return parsed === null ? null : partsOf(parsed);
        });
        expect(parse.value(`ask(${JSON.stringify(cases)})`)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test('sets its parts as Node.js does', () => {
    const set = startScript(`ask = (cases) => cases.map(([url, steps]) => { const u = URL.parse(url); for (const [part, value] of u ? steps : []) { try { u[part] = value; } catch {} } return u && ${JSON.stringify(PARTS)}.map((part) => u[part]); });`);
    const start = fc.oneof(nearlyURL, fc.constantFrom('http://user:pw@host.example:81/a/b?c#d', 'file:///C:/x', 'data:text/plain,x  ?q#f', 'x:/.//p', 'ws://h'));
    const step = fc.tuple(fc.constantFrom(...SETTABLE), nearlyURL);
    fc.assert(
      fc.property(fc.array(fc.tuple(start, fc.array(step, { maxLength: 4 })), { minLength: 12, maxLength: 12 }), (cases) => {
        const expected = cases.map(([url, steps]) => {
          const parsed = URL.parse(url);
          for (const [part, value] of parsed === null ? [] : steps) {
            try {
              (parsed as URL)[part] = value;
            } catch {
              // `href`.
            }
          }
          return parsed === null ? null : partsOf(parsed);
        });
        expect(set.value(`ask(${JSON.stringify(cases)})`)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test('throws a TypeError for what is not one, and says what', () => {
    expect(script().thrown("new URL('nonsense')")).toMatchObject({ class: 'TypeError', message: "Failed to construct 'URL': Invalid URL 'nonsense'" });
    expect(script().thrown("new URL('http://a/', '')")).toMatchObject({ class: 'TypeError' });
    expect(script().thrown("new URL()")).toMatchObject({ class: 'TypeError' });
    expect(script().thrown("new URL('http://a/').href = 'x'")).toMatchObject({ class: 'TypeError' });
    expect(script().value("[URL.canParse('x'), URL.canParse('x', 'http://a'), URL.parse('x')]")).toEqual([false, true, null]);
  });

  test('and its searchParams change with one another', () => {
    expect(script().value(`(() => {
      const url = new URL('http://a/?x=1#f');
      const { searchParams } = url;
      const seen = [];
      searchParams.append('y', 'ä b'); seen.push(url.href);
      url.search = '?q=%20+'; seen.push(searchParams.get('q'), searchParams.size);
      url.href = 'http://b/?r=1'; seen.push([...searchParams].join());
      searchParams.delete('r'); seen.push(url.href, url.searchParams === searchParams);
      return seen;
    })()`)).toEqual(['http://a/?x=1&y=%C3%A4+b#f', '  ', 1, 'r,1', 'http://b/', true]);
  });

  test('has what Web IDL asks for', () => {
    expect(script().value("[URL.length, Object.keys(URL), String(Object.prototype.toString.call(new URL('x:y'))), JSON.stringify(new URL('x:y'))]")).toEqual([1, ['parse', 'canParse'], '[object URL]', '"x:y"']);
    expect(script().thrown("Reflect.get(URL.prototype, 'href', {})")).toMatchObject({ class: 'TypeError' });
    expect(script().thrown("Reflect.set(URL.prototype, 'search', 'x', {})")).toMatchObject({ class: 'TypeError' });
  });

  test('takes no address beyond two million characters', () => {
    expect(script().value("['http://a/' + 'x'.repeat(2 ** 21 - 10), 'http://a/' + 'x'.repeat(2 ** 21)].map((url) => URL.canParse(url))")).toEqual([true, false]);
  });
});

describe('URLSearchParams', () => {
  const query = fc.array(fc.constantFrom('a', 'b', '=', '&', '+', '%20', '%', '%4', '%c3%a4', '%ff', '%ef%bb%bf', '%F0%9F%98%80', ' ', '?', '~', "'", '*', '\0'), { maxLength: 12 }).map((parts) => parts.join(''));

  test('reads, writes and sorts as that of Node.js', () => {
    const ask = startScript('ask = (queries) => queries.map((query) => { const p = new URLSearchParams(query); const all = [...p]; const text = String(p); p.sort(); return [all, text, String(p), p.size, p.get("a"), p.getAll("b"), p.has("a", "b")]; })');
    fc.assert(
      fc.property(fc.array(query, { minLength: 12, maxLength: 12 }), (queries) => {
        const expected = queries.map((text) => {
          const params = new URLSearchParams(text);
          const before = [[...params], String(params)];
          params.sort();
          return [...before, String(params), params.size, params.get('a'), params.getAll('b'), params.has('a', 'b')];
        });
        expect(ask.value(`ask(${JSON.stringify(queries)})`)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    ["new URLSearchParams('?a=b&a=c')", 'a=b&a=c'],
    ["new URLSearchParams([['a', 'b'], new Set(['c', 'd'])])", 'a=b&c=d'],
    ["new URLSearchParams({ a: 1, b: null })", 'a=1&b=null'],
    ["new URLSearchParams(new URLSearchParams('x=y'))", 'x=y'],
    ["new URLSearchParams({ '\\ud800': 1, '\\ud801': 2 })", '%EF%BF%BD=2'],
    ["new URLSearchParams('ä%ff\\ud83d+😀')", '%C3%A4%EF%BF%BD%EF%BF%BD+%F0%9F%98%80='],
    ['new URLSearchParams()', ''],
    ['new URLSearchParams(null)', 'null='],
    ["(() => { const p = new URLSearchParams('a=1&b=2&a=3'); p.set('a', 4); p.set('c', 5); p.delete('b', '9'); return p; })()", 'a=4&b=2&c=5'],
  ])('%s', (expression, text) => {
    expect(script().value(`String(${expression})`)).toBe(text);
  });

  test('takes pairs only', () => {
    for (const init of ["[['a']]", "[['a', 'b', 'c']]", '[5]', '[null]', '{ [Symbol()]: 1 }']) {
      expect(script().thrown(`new URLSearchParams(${init})`)).toMatchObject({ class: 'TypeError' });
    }
  });

  test('is walked as it is at each step', () => {
    expect(script().value(`(() => {
      const params = new URLSearchParams('a=1&b=2'); const seen = [];
      for (const [name] of params) { seen.push(name); if (name === 'a') params.append('c', 3); }
      params.forEach(function (value, name, object) { seen.push(value + name + (object === params) + this.x); }, { x: 1 });
      const keys = params.keys();
      return [...seen, Object.prototype.toString.call(keys), keys[Symbol.iterator]() === keys, [...params.values()].join(), params.entries === params[Symbol.iterator]];
    })()`)).toEqual(['a', 'b', 'c', '1atrue1', '2btrue1', '3ctrue1', '[object URLSearchParams Iterator]', true, '1,2,3', true]);
  });
});
