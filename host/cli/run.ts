import { basename } from 'node:path';
import { isatty } from 'node:tty';
import { Option, type Command } from 'commander';
import { DEFAULT_ISOLATION, DEFAULT_OWNER, ISOLATIONS, type Isolation } from '../cells/isolation.ts';
import { AirlockError } from '../errors.ts';
import { ScriptHost } from '../script-host.ts';
import { SCRIPT_TYPES, type ScriptType } from '../script/script-types.ts';
import { ON_FAULT, type OnFault, type ScriptEnd } from '../script/script-setup.ts';
import type { Script } from '../script/script.ts';
import type { Dialect } from '../../wire/settings.ts';
import { RunAgain } from './run-again.ts';
import { splitArguments } from './arguments.ts';
import { hostSettings } from './host-settings.ts';
import { addNetworkFlags, type NetworkFlags } from './network-flags.ts';
import { Output } from './output.ts';
import { addPolicyFlags, ScriptPolicies, type PolicyFlags } from './policy-flags.ts';

export interface RunFlags extends NetworkFlags, PolicyFlags {
  readonly type: ScriptType;
  readonly dialect: Dialect;
  readonly baseUrl?: string;
  readonly exitWhenIdle?: true;
  readonly ignoreErrors?: true;
  readonly stats?: true;
  readonly isolation: Isolation;
  readonly owner: string;
  readonly blameFile?: string;
  readonly hostInboxBytes?: number;
  readonly pardon?: true;
  readonly onFault: OnFault;
}

/** What a shell gives for a program that an interrupt ended: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .description('run scripts until they end, or until Ctrl-C; a second Ctrl-C ends at once')
    .usage('[options] FILE... [-- ARGUMENT...]')
    .argument('<file...>', 'JavaScript or TypeScript files; what follows -- is in Script.args')
    .showHelpAfterError('(airlock run --help tells more)');
  addRunFlags(command)
    .addHelpText('after', isolationHelp() + RUN_EXAMPLES)
    .action(async (files: readonly string[], flags: RunFlags, command: Command) => {
      const { args, names } = splitArguments(files, command);
      process.exitCode = await run(names, args, flags);
    });
}

/** The flags that say which scripts run, and how. */
export function addRunFlags(command: Command): Command {
  // commander's own check would not name the types in the words of the API.
  command.option('--type <type>', `one of ${Object.keys(SCRIPT_TYPES).join(', ')}`, 'interface');
  addPolicyFlags(command)
    .addOption(new Option('--dialect <dialect>', 'how callbacks are called').choices(['overte', 'web']).default('overte'))
    .option('--base-url <url>', "what relative URLs of WebSockets count from; without it, the script's own address")
    .option('--stats', 'when a script has ended, print what it has used to standard error, as a line of JSON')
    .option('--exit-when-idle', 'end when no script has a socket, a server or a timer')
    .option('--ignore-errors', 'give the exit code 0 also if a callback threw, a promise was rejected or a server could not listen')
    .addOption(
      new Option('--isolation <kind>', 'where scripts run, as below')
        .choices(Object.keys(ISOLATIONS))
        .default(DEFAULT_ISOLATION),
    )
    .option('--owner <name>', 'whose the scripts are', DEFAULT_OWNER)
    .option('--blame-file <file>', 'keep there which scripts have brought their process down; after the second time they are not run again')
    .option('--host-inbox-bytes <bytes>', 'bytes of messages that may wait for all scripts together; default: 268435456', Number)
    .addOption(
      new Option('--on-fault <what>', 'what becomes of what servers have accepted when their script fails; hold: it waits for the script, which is run again')
        .choices(ON_FAULT)
        .default('close'),
    )
    .option('--pardon', 'run them all the same, and forget what they did');
  return addNetworkFlags(command);
}

function isolationHelp(): string {
  const lines = Object.entries(ISOLATIONS).map(([name, where]) => `  ${name.padEnd(12)}${where}`);
  return `\nIsolation:\n${lines.join('\n')}\n`;
}

const RUN_EXAMPLES = `
Nothing is permitted without a flag. What is denied names the flag that would permit it; airlock check says what is permitted.

Exit codes:
  0    the scripts have ended by themselves or in order, after Ctrl-C as well, and nothing went wrong
  1    a script could not be loaded, or was ended by a fault or a limit; a callback threw and nothing caught it, a promise was
       rejected, or a server could not listen (not with --ignore-errors); or a flag or a file that it names is not right, and
       nothing was run
  130  a second Ctrl-C

Examples:
  airlock run server.js --type assignment-client --allow-listen=8080
  airlock run client.js --allow-connect=127.0.0.1:8080 --exit-when-idle -- ws://127.0.0.1:8080
  airlock run chat.js --permissions permissions.json --limit memory=32
  airlock run client.js --allow-connect=chat.example:443 --tls-ca company.pem --proxy http://proxy.example:3128
`;

/** Returns the exit code. */
async function run(files: readonly string[], args: readonly string[], flags: RunFlags): Promise<number> {
  const output = new Output(files.length > 1);
  let host: ScriptHost;
  let policies: ScriptPolicies;
  try {
    policies = new ScriptPolicies(flags);
    checkScripts(policies, files);
    host = await ScriptHost.start(await hostSettings(flags));
  } catch (error) {
    return fail(output, error);
  }
  host.on('log', (entry) => {
    // Of the limits, only what is lost at them: where a script just waits, --stats says so, and one that ends says so itself.
    // What V8 has said when it crashed is for a program that keeps the log; here our own words stand for it.
    if (entry.level !== 'debug' && (entry.limit === undefined || entry.level === 'warning')) {
      output.log(entry);
    }
  });
  const stopping = new AbortController();
  endOnInterrupt(host, stopping);
  reloadOnHangup(host, output, flags.serverTls !== undefined);
  let exitCode = 0;
  /** All that were started. */
  const scripts: Script[] = [];
  const start = async (file: string, pardon: true | undefined): Promise<Script | undefined> => {
    try {
      const name = scriptName(file, files);
      const script = await host.run({
        file,
        name,
        type: flags.type,
        owner: flags.owner,
        onFault: flags.onFault,
        pardon,
        dialect: flags.dialect,
        baseUrl: flags.baseUrl,
        args,
        ...policies.of(scriptNames(file, files)),
      });
      scripts.push(script);
      script.on('print', (line) => output.print(line));
      script.on('error', (error) => output.error(error, advice(error.message, script.type)));
      if (flags.stats === true) {
        script.on('ended', (end) => output.statistics(end, script.statistics));
      }
      return script;
    } catch (error) {
      exitCode = fail(output, error);
      return undefined;
    }
  };
  let waiting = 0;
  /** How the script ends at last. Where it does not run again, nobody comes for what is held for it. */
  const ending = async (file: string, script: Script, again: RunAgain): Promise<ScriptEnd> => {
    const end = await script.ended;
    if (flags.onFault === 'close') {
      return end;
    }
    waiting++;
    const isRunAgain = await again.after(end, (delay) => output.hint(`${script.name}: runs again in ${delay} ms`));
    const next = isRunAgain ? await start(file, undefined) : undefined;
    waiting--;
    if (next === undefined) {
      await host.release(script.name, script.owner);
      return end;
    }
    return ending(file, next, again);
  };
  const endings: Promise<ScriptEnd>[] = [];
  for (const file of files) {
    const script = await start(file, flags.pardon);
    if (script !== undefined) {
      endings.push(ending(file, script, new RunAgain(policies.of(scriptNames(file, files)).limits, stopping.signal)));
    }
  }
  const allEnded = Promise.all(endings);
  if (flags.exitWhenIdle !== true && isOnTerminal()) {
    host.once('idle', () => {
      if (host.scripts.length > 0) {
        output.hint(IDLE_HINT);
      }
    });
  }
  if (flags.exitWhenIdle === true) {
    // One that is to run again is not idle.
    await Promise.race([allEnded, new Promise<void>((resolve) => host.on('idle', () => waiting === 0 && resolve()))]);
  } else {
    await allEnded;
  }
  stopping.abort();
  await host.stop();
  const ends = await allEnded;
  output.end();
  const hasFailed = ends.some(({ reason }) => reason !== 'stopped') || (flags.ignoreErrors !== true && scripts.some(hasErrors));
  return hasFailed ? 1 : exitCode;
}

/** Whether something went wrong in it, also if it was not told because there was too much of it. */
function hasErrors({ statistics: { errors, errorsDropped, listenFailures } }: Script): boolean {
  return errors + errorsDropped + listenFailures > 0;
}

/** Throws ERR_AIRLOCK_INVALID_ARGUMENT if the file of permissions is about scripts that are not run: a name is misspelt. */
function checkScripts(policies: ScriptPolicies, files: readonly string[]): void {
  const unknown = policies.unknownScripts(files.flatMap((file) => scriptNames(file, files)));
  if (unknown.length > 0) {
    const names = files.map((file) => scriptName(file, files)).join(', ');
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `${unknown.join('; ')}: correct the name, or take it out of the file; these are ${names}`);
  }
}

/** Whether somebody looks on who can press Ctrl-C. */
function isOnTerminal(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

const IDLE_HINT =
  'no script has a socket, a server or a timer any more, but they have not ended: Ctrl-C ends them; --exit-when-idle, or Script.stop() in a script, does it by itself';

/** What a file of permissions may call a script. */
export function scriptNames(file: string, files: readonly string[]): readonly string[] {
  return [scriptName(file, files), basename(file), file];
}

/** The file's own name; with its folders where two files have the same one. */
export function scriptName(file: string, files: readonly string[]): string {
  const name = basename(file);
  return files.filter((other) => basename(other) === name).length > 1 ? file : name;
}

function endOnInterrupt(host: ScriptHost, stopping: AbortController): void {
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interrupted) {
        process.exit(INTERRUPTED);
      }
      interrupted = true;
      stopping.abort();
      void host.stop();
    });
  }
}

/**
 * SIGHUP is how a supervisor asks a program to read its files again. It is also what the system sends if a terminal is closed: then
 * the scripts end in order.
 */
function reloadOnHangup(host: ScriptHost, output: Output, hasTls: boolean): void {
  const hadTerminal = isatty(0);
  process.on('SIGHUP', () => {
    if (hadTerminal && !isatty(0)) {
      void host.stop();
    } else if (hasTls) {
      void host.reloadTls();
    } else {
      output.hint('SIGHUP: there is nothing to read again, as there is no --server-tls');
    }
  });
}

export function fail(output: Output, error: unknown): number {
  if (!(error instanceof AirlockError)) {
    throw error;
  }
  output.failure(error);
  return 1;
}

/** What the operator has left out, where that is why a script has failed. */
function advice(message: string, type: ScriptType): string {
  if (!message.includes('WebSocketServer is not defined')) {
    return '';
  }
  const types = Object.entries(SCRIPT_TYPES).filter(([, { server }]) => server);
  return `; scripts of the type ${type} have no servers: run it with --type ${types.map(([name]) => name).join(' or --type ')}`;
}
