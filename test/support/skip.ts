import { test } from '@jest/globals';

/** `test` where it can run here; else a skipped test whose name says why. */
export function testWhere(condition: boolean, reason: string): (name: string, run: () => unknown) => void {
  return (name, run) => {
    if (condition) {
      test(name, run as () => Promise<void>);
    } else {
      test.skip(`${name} (skipped: ${reason})`, run as () => Promise<void>);
    }
  };
}
