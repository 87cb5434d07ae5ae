import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { bindingsSnapshot } from '../../../cell/snapshot.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { BUNDLE, ofType, printed, startScript } from '../../support/isolate.ts';

const HOUR = 3_600_000;

/** A system's clock that can be set: the bindings keep the `Date.now` that they find. */
const SETTABLE = `{
  const { now } = Date;
  let set = 0;
  Date.now = () => now() + set;
  globalThis.setClock = (by) => { set += by; };
  globalThis.wait = (ms) => { const end = now() + ms; while (now() < end); };
}
`;

beforeAll(() => {
  const bundle = join(temporaryFolder('airlock-clock-'), 'guest.js');
  writeFileSync(bundle, SETTABLE + readFileSync(BUNDLE, 'utf8'));
  // What this process's isolates start from from now on.
  bindingsSnapshot(bundle);
});

describe.each([['back', -HOUR], ['forward', HOUR]])("when the system's clock is set %s by an hour", (_where, by) => {
  test('timers that were set before run when they would have, and no others', () => {
    const script = startScript(`const before = Date.now(); setTimeout(print, 5, 'soon'); setTimeout(print, ${HOUR / 2}, 'late'); setClock(${by}); print(Date.now() - before); wait(10)`);
    expect(Math.abs(Number(printed(script.first.commands)[0]) - by)).toBeLessThan(HOUR / 2);
    const commands = script.turn({ type: 'timer' });
    expect(printed(commands)).toEqual(['soon']);
    const [{ delay } = { delay: 0 }] = ofType(commands, 'timer');
    expect(delay).toBeLessThanOrEqual(HOUR / 2);
    expect(delay).toBeGreaterThan(HOUR / 4);
  });

  test('an interval goes on', () => {
    const script = startScript(`let n = 0; setInterval(() => print(++n), 5); wait(10);`);
    expect(printed(script.turn({ type: 'timer' }))).toEqual(['1']);
    script.run(`setClock(${by}); wait(10)`);
    expect(printed(script.turn({ type: 'timer' }))).toEqual(['2']);
  });
});
