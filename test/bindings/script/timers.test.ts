import { describe, expect, test } from '@jest/globals';
import type { Event } from '../../../wire/events.ts';
import { ofType, printed, reported, startScript, type IsolatedScript } from '../../support/isolate.ts';

const due: Event = { type: 'timer' };

/** Runs the code and gives the delays that the host is told. */
function delays(script: IsolatedScript, code: string): number[] {
  return ofType(script.run(code), 'timer').map(({ delay }) => delay);
}

/** The bindings keep the clock that they were made with: waiting moves it, and nothing else. */
const WAIT = 'wait = (ms) => { const end = Date.now() + ms; while (Date.now() < end); };';

describe('timers', () => {
  test('the host is told of the earliest deadline only', () => {
    const script = startScript('');
    const [first = 0, second = 0, ...rest] = delays(script, 'setTimeout(print, 60_000); setTimeout(print, 90_000); setTimeout(print, 30_000)');
    expect(rest).toEqual([]);
    expect(first).toBeGreaterThan(30_000);
    expect(first).toBeLessThanOrEqual(60_000);
    expect(second).toBeLessThanOrEqual(30_000);
  });

  test('run when they are due, earliest first, those of one deadline as they were set', () => {
    const script = startScript(`${WAIT} setTimeout(print, 20, 'c'); setTimeout(print, 2, 'a'); setTimeout(print, 2, 'b'); setTimeout(print, 100_000, 'far'); wait(25);`);
    expect(printed(script.turn(due))).toEqual(['a', 'b', 'c']);
  });

  test('what is not due is armed again', () => {
    const script = startScript("setTimeout(print, 50_000, 'far')");
    const commands = script.turn(due);
    expect(printed(commands)).toEqual([]);
    expect(ofType(commands, 'timer')).toHaveLength(1);
  });

  test('arguments are passed on; `this` is not the timer', () => {
    const script = startScript(`${WAIT} setTimeout(function (a, b) { 'use strict'; print(this, arguments.length, a, b) }, 1, 'x', undefined); wait(3);`);
    expect(printed(script.turn(due))).toEqual(['undefined 2 x undefined']);
  });

  test.each(['0', '-5', 'NaN', "'abc'", 'undefined', 'null'])('a delay of %s is a millisecond: a script always pauses', (delay) => {
    expect(delays(startScript(''), `setTimeout(print, ${delay})`)).toEqual([1]);
  });

  test('a delay of more than 2^31 - 1 is that', () => {
    const [delay = 0] = delays(startScript(''), 'setTimeout(print, Infinity)');
    expect(delay).toBeLessThan(2 ** 31);
    expect(delay).toBeGreaterThan(2 ** 31 - 60_000);
  });

  test('what is not a function is a TypeError', () => {
    const script = startScript('');
    expect(script.thrown("setTimeout('print()', 1)")).toMatchObject({ name: 'TypeError', message: 'setTimeout: the first argument must be a function.' });
    expect(script.thrown('setInterval()')).toMatchObject({ name: 'TypeError', message: 'setInterval: the first argument must be a function.' });
  });

  test('an interval runs again, and counts from when it ran', () => {
    const script = startScript(`${WAIT} n = 0; setInterval(() => print(++n), 5); wait(30);`);
    const commands = script.turn(due);
    expect(printed(commands)).toEqual(['1']);
    expect(ofType(commands, 'timer')).toHaveLength(1);
    script.run('wait(7)');
    expect(printed(script.turn(due))).toEqual(['2']);
  });

  test('a timer that a timer sets does not run in the same pass', () => {
    const script = startScript(`${WAIT} setTimeout(() => { print('first'); setTimeout(print, 1, 'second'); wait(5); }, 1); wait(3);`);
    expect(printed(script.turn(due))).toEqual(['first']);
    expect(printed(script.turn(due))).toEqual(['second']);
  });

  test('an exception is reported; the others run, and an interval goes on', () => {
    const script = startScript(`${WAIT} setInterval(() => { throw new Error('tick') }, 1); setTimeout(print, 2, 'ran'); wait(5);`);
    const commands = script.turn(due);
    expect(reported(commands)).toEqual(['Error: tick']);
    expect(printed(commands)).toEqual(['ran']);
    script.run('wait(3)');
    expect(reported(script.turn(due))).toEqual(['Error: tick']);
  });
});

describe('clearing', () => {
  test('a cleared timer does not run, whichever function cleared it', () => {
    const script = startScript(`${WAIT} clearInterval(setTimeout(print, 1, 'a')); clearTimeout(setInterval(print, 1, 'b')); setTimeout(print, 1, 'c'); wait(3);`);
    expect(printed(script.turn(due))).toEqual(['c']);
  });

  test('with none left, the host is told that there is none', () => {
    const script = startScript('a = setTimeout(print, 60_000); b = setTimeout(print, 90_000)');
    expect(delays(script, 'clearTimeout(a)')).toEqual([]);
    expect(delays(script, 'clearTimeout(b)')).toEqual([-1]);
    expect(delays(script, 'setTimeout(print, 60_000)')).toHaveLength(1);
  });

  test('a timer cleared by one that ran before it', () => {
    const script = startScript(`${WAIT} setTimeout(() => clearTimeout(late), 1); late = setTimeout(print, 2, 'late'); wait(5);`);
    expect(script.turn(due)).toEqual([]);
  });

  test('an interval that clears itself', () => {
    const script = startScript(`${WAIT} id = setInterval(() => { print('once'); clearInterval(id); }, 1); wait(3);`);
    expect(printed(script.turn(due))).toEqual(['once']);
    script.run('wait(3)');
    expect(script.turn(due)).toEqual([]);
  });

  test('unknown ids are ignored', () => {
    expect(startScript('').run("clearTimeout(99); clearTimeout(); clearInterval('x'); clearTimeout(null); clearTimeout({})")).toEqual([]);
  });

  test('setting and clearing for ever, while one waits, takes no more and more memory', () => {
    const script = startScript('setTimeout(print, 100_000)', { memory: 16, turnTimeout: 10_000 });
    script.run('for (let i = 0; i < 1_000_000; i++) clearTimeout(setTimeout(print, 200_000, i))');
    expect(script.value("'alive'")).toBe('alive');
  });
});

describe('a turn without room for the host to be told', () => {
  const FULL = 'for (let i = 0; i < 3; i++) print(i);';

  test('setTimeout throws, and there is no timer', () => {
    const script = startScript(WAIT, { commandsPerTurn: 3 });
    expect(printed(script.run(`${FULL} try { setTimeout(print, 1, 'never') } catch {}`))).toHaveLength(3);
    expect(delays(script, 'setTimeout(print, 60_000)')).toHaveLength(1);
    expect(printed(script.turn(due))).toEqual([]);
  });

  test('what is left is armed all the same', () => {
    const script = startScript(`${WAIT} setTimeout(() => { ${FULL} }, 1); setTimeout(print, 60_000); wait(3);`, { commandsPerTurn: 3 });
    expect(ofType(script.turn(due), 'timer')).toHaveLength(1);
  });

  test('the last timer is cleared, and the host wakes the script for nothing', () => {
    const script = startScript('id = setTimeout(print, 60_000)', { commandsPerTurn: 3 });
    expect(delays(script, `${FULL} clearTimeout(id)`)).toEqual([]);
    expect(script.turn(due)).toEqual([]);
    expect(delays(script, 'setTimeout(print, 60_000)')).toHaveLength(1);
  });
});

test('the functions are the same on Script', () => {
  expect(startScript('').value("['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'].map((name) => Script[name] === globalThis[name])")).toEqual([true, true, true, true]);
});
