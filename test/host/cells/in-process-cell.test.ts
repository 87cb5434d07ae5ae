import { afterEach, expect, test } from '@jest/globals';
import { InProcessCell } from '../../../host/cells/in-process-cell.ts';
import type { CommandReceiver } from '../../../host/cells/command-batch.ts';
import { ALL_TIME } from '../../../host/policy/loop-share.ts';
import type { Command } from '../../../wire/commands.ts';
import { processCellClient, settingsOf } from '../../support/cells.ts';
import { turnOf } from '../../support/wire.ts';

let cell: InProcessCell;

afterEach(() => cell.close());

test('what a script has commanded is read to its end where one of its commands ends it', () => {
  cell = new InProcessCell();
  const told: (Command['type'] | 'malformed')[] = [];
  cell.create(1, settingsOf('first.js'), {
    ...processCellClient(),
    turned: (_status, _message, commands) => {
      const receiver: CommandReceiver = {
        send: () => false,
        command: ({ type }) => {
          told.push(type);
          if (type === 'loadFailed') {
            // Another script may have its arena.
            cell.destroy(1);
            cell.create(2, settingsOf('second.js'), processCellClient());
          }
          return undefined;
        },
      };
      commands.some(receiver, ALL_TIME);
    },
    malformed: () => told.push('malformed'),
  });
  cell.turn(1, turnOf({ type: 'evaluate', source: `queueMicrotask(() => print('behind')); print('before'); throw new Error('x')` }));
  expect(told).toEqual(['print', 'loadFailed', 'print']);
});
