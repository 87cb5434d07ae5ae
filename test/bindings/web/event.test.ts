import { describe, expect, test } from '@jest/globals';
import { FIRST, closed, opened, printed, startScript, text } from '../../support/isolate.ts';

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

describe('isTrusted', () => {
  test('is an accessor of the event itself, for good, and the same for all', () => {
    const read = script();
    expect(read.value("(({ get, set, ...rest }) => [get.name, get.length, typeof set, rest])(Object.getOwnPropertyDescriptor(new Event('x'), 'isTrusted'))")).toEqual([
      'get isTrusted', 0, 'undefined', { enumerable: true, configurable: false },
    ]);
    const get = (event: string): string => `Object.getOwnPropertyDescriptor(${event}, 'isTrusted').get`;
    expect(read.value(`${get("new Event('x')")} === ${get("new CloseEvent('x')")}`)).toBe(true);
    expect(read.value("['isTrusted' in Event.prototype, JSON.stringify(new Event('x'))]")).toEqual([false, '{"isTrusted":false}']);
    expect(read.thrown(`${get("new Event('x')")}.call({})`)).toMatchObject({ class: 'TypeError', message: expect.stringContaining("type 'Event'") });
  });

  test.each(['message', 'open', 'close', 'error'])('is an accessor of the event %s, too', (type) => {
    const target = startScript(`ws = new WebSocket('ws://a.example'); ws.on${type} = (event) => { last = event; }`);
    target.turn(opened(), text('hi'), { type: 'failed', socket: FIRST, error: 0, message: '' }, closed());
    expect(target.value("[last.type, last.isTrusted, Object.keys(last)[0], Object.getOwnPropertyDescriptor(last, 'isTrusted').get === Object.getOwnPropertyDescriptor(new Event('x'), 'isTrusted').get]")).toEqual([type, true, 'isTrusted', true]);
    expect(target.value("(last.isTrusted = false, last.isTrusted)")).toBe(true);
    expect(target.value("(new EventTarget().dispatchEvent(last), last.isTrusted)")).toBe(false);
  });
});

test.each(['web', 'overte'] as const)('in the dialect %s, whether the event of a message is trusted can be neither changed nor deleted', (dialect) => {
  const target = startScript("ws = new WebSocket('ws://a.example'); ws.onmessage = (event) => { last = event; }", { dialect });
  target.turn(opened(), text('hi'));
  expect(target.value('(last.isTrusted = false, delete last.isTrusted, delete Event.prototype.isTrusted, last.isTrusted)')).toBe(true);
  expect(target.value("Object.hasOwn(last, 'isTrusted')")).toBe(dialect === 'web');
  expect(target.value("new MessageEvent('message').isTrusted")).toBe(false);
});

describe('initEvent', () => {
  test('makes it another event', () => {
    expect(script().value("(() => { const e = new Event('x', { cancelable: true, composed: true }); new EventTarget().dispatchEvent(e); e.preventDefault(); e.stopPropagation(); e.initEvent('y', true); return [e.type, e.bubbles, e.cancelable, e.composed, e.defaultPrevented, e.cancelBubble, e.target]; })()")).toEqual([
      'y', true, false, true, false, false, null,
    ]);
  });

  test('does nothing while the event is dispatched', () => {
    const target = startScript("target = new EventTarget(); target.addEventListener('x', (e) => { e.initEvent('y'); print(e.type, e.target === target); })");
    expect(printed(target.run("target.dispatchEvent(new Event('x'))"))).toEqual(['x true']);
  });

  test('needs a type', () => {
    expect(script().thrown("new Event('x').initEvent()")).toMatchObject({ name: 'TypeError', message: "Failed to execute 'initEvent' on 'Event': 1 argument required, but only 0 present." });
  });
});

describe('the members of a dictionary', () => {
  const READS = (type: string): string =>
    `(() => { const read = []; new ${type}('x', new Proxy({}, { get(_, name) { read.push(name); } })); return read; })()`;

  test.each([
    ['Event', ['bubbles', 'cancelable', 'composed']],
    ['CloseEvent', ['bubbles', 'cancelable', 'composed', 'code', 'reason', 'wasClean']],
    ['MessageEvent', ['bubbles', 'cancelable', 'composed', 'data', 'lastEventId', 'origin', 'ports', 'source']],
  ])('of %s are read in the order of WebIDL', (type, names) => {
    expect(script().value(READS(type))).toEqual(names);
  });

  test('are none where there is no dictionary, whatever is on Object.prototype', () => {
    const patched = startScript("Object.prototype.bubbles = true; Object.prototype.code = 5; Object.prototype.data = 'forged'");
    expect(patched.value("[new Event('x').bubbles, new CloseEvent('x', null).code, new MessageEvent('x').data]")).toEqual([false, 0, null]);
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

  test.each([
    ["new CloseEvent('c', { code: 1n })"],
    ["new CloseEvent('c', { reason: Symbol() })"],
    ["new MessageEvent('m', { ports: 5 })"],
    ["new MessageEvent('m', { ports: [{}] })"],
    ["new MessageEvent('m', { source: {} })"],
  ])('%s is a TypeError', (code) => {
    expect(script().thrown(code)).toMatchObject({ class: 'TypeError' });
  });

  test('lone surrogates become U+FFFD where WebIDL has a USVString', () => {
    expect(script().value("[new CloseEvent('c', { reason: '\\ud800' }).reason, new MessageEvent('m', { origin: '\\ud800' }).origin, new MessageEvent('m', { lastEventId: '\\ud800' }).lastEventId]")).toEqual(['\ufffd', '\ufffd', '\ud800']);
  });

  test('initMessageEvent sets all of it', () => {
    expect(script().value("(() => { const e = new MessageEvent('m', { data: 1 }); e.initMessageEvent('n', true, true, 'data', 'o', 'id', null, []); return [e.type, e.bubbles, e.cancelable, e.data, e.origin, e.lastEventId, e.source, e.ports, e.initMessageEvent.length]; })()")).toEqual([
      'n', true, true, 'data', 'o', 'id', null, [], 1,
    ]);
    expect(script().value("(() => { const e = new MessageEvent('m', { data: 1, origin: 'o' }); e.initMessageEvent('n'); return [e.data, e.origin]; })()")).toEqual([null, '']);
  });

  test('their members refuse other events', () => {
    expect(script().thrown("Reflect.get(MessageEvent.prototype, 'data', new Event('x'))")).toMatchObject({ class: 'TypeError', message: expect.stringContaining("type 'MessageEvent'") });
    expect(script().thrown("Reflect.get(CloseEvent.prototype, 'code', new MessageEvent('x'))")).toMatchObject({ class: 'TypeError', message: expect.stringContaining("type 'CloseEvent'") });
  });
});
