import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { BlameRecord } from '../../../host/policy/blame.ts';
import { folderWith } from '../../support/command.ts';

const SCRIPT = { owner: 'ann', name: 'chat.js', source: 'loop()' };

describe('a record of blame', () => {
  test('counts by owner, name and source, and bars at the second time', () => {
    const record = new BlameRecord();
    record.check(SCRIPT);
    expect(record.note(SCRIPT)).toBe(1);
    record.check(SCRIPT);
    expect(record.note(SCRIPT)).toBe(2);
    expect(() => record.check(SCRIPT)).toThrow(expect.objectContaining({ code: 'ERR_AIRLOCK_SCRIPT_BLAMED' }));
    for (const other of [{ owner: 'bob' }, { name: 'other.js' }, { source: 'loop();' }]) {
      record.check({ ...SCRIPT, ...other });
      expect(record.note({ ...SCRIPT, ...other })).toBe(1);
    }
  });

  test('pardons by name and owner, whatever the source', () => {
    const record = new BlameRecord();
    for (const source of ['a', 'b']) {
      record.note({ ...SCRIPT, source });
      record.note({ ...SCRIPT, source });
    }
    expect(record.pardon('chat.js', 'bob')).toBe(false);
    expect(record.pardon('chat.js', 'ann')).toBe(true);
    record.check({ ...SCRIPT, source: 'a' });
    record.check({ ...SCRIPT, source: 'b' });
    expect(record.pardon('chat.js', 'ann')).toBe(false);
  });

  test('keeps what it can: of very many scripts the oldest is forgotten', () => {
    const record = new BlameRecord();
    record.note(SCRIPT);
    record.note(SCRIPT);
    for (let index = 0; index < 9_999; index++) {
      record.note({ ...SCRIPT, source: String(index) });
    }
    expect(() => record.check(SCRIPT)).toThrow();
    record.note({ ...SCRIPT, source: 'one more' });
    record.check(SCRIPT);
  });

  test('is kept in a file, which the next one reads', () => {
    const file = join(folderWith({}), 'blame.json');
    const first = new BlameRecord(file);
    first.note(SCRIPT);
    first.note(SCRIPT);
    expect(() => new BlameRecord(file).check(SCRIPT)).toThrow('chat.js has brought its process down 2 times');
    new BlameRecord(file).forget(SCRIPT);
    new BlameRecord(file).check(SCRIPT);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({});
  });

  test.each([
    ['no JSON', 'x', /^blameFile: cannot use .*blame\.json: Unexpected token/],
    ['of another form', '{"a":{"count":0}}', /^blameFile: cannot use .*blame\.json: it is not of the form that this file has$/],
  ])('refuses a file that is %s', (_what, text, message) => {
    const folder = folderWith({ 'blame.json': text });
    expect(() => new BlameRecord(join(folder, 'blame.json'))).toThrow(
      expect.objectContaining({ code: 'ERR_AIRLOCK_INVALID_ARGUMENT', message: expect.stringMatching(message) }),
    );
  });

  test('that cannot be read says so', () => {
    expect(() => new BlameRecord('/')).toThrow('blameFile: cannot use /');
  });

  test('whose folder is not there says so at once', () => {
    expect(() => new BlameRecord(join(folderWith({}), 'missing/blame.json'))).toThrow(
      expect.objectContaining({ code: 'ERR_AIRLOCK_INVALID_ARGUMENT', message: expect.stringMatching(/^blameFile: cannot use .*blame\.json: nothing can be written to its folder: ENOENT/) }),
    );
  });

  test('that cannot be written any more says so, and what was noted counts all the same', () => {
    const folder = folderWith({});
    const record = new BlameRecord(join(folder, 'blame.json'));
    rmSync(folder, { recursive: true });
    for (let count = 0; count < 2; count++) {
      expect(() => record.note(SCRIPT)).toThrow(
        expect.objectContaining({ code: 'ERR_AIRLOCK_INVALID_ARGUMENT', message: expect.stringMatching(/^blameFile: cannot use .*blame\.json: ENOENT/) }),
      );
    }
    expect(() => record.check(SCRIPT)).toThrow(expect.objectContaining({ code: 'ERR_AIRLOCK_SCRIPT_BLAMED' }));
  });
});
