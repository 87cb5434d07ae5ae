import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ErrorCode, Limits, RunOptions } from '../../host/index.ts';
import { EchoClient } from './echo-client.ts';
import { temporaryFolder } from './folders.ts';

/**
 * The runner of `test/hostile/`: each attack in a host process of its own, beside a neighbour whose echoes are asked for
 * over TCP, without a pause, before the attack, during it and after it.
 */

/** How an attack must end. */
export type Expected =
  /** The attacker is ended for what it did, with one of these codes, and a message that says it. */
  | { readonly end: 'fault'; readonly codes: readonly ErrorCode[]; readonly says?: RegExp }
  /** The attacker asks to be stopped, and is. */
  | { readonly end: 'stopped' }
  /** The attack does nothing: the script goes on, and says `survived`. */
  | { readonly end: 'harmless' };

export interface Attack {
  readonly what: string;
  readonly source: string;
  readonly expected: Expected;
  readonly limits?: Partial<Limits>;
  readonly options?: Omit<RunOptions, 'source' | 'limits'>;
  /** What the attacker must, or must not, have read for the attack to have been tried, and in vain. */
  readonly reads?: RegExp;
  readonly readsNot?: RegExp;
}

const fault = (says: RegExp, ...codes: ErrorCode[]): Expected => ({ end: 'fault', codes, says });

export const harmless: Expected = { end: 'harmless' };
export const stopped: Expected = { end: 'stopped' };
export const timeout = fault(/ran for more than \d+ ms in one turn/, 'ERR_AIRLOCK_TURN_TIMEOUT');
export const outOfMemory = fault(/memory/, 'ERR_AIRLOCK_OUT_OF_MEMORY');
/** The process is gone: killed by the watch, or by V8 itself. */
export const cellDied = fault(/process/, 'ERR_AIRLOCK_CELL_DIED');
/** A built-in that looks for its time limit now and then, or not at all: the turn's own limit ends it, or the watch. */
export const timeoutOrDeath = fault(/./, 'ERR_AIRLOCK_TURN_TIMEOUT', 'ERR_AIRLOCK_CELL_DIED');
/** Which of V8's ends comes first depends on when its collector runs. */
export const memoryOrDeath = fault(/memory|process/, 'ERR_AIRLOCK_OUT_OF_MEMORY', 'ERR_AIRLOCK_CELL_DIED');
export const timeoutOrMemory = fault(/./, 'ERR_AIRLOCK_OUT_OF_MEMORY', 'ERR_AIRLOCK_TURN_TIMEOUT', 'ERR_AIRLOCK_CELL_DIED');
/** What throws, or takes too long, by what comes first. */
export const timeoutOrThrow = fault(/./, 'ERR_AIRLOCK_TURN_TIMEOUT', 'ERR_AIRLOCK_CELL_DIED', 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED');
/** Whatever ends it. */
export const anyFault = fault(/./, 'ERR_AIRLOCK_OUT_OF_MEMORY', 'ERR_AIRLOCK_TURN_TIMEOUT', 'ERR_AIRLOCK_CELL_DIED', 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED');
export const malformed = fault(/malformed|not of the protocol/, 'ERR_AIRLOCK_MALFORMED_COMMAND', 'ERR_AIRLOCK_CELL_DIED');
export const loadFails = (says: RegExp): Expected => fault(says, 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED');

const PACKAGE = resolve(import.meta.dirname, '../..');
const HOST_PROGRAM = join(import.meta.dirname, 'hostile-host.mjs');

/**
 * By how much a host may have more after an attack than before it. What it holds comes back; of what is resident, V8 and
 * malloc keep the pages that they needed at most, for the next. Descriptors: four for each cell
 * that was started meanwhile, as a spare, or that is kept for its owner.
 */
const BOUNDS = { held: 16 * 1024 * 1024, resident: 128 * 1024 * 1024, descriptors: 32 } as const;
type Sample = Readonly<Record<keyof typeof BOUNDS, number>>;
/** The longest that the neighbour may leave a client without an answer, in milliseconds, on a machine that does more than this. */
const LONGEST_WAIT = 5000;

/** The limit of a turn that comes to its end without one, in milliseconds, on a machine that does more than this. */
const ENDS_BY_ITSELF = 30_000;

const CANARY = 'CaNaRy';
const ENVIRONMENT_CANARY = `${CANARY}-of-the-environment`;
const NEIGHBOUR_CANARY = `${CANARY}-of-the-neighbour`;

const NEIGHBOUR = `
  const secret = ${JSON.stringify(NEIGHBOUR_CANARY)};
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.newConnection.connect((socket) => {
    socket.onmessage = ({ data }) => socket.send(data);
  });
  print(server.port);
`;

/** What belongs to the host, and what stands only in the stacks and paths of its code and its cells'. */
const OF_THE_HOST = new RegExp(
  [
    ...[CANARY, homedir(), process.execPath, realpathSync(process.execPath), PACKAGE]
      .filter((path) => path.length > 2)
      .map((text) => text.replace(/[^\w/]/g, '\\$&')),
    'node_modules',
    'node:internal',
    'airlock-tampered',
    '/dist/',
    'applySync',
    'ScriptIsolate',
  ].join('|'),
);

interface Outcome {
  readonly survived: boolean;
  readonly reason: string;
  readonly code?: string;
  readonly message?: string;
  readonly read: readonly string[];
  readonly errors: readonly { readonly code: string; readonly message: string; readonly stack: string }[];
  readonly log: readonly string[];
  /** In bytes, and the number of descriptors. */
  readonly before: Sample;
  readonly after: Sample;
  readonly neighbour: string;
  readonly next: string;
  /** Of the host's event loop, in milliseconds of processor time. */
  readonly longestRound: number;
}

/** What the attackers of a family have in common. */
export interface Family {
  readonly limits?: Partial<Limits>;
  readonly options?: Attack['options'];
  /** The most processor time that one round of the host's event loop may take meanwhile, in milliseconds; it does not count what else runs. */
  readonly longestRound?: number;
  /** Code before each source. */
  readonly prelude?: string;
  /** The folder of the package whose host is run: another one where its cells are tampered with. */
  readonly packageFolder?: () => string;
}

/** Declares a test for each attack of a family. */
export function hostile(family: string, common: Family, attacks: readonly Attack[]): void {
  describe(`${family}: the attacker ends as it must, the neighbour does not notice, and the host keeps nothing:`, () => {
    test.each(attacks.map((attack) => [`${attack.what}: ${wordOf(attack.expected)}`, attack] as const))('%s', async (_name, attack) => {
      await check(attack, common);
    }, 60_000);
  });
}

function wordOf(expected: Expected): string {
  return expected.end === 'fault' ? expected.codes.join(' or ') : expected.end;
}

/** Whether an attack may be ended by the limit of a turn, or by the watch behind it. */
function mayTakeLong(expected: Expected): boolean {
  return expected.end === 'fault' && expected.codes.some((code) => code === 'ERR_AIRLOCK_TURN_TIMEOUT' || code === 'ERR_AIRLOCK_CELL_DIED');
}

async function check(attack: Attack, common: Family): Promise<void> {
  const { longestWait, outcome, stderr } = await run(attack, common);
  const { code, errors, message, read, reason, survived } = outcome;
  const { expected } = attack;
  const what = { survived, reason, code, message, errors: errors.slice(0, 5), read: read.slice(-5).map((line) => line.slice(0, 500)) };
  if (expected.end === 'fault') {
    expect(what).toMatchObject({ survived: false, reason: 'fault', code: expect.stringMatching(new RegExp(`^(?:${expected.codes.join('|')})$`)) });
    expect(message).toMatch(expected.says ?? /./);
  } else {
    expect(what).toMatchObject({ survived: expected.end === 'harmless', reason: 'stopped', code: undefined, message: undefined });
  }

  const readable = [...read, ...errors.flatMap((error) => [error.message, error.stack]), message ?? ''];
  expect(readable.filter((text) => OF_THE_HOST.test(text)).map((text) => aroundMatch(text))).toEqual([]);
  if (attack.reads !== undefined) {
    expect({ reads: read.some((line) => attack.reads?.test(line)), read: read.slice(0, 20).map((line) => line.slice(0, 300)) }).toMatchObject({ reads: true });
  }
  if (attack.readsNot !== undefined) {
    expect(read.filter((line) => attack.readsNot?.test(line)).slice(0, 3)).toEqual([]);
  }

  expect(outcome.neighbour).toBe('runs');
  expect(longestWait).toBeLessThan(LONGEST_WAIT);
  expect(outcome.next).toBe('fine');
  expect(outcome.longestRound).toBeLessThan(common.longestRound ?? Infinity);
  const grown = Object.entries(BOUNDS).filter(([name, bound]) => {
    const key = name as keyof typeof BOUNDS;
    return outcome.after[key] - outcome.before[key] > bound;
  });
  expect({ grown, before: outcome.before, after: outcome.after }).toMatchObject({ grown: [] });
  expect(stderr).toBe('');
}

function aroundMatch(text: string): string {
  const { index } = OF_THE_HOST.exec(text) as RegExpExecArray;
  return text.slice(Math.max(0, index - 200), index + 200);
}

interface Ran {
  readonly outcome: Outcome;
  readonly longestWait: number;
  readonly stderr: string;
}

async function run(attack: Attack, common: Family): Promise<Ran> {
  const { packageFolder = () => PACKAGE, prelude = '' } = common;
  const argument = {
    source: `${prelude}${attack.source}`,
    // What a turn has beyond its limit is three seconds otherwise: that many attacks would wait for that long.
    limits: { turnGrace: 1500, ...common.limits, ...(mayTakeLong(attack.expected) ? {} : { turnTimeout: ENDS_BY_ITSELF }), ...attack.limits },
    options: { ...common.options, ...attack.options, owner: 'attacker' },
    neighbour: { source: NEIGHBOUR, owner: 'neighbour' },
    bounds: BOUNDS,
    watchesRounds: common.longestRound !== undefined,
  };
  const child = fork(HOST_PROGRAM, [packageFolder(), JSON.stringify(argument)], {
    // Its folder's name is one that must not be read either.
    cwd: temporaryFolder(`airlock-${CANARY}-`),
    // glibc keeps large pieces that were freed for the next, more and more of them; so it gives them back at once.
    env: { MALLOC_MMAP_THRESHOLD_: '131072', PATH: process.env.PATH, HOME: `/${CANARY}-home`, AIRLOCK_TEST_SECRET: ENVIRONMENT_CANARY },
    execArgv: ['--no-node-snapshot', '--expose-gc'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  let client: EchoClient | undefined;
  try {
    const { port } = await messageOf(child, 'ready', () => stderr);
    client = await EchoClient.open(port as number);
    await client.echoes(20);
    client.start();
    child.send('attack');
    const { outcome } = (await messageOf(child, 'done', () => stderr)) as unknown as { outcome: Outcome };
    client.stop();
    if (outcome.neighbour === 'runs') {
      await client.echoes(3);
    }
    child.send('stop');
    const [code, signal] = await closed;
    if (code !== 0) {
      throw new Error(`the host ended with ${code ?? signal}: ${stderr}`);
    }
    return { outcome, longestWait: client.longestWait, stderr };
  } finally {
    client?.close();
    child.kill('SIGKILL');
  }
}

/** The next message of this type from the host. Rejects where the host ends without it. */
async function messageOf(child: ChildProcess, type: string, stderr: () => string): Promise<Record<string, unknown>> {
  return new Promise((resolveMessage, reject) => {
    const onMessage = (message: unknown): void => {
      const told = message as Record<string, unknown>;
      if (told.type === type) {
        child.off('message', onMessage);
        child.off('close', onClose);
        resolveMessage(told);
      }
    };
    const onClose = (code: number | null, signal: string | null): void => {
      reject(new Error(`the host ended with ${code ?? signal} before it was ${type}: ${stderr()}`));
    };
    child.on('message', onMessage);
    child.on('close', onClose);
  });
}
