import vm from 'node:vm';
import type { Command } from 'commander';
import { AirlockError, messageOf } from '../errors.ts';
import { resolveLimits } from '../policy/limits.ts';
import { PermissionDenied } from '../policy/permission-denied.ts';
import { PERMISSION_NAMES } from '../policy/permission-table.ts';
import { Permissions } from '../policy/permissions.ts';
import { loadSource } from '../script/script-source.ts';
import { scriptTypeDefinition } from '../script/script-types.ts';
import { splitArguments } from './arguments.ts';
import { addQuestionFlags, questionsOf, type Question, type QuestionFlags } from './check-questions.ts';
import { hostSettings } from './host-settings.ts';
import { Output } from './output.ts';
import { ScriptPolicies } from './policy-flags.ts';
import { addRunFlags, fail, scriptNames, type RunFlags } from './run.ts';

/** The exit code where the answer to a question is no. */
const DENIED = 2;

interface CheckFlags extends RunFlags, QuestionFlags {
  readonly verbose?: true;
}

export function addCheckCommand(program: Command): void {
  const command = program
    .command('check')
    .description('say what scripts may do, and from where that comes, without running them; or whether they may do one thing')
    .usage('[options] FILE... [-- ARGUMENT...]')
    .argument('<file...>', 'JavaScript or TypeScript files')
    .showHelpAfterError('(airlock check --help tells more)');
  addRunFlags(addQuestionFlags(command).option('--verbose', 'list all limits, also those that are as they are by default'))
    .addHelpText('after', CHECK_EXAMPLES)
    .action(async (files: readonly string[], flags: CheckFlags, given: Command) => {
      process.exitCode = await check(splitArguments(files, given).names, flags);
    });
}

const CHECK_EXAMPLES = `
It takes every flag of airlock run: change the word in a command that does not do what it should.

Exit codes:
  0  the scripts can be loaded, and what was asked is permitted
  1  a script, the file of permissions or a flag is not right; the message says what
  2  what was asked is not permitted

Examples:
  airlock check chat.js --permissions permissions.json
  airlock check chat.js --allow-connect='*.example.com' --connect wss://chat.example.com/room
  airlock check server.js --type assignment-client --allow-listen=8080 --listen 127.0.0.1:8080
`;

/** Returns the exit code. */
async function check(files: readonly string[], flags: CheckFlags): Promise<number> {
  const output = new Output(false);
  let policies: ScriptPolicies;
  let questions: readonly Question[];
  try {
    policies = new ScriptPolicies(flags);
    questions = questionsOf(flags);
    await hostSettings(flags);
  } catch (error) {
    return fail(output, error);
  }
  const namesOf = (file: string): readonly string[] => scriptNames(file, files);
  let exitCode = 0;
  for (const file of files) {
    const names = namesOf(file);
    try {
      await checkScript(file, names[0] as string, resolveLimits(policies.of(names).limits).scriptBytes);
    } catch (error) {
      exitCode = fail(output, error);
      continue;
    }
    const lines = questions.length === 0 ? describe(names, flags, policies) : [];
    for (const question of questions) {
      const { allowed, text } = answer(question, names, policies);
      lines.push(`${names[0]}: ${text}`);
      exitCode ||= allowed ? 0 : DENIED;
    }
    output.lines(lines);
  }
  for (const message of policies.unknownScripts(files.flatMap(namesOf))) {
    output.log({ level: 'warning', script: undefined, message });
  }
  output.end();
  return exitCode;
}

/** Throws where the script cannot be loaded. It is compiled, and not run. */
async function checkScript(file: string, name: string, scriptBytes: number): Promise<void> {
  const { source } = await loadSource({ file }, undefined, scriptBytes);
  try {
    new vm.Script(source, { filename: name });
  } catch (error) {
    const [place = '', , carets = ''] = String((error as Error).stack).split('\n');
    const where = place.startsWith(`${name}:`) ? `${place}:${carets.indexOf('^') + 1}` : name;
    throw new AirlockError('ERR_AIRLOCK_SCRIPT_LOAD_FAILED', `${where}: ${(error as Error).name}: ${messageOf(error)}`, { cause: error });
  }
}

/** What a script may do, a line for each rule, with where it comes from. Of its limits, those that are not the default, or all. */
function describe(names: readonly string[], { type, verbose }: CheckFlags, policies: ScriptPolicies): string[] {
  const { server } = scriptTypeDefinition(type);
  const rows: (readonly [string, string, string])[] = PERMISSION_NAMES.flatMap((permission) => {
    const rules = policies.rules(names, permission);
    const permitted = rules.filter(({ isDenied }) => !isDenied).map(({ from, rule }) => [rule === '' ? 'anything' : rule, from] as const);
    const denied = rules.filter(({ isDenied }) => isDenied).map(({ from, rule }) => [rule === '' ? 'but nothing after all' : `but not ${rule}`, from] as const);
    const all = permitted.length === 0 ? [['nothing', 'default'] as const] : [...permitted, ...denied];
    return all.map(([what, from], index) => [index === 0 ? permission : '', what, from] as const);
  });
  const limits = policies.limits(names);
  const shown = verbose === true ? limits : limits.filter(({ from }) => from !== 'default');
  rows.push(...shown.map(({ from, name, value }) => [name, String(value), from] as const));
  const width = (column: 0 | 1): number => Math.min(48, Math.max(...rows.map((row) => row[column].length)));
  return [
    `${names[0]}: a script of the type ${type}${server ? '' : ', which has no WebSocketServer'}`,
    ...rows.map(([name, value, from]) => `  ${name.padEnd(width(0))}  ${value.padEnd(width(1))}  ${from}`),
    ...(shown.length === limits.length ? [] : [`  ${limits.length - shown.length} limits are as they are by default; --verbose lists them`]),
  ];
}

function answer({ ask, permission, what }: Question, names: readonly string[], policies: ScriptPolicies): { readonly allowed: boolean; readonly text: string } {
  const rules = policies.rules(names, permission);
  const from = (rule: string | undefined, isDenied: boolean): string =>
    rules.find((each) => each.rule === rule && each.isDenied === isDenied)?.from ?? '';
  try {
    const { note = '', rule } = ask(new Permissions(policies.of(names).permissions));
    return { allowed: true, text: `${permission} ${what}: allowed by ${named(rule, from(rule, false))}${note}` };
  } catch (error) {
    if (!(error instanceof PermissionDenied)) {
      throw error;
    }
    const by = from(error.rule, true);
    return { allowed: false, text: `${permission} ${what}: denied: ${error.message}; ${by === '' ? error.advice : `${named(error.rule, by)} denies it`}` };
  }
}

function named(rule: string | undefined, from: string): string {
  return rule === undefined || rule === '' ? from : `${rule} (${from})`;
}
