import { describe, expect, test } from '@jest/globals';
import { Cell } from '../../cell/cell.ts';
import { COMMAND_SCHEMA } from '../../wire/commands.ts';
import { EVENT_SCHEMA, type Event } from '../../wire/events.ts';
import { flatToItems } from '../../wire/flat-reader.ts';
import { QUESTION_SCHEMA } from '../../wire/questions.ts';
import { BUNDLE, isolateSettings } from '../support/isolate.ts';
import { itemsToFlat } from '../support/wire.ts';
import { listenQuestion } from '../support/server-items.ts';

function run(cell: Cell, script: number, ...events: Event[]): readonly unknown[] {
  const { commands, message, status } = cell.turn(script, events.length, itemsToFlat(EVENT_SCHEMA, events));
  return [status, message, flatToItems(COMMAND_SCHEMA, commands)];
}

const evaluate = (source: string): Event => ({ type: 'evaluate', source });

describe('Cell', () => {
  test('its scripts have nothing in common', () => {
    const cell = new Cell(BUNDLE, () => [], () => {});
    cell.create(1, isolateSettings({ name: 'one.js' }));
    cell.create(2, isolateSettings({ name: 'two.js' }));
    run(cell, 1, evaluate('shared = 1; Array.prototype.mine = 1'));
    expect(run(cell, 2, evaluate('print(typeof shared, [].mine)'))).toEqual([
      'done', '', [{ type: 'print', level: 0, text: 'undefined undefined' }, { type: 'loaded' }],
    ]);
    cell.destroy(1);
    cell.destroy(2);
  });

  test('a question says which script asks', () => {
    const asked: unknown[] = [];
    const cell = new Cell(BUNDLE, (script, _, question) => {
      asked.push([script, flatToItems(QUESTION_SCHEMA, question)]);
      return ['81', 'ws://127.0.0.1:81', '', ''];
    }, () => {});
    cell.create(7, isolateSettings({ server: true }));
    expect(run(cell, 7, evaluate('print(new WebSocketServer(81).port)'))).toMatchObject(['done', '', [{ text: '81' }, { type: 'loaded' }]]);
    expect(asked).toEqual([[7, [listenQuestion({ host: '', port: 81 })]]]);
    cell.destroy(7);
  });

  test('a script that is not there is broken', () => {
    const cell = new Cell(BUNDLE, () => [], () => {});
    const broken = ['broken', 'its isolate could not be made', []];
    expect(run(cell, 3, evaluate('1'))).toEqual(broken);
    cell.create(3, isolateSettings({}));
    cell.destroy(3);
    cell.destroy(3);
    expect(run(cell, 3, evaluate('1'))).toEqual(broken);
  });
});
