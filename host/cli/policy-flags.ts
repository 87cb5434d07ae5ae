import { InvalidArgumentError, Option, type Command } from 'commander';
import { AirlockError } from '../errors.ts';
import { LIMITS, resolveLimits, type LimitName, type Limits } from '../policy/limits.ts';
import { PERMISSIONS, PERMISSION_NAMES, type PermissionName, type RuleList } from '../policy/permission-table.ts';
import { Permissions, joinPermissions, type PermissionOptions } from '../policy/permissions.ts';
import { checkLimit, readPolicyFile, type Policy, type PolicyFile } from '../policy/policy-file.ts';

/** Stands for the missing value of a bare flag; no argument of a command can hold it. An empty value permits nothing. */
export const ANYTHING = '\0';

/** Options whose value is optional, and stands only behind `=`: the next word is a file, not a value. */
export const OPTIONAL_VALUES: readonly string[] = PERMISSION_NAMES.flatMap((name) => [`--allow-${name}`, `--deny-${name}`]);

/** The flags that say what scripts may do: `allowConnect`, `denyConnect`, ..., and these. */
export interface PolicyFlags {
  readonly allowAll?: true;
  readonly permissions?: string;
  readonly limit?: Partial<Limits>;
}

/** Beside what each permission is about, what is to be known of its list. */
const EXAMPLES: Readonly<Record<PermissionName, string>> = {
  connect: '=example.com:443,*.example.org,wss://*,10.0.0.0/8:8080',
  listen: '=8080,127.0.0.1:8000-8999',
  headers: '=cookie,origin',
  read: '=modules',
  import: '=https://modules.example',
  env: '=LANG,CHAT_*',
};

export function addPolicyFlags(command: Command): Command {
  for (const name of PERMISSION_NAMES) {
    addListFlag(command, `--allow-${name}`, `let the scripts ${PERMISSIONS[name].permits}; without a list, any (--allow-${name}${EXAMPLES[name]})`);
  }
  command.option('--allow-all', 'let the scripts do all of that');
  for (const name of PERMISSION_NAMES) {
    addListFlag(command, `--deny-${name}`, 'deny them that, whatever permits it; without a list, all of it');
  }
  return command
    .option('--permissions <file>', 'permissions and limits from a JSON file, for all scripts or by name (docs/permissions.md)')
    .option('--limit <name=value>', 'set a limit (docs/limits.md), as memory=32; may be given more than once', limit);
}

function addListFlag(command: Command, flag: string, description: string): void {
  const option = new Option(`${flag} [list]`, description).argParser(ruleList);
  // commander reads no `=` in a flag, and help with a space would lead to a list that is taken for a file.
  option.flags = `${flag}[=LIST]`;
  command.addOption(option);
}

/** A flag that is given more than once permits what each of them permits. */
function ruleList(value: string, previous: readonly string[] | true | undefined): readonly string[] | true {
  if (value === ANYTHING || previous === true) {
    return true;
  }
  const rules = value.split(',').map((rule) => rule.trim());
  if (rules.includes('')) {
    throw new InvalidArgumentError('There is an empty rule in the list.');
  }
  return [...(previous ?? []), ...rules];
}

function limit(text: string, previous: Partial<Limits> = {}): Partial<Limits> {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `--limit: '${text}' is not the name of a limit and its value: write it as memory=32 (docs/limits.md)`);
  }
  const number = /^\d+$/.test(value) ? Number(value) : value;
  checkLimit(name, number, `--limit ${name}`);
  return { ...previous, [name]: number };
}

/** Where a rule or a limit comes from. */
export interface Origin {
  /** `--allow-connect`, `FILE: permissions.connect`. */
  readonly from: string;
}

export interface RuleOrigin extends Origin {
  readonly isDenied: boolean;
  /** Empty for all. */
  readonly rule: string;
}

export interface LimitOrigin extends Origin {
  readonly name: LimitName;
  readonly value: number;
}

/** What the flags, and the file that one of them names, say of each script. */
export class ScriptPolicies {
  readonly #file: PolicyFile | undefined;
  readonly #flags: Policy;
  readonly #allowsAll: boolean;

  /** Throws ERR_AIRLOCK_INVALID_ARGUMENT, naming the flag, or the file and the key, where a rule or a limit is none. */
  constructor(flags: PolicyFlags) {
    this.#allowsAll = flags.allowAll === true;
    const list = (prefix: 'allow' | 'deny', name: PermissionName): RuleList | undefined =>
      (flags as Readonly<Record<string, RuleList | undefined>>)[`${prefix}${name[0]?.toUpperCase()}${name.slice(1)}`];
    const listsOf = (prefix: 'allow' | 'deny'): PermissionOptions =>
      Object.fromEntries(PERMISSION_NAMES.map((name) => [name, prefix === 'allow' && this.#allowsAll ? true : list(prefix, name)]));
    const permissions = { ...listsOf('allow'), deny: listsOf('deny') };
    // A rule that is not one is told once, not for every script.
    new Permissions(permissions, (name, isDenied) => flagOf(name, isDenied));
    this.#flags = { permissions, limits: flags.limit ?? {} };
    this.#file = flags.permissions === undefined ? undefined : readPolicyFile(flags.permissions);
  }

  /** What is wrong where the file names scripts and none of these is called so. */
  unknownScripts(names: readonly string[]): readonly string[] {
    const file = this.#file;
    return file === undefined
      ? []
      : [...file.scripts.keys()]
          .filter((name) => !names.includes(name))
          .map((name) => `${file.file}: scripts[${JSON.stringify(name)}] is about none of these scripts`);
  }

  /** @param names what the file may call the script */
  of(names: readonly string[]): Policy {
    const parts = this.#parts(names).map(({ policy }) => policy);
    return {
      permissions: joinPermissions(parts.map(({ permissions }) => permissions)),
      limits: Object.assign({}, ...parts.map(({ limits }) => limits)) as Partial<Limits>,
    };
  }

  /** The rules of a permission that hold for a script. */
  rules(names: readonly string[], permission: PermissionName): readonly RuleOrigin[] {
    return this.#parts(names).flatMap(({ from, policy }) =>
      [false, true].flatMap((isDenied) => {
        const list = (isDenied ? (policy.permissions.deny ?? {}) : policy.permissions)[permission];
        const where = from === undefined ? (this.#allowsAll && !isDenied ? '--allow-all' : flagOf(permission, isDenied)) : `${from}permissions.${isDenied ? 'deny.' : ''}${permission}`;
        return list === true
          ? [{ from: where, isDenied, rule: '' }]
          : (list || []).map((rule, index) => ({ from: from === undefined ? where : `${where}[${index}]`, isDenied, rule: rule.trim() }));
      }),
    );
  }

  /** Every limit of a script. */
  limits(names: readonly string[]): readonly LimitOrigin[] {
    const parts = this.#parts(names);
    return Object.entries(resolveLimits(this.of(names).limits)).map(([key, value]) => {
      const name = key as LimitName;
      const part = parts.findLast(({ policy }) => policy.limits[name] !== undefined);
      const from = part === undefined ? 'default' : part.from === undefined ? '--limit' : `${part.from}limits.${name}`;
      return { name, value: value ?? LIMITS[name].default, from };
    });
  }

  /** Later ones go before earlier ones, where both cannot hold. */
  #parts(names: readonly string[]): readonly { readonly from: string | undefined; readonly policy: Policy }[] {
    const file = this.#file;
    if (file === undefined) {
      return [{ from: undefined, policy: this.#flags }];
    }
    const name = names.find((each) => file.scripts.has(each));
    const own = name === undefined ? undefined : file.scripts.get(name);
    return [
      { from: `${file.file}: `, policy: file },
      ...(own === undefined ? [] : [{ from: `${file.file}: scripts[${JSON.stringify(name)}].`, policy: own }]),
      { from: undefined, policy: this.#flags },
    ];
  }
}

function flagOf(permission: PermissionName, isDenied: boolean): string {
  return `--${isDenied ? 'deny' : 'allow'}-${permission}`;
}
