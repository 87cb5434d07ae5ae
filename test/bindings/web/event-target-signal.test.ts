import { describe, expect } from '@jest/globals';
import { printed, startScript } from '../../support/isolate.ts';
import { testWhere } from '../../support/skip.ts';

/** DOM Standard, "add an event listener", with a signal. */
describe('addEventListener with a signal', () => {
  const probe = startScript('');
  const test = testWhere(probe.value('typeof AbortController') === 'function', 'there is no AbortController');
  probe.dispose();

  const SET_UP = `
    target = new EventTarget(); controller = new AbortController(); signal = controller.signal;
    f = () => print('f'); fire = (type = 'x') => target.dispatchEvent(new Event(type));
  `;
  const prints = (code: string): string[] => printed(startScript(SET_UP).run(code));

  test('removes the listener when it is aborted, and adds none after that', () => {
    expect(prints("target.addEventListener('x', f, { signal }); fire(); controller.abort(); fire(); target.addEventListener('x', f, { signal }); fire(); print('end')")).toEqual(['f', 'end']);
  });

  test('goes with once and capture, and for more than one listener', () => {
    expect(prints("target.addEventListener('x', f, { signal, once: true }); target.addEventListener('y', f, { signal, capture: true }); controller.abort(); fire(); fire('y'); print('end')")).toEqual(['end']);
  });

  test('does not keep removeEventListener from it', () => {
    expect(prints("target.addEventListener('x', f, { signal }); target.removeEventListener('x', f); fire(); controller.abort(); target.addEventListener('x', f); fire()")).toEqual(['f']);
  });

  test('aborted in a listener, it keeps later ones from running', () => {
    expect(prints("target.addEventListener('x', () => controller.abort(), { signal }); target.addEventListener('x', f, { signal }); fire(); print('end')")).toEqual(['end']);
  });

  test('works on a WebSocket', () => {
    expect(prints("ws = new WebSocket('ws://a.example'); ws.addEventListener('x', f, { signal }); ws.dispatchEvent(new Event('x')); controller.abort(); ws.dispatchEvent(new Event('x'))")).toEqual(['f']);
  });
});
