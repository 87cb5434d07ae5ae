import { describe, expect, test } from '@jest/globals';
import { printed, reported, startScript, type IsolatedScript } from '../../support/isolate.ts';

/** Overte's signals, by the one that every script has: `Script.scriptEnding`. */
function ending(source: string): ReturnType<IsolatedScript['turn']> {
  return startScript(`signal = Script.scriptEnding; ${source}`).turn({ type: 'end' });
}

describe('a signal', () => {
  test('calls what is connected, in order', () => {
    expect(printed(ending("signal.connect(() => print('a')); signal.connect(() => print('b'))"))).toEqual(['a', 'b']);
  });

  test('with the object that was given as `this`', () => {
    expect(printed(ending("o = { name: 'o', say() { print(this.name) } }; signal.connect(o, o.say)"))).toEqual(['o']);
  });

  test('is connected once to the same function and object', () => {
    expect(printed(ending("f = () => print('f'); o = {}; signal.connect(f); signal.connect(f); signal.connect(o, f); signal.connect(o, f)"))).toEqual(['f', 'f']);
  });

  test('is disconnected as it was connected', () => {
    expect(printed(ending("f = () => print('f'); o = {}; signal.connect(f); signal.connect(o, f); signal.disconnect(f); signal.disconnect({}, f)"))).toEqual(['f']);
    expect(printed(ending("f = () => print('f'); o = {}; signal.connect(o, f); signal.disconnect(o, f); signal.disconnect(o, f)"))).toEqual([]);
  });

  test('an emission is for those that were connected when it began', () => {
    expect(printed(ending("f = () => print('f'); signal.connect(() => { signal.connect(() => print('late')); signal.disconnect(f); }); signal.connect(f)"))).toEqual(['f']);
  });

  test("one handler's exception is reported, and the others run", () => {
    const commands = ending("signal.connect(() => { throw new Error('no') }); signal.connect(() => print('ran'))");
    expect(reported(commands)).toEqual(['Error: no']);
    expect(printed(commands)).toEqual(['ran']);
  });

  test.each(['connect', 'disconnect'])('%s wants a function', (operation) => {
    const script = startScript('');
    for (const args of ['', '5', "{}, 'name'", 'null', '{}']) {
      expect(script.thrown(`Script.scriptEnding.${operation}(${args})`)).toMatchObject({
        name: 'TypeError', message: `Function expected as argument to '${operation}'`,
      });
    }
  });

  test('a script cannot emit it', () => {
    expect(startScript('').value('Object.keys(Script.scriptEnding)')).toEqual(['connect', 'disconnect']);
  });
});
