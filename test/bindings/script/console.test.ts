import { describe, expect, test } from '@jest/globals';
import { PRINT_LEVELS } from '../../../wire/commands.ts';
import { ofType, printed, startScript } from '../../support/isolate.ts';

/** Lines with their levels, as `level: text`. */
function lines(code: string): string[] {
  return ofType(startScript('').run(code), 'print').map(({ level, text }) => `${PRINT_LEVELS[level]}: ${text}`);
}

describe('print and console', () => {
  test('print joins its values with spaces', () => {
    expect(lines("print('a', 1, null, undefined, true); print()")).toEqual(['log: a 1 null undefined true', 'log: ']);
  });

  test.each([
    ['log', 'log'], ['debug', 'debug'], ['info', 'info'], ['warn', 'warning'], ['error', 'error'], ['exception', 'error'],
  ])('console.%s prints with the level %s', (method, level) => {
    expect(lines(`console.${method}('x', [1])`)).toEqual([`${level}: x [ 1 ]`]);
  });

  test('there is no formatting by %', () => {
    expect(lines("console.log('%s', 'x')")).toEqual(['log: %s x']);
  });

  test('assert prints where the condition does not hold', () => {
    expect(lines("console.assert(1, 'no'); console.assert(0, 'bad', 5); console.assert()")).toEqual(['error: Assertion failed : bad 5', 'error: Assertion failed : ']);
  });

  test('groups indent by four spaces, and end no more often than they began', () => {
    expect(lines("console.groupEnd(); console.group('g'); console.log('in'); console.groupCollapsed('h'); console.warn('deep'); console.groupEnd(); console.groupEnd(); console.groupEnd(); console.log('out')")).toEqual([
      'log: g', 'log:     in', 'log:     h', 'warning:         deep', 'log: out',
    ]);
  });

  test('time and timeEnd', () => {
    expect(lines("console.time('t'); console.timeEnd('t'); console.timeEnd('t'); console.time()")).toEqual([
      'log: t: Timer started', expect.stringMatching(/^log: t: \d+ms$/), 'log: default: Timer started',
    ]);
  });

  test('count', () => {
    expect(lines("console.count(); console.count('x'); console.count()")).toEqual(['log: default: 1', 'log: x: 1', 'log: default: 2']);
  });

  test('trace says where it is', () => {
    const script = startScript("function where() {\n  console.trace('here', 1);\n}");
    expect(printed(script.run('where()'))).toEqual([expect.stringMatching(/^Trace: here 1\n {4}at where \(chat\.js:2:11\)/)]);
  });

  test('clear does nothing, and all of them give undefined', () => {
    expect(startScript('').value("[...Object.keys(console).filter((name) => console[name]('x') !== undefined), print()].length")).toBe(1);
  });

  test('methods need no receiver', () => {
    expect(lines("const { log } = console; [1, 2].forEach((n) => log(n))")).toEqual(['log: 1', 'log: 2']);
  });
});
