import { describe, expect, test } from '@jest/globals';
import { reported, startScript } from '../../support/isolate.ts';

const script = (): ReturnType<typeof startScript> => startScript('');

describe('DOMException', () => {
  test.each([
    ["new DOMException('m', 'SyntaxError')", ['m', 'SyntaxError', 12]],
    ["new DOMException('m', 'InvalidStateError')", ['m', 'InvalidStateError', 11]],
    ["new DOMException('m', 'NotAName')", ['m', 'NotAName', 0]],
    ["new DOMException('m', 'toString')", ['m', 'toString', 0]],
    ['new DOMException()', ['', 'Error', 0]],
  ])('%s', (expression, expected) => {
    expect(script().value(`(({ message, name, code }) => [message, name, code])(${expression})`)).toEqual(expected);
  });

  test('is an Error with a stack, that says its name', () => {
    expect(script().value("(() => { const e = new DOMException('m', 'AbortError'); return [e instanceof Error, String(e), Object.prototype.toString.call(e), e.stack.split('\\n')[0]]; })()")).toEqual([
      true, 'AbortError: m', '[object DOMException]', 'AbortError: m',
    ]);
  });

  test('has the legacy constants', () => {
    expect(script().value("[DOMException.INVALID_STATE_ERR, new DOMException().DATA_CLONE_ERR]")).toEqual([11, 25]);
  });

  test('thrown and not caught, it is reported by name and place', () => {
    const target = startScript("target = new EventTarget();\ntarget.addEventListener('x', () => { new WebSocket('nonsense:'); });");
    const commands = target.run("target.dispatchEvent(new Event('x'))");
    expect(reported(commands)).toEqual(["SyntaxError: Failed to construct 'WebSocket': The URL's scheme must be either 'http', 'https', 'ws', or 'wss'. 'nonsense' is not allowed."]);
    expect(commands[0]).toEqual(expect.objectContaining({ stack: expect.stringMatching(/^ {4}at .*\(chat\.js:2:38\)/) }));
  });
});
