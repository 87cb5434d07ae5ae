/**
 * What the rest of the bindings may do with a script's AbortSignal: DOM Standard, section 3.2. It is a module of its own,
 * as EventTarget needs it, and AbortSignal inherits from EventTarget.
 */

export interface AbortHooks {
  isSignal(value: unknown): boolean;
  isAborted(signal: object): boolean;
  reason(signal: object): unknown;
  add(signal: object, algorithm: () => void): void;
  remove(signal: object, algorithm: () => void): void;
}

let hooks: AbortHooks;

/** Called once, by AbortSignal itself. */
export function setAbortHooks(own: AbortHooks): void {
  hooks = own;
}

/** Whether it is an AbortSignal, whatever a script has made of its prototype. The others throw a TypeError where it is none. */
export function isAbortSignal(value: unknown): value is object {
  return hooks.isSignal(value);
}

export function isAborted(signal: object): boolean {
  return hooks.isAborted(signal);
}

/** What it was aborted with; undefined before that. */
export function abortReason(signal: object): unknown {
  return hooks.reason(signal);
}

/** DOM, "add": the algorithm runs once, when the signal is aborted; never, where it is already. It must not throw. */
export function addAbortAlgorithm(signal: object, algorithm: () => void): void {
  hooks.add(signal, algorithm);
}

/** DOM, "remove". */
export function removeAbortAlgorithm(signal: object, algorithm: () => void): void {
  hooks.remove(signal, algorithm);
}
