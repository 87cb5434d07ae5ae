import { describe, expect, test } from '@jest/globals';
import { timeoutStack } from '../../cell/isolate-errors.ts';

function timedOut(...frames: readonly string[]): Error {
  const error = new Error('Script execution timed out.');
  error.stack = [`Error: ${error.message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');
  return error;
}

const CELL = ['(<isolated-vm boundary>)', 'ScriptIsolate.turn (file:///cell/script-isolate.js:90:41)'];

describe('the stack of a timeout', () => {
  test('has the frames of the script, by the name that it has', () => {
    expect(timeoutStack(timedOut('spin (mein%20skript.js:3:5)', 'mein%20skript.js:9:1', ...CELL), 'mein%20skript.js', 'mein skript.js')).toBe('    at spin (mein skript.js:3:5)\n    at mein skript.js:9:1');
    expect(timeoutStack(timedOut('chat.js:9:1', ...CELL), 'chat.js', 'chat.js')).toBe('    at chat.js:9:1');
  });

  test('is not there if V8 has no frame of the script, between two functions: none of the cell takes its place', () => {
    expect(timeoutStack(timedOut(...CELL), 'chat.js', 'chat.js')).toBe('');
  });

  test('is none of the bindings', () => {
    expect(timeoutStack(timedOut('dispatch (airlock:bindings:1:200)', ...CELL), 'chat.js', 'chat.js')).toBe('');
  });
});
