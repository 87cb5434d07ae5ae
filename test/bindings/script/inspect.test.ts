import { describe, expect, test } from '@jest/globals';
import { printed, startScript } from '../../support/isolate.ts';

function shown(expression: string): string | undefined {
  return printed(startScript('').run(`print(${expression})`))[0];
}

describe('what print shows', () => {
  test.each([
    ["'text'", 'text'],
    ['-0', '0'],
    ['10n', '10n'],
    ["Symbol('s')", 'Symbol(s)'],
    ['[]', '[]'],
    ['{}', '{}'],
    ["['a', 1, [2]]", "[ 'a', 1, [ 2 ] ]"],
    ["{ a: 1, b: { c: 'x' } }", "{ a: 1, b: { c: 'x' } }"],
    ['[1, , 3]', '[ 1, <empty>, 3 ]'],
    ['{ a: { b: { c: { d: 1 } } } }', '{ a: { b: { c: [Object] } } }'],
    ['[[[[1]]]]', '[ [ [ [Array] ] ] ]'],
    ['function named() {}', '[function named]'],
    ['(() => {})', '[function]'],
    ['class Room {}', '[class Room]'],
    ["new (class Room { name = 'lobby' })()", "Room { name: 'lobby' }"],
    ['new (class Room {})()', '[Room]'],
    ['Object.assign(Object.create(null), { a: 1 })', 'null prototype { a: 1 }'],
    ["new Map([['k', { v: 1 }]])", "Map(1) { 'k' => { v: 1 } }"],
    ["new Set(['a', 1])", "Set(2) { 'a', 1 }"],
    ['new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['new Date(NaN)', 'Invalid Date'],
    ['/a.b/gi', '/a.b/gi'],
    ['Uint8Array.of(1, 2)', 'Uint8Array(2) [ 1, 2 ]'],
    ['new ArrayBuffer(3)', 'ArrayBuffer { <00 00 00>, byteLength: 3 }'],
    ['new DataView(new ArrayBuffer(3))', 'DataView { <00 00 00>, byteLength: 3 }'],
    ['(() => { const b = new ArrayBuffer(3); b.transfer(); return b; })()', 'ArrayBuffer { (detached) }'],
    ["new Blob(['abc'], { type: 'text/plain' })", "Blob { size: 3, type: 'text/plain' }"],
    ["new URLSearchParams('a=1')", "URLSearchParams { size: 1, 'a' => '1' }"],
    ['new AbortController().signal', 'AbortSignal { aborted: false, reason: undefined }'],
    ["new (class Own extends AbortController { get x() { throw 1; } })()", 'Own {}'],
    ["{ [Symbol('s')]: 1 }", '{ [Symbol(s)]: 1 }'],
    ["[Object.assign(new TypeError('x'), { code: 'E' })]", "[ [TypeError: x] { code: 'E' } ]"],
    ['Promise.resolve(1)', '[Promise]'],
  ])('%s', (expression, text) => {
    expect(shown(expression)).toBe(text);
  });

  test('cycles', () => {
    expect(shown('(() => { const o = { a: [] }; o.a.push(o); return o; })()')).toBe('{ a: [ [Circular] ] }');
    expect(shown('(() => { const o = {}; return [o, o]; })()')).toBe('[ {}, {} ]');
  });

  test('events and addresses', () => {
    expect(shown("new MessageEvent('m', { data: 'hi' })")).toMatch(/^MessageEvent \{ data: 'hi', origin: '', lastEventId: '', type: 'm', .*timeStamp: [\d.]+ \}$/);
    expect(shown("new URL('https://a.example/c?d=e')")).toMatch(/^URL \{ href: 'https:\/\/a\.example\/c\?d=e', .*search: '\?d=e', searchParams: URLSearchParams \{ size: 1, 'd' => 'e' \}, hash: '' \}$/);
  });

  test("platform objects by their own getters, whatever a script has put there", () => {
    const script = startScript("ran = 0; Object.defineProperty(Event.prototype, 'type', { get() { ran++; return 'forged'; } })");
    expect(printed(script.run("print(new Event('real'))"))[0]).toContain("type: 'real'");
    expect(script.value('ran')).toBe(0);
  });

  test('getters are not run', () => {
    const script = startScript('ran = 0; tempting = { get a() { ran++; return 1 } }; list = []; Object.defineProperty(list, 0, { get() { ran++ }, enumerable: true })');
    expect(printed(script.run('print(tempting, list)'))).toEqual(['{ a: [Getter] } [ [Getter] ]']);
    expect(script.value('ran')).toBe(0);
  });

  test('long lists, maps and lines are cut', () => {
    expect(shown('Array.from({ length: 103 }, () => 1)')).toBe(`[ ${'1, '.repeat(100)}... 3 more ]`);
    expect(shown('new Set(Array.from({ length: 102 }, (_, i) => i))')).toMatch(/99, \.\.\. 2 more }$/);
    expect(shown('new Map(Array.from({ length: 101 }, (_, i) => [i, i]))')).toMatch(/99 => 99, \.\.\. 1 more }$/);
    expect(shown("'x'.repeat(20_000)")).toBe(`${'x'.repeat(16_384)}... (3616 more)`);
  });

  test('errors are shown with their place, inside of something without', () => {
    const script = startScript("function fail() {\n  return new RangeError('bad');\n}");
    expect(printed(script.run('print(fail())'))).toEqual([expect.stringMatching(/^RangeError: bad\n {4}at fail \(chat\.js:2:10\)/)]);
    expect(printed(script.run('print({ e: fail() })'))).toEqual(['{ e: [RangeError: bad] }']);
  });

  test('what does not want to be shown does not break the line', () => {
    expect(shown("'a', new Proxy({}, { ownKeys() { throw new Error('no') } }), 'b'")).toBe('a [a value that cannot be shown] b');
    expect(shown('Object.create(Map.prototype)')).toBe('[a value that cannot be shown]');
    expect(shown("{ toString() { throw new Error('no') } }")).toBe('{ toString: [function toString] }');
  });
});
