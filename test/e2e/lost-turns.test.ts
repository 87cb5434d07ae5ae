import { describe, expect, test } from '@jest/globals';
import { ISOLATIONS } from '../../host/index.ts';
import { inSpawnedHost } from '../support/spawned-host.ts';

/** Runs a script and tells, in their order, its lines, its errors and its end; then what the log says. */
const PROGRAM = `
  const host = await ScriptHost.start();
  const told = [], log = [];
  host.on('log', ({ message }) => log.push(message));
  const script = await host.run({ name: 'lost.js', ...ARGUMENT.options, source: ARGUMENT.source, limits: ARGUMENT.limits });
  script.on('print', ({ level, text }) => told.push(level === 'log' ? text : level + ': ' + text));
  script.on('error', ({ code, message }) => {
    told.push(code === 'ERR_AIRLOCK_UNCAUGHT_EXCEPTION' ? message : code);
    if (code === 'ERR_AIRLOCK_CELL_DIED') log.push(message);
  });
  script.on('print', ({ text }) => text === 'stop me' && script.stop());
  const { reason } = await script.ended;
  told.push(reason);
  await host.stop();
  console.log(JSON.stringify({ told, log }));
`;

interface Outcome {
  readonly told: readonly string[];
  readonly log: readonly string[];
}

async function run(source: string, limits: object, options: object = {}): Promise<Outcome> {
  return (await inSpawnedHost(PROGRAM, { source, limits, options })) as Outcome;
}

/** Three lines and an error, in one turn. */
const SAYS = `
  const target = new EventTarget();
  target.addEventListener('x', () => print('first'));
  target.addEventListener('x', () => { throw new Error('second'); });
  target.addEventListener('x', () => console.warn('third: \\u00fc \\u{1f600}'));
  target.dispatchEvent(new Event('x'));
`;
const SAID = ['first', 'Error: second', 'warning: third: \u00fc \u{1f600}'];

const OUT_OF_MEMORY = 'const list = []; for (;;) list.push(new Array(1e5).fill(1.5));';
const UNSTOPPABLE = 'var q = []; q.length = 2 ** 32 - 1; q.sort();';

describe('what a script has said in a turn whose end never comes is shown, in its order and before the fault:', () => {
  test.each(Object.keys(ISOLATIONS))('out of memory, isolation %s', async (isolation) => {
    const { told } = await run(`${SAYS} ${OUT_OF_MEMORY}`, { memory: 16 }, { isolation });
    expect(told).toEqual([...SAID, 'ERR_AIRLOCK_OUT_OF_MEMORY', 'fault']);
  });

  test.each(['owner', 'script', 'context'])('killed, as the turn could not be ended, isolation %s', async (isolation) => {
    const { told } = await run(`${SAYS} ${UNSTOPPABLE}`, { turnTimeout: 100, turnGrace: 300 }, { isolation });
    expect(told).toEqual([...SAID, 'ERR_AIRLOCK_CELL_DIED', 'fault']);
  });

  test('cut off, as it does not end in time', async () => {
    const source = `Script.scriptEnding.connect(() => { ${SAYS} for (;;); }); print('stop me');`;
    const { told } = await run(source, { turnTimeout: 60_000, stopTimeout: 500 });
    expect(told).toEqual(['stop me', ...SAID, 'stopped']);
  });

  test('in a later turn', async () => {
    const { told } = await run(`print('before'); setTimeout(() => { ${SAYS} ${OUT_OF_MEMORY} }, 1);`, { memory: 16 });
    expect(told).toEqual(['before', ...SAID, 'ERR_AIRLOCK_OUT_OF_MEMORY', 'fault']);
  });

  test('what a question has brought to the host is not shown twice', async () => {
    const source = `print('one'); try { require('./nothing.js'); } catch {} print('two'); ${OUT_OF_MEMORY}`;
    const { told } = await run(source, { memory: 16 });
    expect(told).toEqual(['one', 'two', 'ERR_AIRLOCK_OUT_OF_MEMORY', 'fault']);
  });
});

describe('each line is shown once', () => {
  test.each([
    ['ends well', '', 'stopped'],
    ['takes too long', 'for (;;);', 'ERR_AIRLOCK_TURN_TIMEOUT'],
    ['throws', "throw new Error('x')", 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED'],
  ])('where the turn %s', async (_, behind, end) => {
    const { told } = await run(`Script.setTimeout(() => Script.stop(), 1); ${SAYS} ${behind}`, { turnTimeout: 300 });
    expect(told.slice(0, 4)).toEqual([...SAID, end]);
    expect(told.length).toBeLessThanOrEqual(5);
  });
});

describe('the limits on lines hold for them:', () => {
  const PRINTS = `for (let i = 0; i < 500; i++) print('line', i); ${OUT_OF_MEMORY}`;

  test('no more are shown than in a second otherwise, the first ones, and the log says that there were more', async () => {
    const { log, told } = await run(PRINTS, { memory: 16, printsPerSecond: 20, errorsPerSecond: 0 });
    expect(told).toEqual([...Array.from({ length: 20 }, (_, i) => `line ${i}`), 'ERR_AIRLOCK_OUT_OF_MEMORY', 'fault']);
    expect(log).toContainEqual(expect.stringContaining('printed more in the turn that is lost than is shown of it'));
  });

  test('nor longer ones', async () => {
    const { log, told } = await run(`print('x'.repeat(1000)); print('y'.repeat(1000)); ${OUT_OF_MEMORY}`, { memory: 16, printBytesPerSecond: 1024 });
    expect(told).toEqual(['x'.repeat(1000), 'ERR_AIRLOCK_OUT_OF_MEMORY', 'fault']);
    expect(log).toContainEqual(expect.stringContaining('printed more in the turn that is lost than is shown of it'));
  });
});
