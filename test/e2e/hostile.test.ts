import { beforeAll, describe, expect, test } from '@jest/globals';
import { inSpawnedHost } from '../support/spawned-host.ts';

/**
 * Runs scripts, one after another, beside a neighbour each. When a script has ended, or says `survived`, tells what
 * became of it, whether the neighbour still runs, and whether a script can be started.
 */
const PROGRAM = `
  const host = await ScriptHost.start();
  const run = async (name, source, limits) => {
    const script = await host.run({ name, source, limits, type: 'assignment-client', permissions: { connect: true, listen: ['127.0.0.1'] } });
    const errors = [];
    script.on('error', ({ code, message }) => errors.push({ code, message }));
    const said = (line) => new Promise((resolve) => script.on('print', ({ text }) => { if (text === line) resolve('runs'); }));
    return { script, errors, said };
  };
  const ended = ({ script }) => script.ended.then(({ error, reason }) => error?.code ?? reason);
  const outcomes = [];
  for (const source of ARGUMENT.sources) {
    const neighbour = await run('neighbour.js', "setInterval(() => print('tick'), 5)");
    await neighbour.said('tick');
    const hostile = await run('hostile.js', source, ARGUMENT.limits);
    const end = await Promise.race([hostile.said('survived').then(() => 'survived'), ended(hostile)]);
    const neighbourIs = await Promise.race([neighbour.said('tick'), ended(neighbour)]);
    const next = await run('next.js', "print('fine')");
    const nextIs = await Promise.race([next.said('fine'), ended(next)]);
    outcomes.push({ end, errors: hostile.errors, neighbour: neighbourIs, next: nextIs });
    await Promise.all(host.scripts.map((script) => script.stop()));
  }
  await host.stop();
  console.log(JSON.stringify(outcomes));
`;

interface Outcome {
  /** The code of the error that it ended with, or `survived`. */
  readonly end: string;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
  /** `runs`, though it may have been started again, or the code of the error that it ended with. */
  readonly neighbour: string;
  readonly next: string;
}

/** What becomes of each of these scripts, by its name. All are run in one host process, which is started at once. */
function outcomesOf(
  cases: readonly (readonly [what: string, source: string, ...expected: unknown[]])[],
  limits: object,
): (what: string) => Promise<Outcome> {
  let outcomes: Promise<Outcome[]>;
  beforeAll(() => {
    outcomes = inSpawnedHost(PROGRAM, { sources: cases.map(([, source]) => source), limits }) as Promise<Outcome[]>;
    outcomes.catch(() => {});
  });
  return async (what) => (await outcomes)[cases.findIndex(([name]) => name === what)] as Outcome;
}

/** A script with a connection to itself: `serve` is called with the end that its server has accepted. */
const withConnection = (serve: string): string => `
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const serve = ${serve};
  server.newConnection.connect(serve);
  const client = new WebSocket(server.url);
`;

const FOR_EVER: [what: string, source: string][] = [
  ['a loop', 'for (;;);'],
  ['a loop that catches everything', 'for (;;) { try { for (;;); } catch {} finally { continue; } }'],
  ['a regular expression that backtracks', "/^(a+)+$/.test('a'.repeat(40) + 'b')"],
  ['microtasks without end', '(function again() { Promise.resolve().then(again); })()'],
  ['an async function without end', '(async () => { for (;;) await null; })()'],
  ['a thenable that goes on', 'const more = { then(resolve) { resolve(more); } }; Promise.resolve(more);'],
  ['a thrown error whose message never comes', "setTimeout(() => { throw Object.defineProperty(new Error(), 'message', { get() { for (;;); } }) }, 1)"],
  ['a thrown value that never becomes a text', 'setTimeout(() => { throw { toString() { for (;;); } } }, 1)'],
  ['prints without end, errors caught', "for (;;) { try { print('x'.repeat(1000)); } catch {} }"],
  ['sends without end, errors caught', withConnection("(socket) => { for (;;) { try { socket.send('x'.repeat(1000)); } catch {} } }")],
  ['a timer', 'setTimeout(() => { for (;;); }, 1)'],
  ['an Array whose getter never comes back', "print({ get x() { for (;;); }, toString() { for (;;); } }, [{ toString() { for (;;); } }].join())"],
];
const UNSTOPPABLE: [what: string, source: string][] = [
  ['a built-in that cannot be interrupted', 'var q = []; q.length = 2 ** 32 - 1; q.sort();'],
  ['a rejection whose reason never comes', 'Promise.reject(new Proxy({}, { get() { for (;;); } }))'],
];
const TOO_MUCH: [what: string, source: string, end: string, message: string][] = [
  ['prints without end', 'for (;;) print(1);', 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED', 'calls in one turn'],
  ['prints too much', "const kilo = 'x'.repeat(1024 * 1024); for (;;) print(kilo);", 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED', 'bytes given out in one turn'],
  ['timers without end', 'const nothing = () => {}; for (;;) setTimeout(nothing, 1e6);', 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED', 'the limit of 100000 timers is reached'],
  ['a recursion without end', '(function down() { down(); })()', 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED', 'RangeError: Maximum call stack size exceeded'],
  ['sends without end', withConnection("(socket) => { setTimeout(() => print('survived'), 20); for (;;) socket.send('x'); }"), 'survived', 'calls in one turn'],
  ['memory', 'const map = new Map(); for (let i = 0; i < 2e6; i++) map.set(i, { i });', 'ERR_AIRLOCK_OUT_OF_MEMORY', 'used more than its 48 MiB of memory'],
];
const AFTER = "setTimeout(() => print('survived'), 1);";
const LONGEST = "'x'.repeat(2 ** 29 - 24)";
const OUTSIDE: [what: string, source: string, end: string][] = [
  ['the longest string as the reason of a rejection', `${AFTER} Promise.reject(${LONGEST});`, 'survived'],
  ['the longest string in the error of a rejection', `${AFTER} Promise.reject(Object.assign(new Error(), { name: ${LONGEST} }));`, 'survived'],
  ['a rejection with a stack of many frames', `${AFTER} Promise.reject(Object.assign(new Error(), { stack: '\\n    at x'.repeat(5e6) }));`, 'survived'],
  ['a rejection with a number of many digits', `${AFTER} Promise.reject(2n ** (2n ** 25n));`, 'survived'],
  ['a loop in a function with a long name', `const o = { ['a'.repeat(300_000)]() { for (;;); } }; Object.values(o)[0]();`, 'ERR_AIRLOCK_TURN_TIMEOUT'],
  ['a loop in a function named in brackets', `const o = { [' ('.repeat(200_000)]() { for (;;); } }; Object.values(o)[0]();`, 'ERR_AIRLOCK_TURN_TIMEOUT'],
  ['a server with the longest name', `${AFTER} try { new WebSocketServer({ host: ${LONGEST} }); } catch {}`, 'survived'],
];
const NOT_ITS_OWN: [what: string, source: string, message: string | undefined][] = [
  ['the process by a constructor', "constructor.constructor('return process')()", 'ReferenceError: process is not defined'],
  ['the process by an error of a callback', "try { new WebSocket('ftp://x/') } catch (error) { error.constructor.constructor('return process')() }", 'ReferenceError: process is not defined'],
  ['require', "require('node:fs')", "Error: Cannot find module 'node:fs': begin with ./ or ../, or give a whole address; there are no modules with names alone"],
  ['an import', "import('node:fs').then(() => print('got it'), (error) => { print('survived') })", undefined],
  ['shared memory', 'new SharedArrayBuffer(8)', 'ReferenceError: SharedArrayBuffer is not defined'],
  ['WebAssembly', 'WebAssembly.compile', 'ReferenceError: WebAssembly is not defined'],
  ['what the bindings were started by', '__airlock', 'ReferenceError: __airlock is not defined'],
  ['a stack of its own making: one that never comes', 'Error.prepareStackTrace = () => { for (;;); }; null.x', "TypeError: Cannot read properties of null (reading 'x')"],
  ['a stack of its own making: an object', "Error.prepareStackTrace = () => ({ toString() { throw 1; } }); throw new Error('mine')", 'Error: mine'],
  ['a stack of its own making: a proxy', "Error.prepareStackTrace = () => new Proxy({}, { get() { throw 1; } }); throw new Error('mine')", 'Error: mine'],
  ['a stack of its own making: a number', "Error.prepareStackTrace = () => 5; throw new Error('mine')", 'Error: mine'],
  ['frames of a stack', "Error.prepareStackTrace = (e, frames) => { for (const f of frames) f.getFunction?.()?.constructor('return process')(); return ''; }; throw new Error('mine')", 'Error: mine'],
];

// What a turn has given out by then is collected on a machine that may be busy.
const forEver = outcomesOf(FOR_EVER, { turnTimeout: 300, turnGrace: 20_000 });
const unstoppable = outcomesOf(UNSTOPPABLE, { turnTimeout: 300 });
// A busy machine takes its time to copy half a gigabyte.
const outside = outcomesOf(OUTSIDE, { turnTimeout: 3000, turnGrace: 10_000 });
// 100,000 timers take some 12 MiB, and V8 more or less garbage beside them.
const tooMuch = outcomesOf(TOO_MUCH, { memory: 48, turnTimeout: 10_000, commandBytesPerTurn: 8 * 1024 * 1024 });
const notItsOwn = outcomesOf(NOT_ITS_OWN, {});

describe('a script that takes a turn for ever is ended; its neighbour does not notice:', () => {
  test.each(FOR_EVER)('%s', async (what) => {
    expect(await forEver(what)).toMatchObject({ end: 'ERR_AIRLOCK_TURN_TIMEOUT', neighbour: 'runs', next: 'runs' });
  });
});

describe('a script that nothing can stop is killed with its process, and its neighbour starts again:', () => {
  test.each(UNSTOPPABLE)('%s', async (what) => {
    const outcome = await unstoppable(what);
    expect(outcome).toMatchObject({ end: 'ERR_AIRLOCK_CELL_DIED', neighbour: 'runs', next: 'runs' });
    expect(outcome.errors.at(-1)?.message).toBe(
      'the process that ran hostile.js was killed: a turn of hostile.js did not end within 3320 ms; raise it with --limit turnGrace=6000',
    );
  });
});

describe('what the cell does with what a script gives it takes neither the cell down nor long:', () => {
  test.each(OUTSIDE)('%s', async (what, _source, end) => {
    expect(await outside(what)).toMatchObject({ end, neighbour: 'runs', next: 'runs' });
  });
});

describe('a script that takes too much is told so where it does:', () => {
  test.each(TOO_MUCH)('%s', async (what, _source, end, message) => {
    const outcome = await tooMuch(what);
    expect(outcome).toMatchObject({ end, neighbour: 'runs', next: 'runs' });
    expect(outcome.errors).toHaveLength(1);
    expect(outcome.errors[0]?.message).toContain(message);
  });
});

describe('a script that reaches for what is not its own finds nothing:', () => {
  test.each(NOT_ITS_OWN)('%s', async (what, _source, message) => {
    const outcome = await notItsOwn(what);
    expect(outcome).toMatchObject({
      end: message === undefined ? 'survived' : 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED',
      neighbour: 'runs',
      next: 'runs',
    });
    expect(outcome.errors.map((error) => error.message)).toEqual(message === undefined ? [] : [message]);
  });
});
