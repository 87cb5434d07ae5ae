import { describe, expect, test } from '@jest/globals';
import type { Event } from '../../../wire/events.ts';
import { IsolatedScript, closed, opened, printed, reported, startScript, text } from '../../support/isolate.ts';

const end: Event = { type: 'end' };
const preload: Event = { type: 'preload', entityID: '{entity-1}' };

describe('Script', () => {
  test('args are those that the host gave, for good', () => {
    const script = startScript('', { args: ['a', 'b c'] });
    expect(script.value("(() => { Script.args = []; try { Script.args.push('x') } catch {} return [Script.args, Object.isFrozen(Script.args)]; })()")).toEqual([['a', 'b c'], true]);
  });

  test('getContext', () => {
    expect(startScript('', { context: 'entity_server' }).value('Script.getContext()')).toBe('entity_server');
  });

  test.each([
    ["'x.js'", 'https://scripts.example/chat/x.js'],
    ["'../x.js'", 'https://scripts.example/x.js'],
    ["'/x.js'", 'https://scripts.example/x.js'],
    ["'ws://other.example/x'", 'ws://other.example/x'],
    ["''", 'https://scripts.example/chat/chat.js'],
    ['', 'https://scripts.example/chat/chat.js'],
  ])('resolvePath(%s)', (path, url) => {
    expect(startScript('').value(`Script.resolvePath(${path})`)).toBe(url);
  });

  test('resolvePath of what is no address is a TypeError', () => {
    expect(startScript('').thrown("Script.resolvePath('http://[')")).toMatchObject({
      name: 'TypeError', message: "Script.resolvePath: 'http://[' is not an address",
    });
  });
});

describe('Script.stop', () => {
  test('is told once, and what is left of the turn is its own', () => {
    expect(startScript('').run("Script.stop(); Script.stop(); print('still')")).toEqual([
      { type: 'stop' },
      { type: 'print', level: 0, text: 'still' },
    ]);
  });

  test('inside a handler: the other listeners of the event run, later events and timers do not', () => {
    const script = startScript(`
      ws = new WebSocket('ws://a.example');
      ws.onmessage = ({ data }) => { print(data); Script.stop(); };
      ws.addEventListener('message', () => print('too'));
      ws.onclose = () => print('close');
      setTimeout(print, 1, 'timer');
    `);
    expect(script.turn(opened(), text('one'), text('two'), closed()).filter(({ type }) => type !== 'timer')).toEqual([
      expect.objectContaining({ text: 'one' }),
      { type: 'stop' },
      expect.objectContaining({ text: 'too' }),
    ]);
    expect(script.turn({ type: 'timer' }, text('three'), closed())).toEqual([]);
    expect(printed(script.turn(end))).toEqual([]);
  });

  test('inside a timer: the timers that are due as well do not run', () => {
    const script = startScript("setTimeout(() => Script.stop(), 1); setTimeout(print, 1, 'never'); for (const end = Date.now() + 4; Date.now() < end;);");
    expect(script.turn({ type: 'timer' })).toEqual([{ type: 'stop' }]);
  });

  test('reaches the host even where the turn has no room', () => {
    const script = startScript('', { commandsPerTurn: 2 });
    expect(script.run('print(1); print(2); Script.stop()').map(({ type }) => type)).toEqual(['print', 'print', 'stop']);
  });
});

describe('the end of a script', () => {
  test('timers first, then unload, then scriptEnding; what it sends still goes out', () => {
    const script = startScript(
      `(function () {
        const ws = new WebSocket('ws://a.example');
        setTimeout(print, 1, 'timer');
        this.unload = () => { print('unload'); ws.send('bye'); setTimeout(print, 1, 'too late'); };
        Script.scriptEnding.connect(() => print('scriptEnding'));
      })`,
      { entity: true },
    );
    script.turn(opened());
    expect(script.turn(end).map((command) => ('text' in command ? command.text : command.type))).toEqual([
      'timer', 'unload', 'sendText', 'timer', 'scriptEnding', 'timer',
    ]);
    expect(printed(script.turn({ type: 'timer' }))).toEqual([]);
  });

  test('an exception in unload does not keep scriptEnding from running', () => {
    const script = startScript("(function () { this.unload = () => { throw new Error('no') }; Script.scriptEnding.connect(() => print('ending')); })", { entity: true });
    const commands = script.turn(end);
    expect(reported(commands)).toEqual(['Error: no']);
    expect(printed(commands)).toEqual(['ending']);
  });

  test('Script.stop() while it ends asks for nothing', () => {
    expect(startScript('Script.scriptEnding.connect(() => Script.stop())').turn(end)).toEqual([]);
  });
});

describe('an entity script', () => {
  test('is a constructor, whose object is told of its entity', () => {
    const script = startScript("(function () { const self = this; this.preload = function (...args) { print(this === self, JSON.stringify(args)); }; })", { entity: true });
    expect(printed(script.turn(preload))).toEqual(['true ["{entity-1}",[]]']);
  });

  test('unload is told of it too', () => {
    const script = startScript('class Door { unload(id) { print(id) } } Door', { entity: true });
    script.turn(preload);
    expect(printed(script.turn(end))).toEqual(['{entity-1}']);
  });

  test('methods may be missing, or be something else', () => {
    const script = startScript('(function () { this.preload = 5; })', { entity: true });
    expect(script.turn(preload, end)).toEqual([]);
  });

  test('a method that throws, and one that cannot even be read, are reported', () => {
    const script = startScript("(function () { this.preload = () => null.x; Object.defineProperty(this, 'unload', { get() { throw new Error('read') } }); })", { entity: true });
    expect(reported(script.turn(preload))).toEqual(["TypeError: Cannot read properties of null (reading 'x')"]);
    expect(reported(script.turn(end))).toEqual(['Error: read']);
  });

  test.each(['5', '({})', '', 'undefined'])('a source that evaluates to %s could not be loaded', (source) => {
    expect(new IsolatedScript(source, { entity: true }).first.commands).toEqual([
      { type: 'loadFailed', stack: '    at chat.js:1:1', text: 'TypeError: an entity script must evaluate to a constructor function, as in (function () { this.preload = ... })' },
    ]);
  });

  test('a constructor that throws could not be loaded, and it says where', () => {
    expect(new IsolatedScript("(function () {\n  throw new Error('no');\n})", { entity: true }).first.commands).toEqual([
      { type: 'loadFailed', text: 'Error: no', stack: '    at chat.js:2:9' },
    ]);
  });
});
