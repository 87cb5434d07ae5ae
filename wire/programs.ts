/** How a program ended that the cell has run for the bindings. */
export const PROGRAM_ENDS = {
  done: 0,
  /** It was not compiled, or has thrown. */
  thrown: 1,
  /** The turn's time was over. */
  timedOut: 2,
} as const;

/** What is known of a value that has left an isolate by being thrown: isolated-vm makes a copy of it. */
export interface ThrownCopy {
  /** What was thrown: an Error, a primitive, or an object of another kind, of which nothing more is known. */
  readonly kind: 'error' | 'primitive' | 'object';
  /** The value, if it is a primitive. */
  readonly value: unknown;
  readonly name: string;
  readonly message: string;
  /** As it was inside the isolate. */
  readonly stack: string;
  /** Where a syntax error stands, as `lib.js:3:9`; empty for any other. */
  readonly position: string;
}
