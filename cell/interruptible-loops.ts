import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 compile no loop that cannot be interrupted. Where it has unrolled an inner loop, the loop around it may have lost the
 * check for an interrupt: `for (;;) kept.push(new Array(100).fill(1))` stopped neither for the limit on its turn nor for that
 * on memory, and cost its whole process (V8 14.6, `turboshaft-loop-unrolling`).
 *
 * The flag is one for all isolates of the process; code that is compiled before is not changed.
 */
export function compileInterruptibleLoops(): void {
  setFlagsFromString('--no-turboshaft-loop-unrolling');
}
