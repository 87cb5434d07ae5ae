import { setFlagsFromString } from 'node:v8';

/**
 * What the bindings need of V8 that the language does not have, as a script with V8's natives syntax (`%Name()`). It puts
 * one object on the global, which the bindings take and remove while the snapshot is made; no script ever sees it.
 *
 * Each function is called once here: the snapshot then holds its bytecode, and it is never compiled again.
 */
export const NATIVES = `
globalThis.__airlockNatives = {
  // HTML, "perform a microtask checkpoint". Does nothing while a checkpoint is under way already.
  performMicrotaskCheckpoint() { %PerformMicrotaskCheckpoint(); },
  // Whether a value is a Proxy, which nothing in the language tells.
  isProxy(value) { return %IsJSProxy(value); },
  // Ends all JavaScript that is running, and no \`catch\` or \`finally\` sees it.
  terminateExecution(isReal) { if (isReal) %TerminateExecution(); },
};
__airlockNatives.performMicrotaskCheckpoint();
__airlockNatives.isProxy({});
__airlockNatives.terminateExecution(false);
`;

/**
 * Calls `compile` while V8 takes the natives syntax. It does not take it afterwards: a script that uses it, in its source or in
 * `eval`, gets a SyntaxError.
 */
export function withNativesSyntax<Result>(compile: () => Result): Result {
  // V8 drops the bytecode of a function that has not run for some collections, and compiles it again when it is called: with
  // the syntax switched off, that would be a SyntaxError.
  setFlagsFromString('--no-flush-bytecode');
  setFlagsFromString('--allow-natives-syntax');
  try {
    return compile();
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}
