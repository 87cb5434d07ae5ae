import { describe, expect, test } from '@jest/globals';
import { MemoryWatch, residentMemory } from '../../../host/cells/memory-watch.ts';
import { testWhere } from '../../support/skip.ts';

const MEBIBYTE = 1024 * 1024;

/** Turns of the scripts 1 and 2. Each call is another turn. */
const turnOf = (script: number): { readonly script: number } => ({ script });

/** A watch over a process that has so many MiB at each look, under a ceiling of 100. */
function lookAt(...looks: (readonly [mebibytes: number | undefined, turn: { readonly script: number } | undefined])[]): unknown[] {
  let resident: number | undefined;
  const watch = new MemoryWatch<{ readonly script: number }>(() => resident);
  return looks.map(([mebibytes, turn]) => {
    resident = mebibytes === undefined ? undefined : mebibytes * MEBIBYTE;
    const excess = watch.look(turn, 100);
    return excess === undefined ? undefined : (excess.turn?.script ?? 'nobody');
  });
}

describe('a process over its ceiling', () => {
  test('is the doing of the turn that is under way at two looks', () => {
    const turn = turnOf(1);
    expect(lookAt([101, turn], [102, turn])).toEqual([undefined, 1]);
  });

  test('is not the doing of a turn that has found it so', () => {
    const [left, next] = [turnOf(1), turnOf(2)];
    expect(lookAt([101, left], [101, next], [99, next], [101, next], [100, next])).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  test('is the doing of a script whose turns are under way at all of many looks', () => {
    const looks = Array.from({ length: 6 }, () => [101, turnOf(1)] as const);
    expect(lookAt(...looks)).toEqual([undefined, undefined, undefined, undefined, undefined, 1]);
  });

  test('is ended all the same where the turns of several scripts are, or none', () => {
    const several = [1, 2, 1, 2, 1, 2].map((script) => [101, turnOf(script)] as const);
    expect(lookAt(...several).at(-1)).toBe('nobody');
    const none = Array.from({ length: 6 }, () => [101, undefined] as const);
    expect(lookAt(...none)).toEqual([undefined, undefined, undefined, undefined, undefined, 'nobody']);
    const one = [undefined, 1, 1, 1, 1, 1].map((script) => [101, script === undefined ? undefined : turnOf(script)] as const);
    expect(lookAt(...one).at(-1)).toBe('nobody');
  });

  test('is not known where nothing tells', () => {
    const turn = turnOf(1);
    expect(lookAt([undefined, turn], [undefined, turn])).toEqual([undefined, undefined]);
  });
});

testWhere(process.platform === 'linux', 'it reads /proc, which Linux has')('the memory of a process is that which is resident', () => {
  const own = residentMemory(process.pid) as number;
  expect(own / process.memoryUsage.rss()).toBeGreaterThan(0.8);
  expect(own / process.memoryUsage.rss()).toBeLessThan(1.25);
  expect(residentMemory(2 ** 30)).toBe(undefined);
});
