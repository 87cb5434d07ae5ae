import { describe, expect, test } from '@jest/globals';
import { startScript } from '../../support/isolate.ts';

const script = (): ReturnType<typeof startScript> => startScript('');

describe('Event', () => {
  test('is what it was made as', () => {
    expect(script().value("(({ type, bubbles, cancelable, composed, isTrusted, target, currentTarget, eventPhase, defaultPrevented, returnValue, cancelBubble }) => ({ type, bubbles, cancelable, composed, isTrusted, target, currentTarget, eventPhase, defaultPrevented, returnValue, cancelBubble }))(new Event('x', { bubbles: 1, cancelable: true }))")).toEqual({
      type: 'x', bubbles: true, cancelable: true, composed: false, isTrusted: false, target: null, currentTarget: null,
      eventPhase: 0, defaultPrevented: false, returnValue: true, cancelBubble: false,
    });
  });

  test('its time counts from the start of the script', () => {
    expect(script().value("(({ timeStamp }) => timeStamp >= 0 && timeStamp < 60_000)(new Event('x'))")).toBe(true);
  });

  test('is canceled where it can be, in either way', () => {
    expect(script().value("[true, false].map((cancelable) => { const e = new Event('x', { cancelable }); e.preventDefault(); return e.defaultPrevented; })")).toEqual([true, false]);
    expect(script().value("(() => { const e = new Event('x', { cancelable: true }); e.returnValue = true; const before = e.defaultPrevented; e.returnValue = false; return [before, e.defaultPrevented, e.returnValue]; })()")).toEqual([false, true, false]);
  });

  test('has its constants and its tag', () => {
    expect(script().value("[Event.AT_TARGET, new Event('x').BUBBLING_PHASE, String(new Event('x')), Object.keys(Event.prototype).includes('type')]")).toEqual([2, 3, '[object Event]', true]);
  });

  test.each([
    ['new Event()', "Failed to construct 'Event': 1 argument required, but only 0 present."],
    ["new Event('x', 5)", 'Event constructor: the second argument is not an object.'],
  ])('%s is a TypeError', (code, message) => {
    expect(script().thrown(code)).toMatchObject({ name: 'TypeError', message });
  });

  test('null and undefined stand for no options', () => {
    expect(script().value("[new Event('x', null).bubbles, new Event('x', undefined).bubbles]")).toEqual([false, false]);
  });

  test('its attributes refuse another receiver, and cannot be set', () => {
    expect(script().thrown("Reflect.get(Event.prototype, 'type', {})")).toMatchObject({ class: 'TypeError' });
    expect(script().value("(() => { const e = new Event('x'); e.isTrusted = true; e.type = 'y'; return [e.isTrusted, e.type]; })()")).toEqual([false, 'x']);
  });
});

describe('MessageEvent and CloseEvent', () => {
  test('without options', () => {
    expect(script().value("(({ data, origin, lastEventId, source, ports }) => ({ data, origin, lastEventId, source, ports }))(new MessageEvent('message'))")).toEqual({
      data: null, origin: '', lastEventId: '', source: null, ports: [],
    });
    expect(script().value("(({ code, reason, wasClean }) => ({ code, reason, wasClean }))(new CloseEvent('close'))")).toEqual({ code: 0, reason: '', wasClean: false });
  });

  test('with options', () => {
    expect(script().value("(({ data, origin, lastEventId, cancelable }) => ({ data, origin, lastEventId, cancelable }))(new MessageEvent('m', { data: [1], origin: 'o', lastEventId: 5, cancelable: true }))")).toEqual({
      data: [1], origin: 'o', lastEventId: '5', cancelable: true,
    });
    expect(script().value("(({ code, reason, wasClean }) => ({ code, reason, wasClean }))(new CloseEvent('c', { code: 65536 + 7, reason: 5, wasClean: 1 }))")).toEqual({ code: 7, reason: '5', wasClean: true });
  });

  test('their data may be anything, as it is', () => {
    expect(script().value("(() => { const data = {}; return new MessageEvent('m', { data }).data === data; })()")).toBe(true);
  });

  test('they are Events', () => {
    expect(script().value("[new MessageEvent('m') instanceof Event, String(new CloseEvent('c')), MessageEvent.name]")).toEqual([true, '[object CloseEvent]', 'MessageEvent']);
  });
});
