import { expect, test } from '@jest/globals';
import { IsolatedScript, ofType } from '../../support/isolate.ts';

/** The places of what a source has thrown, while it was loaded or in a microtask that it has left. */
function stackOf(source: string): string | undefined {
  const { commands } = new IsolatedScript(source).first;
  return ofType(commands, 'loadFailed')[0]?.stack;
}

test('what is no Error has the place of the only throw of this very value', () => {
  expect(stackOf("if (false) {\n  throw 'b';\n}\n  throw 'a';")).toMatch(/:4:3$/);
});

test('an object has the place of the only throw of something that is not new', () => {
  expect(stackOf("if (false) throw new Error('a');\nconst o = {};\n  throw o;")).toMatch(/:3:3$/);
});

test('if more than one throw fits, it is the beginning of the file', () => {
  expect(stackOf('const o = {};\nif (false) throw 1;\n  throw o;')).toMatch(/:1:1$/);
});

test('if a callback threw and more than one throw fits, it is where that callback begins', () => {
  const { commands } = new IsolatedScript(
    'const o = {};\nfunction other() { throw 1; }\n  queueMicrotask(function first() {\n    throw o;\n  });',
  ).first;
  expect(ofType(commands, 'reportError')[0]?.stack).toMatch(/at first \(.*:3:18\)$/);
});
