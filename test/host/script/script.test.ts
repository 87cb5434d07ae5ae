import { setImmediate as nextLoop } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Command, CommandOf } from '../../../wire/commands.ts';
import type { QuestionOf } from '../../../wire/questions.ts';
import { startFakeScript, type FakeScript, type FakeScriptOptions } from '../../support/fake-cell.ts';
import { openClient, send } from '../../support/sockets.ts';
import { listenQuestion } from '../../support/server-items.ts';

const print = (text: string, level = 0): Command => ({ type: 'print', level, text });
const close = (code: number, reason = ''): Command => ({ type: 'close', socket: 1, code, reason });
const connect = (socket: number, more: Partial<CommandOf<'connect'>> = {}): Command => ({
  type: 'connect',
  socket,
  url: 'ws://127.0.0.1:9/',
  protocols: [],
  headers: [],
  handshakeTimeout: 0,
  heartbeatInterval: 0,
  heartbeatTimeout: 0,
  maxMessageSize: 0,
  perMessageDeflate: false,
  ...more,
});
const listen = (server: number, more: Partial<QuestionOf<'listen'>> = {}): QuestionOf<'listen'> =>
  listenQuestion({ server, ...more });

/** A script whose source was run: no turn is under way, nothing waits. */
async function loadedScript(options?: FakeScriptOptions): Promise<FakeScript> {
  const script = startFakeScript(options);
  await script.cell.endTurn([{ type: 'loaded' }]);
  return script;
}

/** Has a turn begin, by a timer that is due at once. */
async function nextTurn({ cell }: FakeScript): Promise<void> {
  cell.client.turned('done', '', [{ type: 'timer', delay: 0 }]);
  await cell.turnBegins();
}

describe('turns', () => {
  test('begin with evaluate, once the one who started the script can listen', async () => {
    const { cell } = startFakeScript();
    expect(cell.turns).toBe(0);
    await cell.turnBegins();
    expect(cell.lastTurn).toEqual([{ type: 'evaluate', source: 'a source' }]);
  });

  test('are one at a time; what comes meanwhile is the next one, whole and in order', async () => {
    const { cell } = await loadedScript();
    const { port } = cell.client.answer([], listen(1));
    await cell.turnBegins();
    expect(cell.lastTurn.map(({ type }) => type)).toEqual(['listening']);
    await cell.endTurn();
    const peer = openClient(`ws://127.0.0.1:${port}/`);
    await peer.owner.first('opened');
    await cell.turnBegins();
    expect(cell.lastTurn.map(({ type }) => type)).toEqual(['accepted']);
    for (let count = 0; count < 50; count++) {
      send(peer.connection, { type: 'sendText', data: `${count}` });
      peer.connection.flush();
      await nextLoop();
    }
    const other = openClient(`ws://127.0.0.1:${port}/`);
    await other.owner.first('opened');
    await nextLoop();
    expect(cell.turns).toBe(3);
    await cell.endTurn();
    await cell.turnBegins();
    const texts = cell.lastTurn.flatMap((event) => (event.type === 'text' ? [event.data.toString()] : []));
    expect(texts).toEqual(Array.from({ length: 50 }, (_, index) => `${index}`));
    expect(cell.lastTurn.at(-1)).toMatchObject({ type: 'accepted', socket: 3 });
    expect(cell.turns).toBe(4);
  });

  test('hold no more events than they may', async () => {
    const { cell } = await loadedScript({ limits: { eventsPerTurn: 3 } });
    await nextTurn({ cell } as FakeScript);
    const denied = Array.from({ length: 4 }, (_, index) => connect(index * 2 + 2, { url: 'ws://10.0.0.1/' }));
    // Each of them fails and closes: eight events.
    await cell.endTurn(denied);
    const sizes: number[] = [];
    for (let left = 8; left > 0; left -= cell.lastTurn.length) {
      await cell.turnBegins();
      sizes.push(cell.lastTurn.length);
      if (left > cell.lastTurn.length) {
        await cell.endTurn();
      }
    }
    expect(sizes).toEqual([3, 3, 2]);
  });

  test('begin with what is wrong in the script: a bufferedAmount that is not 0 when it takes it to be', async () => {
    const { cell } = await loadedScript();
    const { port } = cell.client.answer([], listen(1));
    const peer = openClient(`ws://127.0.0.1:${port}/`);
    await peer.owner.first('opened');
    await cell.given('accepted');
    peer.connection.pause();
    const block: Command = { type: 'sendBinary', socket: 1, data: Buffer.alloc(1024 * 1024) };
    const wake: Command = { type: 'timer', delay: 0 };
    // While the kernel takes everything, nothing needs to be told.
    do {
      await cell.endTurn([block, wake]);
      await cell.turnBegins();
    } while (cell.lastTurn.length === 1 && cell.turns < 200);
    expect(cell.lastTurn).toEqual([{ type: 'buffered', socket: 1, bytes: 1024 * 1024 }, { type: 'timer' }]);
    // It knows that now.
    await cell.endTurn([wake]);
    await cell.turnBegins();
    expect(cell.lastTurn).toEqual([{ type: 'timer' }]);
    peer.connection.resume();
    do {
      await cell.endTurn([wake]);
      await cell.turnBegins();
    } while (cell.lastTurn.length === 1);
    expect(cell.lastTurn).toEqual([{ type: 'buffered', socket: 1, bytes: 0 }, { type: 'timer' }]);
  });
});

describe('a malformed command ends the script:', () => {
  const reject = async (...commands: readonly Command[]): Promise<string> => {
    const { cell, errors, script } = await loadedScript({ permissions: { connect: true } });
    cell.client.turned('done', '', commands);
    const end = await script.ended;
    expect(end).toMatchObject({ reason: 'fault', error: errors[0] });
    expect(errors).toHaveLength(1);
    expect(errors[0]?.code).toBe('ERR_AIRLOCK_MALFORMED_COMMAND');
    expect(cell.destroyed).toBe(true);
    return errors[0]?.message ?? '';
  };

  test.each([
    ['an odd number', [connect(3)], 'connect under the number 3'],
    ['the number 0', [connect(0)], 'connect under the number 0'],
    ['a number that was used', [connect(4), connect(4)], 'connect under the number 4'],
    ['a number below one that was used', [connect(4), connect(2)], 'connect under the number 2'],
    ['an http URL', [connect(2, { url: 'http://127.0.0.1/' })], 'connect to what is not a WebSocket URL'],
    ['a socket file', [connect(2, { url: 'ws+unix:/var/run/docker.sock' })], 'connect to what is not a WebSocket URL'],
    ['no URL', [connect(2, { url: 'ws://a b/' })], 'connect to what is not a WebSocket URL'],
    ['nothing', [connect(2, { url: '' })], 'connect to what is not a WebSocket URL'],
    ['a URL with a fragment', [connect(2, { url: 'ws://127.0.0.1:9/#a' })], 'connect to what is not a WebSocket URL'],
    ['a subprotocol that is none', [connect(2, { protocols: ['a b'] })], 'connect with what are not subprotocols'],
    ['a subprotocol twice', [connect(2, { protocols: ['a', 'a'] })], 'connect with what are not subprotocols'],
    ['a subprotocol with a line break', [connect(2, { protocols: ['a\r\nX-Evil: 1'] })], 'connect with what are not subprotocols'],
    ['the header Host', [connect(2, { headers: ['Host', 'evil.example'] })], 'connect with the header host'],
    ['a name without a value', [connect(2, { headers: ['X-A'] })], 'connect with a header without a value'],
    ['a line break in a header', [connect(2, { headers: ['X-A', 'a\r\nX-B: b'] })], 'connect with a header that is not one of HTTP'],
  ])('connect with %s', async (_what, commands, message) => {
    expect(await reject(...commands)).toContain(`what came out of its isolate is malformed: ${message}`);
  });

  test.each([1, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000, 70_000, 2 ** 32 - 1])('close with the code %i', async (code) => {
    expect(await reject(close(code))).toContain(`close with the code ${code}`);
  });

  test('close with a reason of more than 123 bytes', async () => {
    expect(await reject(close(1000, '€'.repeat(42)))).toContain('close with ');
  });

  test('and what follows it is not carried out', async () => {
    const { cell, lines, script } = await loadedScript();
    cell.client.turned('done', '', [print('before'), close(1006), print('after')]);
    await script.ended;
    expect(lines).toEqual(['before']);
  });

  test('so does what cannot be read at all', async () => {
    const { cell, errors, script } = await loadedScript();
    cell.client.malformed('a number is missing');
    expect((await script.ended).reason).toBe('fault');
    expect(errors[0]?.message).toBe('what came out of its isolate is malformed: a number is missing');
  });
});

describe('commands for a socket or server that there is not are ignored', () => {
  test.each<[string, Command]>([
    ['sendText', { type: 'sendText', socket: 7, data: 'a' }],
    ['sendBinary', { type: 'sendBinary', socket: 7, data: Buffer.alloc(1) }],
    ['close', close(1000)],
    ['close without a code', close(0)],
    ['closeServer', { type: 'closeServer', server: 7 }],
  ])('%s', async (_what, command) => {
    const { cell, errors, lines } = await loadedScript();
    cell.client.turned('done', '', [command, print('goes on')]);
    expect(lines).toEqual(['goes on']);
    expect(errors).toEqual([]);
  });
});

describe('listen', () => {
  test.each(['interface', 'avatar', 'client-entity'] as const)('is refused to the type %s, which has no servers', async (type) => {
    const { cell } = startFakeScript({ type, permissions: { listen: true } });
    await cell.turnBegins();
    expect(cell.client.answer([], listen(1))).toEqual({
      type: 'listen',
      port: 0,
      url: '',
      code: 'ERR_AIRLOCK_LISTEN_DENIED',
      error: `a script of the type ${type} has no servers`,
    });
  });

  test('is answered after the commands that came before it', async () => {
    const { cell, lines } = startFakeScript();
    await cell.turnBegins();
    const { port, url } = cell.client.answer([print('before')], listen(1));
    expect(lines).toEqual(['before']);
    expect(url).toBe(`ws://127.0.0.1:${port}`);
  });

  test('without permission is denied, and the log names the flag', async () => {
    const { cell, log } = startFakeScript({ permissions: {} });
    await cell.turnBegins();
    for (const [question, message] of [
      [listen(1, { port: 8080 }), 'listening on 127.0.0.1:8080 is not permitted (permission listen); allow it with --allow-listen=127.0.0.1:8080'],
      [listen(2, { host: '', port: 80 }), "listening on port 80 of all interfaces is not permitted (permission listen); allow it with --allow-listen=80, or let the script listen on this machine alone, with host: '127.0.0.1'"],
    ] as const) {
      expect(cell.client.answer([], question)).toMatchObject({ code: 'ERR_AIRLOCK_LISTEN_DENIED', error: message.split(';')[0] });
      expect(log.at(-1)).toEqual({ level: 'warning', script: 'fake.js', message });
    }
  });

  test.each([
    ['a number that was used', listen(1)],
    ['a port beyond 65535', listen(2, { port: 65_536 })],
  ])('with %s is refused', async (_what, question) => {
    const { cell } = startFakeScript();
    await cell.turnBegins();
    expect(cell.client.answer([], listen(1)).error).toBe('');
    expect(cell.client.answer([], question)).toMatchObject({ code: 'ERR_AIRLOCK_MALFORMED_COMMAND', port: 0 });
  });

  test('more often than it may is refused, until a server is closed', async () => {
    const { cell } = startFakeScript({ limits: { servers: 2 } });
    await cell.turnBegins();
    expect([1, 2, 3].map((id) => cell.client.answer([], listen(id)).code)).toEqual(['', '', 'ERR_AIRLOCK_TOO_MANY_SOCKETS']);
    expect(cell.client.answer([{ type: 'closeServer', server: 1 }], listen(4)).code).toBe('');
  });
});

describe('a connection', () => {
  test('that is denied fails and closes, and the log names the flag', async () => {
    const { cell, log } = await loadedScript();
    await nextTurn({ cell } as FakeScript);
    await cell.endTurn([connect(2, { url: 'ws://10.0.0.1:81/' })]);
    await cell.turnBegins();
    expect(cell.lastTurn).toEqual([
      {
        type: 'failed',
        socket: 2,
        error: 3,
        message: "WebSocket connection to 'ws://10.0.0.1:81/' failed: connecting to 10.0.0.1:81 is not permitted (permission connect)",
      },
      { type: 'closed', socket: 2, code: 1006, reason: '', wasClean: false },
    ]);
    expect(log).toEqual([
      {
        level: 'warning',
        script: 'fake.js',
        message: 'connecting to 10.0.0.1:81 is not permitted (permission connect); allow it with --allow-connect=10.0.0.1:81',
      },
    ]);
  });

  test('beyond the limit of sockets fails; one that comes in beyond it is closed with 1013', async () => {
    const { cell, log } = await loadedScript({ limits: { sockets: 1 } });
    const { port } = cell.client.answer([], listen(1));
    const first = openClient(`ws://127.0.0.1:${port}/`);
    await cell.given('accepted');
    const second = openClient(`ws://127.0.0.1:${port}/`);
    expect(await second.owner.first('closed')).toEqual(['closed', 1013, 'Too many sockets.', true]);
    expect(log.at(-1)?.message).toBe(`a connection to port ${port} was turned away: the limit of 1 sockets is reached`);
    await cell.endTurn([connect(2)]);
    expect(await cell.given('failed')).toMatchObject({ socket: 2, error: 4 });
    await cell.endTurn([close(1000)]);
    await first.owner.first('closed');
    await cell.given('closed');
    const third = openClient(`ws://127.0.0.1:${port}/`);
    await third.owner.first('opened');
    expect(third.owner.order).toEqual(['opened']);
  });

  test('closes with its server, with 1001', async () => {
    const { cell } = await loadedScript();
    const { port } = cell.client.answer([], listen(1));
    const peer = openClient(`ws://127.0.0.1:${port}/`);
    await cell.given('accepted');
    await cell.endTurn([{ type: 'closeServer', server: 1 }]);
    expect(await peer.owner.first('closed')).toEqual(['closed', 1001, 'Server closing.', true]);
  });
});

describe('a script prints', () => {
  test('with the level that it gave; an unknown one is a log', async () => {
    const { cell, script } = await loadedScript();
    const levels: string[] = [];
    script.on('print', ({ level, text }) => levels.push(`${level} ${text}`));
    cell.client.turned('done', '', [0, 1, 2, 3, 4, 5, 2 ** 32 - 1].map((level) => print('text', level)));
    expect(levels).toEqual(['log', 'info', 'warning', 'error', 'debug', 'log', 'log'].map((level) => `${level} text`));
  });
});

describe('a script ends', () => {
  test.each([
    ['timeout', 'ERR_AIRLOCK_TURN_TIMEOUT', 'ran for more than 2000 ms in one turn, at fake.js:2:3; raise it with --limit turnTimeout=4000'],
    ['memory', 'ERR_AIRLOCK_OUT_OF_MEMORY', '    at fake.js:2:3; raise it with --limit memory=128'],
    ['broken', 'ERR_AIRLOCK_ISOLATE_BROKEN', '    at fake.js:2:3'],
  ] as const)('by a turn with the status %s: %s; what the turn gave is carried out', async (status, code, message) => {
    const { cell, errors, lines, script } = await loadedScript();
    cell.client.turned(status, '    at fake.js:2:3', [print('last words')]);
    expect(await script.ended).toMatchObject({ reason: 'fault', error: { code, message } });
    expect(errors[0]?.position).toEqual(status === 'timeout' ? { file: 'fake.js', line: 2, column: 3 } : undefined);
    expect(lines).toEqual(['last words']);
    expect(errors).toHaveLength(1);
  });

  test('with its cell, where it is to blame: ERR_AIRLOCK_CELL_DIED, and its peers are closed with 1011', async () => {
    const { cell, errors, script } = await loadedScript();
    const { port } = cell.client.answer([], listen(1));
    const peer = openClient(`ws://127.0.0.1:${port}/`);
    await cell.given('accepted');
    cell.client.blamed({ what: 'process', message: 'was ended by SIGKILL', blamed: 'fake.js' });
    expect(await peer.owner.first('closed')).toEqual(['closed', 1011, '', true]);
    expect((await script.ended).error).toBe(errors[0]);
    expect(errors[0]).toMatchObject({
      code: 'ERR_AIRLOCK_CELL_DIED',
      message: 'the process that ran fake.js was ended by SIGKILL',
    });
    const late = openClient(`ws://127.0.0.1:${port}/`);
    await late.owner.first('closed');
    expect(late.owner.order).toEqual(['failed', 'closed']);
  });

  test('where its source cannot be run', async () => {
    const { cell, errors, script } = startFakeScript();
    await cell.endTurn([{ type: 'loadFailed', text: 'SyntaxError: no', stack: '    at fake.js:3:5' }]);
    expect((await script.ended).reason).toBe('fault');
    expect(errors[0]).toMatchObject({
      code: 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED',
      message: 'SyntaxError: no',
      position: { file: 'fake.js', line: 3, column: 5 },
    });
  });

  test('by its own stop command, after a last turn with end', async () => {
    const { cell, script } = await loadedScript();
    cell.client.turned('done', '', [{ type: 'stop' }]);
    await cell.turnBegins();
    expect(cell.lastTurn).toEqual([{ type: 'end' }]);
    await cell.endTurn();
    expect(await script.ended).toMatchObject({ reason: 'stopped' });
    expect(cell.destroyed).toBe(true);
  });

  test('once: nothing that comes afterwards changes it, or is told', async () => {
    const { cell, errors, lines, script } = await loadedScript();
    cell.client.blamed({ what: 'process', message: 'has ended', blamed: 'fake.js' });
    const end = await script.ended;
    cell.client.turned('timeout', 'late', [print('late')]);
    cell.client.malformed('late');
    cell.client.died({ what: 'process', message: 'late', blamed: undefined });
    expect(cell.client.answer([print('late')], listen(1)).port).toBe(0);
    expect(await script.stop()).toBe(end);
    expect(errors).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  test('and an exception that nothing caught does not end it', async () => {
    const { cell, errors, script } = await loadedScript();
    cell.client.turned('done', '', [{ type: 'reportError', text: 'TypeError: oh', stack: '' }]);
    expect(errors[0]).toMatchObject({ code: 'ERR_AIRLOCK_UNCAUGHT_EXCEPTION', message: 'TypeError: oh', position: undefined });
    await nextTurn({ cell } as FakeScript);
    expect(script.idle).toBe(false);
  });
});

describe('an entity script', () => {
  test.each([
    ['server-entity', ['evaluate', 'preload']],
    ['interface', ['evaluate', 'timer']],
  ] as const)('gets preload with its id once it is loaded (%s: %j)', async (type, events) => {
    const { cell } = startFakeScript({ type });
    await cell.endTurn([{ type: 'loaded' }, { type: 'timer', delay: type === 'interface' ? 0 : -1 }]);
    await cell.turnBegins();
    expect(cell.events.map((event) => event.type)).toEqual(events);
  });
});

describe('a timer', () => {
  test.each([Number.NaN, -1, -Infinity])('of %d is none', async (delay) => {
    const { cell, script } = await loadedScript();
    cell.client.turned('done', '', [{ type: 'timer', delay: 1000 }]);
    expect(script.idle).toBe(false);
    cell.client.turned('done', '', [{ type: 'timer', delay }]);
    expect(script.idle).toBe(true);
    expect(cell.turns).toBe(1);
  });

  test.each([Infinity, 2 ** 53])('of %d does not fire at once', async (delay) => {
    const { cell, script } = await loadedScript();
    cell.client.turned('done', '', [{ type: 'timer', delay }]);
    await nextLoop();
    await nextLoop();
    expect(cell.turns).toBe(1);
    expect(script.idle).toBe(false);
  });
});
