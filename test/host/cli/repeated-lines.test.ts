import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RepeatedLines } from '../../../host/cli/repeated-lines.ts';

test('a line that comes again is written once, with how many times more it came', () => {
  const written: string[] = [];
  const lines = new RepeatedLines((line) => written.push(line));
  for (const line of ['a', 'a', 'a', 'b', 'b', 'a']) {
    lines.tell(line);
  }
  lines.flush();
  expect(written).toEqual(['a', '... 2 times more', 'b', '... 1 time more', 'a']);
});

test('nothing is lost: what is written gives the lines back', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', undefined)), (told) => {
      const written: string[] = [];
      const lines = new RepeatedLines((line) => written.push(line));
      for (const line of told) {
        if (line === undefined) {
          lines.flush();
        } else {
          lines.tell(line);
        }
      }
      lines.flush();
      const unfolded = written.flatMap((line, index) => {
        const more = /^\.\.\. (\d+) /.exec(line)?.[1];
        return Array.from({ length: Number(more ?? 1) }, () => (more === undefined ? line : written[index - 1]));
      });
      expect(unfolded).toEqual(told.filter((line) => line !== undefined));
    }),
  );
});
