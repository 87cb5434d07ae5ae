import { describe, expect, test } from '@jest/globals';
import { airlock, folderWith } from '../support/command.ts';
import { inSpawnedHost } from '../support/spawned-host.ts';

/**
 * Runs a hostile script beside a neighbour with a server and a client that is connected to it, of the same owner, and
 * beside a stranger of another owner; then tells what became of each.
 */
const PROGRAM = `
  const host = await ScriptHost.start();
  const log = [];
  host.on('log', ({ level, message, script }) => log.push([level, script, message]));
  const run = async (name, source, options) => {
    const script = await host.run({ name, source, type: 'assignment-client', permissions: { connect: true, listen: true }, ...options });
    const lines = [];
    script.on('print', ({ text }) => { lines.push(text); script.emit('line ' + text); });
    return { script, lines };
  };
  const stranger = await run('stranger.js', "let ticks = 0; setInterval(() => print('tick', ++ticks), 20)", { owner: 'bob' });
  await once(stranger.script, 'line tick 1');
  const neighbour = await run('neighbour.js', \`
    const server = new WebSocketServer({ host: '127.0.0.1', port: Number(Script.args[0]) });
    server.newConnection.connect((socket) => { socket.onmessage = ({ data }) => socket.send(data); });
    print('up');
  \`, { args: [String(ARGUMENT.port)] });
  let restarts = [];
  neighbour.script.on('restarted', (restart) => restarts.push(restart));
  await once(neighbour.script, 'line up');
  const peer = new WebSocket('ws://127.0.0.1:' + ARGUMENT.port);
  await once(peer, 'open');
  const peerClosed = once(peer, 'close').then(([{ code }]) => code);

  const restarted = once(neighbour.script, 'restarted');
  const hostile = await run('hostile.js', ARGUMENT.source, { limits: ARGUMENT.limits });
  const end = await hostile.script.ended;
  await restarted;
  await once(neighbour.script, 'line up');
  const again = new WebSocket('ws://127.0.0.1:' + ARGUMENT.port);
  await once(again, 'open');
  again.send('still there?');
  const [{ data }] = await once(again, 'message');
  const ticks = stranger.lines.length;
  await once(stranger.script, 'print');

  await host.stop();
  console.log(JSON.stringify({
    end: { reason: end.reason, code: end.error?.code, message: end.error?.message },
    restarts, log, echo: data, peerClosed: await peerClosed,
    neighbour: (await neighbour.script.ended).reason,
    stranger: (await stranger.script.ended).reason,
    strangersProcessLived: stranger.lines.every((line, index) => line === 'tick ' + (index + 1)),
  }));
`;

interface Outcome {
  readonly end: { readonly reason: string; readonly code: string; readonly message: string };
  readonly restarts: readonly { readonly cause: string; readonly blamed?: string; readonly count: number }[];
  readonly log: readonly [level: string, script: string, message: string][];
  readonly echo: string;
  readonly peerClosed: number;
  readonly neighbour: string;
  readonly stranger: string;
  readonly strangersProcessLived: boolean;
}

const onLinux = process.platform === 'linux';

const HOSTILE: [what: string, source: string, limits: object, does: RegExp][] = [
  [
    'takes a turn that nothing can stop',
    'const list = []; list.length = 2 ** 32 - 1; list.sort();',
    { turnTimeout: 300, turnGrace: 400 },
    /^was killed: a turn of hostile\.js did not end within 720 ms$/,
  ],
  [
    'throws what can never be copied out of its isolate',
    'throw { get message() { for (;;); } };',
    { turnTimeout: 300, turnGrace: 400 },
    /^was killed: a turn of hostile\.js did not end within 720 ms$/,
  ],
  [
    "brings V8 to its end by a string's split",
    '"a".repeat(2e8).split("")',
    { turnTimeout: 20_000 },
    /^was ended by SIG\w+ \(V8 \w[\w ]+\) while a turn of hostile\.js was under way$/,
  ],
  ...(onLinux
    ? ([
        [
          'takes memory that no isolate may have, in one call',
          'new Array(1e9).fill(1);',
          { turnTimeout: 20_000 },
          /^was killed: it grew beyond 896 MiB while a turn of hostile\.js was under way$/,
        ],
      ] as [string, string, object, RegExp][])
    : []),
];

let port = 20_000 + (process.pid % 20_000);

describe('a script that brings its process down is named; others of its owner start again, those of another owner notice nothing:', () => {
  test.each(HOSTILE)('%s', async (_what, source, limits, does) => {
    const outcome = (await inSpawnedHost(PROGRAM, { source, limits, port: port++ })) as Outcome;
    expect(outcome.end).toMatchObject({ reason: 'fault', code: 'ERR_AIRLOCK_CELL_DIED' });
    const message = outcome.end.message.slice('the process that ran hostile.js '.length).replace(/; raise it with --limit \w+=\d+$/, '');
    expect(message).toMatch(does);
    expect(outcome.restarts).toMatchObject([{ cause: `the process that ran neighbour.js ${message}`, blamed: 'hostile.js', count: 1 }]);
    expect(outcome.log).toContainEqual(['warning', 'neighbour.js', `started again: the process that ran neighbour.js ${message}`]);
    expect(outcome).toMatchObject({ peerClosed: 1011, echo: 'still there?', neighbour: 'stopped', stranger: 'stopped', strangersProcessLived: true });
  }, 60_000);
});

describe('a process that is ended from outside', () => {
  const RESTARTS = `
    const host = await ScriptHost.start();
    const log = [];
    host.on('log', ({ level, message, script }) => log.push([level, script, message]));
    const script = await host.run({ name: 'idle.js', source: "print('up'); setInterval(() => {}, 100_000)", limits: ARGUMENT.limits });
    const restarts = [];
    script.on('restarted', (restart) => restarts.push(restart));
    let ended = false;
    script.ended.then(() => { ended = true; script.emit('print'); });
    const times = [];
    for (;;) {
      await new Promise((resolve) => script.once('print', resolve));
      times.push(Date.now());
      if (ended || times.length > ARGUMENT.kills) break;
      // The turn that printed has ended, and no other is under way.
      process.kill(script.processId, 'SIGKILL');
    }
    await host.stop();
    const { error, reason } = await script.ended;
    console.log(JSON.stringify({ restarts, log, gaps: times.slice(1).map((time, index) => time - times[index]), reason, code: error?.code, message: error?.message }));
  `;

  interface Restarted {
    readonly restarts: readonly object[];
    readonly log: readonly unknown[];
    readonly gaps: readonly number[];
    readonly reason: string;
    readonly code?: string;
    readonly message?: string;
  }

  const CAUSE = 'the process that ran idle.js was ended by SIGKILL';

  test('is nobody\'s fault: its script starts again, later each time', async () => {
    const { gaps, log, reason, restarts } = (await inSpawnedHost(RESTARTS, { kills: 3, limits: { restartDelay: 200 } })) as Restarted;
    expect(restarts).toMatchObject([1, 2, 3].map((count) => ({ cause: CAUSE, count })));
    expect(log).toEqual([1, 2, 3].map(() => ['warning', 'idle.js', `started again: ${CAUSE}`]));
    expect(gaps.map((gap, index) => gap >= 200 * 2 ** index)).toEqual([true, true, true]);
    expect(reason).toBe('stopped');
  });

  test('too often ends its script', async () => {
    const outcome = (await inSpawnedHost(RESTARTS, { kills: 9, limits: { restartDelay: 1, restarts: 2 } })) as Restarted;
    expect(outcome.restarts).toHaveLength(2);
    expect(outcome).toMatchObject({
      reason: 'fault',
      code: 'ERR_AIRLOCK_RESTARTED_TOO_OFTEN',
      message: `${CAUSE}; the limit of 2 restarts within ten minutes is reached; raise it with --limit restarts=4`,
    });
  });
});

describe('a script that has brought its process down twice', () => {
  const BLAMED = `
    const host = await ScriptHost.start();
    const log = [];
    host.on('log', ({ level, message, script }) => level !== 'debug' && log.push(script + ': ' + message));
    const outcomes = {};
    const HANG = '"a".repeat(2e8).split("")';
    const run = (options) => host.run({ name: 'hang.js', source: HANG, limits: { turnTimeout: 30_000 }, ...options })
      .then(({ ended }) => ended, (error) => ({ error })).then(({ error, reason }) => error?.code ?? reason);
    const FINE = { source: 'Script.stop()' };
    outcomes.first = await run();
    outcomes.second = await run();
    const refusal = await host.run({ name: 'hang.js', source: HANG }).catch((error) => error.message);
    outcomes.third = await run();
    outcomes.otherSource = await run(FINE);
    outcomes.otherName = await run({ name: 'other.js', ...FINE });
    outcomes.otherOwner = await run({ owner: 'bob' });
    outcomes.pardoned = await run({ pardon: true });
    outcomes.onceMore = await run();
    outcomes.barred = await run();
    outcomes.pardon = [host.pardon('hang.js', 'bob'), host.pardon('hang.js'), host.pardon('hang.js'), host.pardon('unknown.js')];
    outcomes.afterPardon = await run();
    await host.stop();
    console.log(JSON.stringify({ outcomes, refusal, log }));
  `;

  test('is not started again without a pardon, which is told to the operator', async () => {
    const died = 'ERR_AIRLOCK_CELL_DIED';
    const barred = 'ERR_AIRLOCK_SCRIPT_BLAMED';
    const twice = 'hang.js: has brought its process down twice; it is not started again without a pardon (airlock run --pardon, host.pardon())';
    expect(await inSpawnedHost(BLAMED, {})).toEqual({
      outcomes: {
        first: died, second: died, third: barred,
        otherSource: 'stopped', otherName: 'stopped', otherOwner: died,
        pardoned: died, onceMore: died, barred,
        pardon: [true, true, false, false],
        afterPardon: died,
      },
      refusal: 'hang.js has brought its process down 2 times and is not started again; allow it with airlock run --pardon, the option pardon of host.run, or host.pardon()',
      log: [twice, twice],
    });
  }, 60_000);

  test('is known to the next `airlock run` by --blame-file, and runs with --pardon', async () => {
    const folder = folderWith({ 'crash.js': `if (Script.args[0] !== 'fine') '"a"'.repeat(1e8).split('');` });
    const run = (...words: string[]): ReturnType<typeof airlock> => airlock(folder, 'run', 'crash.js', '--exit-when-idle', '--blame-file', 'blame.json', ...words);
    expect((await run()).stderr).toMatch(/^airlock: crash\.js: the process that ran crash\.js was ended by SIG.* while a turn of crash\.js was under way \(ERR_AIRLOCK_CELL_DIED\)\n$/);
    expect((await run()).stderr).toContain('airlock: crash.js: has brought its process down twice; it is not started again without a pardon (airlock run --pardon');
    expect(await run('--', 'fine')).toMatchObject({
      code: 1,
      stderr: 'airlock: crash.js has brought its process down 2 times and is not started again; allow it with airlock run --pardon, the option pardon of host.run, or host.pardon() (ERR_AIRLOCK_SCRIPT_BLAMED)\n',
    });
    expect(await run('--pardon', '--', 'fine')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('--', 'fine')).toMatchObject({ code: 0, stderr: '' });
  }, 30_000);
});
