import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineCopies } from '../../cell/line-copies.ts';
import { COMMANDS, COMMAND_SCHEMA } from '../../wire/commands.ts';
import type { FlatBatch } from '../../wire/fields.ts';
import { flatToItems } from '../../wire/flat-reader.ts';

const PRINT = COMMANDS.print.code;
const ERROR = COMMANDS.reportError.code;

interface Copies {
  readonly copies: LineCopies;
  /** What was sent, each as its items. */
  readonly sent: unknown[];
  readonly clock: { now: number };
}

function copiesOf(lines: number, units: number): Copies {
  const sent: unknown[] = [];
  const clock = { now: 5000 };
  const send = (line: FlatBatch): void => void sent.push(flatToItems(COMMAND_SCHEMA, line));
  return { copies: new LineCopies({ lines, units }, send, () => clock.now), sent, clock };
}

const MORE: readonly unknown[] = [];

describe('copies of lines', () => {
  test('are the commands that the turn gives back', () => {
    const { copies, sent } = copiesOf(10, 1000);
    copies.begin();
    copies.line(PRINT, 2, 'a line', '');
    copies.line(ERROR, 0, 'Error: x', 'at chat.js:1:1');
    expect(sent).toEqual([
      [{ type: 'print', level: 2, text: 'a line' }],
      [{ type: 'reportError', text: 'Error: x', stack: 'at chat.js:1:1' }],
    ]);
  });

  test('are no more in a second than allowed; that there are more is said once in each turn', () => {
    const { clock, copies, sent } = copiesOf(2, 1000);
    copies.begin();
    for (const text of ['a', 'b', 'c', 'd']) {
      copies.line(PRINT, 0, text, '');
    }
    copies.begin();
    copies.line(PRINT, 0, 'e', '');
    expect(sent).toEqual([[expect.objectContaining({ text: 'a' })], [expect.objectContaining({ text: 'b' })], MORE, MORE]);
    clock.now += 1000;
    copies.begin();
    copies.line(PRINT, 0, 'f', '');
    expect(sent.at(-1)).toEqual([expect.objectContaining({ text: 'f' })]);
  });

  test('have no more text in a second than allowed', () => {
    const { copies, sent } = copiesOf(10, 10);
    copies.begin();
    copies.line(PRINT, 0, '123456', '');
    copies.line(PRINT, 0, '123456', '');
    copies.line(ERROR, 0, '12', '34');
    expect(sent).toEqual([[expect.objectContaining({ text: '123456' })], MORE, [expect.objectContaining({ stack: '34' })]]);
  });

  test('one that is longer than that passes alone', () => {
    const { copies, sent } = copiesOf(10, 10);
    copies.begin();
    copies.line(PRINT, 0, '12345678901', '');
    copies.line(PRINT, 0, '1', '');
    expect(sent).toEqual([[expect.objectContaining({ text: '12345678901' })], MORE]);
  });

  test('whatever an isolate calls a line, nothing is thrown into it, and the limits hold', () => {
    const odd = fc.oneof(fc.string(), fc.anything());
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.oneof(fc.constantFrom(PRINT, ERROR), fc.double()), fc.double(), odd, odd), { maxLength: 40 }), (lines) => {
        const sent: FlatBatch[] = [];
        const copies = new LineCopies({ lines: 10, units: 50 }, (line) => void sent.push(line), () => 0);
        copies.begin();
        for (const [code, level, text, stack] of lines) {
          copies.line(code, level, text, stack);
        }
        expect(sent.length).toBeLessThanOrEqual(11);
        const lengths = sent.map(({ texts }) => texts.join('').length).filter((length) => length > 0);
        if (lengths.length > 1) {
          expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(50);
        }
      }),
    );
  });

  test('that cannot be sent are not missed', () => {
    const copies = new LineCopies({ lines: 10, units: 50 }, () => { throw new Error('EPIPE'); }, () => 0);
    expect(() => copies.line(PRINT, 0, 'x', '')).not.toThrow();
  });
});
