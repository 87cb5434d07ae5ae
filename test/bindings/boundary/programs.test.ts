import { describe, expect, test } from '@jest/globals';
import { IsolatedScript, printed, startScript } from '../../support/isolate.ts';

describe('programs of one script', () => {
  test('share `let`, `const` and `class`', () => {
    const script = startScript('const LIMIT = 5; let title = "x"; class Room {}');
    expect(script.value('[LIMIT, title, typeof Room]')).toEqual([5, 'x', 'function']);
    expect(script.value("'LIMIT' in globalThis")).toBe(false);
  });

  test('share `var` and `function` in strict mode too', () => {
    const script = startScript('"use strict"; var counter = 1; function step() { return ++counter; }');
    expect(script.value('step()')).toBe(2);
    expect(script.value('counter')).toBe(2);
  });

  test('are strict or not each for itself', () => {
    const script = startScript('"use strict";');
    expect(script.value('(function () { return this === globalThis; })()')).toBe(true);
  });

  test('may not declare a name of another one again: the error names the program', () => {
    expect(() => startScript('let a = 1;').run('let a = 2;')).toThrow("SyntaxError: Identifier 'a' has already been declared");
  });

  test('that throw have run up to there', () => {
    const script = new IsolatedScript("const before = 1; print('x'); throw new Error('y'); var after = 1;");
    expect(printed(script.first.commands)).toEqual(['x']);
    expect(script.value('[before, typeof after]')).toEqual([1, 'undefined']);
  });

  test('have no natives syntax', () => {
    const { commands } = new IsolatedScript('%PerformMicrotaskCheckpoint()').first;
    expect(commands).toMatchObject([{ type: 'loadFailed', text: "SyntaxError: Unexpected token '%'" }]);
    expect(startScript('').thrown("eval('%IsJSProxy(1)')")).toMatchObject({ class: 'SyntaxError' });
    expect(startScript('').thrown("new Function('return %IsJSProxy(1)')")).toMatchObject({ class: 'SyntaxError' });
    expect(startScript('').value('Object.getOwnPropertyNames(globalThis).filter((name) => /airlock/i.test(name))')).toEqual([]);
  });
});
