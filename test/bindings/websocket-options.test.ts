import { describe, expect, test } from '@jest/globals';
import type { CommandOf } from '../../wire/commands.ts';
import { ofType, startScript, type IsolateOptions, type Thrown } from '../support/isolate.ts';

/** What the host is asked for. */
function connects(given: string, options: IsolateOptions = {}): CommandOf<'connect'> | undefined {
  return ofType(startScript('', options).run(`new WebSocket('ws://a.example', ${given})`), 'connect')[0];
}

function refused(given: string, options: IsolateOptions = {}): Thrown | undefined {
  return startScript('', options).thrown(`new WebSocket('ws://a.example', ${given})`);
}

const DEFAULTS = {
  protocols: [], headers: [], handshakeTimeout: 0, heartbeatInterval: 0, heartbeatTimeout: 0, maxMessageSize: 0, perMessageDeflate: false,
};

describe('options in the second argument', () => {
  test.each([
    ["{ protocols: 'chat' }", { protocols: ['chat'] }],
    ["{ protocols: ['a', 'b'] }", { protocols: ['a', 'b'] }],
    ['{ protocols: undefined }', {}],
    ['{ handshakeTimeout: 5000 }', { handshakeTimeout: 5000 }],
    ['{ handshakeTimeout: 30000 }', { handshakeTimeout: 30_000 }],
    ['{ heartbeat: { interval: 20000, timeout: 5000 } }', { heartbeatInterval: 20_000, heartbeatTimeout: 5000 }],
    ['{ heartbeat: { interval: 20000 } }', { heartbeatInterval: 20_000, heartbeatTimeout: 20_000 }],
    ['{ maxMessageSize: 1024 }', { maxMessageSize: 1024 }],
    ['{ perMessageDeflate: true }', { perMessageDeflate: true }],
    ["{ headers: { 'X-Room': 'a', Authorization: 'Bearer x' } }", { headers: ['X-Room', 'a', 'Authorization', 'Bearer x'] }],
    ["{ headers: [['X-Room', 5], new Set(['X-B', 'b'])] }", { headers: ['X-Room', '5', 'X-B', 'b'] }],
    ["{ headers: new Map([['X-Room', 'a'], ['x-room', 'b']]) }", { headers: ['X-Room', 'a', 'x-room', 'b'] }],
  ])('%s', (given, expected) => {
    for (const dialect of ['web', 'overte'] as const) {
      expect(connects(given, { dialect })).toEqual(expect.objectContaining({ ...DEFAULTS, ...expected }));
    }
  });

  test('are read in the order of their names, once', () => {
    const script = startScript('read = []; options = new Proxy({ protocols: "p", headers: {}, maxMessageSize: 1, handshakeTimeout: 1 }, { get(target, name) { if (typeof name === "string") read.push(name); return target[name]; } })');
    script.run("new WebSocket('ws://a.example', options)");
    expect(script.value('read')).toEqual(['handshakeTimeout', 'headers', 'heartbeat', 'maxMessageSize', 'perMessageDeflate', 'protocols']);
  });

  test('what has no name of an option among its own keys is made a string, as in browsers', () => {
    expect(connects('{ toString: () => "own" }')).toMatchObject({ protocols: ['own'] });
    expect(connects('Object.assign(() => {}, { headers: {}, toString: () => "function" })')).toMatchObject({ protocols: ['function'] });
    expect(refused('{}')).toMatchObject({ class: 'DOMException', name: 'SyntaxError', message: expect.stringContaining("'[object Object]' is invalid. An object is options where") });
    const patched = startScript('Object.prototype.headers = { "X-A": "b" }; new WebSocket("ws://a.example", { toString: () => "own" })');
    expect(ofType(patched.first.commands, 'connect')[0]).toMatchObject({ protocols: ['own'], headers: [] });
  });

  test('what is iterable is protocols, whatever else it has', () => {
    expect(connects("Object.assign(['a'], { headers: { X: 'y' } })")).toMatchObject({ protocols: ['a'], headers: [] });
  });

  test('protocols are checked as ever', () => {
    expect(refused("{ protocols: ['a', 'a'] }")).toMatchObject({ name: 'SyntaxError', message: "Failed to construct 'WebSocket': The subprotocol 'a' is duplicated." });
  });

  test.each([
    ['{ headers: {}, timeout: 5 }', 'TypeError', 'There is no option timeout; there are handshakeTimeout, headers, heartbeat, maxMessageSize, perMessageDeflate, protocols.'],
    ['{ heartbeat: { interval: 5, every: 5 } }', 'TypeError', 'There is no option heartbeat.every; there are interval, timeout.'],
    ["{ handshakeTimeout: '5' }", 'TypeError', 'The option handshakeTimeout must be a whole number of milliseconds, not 5.'],
    ['{ handshakeTimeout: 0.5 }', 'TypeError', 'The option handshakeTimeout must be a whole number of milliseconds, not 0.5.'],
    ['{ handshakeTimeout: NaN }', 'TypeError', 'The option handshakeTimeout must be a whole number of milliseconds, not NaN.'],
    ['{ handshakeTimeout: 0 }', 'RangeError', 'The option handshakeTimeout must be at least 1; 0 is not.'],
    ['{ handshakeTimeout: 30001 }', 'RangeError', "The option handshakeTimeout can only lower the script's limit handshakeTimeout, which is 30000 milliseconds; 30001 is more."],
    ['{ maxMessageSize: 2 ** 24 + 1 }', 'RangeError', "The option maxMessageSize can only lower the script's limit messageBytes, which is 16777216 bytes; 16777217 is more."],
    ['{ maxMessageSize: -1 }', 'RangeError', 'The option maxMessageSize must be at least 1; -1 is not.'],
    ['{ heartbeat: 5 }', 'TypeError', 'The option heartbeat must be an object, as { interval: 30000, timeout: 10000 }, not 5.'],
    ['{ heartbeat: {} }', 'TypeError', 'The option heartbeat.interval must be a whole number of milliseconds, not undefined.'],
    ['{ heartbeat: { interval: 2 ** 31 } }', 'RangeError', 'The option heartbeat.interval must be from 1 to 2147483647 milliseconds; 2147483648 is not.'],
    ['{ heartbeat: { interval: 999 } }', 'RangeError', "The option heartbeat.interval must keep to the script's limit heartbeatInterval, which is 1000 milliseconds; 999 is less."],
    ['{ heartbeat: { interval: 5000, timeout: 0 } }', 'RangeError', 'The option heartbeat.timeout must be from 1 to 2147483647 milliseconds; 0 is not.'],
    ["{ perMessageDeflate: {} }", 'TypeError', 'The option perMessageDeflate must be true or false, not an object.'],
    ["{ headers: 'x' }", 'TypeError', "The option headers must be an object, as { Authorization: 'Bearer x' }, or a list of pairs."],
    ["{ headers: [['a']] }", 'TypeError', 'The option headers must hold pairs of a name and a value.'],
    ["{ headers: ['ab'] }", 'TypeError', 'The option headers must hold pairs of a name and a value.'],
    ["{ headers: { 'a b': 'x' } }", 'TypeError', "The option headers has a name that is not one: 'a b'."],
    ["{ headers: { a: 'x\\r\\nHost: evil' } }", 'TypeError', "The option headers has a value for 'a' that is not one: no line breaks, no space at the ends, nothing beyond U+00FF."],
    ["{ headers: { a: '\\u0100' } }", 'TypeError', "The option headers has a value for 'a' that is not one: no line breaks, no space at the ends, nothing beyond U+00FF."],
    ["{ headers: Object.fromEntries(Array.from({ length: 65 }, (_, n) => ['x-' + n, ''])) }", 'RangeError', 'The option headers may hold 64 headers of 8192 characters in all; there are more.'],
    ["{ headers: { a: 'x'.repeat(8192) } }", 'RangeError', 'The option headers may hold 64 headers of 8192 characters in all; there are more.'],
  ])('%s is a %s', (given, name, message) => {
    expect(refused(given)).toMatchObject({ class: name, name, message: `Failed to construct 'WebSocket': ${message}` });
  });

  test.each(['Host', 'connection', 'Upgrade', 'Sec-WebSocket-Key', 'Sec-Anything', 'Proxy-Authorization', 'Content-Length', 'Transfer-Encoding'])(
    'the header %s is refused',
    (name) => {
      expect(refused(`{ headers: { '${name}': 'x' } }`)).toMatchObject({
        class: 'DOMException', name: 'SecurityError',
        message: `Failed to construct 'WebSocket': The option headers may not hold '${name}', which belongs to the handshake itself.`,
      });
    },
  );

  test('the header of the protocols has an option of its own', () => {
    expect(refused("{ headers: { 'Sec-WebSocket-Protocol': 'x' } }")?.message).toMatch(/itself; use the option protocols\.$/);
  });

  test.each(['Cookie', 'Origin'])('the header %s needs a permission', (name) => {
    expect(refused(`{ headers: { '${name}': 'x' } }`)).toMatchObject({
      name: 'SecurityError',
      message: `Failed to construct 'WebSocket': The option headers may not hold '${name}', as this script has no permission to set it.`,
    });
    expect(connects(`{ headers: { '${name}': 'x' } }`, { permittedHeaders: [name.toLowerCase()] })).toMatchObject({ headers: [name, 'x'] });
  });

  test('what is refused connects nothing', () => {
    const script = startScript('');
    expect(script.run("try { new WebSocket('ws://a.example', { maxMessageSize: 0 }) } catch {}")).toEqual([]);
  });
});
