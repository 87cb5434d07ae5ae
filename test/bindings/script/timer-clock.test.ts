import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextRound } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Command } from '../../../wire/commands.ts';
import { bindingsSnapshot } from '../../../cell/snapshot.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { BUNDLE, ofType, printed, startScript, type IsolatedScript } from '../../support/isolate.ts';

const HOUR = 3_600_000;

/** A system's clock that can be set: the bindings keep the `Date.now` that they find. */
const SETTABLE = `{
  const { now } = Date;
  let set = 0;
  Date.now = () => now() + set;
  globalThis.setClock = (by) => { set += by; };
}
`;

beforeAll(() => {
  const bundle = join(temporaryFolder('airlock-clock-'), 'guest.js');
  writeFileSync(bundle, SETTABLE + readFileSync(BUNDLE, 'utf8'));
  // What this process's isolates start from from now on.
  bindingsSnapshot(bundle);
});

/** Tells the script that a timer is due until one of its timers has printed, and gives the commands of that turn. */
async function firstToPrint(script: IsolatedScript): Promise<readonly Command[]> {
  for (;;) {
    const commands = script.turn({ type: 'timer' });
    if (printed(commands).length > 0) {
      return commands;
    }
    await nextRound();
  }
}

describe.each([['back', -HOUR], ['forward', HOUR]])("when the system's clock is set %s by an hour", (_where, by) => {
  test('a timer that was set before runs, no other does, and the host is told of the next as before', async () => {
    const script = startScript(`const before = Date.now(); setTimeout(print, 1, 'soon'); setTimeout(print, ${HOUR / 2}, 'late'); setClock(${by}); print(Date.now() - before)`);
    expect(Math.abs(Number(printed(script.first.commands)[0]) - by)).toBeLessThan(HOUR / 2);
    const commands = await firstToPrint(script);
    expect(printed(commands)).toEqual(['soon']);
    const [{ delay } = { delay: 0 }] = ofType(commands, 'timer');
    expect(delay).toBeLessThanOrEqual(HOUR / 2);
    expect(delay).toBeGreaterThan(HOUR / 4);
  });

  test('an interval goes on', async () => {
    const script = startScript('let n = 0; setInterval(() => print(++n), 1)');
    expect(printed(await firstToPrint(script))).toEqual(['1']);
    script.run(`setClock(${by})`);
    expect(printed(await firstToPrint(script))).toEqual(['2']);
    expect(printed(await firstToPrint(script))).toEqual(['3']);
  });
});
