import { tmpdir } from 'node:os';
import { afterAll, beforeAll } from '@jest/globals';
import { cellDied, harmless, hostile, malformed, type Expected } from '../support/hostile.ts';
import { removePackage, tamperedPackage } from '../support/tampered-cell.ts';

/** Here the attacker has broken out of its isolate: its source runs in the cell process. The host is the real one. */

let folder = '';
beforeAll(async () => {
  folder = await tamperedPackage();
});
afterAll(() => removePackage(folder));

/** One that every user may write to: only the wall is in the way. */
const FOLDER = JSON.stringify(tmpdir());

const common = { packageFolder: () => folder, limits: { turnTimeout: 500 } } as const;

/** The turn ends well, and after it the script says that it is there. */
const thenSurvives = "globalThis.onTurn = (cell) => cell.print('survived'); const armed = ['loaded'], timer = ['timer', 50];";
const command = (numbers: string, texts = '[]', bytes = '[]'): string =>
  `const { COMMANDS } = cell; return { commands: { numbers: Float64Array.of(${numbers}), texts: ${texts}, bytes: ${bytes} } };`;
const DIED: Expected = cellDied;

hostile('forged commands', common, [
  { what: 'a command that there is not', source: command('4711'), expected: malformed },
  { what: 'a command of no number', source: command('NaN'), expected: malformed },
  { what: 'a command of a negative number', source: command('-1, -1, -1'), expected: malformed },
  { what: 'a command of half a number', source: command('1.5, 2, 1', "['x']"), expected: malformed },
  { what: 'a socket that is no whole number', source: command('COMMANDS.sendText.code, 0.5, 1', "['x']"), expected: malformed },
  { what: 'a socket beyond 2^32', source: command('COMMANDS.sendText.code, 2 ** 33, 1', "['x']"), expected: malformed },
  { what: 'a text longer than there is', source: command('COMMANDS.sendText.code, 2, 1e9', "['x']"), expected: malformed },
  { what: 'a text of negative length', source: command('COMMANDS.sendText.code, 2, -5', "['x']"), expected: malformed },
  { what: 'bytes that are not there', source: command('COMMANDS.sendBinary.code, 2, 4e9'), expected: malformed },
  { what: 'a list of billions of headers', source: "const c = cell.commands(['connect', 2, 'ws://127.0.0.1:1/', 4e9, 4e9, 0, 0, 0, 0, 0]); return { commands: c };", expected: malformed },
  { what: 'a command that ends in its middle', source: command('COMMANDS.close.code, 2'), expected: malformed },
  { what: 'a boolean that is 2', source: "return { commands: cell.commands(['connect', 2, 'ws://127.0.0.1:9/', 0, 0, 0, 0, 0, 0, 2]) };", expected: malformed },
  { what: 'a print of a level that there is not', source: `${thenSurvives} return { commands: cell.commands(['print', 4000000000, 'x'], armed, timer) };`, expected: harmless },
  { what: 'a ping larger than one may be', source: command('COMMANDS.ping.code, 2, 126', '[]', '[Buffer.alloc(126)]'), expected: malformed },
  { what: 'a close code that is reserved', source: "return { commands: cell.commands(['close', 2, 1006, '']) };", expected: malformed },
  { what: 'a close reason longer than one may be', source: "return { commands: cell.commands(['close', 2, 1000, 'x'.repeat(124)]) };", expected: malformed },
  { what: 'a socket with an odd number', source: "return { commands: cell.commands(['connect', 3, 'ws://127.0.0.1:9/', 0, 0, 0, 0, 0, 0, 0]) };", expected: malformed },
  { what: 'the same socket twice', source: "const c = ['connect', 2, 'ws://127.0.0.1:NEIGHBOUR_PORT/', 0, 0, 0, 0, 0, 0, 0]; return { commands: cell.commands(c, c) };", expected: malformed },
  { what: 'an address that is none', source: `${thenSurvives} return { commands: cell.commands(['connect', 2, 'http://[', 0, 0, 0, 0, 0, 0, 0], ['connect', 4, 'file:///etc/passwd', 0, 0, 0, 0, 0, 0, 0], armed, timer) };`, expected: { end: 'fault', codes: ['ERR_AIRLOCK_MALFORMED_COMMAND'] } },
  { what: 'a header with the end of a line', source: "return { commands: cell.commands(['connect', 2, 'ws://127.0.0.1:NEIGHBOUR_PORT/', 0, 2, 'x', 'a\\r\\nHost: b', 0, 0, 0, 0, 0]) };", expected: malformed },
  { what: 'a subprotocol with the end of a line', source: "return { commands: cell.commands(['connect', 2, 'ws://127.0.0.1:NEIGHBOUR_PORT/', 1, 'a\\r\\nHost: b', 0, 0, 0, 0, 0, 0]) };", expected: malformed },
  { what: 'an address that is not permitted', source: `${thenSurvives} return { commands: cell.commands(['connect', 2, 'ws://10.0.0.1/', 0, 0, 0, 0, 0, 0, 0], ['connect', 4, 'ws://169.254.169.254/latest', 0, 0, 0, 0, 0, 0, 0], armed, timer) };`, expected: harmless },
  { what: 'sockets of other scripts, by their numbers', source: `${thenSurvives} const all = []; for (let i = 0; i < 100; i++) all.push(['sendText', i, 'forged'], ['close', i, 1000, ''], ['closeServer', i], ['pause', i], ['drain', i]); return { commands: cell.commands(...all, armed, timer) };`, expected: harmless },
  { what: 'a million commands where thousands are allowed', source: "const numbers = new Float64Array(4e6).map((_, i) => (i % 2 === 0 ? cell.COMMANDS.pause.code : 1)); return { commands: { numbers, texts: [], bytes: [] } };", expected: malformed },
  { what: 'timers that are no numbers', source: `${thenSurvives} return { commands: cell.commands(['timer', Infinity], ['timer', NaN], ['timer', -Infinity], ['timer', 2 ** 60], armed, timer) };`, expected: { end: 'harmless' } },
]);

hostile('forged frames', common, [
  { what: 'a frame of no length', source: "cell.raw([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);", expected: DIED },
  { what: 'a frame of four gigabytes', source: 'cell.raw([255, 255, 255, 255, 2, 1, 0, 0, 0]);', expected: DIED },
  { what: 'a frame of a kind that there is not', source: 'cell.write(77, []);', expected: DIED },
  { what: 'a turn status that there is not', source: 'cell.write(cell.frames.TO_HOST.turned, [Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)]);', expected: malformed },
  { what: 'a frame with nothing in it', source: 'cell.write(cell.frames.TO_HOST.turned, []);', expected: malformed },
  { what: 'random bytes', source: "cell.raw(Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) >> 3 & 255)));", expected: DIED },
  { what: 'the end of a turn that there is not', source: "cell.turned({}); cell.turned({}); cell.turned({}); setTimeout(() => cell.turned(cell.commands(['print', 0, 'survived'])), 50);", expected: malformed },
  { what: 'the end of the turns of other scripts', source: "for (let n = 0; n < 50; n++) if (n !== cell.script) cell.turned(cell.commands(['print', 0, 'forged'], ['stop']), n); return { commands: cell.commands(['loaded'], ['print', 0, 'survived']) };", expected: harmless },
  { what: 'ready, again and again', source: "for (let i = 0; i < 1000; i++) cell.write(cell.frames.TO_HOST.ready, []); return { commands: cell.commands(['loaded'], ['print', 0, 'survived']) };", expected: { end: 'harmless' } },
  { what: 'questions without end, answers unread', source: `
      const { frames } = cell; const fields = { numbers: Float64Array.of(1, 1, 9, 0, 0), texts: ['127.0.0.1'], bytes: [] };
      for (let i = 0; i < 100_000; i++) cell.write(frames.TO_HOST.question, frames.questionContent(cell.encodeTexts({ numbers: new Float64Array(0), texts: [], bytes: [] }), cell.encodeTexts(fields)));`, expected: { end: 'fault', codes: ['ERR_AIRLOCK_CELL_DIED', 'ERR_AIRLOCK_MALFORMED_COMMAND'] } },
  { what: 'a question that there is not', source: "const { frames } = cell; const none = cell.encodeTexts({ numbers: new Float64Array(0), texts: [], bytes: [] }); cell.write(frames.TO_HOST.question, frames.questionContent(none, cell.encodeTexts({ numbers: Float64Array.of(99), texts: [], bytes: [] })));", expected: malformed },
  { what: 'copies of lines without end', source: "const { frames } = cell; for (;;) cell.write(frames.TO_HOST.copy, frames.turnedContent('done', '', frames.NO_USAGE, cell.encodeTexts(cell.print('x'.repeat(1000)))).slice(1));", expected: DIED },
  { what: 'copies of lines for other scripts', source: "const { frames } = cell; for (let n = 0; n < 50; n++) if (n !== cell.script) cell.write(frames.TO_HOST.copy, frames.turnedContent('done', '', frames.NO_USAGE, cell.encodeTexts(cell.print('forged'))).slice(1), n);", expected: DIED },
  { what: 'half a frame, and then nothing', source: 'cell.raw([100, 0, 0, 0, 2]); for (;;);', expected: DIED },
  { what: 'a turn that is never ended', source: 'for (;;);', expected: DIED },
  { what: 'a frame of megabytes of nothing', source: 'const part = Buffer.alloc(1 << 20); const head = Buffer.alloc(9); head.writeUInt32LE(60 * 2 ** 20, 0); head[4] = 2; head.writeUInt32LE(cell.script, 5); cell.raw(head); for (let i = 0; i < 60; i++) cell.raw(part);', limits: { turnTimeout: 3000 }, expected: malformed },
]);

const attempt = `const told = []; const attempt = (name, f) => { try { told.push(name + ' gave ' + typeof f()); } catch (e) { told.push(name + ' ' + (e.code ?? e.name)); } };
  const load = process.getBuiltinModule; const finish = () => ({ commands: cell.commands(['loaded'], ['print', 0, told.join('\\n')], ['print', 0, 'survived']) });`;

hostile('a cell that is broken out of', common, [
  { what: 'its environment, arguments and folder', source: `${attempt} told.push(JSON.stringify(process.env), process.cwd(), String(process.argv.length), String(Object.keys(process.env).length)); return finish();`, expected: harmless, reads: /^\{\}\n/ },
  { what: 'files', source: `${attempt} const fs = load('node:fs'); for (const path of ['/etc/passwd', '/proc/self/environ', '/proc/1/environ', '/proc/' + process.ppid + '/environ', '/proc/' + process.ppid + '/cwd', ${FOLDER}, '/', '.', '..']) { attempt(path, () => fs.readFileSync(path)); attempt(path, () => fs.readdirSync(path)); attempt(path, () => fs.readlinkSync(path)); } attempt('write', () => fs.writeFileSync(${FOLDER} + '/written', 'x')); return finish();`, expected: harmless, readsNot: /gave/ },
  { what: 'children, threads and inspectors', source: `${attempt} const cp = load('node:child_process'); attempt('spawn', () => { const { error } = cp.spawnSync(process.execPath, ['--version']); if (error) throw error; return 1; }); attempt('exec', () => cp.execSync('true')); attempt('fork', () => cp.fork('x.js')); attempt('worker', () => new (load('node:worker_threads').Worker)('1', { eval: true })); attempt('wasi', () => new (load('node:wasi').WASI)({ version: 'preview1' })); return finish();`, expected: harmless, readsNot: /gave/ },
  { what: 'the network', source: `
      const load = process.getBuiltinModule, net = load('node:net'), dgram = load('node:dgram');
      const outcome = (name, f) => new Promise((resolve) => { try { f((what) => resolve(name + ' ' + (what?.code ?? what))); } catch (e) { resolve(name + ' ' + e.code); } });
      // Some of the denials are thrown where nobody can catch them.
      const uncaught = []; process.on('uncaughtException', (e) => uncaught.push(e.code));
      const all = Promise.race([new Promise((resolve) => setTimeout(resolve, 300)).then(() => uncaught), Promise.all([
        outcome('listen', (tell) => net.createServer().on('error', tell).listen(0, '127.0.0.1', () => tell('worked'))),
        outcome('connect', (tell) => net.connect(NEIGHBOUR_PORT, '127.0.0.1').on('error', tell).on('connect', () => tell('worked'))),
        outcome('udp', (tell) => dgram.createSocket('udp4').on('error', tell).bind(0, () => tell('worked'))),
        outcome('lookup', (tell) => load('node:dns').lookup('localhost', (e) => tell(e ?? 'worked'))),
        outcome('fetch', (tell) => fetch('http://127.0.0.1:NEIGHBOUR_PORT').then(() => tell('worked'), (e) => tell(e.cause ?? e))),
      ])]);
      all.then((told) => { globalThis.told = told.join(', '); });
      globalThis.onTurn = (cell) => globalThis.told === undefined ? cell.commands(['timer', 20]) : cell.commands(['print', 0, globalThis.told], ['print', 0, 'survived']);
      return { commands: cell.commands(['loaded'], ['timer', 20]) };`, expected: harmless, readsNot: /worked/, reads: /ERR_ACCESS_DENIED/ },
  { what: 'its own end', source: 'process.exit(0)', expected: DIED },
  { what: 'a crash', source: 'process.abort()', expected: DIED },
  { what: 'an exception that nothing catches', source: "setTimeout(() => { throw new Error('mine'); }, 1)", limits: { restarts: 1, restartDelay: 1 }, expected: { end: 'fault', codes: ['ERR_AIRLOCK_RESTARTED_TOO_OFTEN', 'ERR_AIRLOCK_CELL_DIED'] } },
  { what: 'memory without end', source: 'const kept = []; for (;;) kept.push(Buffer.alloc(2 ** 24, 1));', limits: { turnTimeout: 3000 }, expected: { end: 'fault', codes: ['ERR_AIRLOCK_CELL_DIED', 'ERR_AIRLOCK_OUT_OF_MEMORY'] } },
]);

const sliced = "const sliced = (commands) => ({ status: 'sliced', ...(commands && { commands }) });";

hostile('forged slices', common, [
  { what: 'a slice whose rest never ends', source: `${sliced} globalThis.onResume = (cell) => sliced(cell.print('survived')); return sliced();`, expected: harmless },
  { what: 'a rest that ends twice', source: `${sliced} globalThis.onResume = (cell) => { cell.turned(); }; return sliced();`, expected: malformed },
  { what: 'a turn that ends and then has a rest', source: `${sliced} cell.turned(); return sliced();`, expected: malformed },
  { what: 'a slice that ends before it was asked for', source: `${sliced} setImmediate(() => cell.turned()); globalThis.onResume = () => sliced(); return sliced();`, expected: malformed },
  { what: 'a rest with a status that there is not', source: `${sliced} globalThis.onResume = (cell) => { cell.write(cell.frames.TO_HOST.turned, [Uint8Array.of(250)]); }; return sliced();`, expected: malformed },
  { what: 'a rest that hangs', source: `${sliced} globalThis.onResume = () => { for (;;); }; return sliced();`, limits: { turnTimeout: 200, turnGrace: 500 }, expected: DIED },
  { what: 'a window without an end', source: "return { commands: cell.commands(['connect', 2, 'ws://127.0.0.1:NEIGHBOUR_PORT/', 0, 0, 0, 0, 0, 0, 0], ['window', 2, 2 ** 32 - 1]) };", expected: malformed },
]);
