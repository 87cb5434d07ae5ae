import { runInNewContext } from 'node:vm';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AirlockError, ERROR_CODES, ScriptError, codeOf, messageOf, type ErrorCode } from '../../host/errors.ts';

describe('the catalogue of errors', () => {
  test.each(Object.entries(ERROR_CODES))('%s is said in one sentence or two', (code, text) => {
    expect(code).toMatch(/^ERR_AIRLOCK_[A-Z]+(_[A-Z]+)*$/);
    expect(text).toMatch(/^[A-Z][^\n]+\.$/);
  });

  test('holds no code that nobody raises', () => {
    const folder = resolve(import.meta.dirname, '../../host');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'errors.ts')
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n');
    expect(Object.keys(ERROR_CODES).filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  });
});

describe('AirlockError', () => {
  test('is an Error with a code, and a cause where there is one', () => {
    const cause = new Error('inner');
    const error = new AirlockError('ERR_AIRLOCK_LISTEN_FAILED', 'cannot listen', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'AirlockError', code: 'ERR_AIRLOCK_LISTEN_FAILED', message: 'cannot listen', cause });
  });
});

const chat = { script: 'chat.js', owner: 'ann', id: 'id-1', time: 5 };

describe('ScriptError', () => {
  const code: ErrorCode = 'ERR_AIRLOCK_UNCAUGHT_EXCEPTION';

  test("has the script's frames for its stack, and none of the host", () => {
    const stack = '    at inner (chat.js:2:9)\n    at chat.js:4:18';
    const error = new ScriptError(code, chat, 'TypeError: oh', stack);
    expect(error).toBeInstanceOf(AirlockError);
    expect(error).toMatchObject({ script: 'chat.js', scriptStack: stack, position: { file: 'chat.js', line: 2, column: 9 } });
    expect(error.stack).toBe(`ScriptError: TypeError: oh\n${stack}`);
  });

  test('has no frames where there are none', () => {
    const error = new ScriptError(code, chat, 'it died');
    expect(error).toMatchObject({ scriptStack: '', position: undefined, stack: 'ScriptError: it died' });
  });

  test('says whose it is, and when', () => {
    expect(new ScriptError(code, chat, 'it died')).toMatchObject(chat);
  });

  test('is whole in JSON, as any error of ours is', () => {
    const error = new ScriptError(code, chat, 'TypeError: oh', '    at chat.js:2:9');
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'ScriptError', code, message: 'TypeError: oh', ...chat, position: { file: 'chat.js', line: 2, column: 9 }, scriptStack: '    at chat.js:2:9',
    });
    const other = new AirlockError('ERR_AIRLOCK_LISTEN_FAILED', 'cannot listen');
    expect(JSON.parse(JSON.stringify({ other }))).toEqual({ other: { name: 'AirlockError', code: 'ERR_AIRLOCK_LISTEN_FAILED', message: 'cannot listen' } });
  });

  test.each([
    ['    at chat.js:3:5', { file: 'chat.js', line: 3, column: 5 }],
    ['    at new Bot (my bot.js:10:20)', { file: 'my bot.js', line: 10, column: 20 }],
    ['    at async run (C:\\bots\\a.js:1:2)', { file: 'C:\\bots\\a.js', line: 1, column: 2 }],
    ['    at (odd) (a(1).js:7:8)', { file: 'a(1).js', line: 7, column: 8 }],
    ['    at async copy (2).js:9:1', { file: 'copy (2).js', line: 9, column: 1 }],
    ['    at native', undefined],
    ['what the script made of its stack', undefined],
    ['    at chat.js', undefined],
  ])('finds the place of %j', (stack, position) => {
    expect(new ScriptError(code, chat, '', stack).position).toEqual(position);
  });
});

describe('messageOf and codeOf', () => {
  test.each<[unknown, string, string]>([
    [Object.assign(new Error('gone'), { code: 'EPIPE' }), 'gone', 'EPIPE'],
    [new AirlockError('ERR_AIRLOCK_HOST_STOPPED', 'stopped'), 'stopped', 'ERR_AIRLOCK_HOST_STOPPED'],
    [runInNewContext('Object.assign(new TypeError("other"), { code: "E" })'), 'other', 'E'],
    ['a text', 'a text', ''],
    [{ code: 5 }, '[object Object]', ''],
    [null, 'null', ''],
    [undefined, 'undefined', ''],
  ])('of %p', (thrown, message, code) => {
    expect(messageOf(thrown)).toBe(message);
    expect(codeOf(thrown)).toBe(code);
  });
});
