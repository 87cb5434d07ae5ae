import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { startFakeScript } from '../../support/fake-cell.ts';
import type { Command } from '../../../wire/commands.ts';

const LIMITS = { printsPerSecond: 1_000_000_000 };

/** More than is carried out at once: some hundred milliseconds of it. */
const many = (last: string): Command[] => [
  ...Array.from({ length: 200_000 }, (): Command => ({ type: 'print', level: 0, text: 'x' })),
  { type: 'print', level: 0, text: last },
];

test('a large batch is carried out in slices, in order, and the next turn waits for its end', async () => {
  const { cell, script } = startFakeScript({ limits: LIMITS });
  let count = 0;
  let last = '';
  script.on('print', ({ text }) => {
    count++;
    last = text;
  });
  await cell.endTurn([{ type: 'timer', delay: 0 }, ...many('the end')]);
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(200_001);
  await cell.turnBegins();
  expect({ count, last }).toEqual({ count: 200_001, last: 'the end' });
});

test('what was commanded in a turn that has ended counts where the cell dies before it is all carried out', async () => {
  const { cell, script } = startFakeScript({ limits: LIMITS });
  const told: string[] = [];
  script.on('print', ({ text }) => text === 'the end' && told.push(text));
  script.on('error', ({ code }) => told.push(code));
  await cell.endTurn(many('the end'));
  cell.client.blamed({ what: 'process', message: 'was killed', blamed: 'fake.js' });
  await script.ended;
  expect(told).toEqual(['the end', 'ERR_AIRLOCK_CELL_DIED']);
});

test('a fault of a turn comes after the commands that it gave', async () => {
  const { cell, script } = startFakeScript({ limits: LIMITS });
  const told: string[] = [];
  script.on('print', ({ text }) => text === 'the end' && told.push(text));
  script.on('error', ({ code }) => told.push(code));
  await cell.endTurn(many('the end'), 'timeout', 'ran for too long');
  await script.ended;
  expect(told).toEqual(['the end', 'ERR_AIRLOCK_TURN_TIMEOUT']);
});

test('nothing more of a batch is carried out when one of its commands has ended the script', async () => {
  const { cell, script } = startFakeScript({ limits: LIMITS });
  const told: string[] = [];
  script.on('print', ({ text }) => text === 'the end' && told.push(text));
  await cell.endTurn([...many('before').slice(0, 1000), { type: 'loadFailed', text: 'no', stack: '' }, ...many('the end')]);
  await script.ended;
  expect(told).toEqual([]);
});

test('other scripts go on meanwhile, and do not wait for the end', async () => {
  const large = startFakeScript({ limits: LIMITS });
  const small = startFakeScript();
  let left = 200_001;
  large.script.on('print', () => left--);
  await large.cell.endTurn(many('the end'));
  const printed = once(small.script, 'print');
  await small.cell.endTurn([{ type: 'print', level: 0, text: 'small' }]);
  await printed;
  expect(left).toBeGreaterThan(0);
});
