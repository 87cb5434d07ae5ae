import { describe, expect, test } from '@jest/globals';
import { ARENA_BYTES, BYTE_WINDOW, NUMBER_WINDOW, arenaViews } from '../../wire/arena.ts';
import { COMMANDS, PRINT_LEVELS, type Command } from '../../wire/commands.ts';
import { EVENTS, type EventHandlers, type EventOf } from '../../wire/events.ts';
import { WireError, compileSchema, type ItemTable } from '../../wire/fields.ts';
import { TURN_STATUS, turnStatusOf } from '../../wire/frames.ts';
import { ANSWERS, QUESTIONS, answerFields } from '../../wire/questions.ts';

const TABLES: readonly (readonly [string, ItemTable])[] = [
  ['events', EVENTS],
  ['commands', COMMANDS],
  ['questions', QUESTIONS],
  ['answers', ANSWERS],
];

describe.each(TABLES)('the table of %s', (_, table) => {
  test('every code is a byte, is not 0, and is used once', () => {
    const codes = Object.values(table).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.every((code) => Number.isInteger(code) && code > 0 && code < 256)).toBe(true);
  });

  test('no field has the name by which items are told apart', () => {
    expect(Object.values(table).some(({ fields }) => 'type' in fields)).toBe(false);
  });
});

describe('tables', () => {
  test('every question has an answer', () => {
    expect(Object.keys(ANSWERS)).toEqual(Object.keys(QUESTIONS));
  });

  test('two kinds with one code do not compile to a schema', () => {
    const twice = { a: { code: 3, fields: {} }, b: { code: 3, fields: {} } } as const;
    expect(() => compileSchema('event', twice)).toThrow(new WireError('event b and a share the code 3'));
  });

  test('the types of items follow from the table', () => {
    const closed: EventOf<'closed'> = { type: 'closed', socket: 1, code: 1000, reason: '', wasClean: true };
    // @ts-expect-error -- a field of the wrong type
    const wrong: Command = { type: 'timer', delay: '5' };
    // @ts-expect-error -- a kind of event without a handler
    const handlers: EventHandlers = { text: () => {} };
    expect([closed.wasClean, wrong.type, Object.keys(handlers)]).toEqual([true, 'timer', ['text']]);
  });

  test('an answer enters an isolate as texts, in the order of its fields', () => {
    expect(answerFields({ type: 'listen', url: 'ws://a/', error: '', code: '', port: 80 })).toEqual(['80', 'ws://a/', '', '']);
  });

  test('a turn status is known by its number, and no other number is one', () => {
    for (const [name, number] of Object.entries(TURN_STATUS)) {
      expect(turnStatusOf(number)).toBe(name);
    }
    expect(() => turnStatusOf(5)).toThrow(new WireError('there is no turn status 5'));
  });

  test('the print levels keep their numbers', () => {
    expect(PRINT_LEVELS).toEqual(['log', 'info', 'warning', 'error', 'debug']);
  });
});

describe('the arena', () => {
  test('its windows fill it and do not lie over one another', () => {
    const arena = new ArrayBuffer(ARENA_BYTES);
    const { bytesIn, bytesInOffset, bytesOut, control, numbersIn, numbersOut } = arenaViews(arena);
    const windows = [control, numbersIn, numbersOut, bytesIn, bytesOut];
    windows.forEach((window, index) => {
      expect(window.byteOffset).toBe(windows.slice(0, index).reduce((sum, each) => sum + each.byteLength, 0));
    });
    expect(bytesOut.byteOffset + bytesOut.byteLength).toBe(ARENA_BYTES);
    expect(bytesIn.byteOffset).toBe(bytesInOffset);
    expect([numbersIn.length, numbersOut.length, bytesIn.length, bytesOut.length]).toEqual([
      NUMBER_WINDOW, NUMBER_WINDOW, BYTE_WINDOW, BYTE_WINDOW,
    ]);
  });
});
