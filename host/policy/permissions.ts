import { dirname } from 'node:path';
import { PERMITTABLE_HEADERS, type PermittableHeader } from '../../wire/handshake-headers.ts';
import { AirlockError } from '../errors.ts';
import type { Warn } from '../observe/log.ts';
import { AddressGuard, type Resolve } from './address-guard.ts';
import { HostPermission, type HostDecision } from './host-permission.ts';
import { parseHostRule, type HostRule, type NoRule, type Target } from './host-rules.ts';
import { ListenPermission, listenRule, parseListenRule, type ListenDecision } from './listen-permission.ts';
import { NamePermission, parseHeaderRule, parseVariableRule, type NameDecision, type NameRule } from './name-permission.ts';
import { PermissionDenied, adviceOn, lacking } from './permission-denied.ts';
import { ReadPermission, parseReadRule, type ReadDecision, type ReadRule } from './read-permission.ts';
import { PERMISSIONS, PERMISSION_NAMES, type PermissionName, type PermissionOptions, type RuleList } from './permission-table.ts';

export type { PermissionOptions } from './permission-table.ts';
export type { ConnectVerdict } from './host-permission.ts';

/** Where a rule stands, for what is said of one that is none: `connect[0]`, `deny.connect[0]`. */
export type RulePlace = (permission: PermissionName, isDenied: boolean, index: number | undefined) => string;

export const placeInOptions: RulePlace = (permission, isDenied, index) =>
  `permissions.${isDenied ? 'deny.' : ''}${permission}${index === undefined ? '' : `[${index}]`}`;

/** A script's permissions, parsed. */
export class Permissions {
  readonly #connect: HostPermission;
  readonly #listen: ListenPermission;
  readonly #headers: NamePermission;
  readonly #read: ReadPermission;
  readonly #import: HostPermission;
  readonly #env: NamePermission;
  /** The headers that scripts may set where it is permitted, and it is. */
  readonly headers: readonly PermittableHeader[];

  /** Throws ERR_AIRLOCK_INVALID_ARGUMENT, naming the rule that is not one, and where it stands. */
  constructor(options: PermissionOptions = {}, place: RulePlace = placeInOptions) {
    checkNames(options, place);
    const lists = <Rule>(name: PermissionName, parse: (text: string) => Rule | NoRule): [readonly Rule[] | true, readonly Rule[] | true] => [
      parseRules(name, options[name], parse, (index) => place(name, false, index)),
      parseRules(name, options.deny?.[name], parse, (index) => place(name, true, index)),
    ];
    this.#connect = new HostPermission(...lists<HostRule>('connect', (text) => parseHostRule(text, 'wss://')));
    this.#listen = new ListenPermission(...lists<HostRule>('listen', parseListenRule));
    this.#headers = new NamePermission(...lists<NameRule>('headers', parseHeaderRule));
    this.#read = new ReadPermission(...lists<ReadRule>('read', parseReadRule));
    this.#import = new HostPermission(...lists<HostRule>('import', (text) => parseHostRule(text, 'https://')));
    this.#env = new NamePermission(...lists<NameRule>('env', parseVariableRule));
    this.headers = PERMITTABLE_HEADERS.filter((name) => this.header(name));
  }

  /** Whether the script may connect to this host. */
  connect(target: Target): HostDecision {
    return this.#connect.decide(target);
  }

  /** What is to be asked before the script is connected to this host. */
  guardConnect(target: Target, warn: Warn, resolve?: Resolve): AddressGuard {
    return new AddressGuard({ permission: 'connect', hosts: this.#connect, target, warn, resolve });
  }

  /** Whether the script may listen. An empty address stands for all interfaces; port 0 for any free one. */
  listen(address: string, port: number): ListenDecision {
    return this.#listen.decide(address, port);
  }

  /** Throws ERR_AIRLOCK_LISTEN_DENIED where the script may not listen there. */
  checkListen(address: string, port: number): void {
    const { allowed, rule } = this.listen(address, port);
    if (!allowed) {
      const wanted = listenRule(address, port);
      const where = address === '' ? `port ${port} of all interfaces` : wanted;
      // Whoever names no address mostly means this machine.
      const narrower =
        address === '' && rule === undefined ? `, or let the script listen on this machine alone, with host: '127.0.0.1'` : '';
      throw new PermissionDenied('ERR_AIRLOCK_LISTEN_DENIED', lacking(`listening on ${where}`, 'listen'), `${adviceOn('listen', rule, wanted)}${narrower}`, rule);
    }
  }

  /** Throws ERR_AIRLOCK_LISTEN_DENIED where the port that the system has chosen is one that is denied. */
  checkBound(address: string, port: number): void {
    const rule = this.#listen.denying(address, port);
    if (rule !== undefined) {
      const what = lacking(`listening on ${listenRule(address, port)}`, 'listen');
      throw new PermissionDenied('ERR_AIRLOCK_LISTEN_DENIED', what, adviceOn('listen', rule, ''), rule);
    }
  }

  /** Whether the script may set this header of its handshakes. */
  header(name: PermittableHeader): boolean {
    return this.#headers.decide(name).allowed;
  }

  /** The rule that decides on it, as `HostDecision.rule`. */
  headerRule(name: PermittableHeader): string | undefined {
    return this.#headers.decide(name).rule;
  }

  /** Throws ERR_AIRLOCK_HEADER_DENIED where it may not. */
  checkHeader(name: PermittableHeader): void {
    const { allowed, rule } = this.#headers.decide(name);
    if (!allowed) {
      throw new PermissionDenied('ERR_AIRLOCK_HEADER_DENIED', lacking(`setting the header ${name}`, 'headers'), adviceOn('headers', rule, name), rule);
    }
  }

  /** Whether the script may load a module from this path, which is to be one of `realPath`. */
  read(path: string): ReadDecision {
    return this.#read.decide(path);
  }

  /** Throws ERR_AIRLOCK_READ_DENIED where it may not. `module`: what the script calls it, which is all that it is told. */
  checkRead(path: string, module: string): void {
    const { allowed, rule } = this.read(path);
    if (!allowed) {
      throw new PermissionDenied('ERR_AIRLOCK_READ_DENIED', lacking(`reading ${module}`, 'read'), adviceOn('read', rule, dirname(path)), rule);
    }
  }

  /** Whether the script may load modules from this host. */
  import(target: Target): HostDecision {
    return this.#import.decide(target);
  }

  /** What is to be asked before a module is fetched from this host. */
  guardImport(target: Target, warn: Warn, resolve?: Resolve): AddressGuard {
    return new AddressGuard({ permission: 'import', hosts: this.#import, target, warn, resolve });
  }

  /** Whether the script may read this environment variable. */
  env(name: string): NameDecision {
    return this.#env.decide(name);
  }

  /** Throws ERR_AIRLOCK_ENV_DENIED where it may not. */
  checkEnv(name: string): void {
    const { allowed, rule } = this.env(name);
    if (!allowed) {
      throw new PermissionDenied('ERR_AIRLOCK_ENV_DENIED', lacking(`reading the environment variable ${name}`, 'env'), adviceOn('env', rule, name), rule);
    }
  }

  /** The variables of an environment that the script may read. */
  visibleEnvironment(environment: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
    const visible = Object.entries(environment).filter(([name, value]) => value !== undefined && this.env(name).allowed);
    return Object.fromEntries(visible as [string, string][]);
  }
}

function checkNames(options: PermissionOptions, place: RulePlace): void {
  const { deny = {}, ...allow } = options;
  if (typeof deny !== 'object' || deny === null || Array.isArray(deny)) {
    const where = place('deny' as PermissionName, false, undefined);
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `${where}: ${JSON.stringify(deny)} is not an object of lists, as { "connect": ["10.0.0.0/8"] }`);
  }
  for (const [names, isDenied] of [[Object.keys(allow), false], [Object.keys(deny), true]] as const) {
    for (const name of names) {
      if (!Object.hasOwn(PERMISSIONS, name)) {
        throw new AirlockError(
          'ERR_AIRLOCK_INVALID_ARGUMENT',
          `${place(name as PermissionName, isDenied, undefined)}: there is no permission '${name}'; there are ${PERMISSION_NAMES.join(', ')}`,
        );
      }
    }
  }
}

function parseRules<Rule>(
  permission: PermissionName,
  value: RuleList | undefined,
  parse: (text: string) => Rule | NoRule,
  place: (index?: number) => string,
): readonly Rule[] | true {
  if (value === undefined || typeof value === 'boolean') {
    return value === true ? true : [];
  }
  const invalid = (message: string, index?: number): AirlockError => new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `${place(index)}: ${message}`);
  if (!Array.isArray(value)) {
    throw invalid(`${JSON.stringify(value)} is not true, false or a list of rules`);
  }
  return value.map((given: unknown, index) => {
    const rule = typeof given === 'string' ? parse(given.trim()) : { hint: undefined };
    if (isNone(rule)) {
      const { expected } = PERMISSIONS[permission];
      const hint = rule.hint === undefined ? '' : ` (${rule.hint})`;
      throw invalid(`${typeof given === 'string' ? `'${given}'` : JSON.stringify(given)} is not a rule for ${permission}: write ${expected}${hint}`, index);
    }
    return rule;
  });
}

function isNone(rule: unknown): rule is NoRule {
  return typeof rule === 'object' && rule !== null && 'hint' in rule;
}

/** What all of them permit together; what one of them denies is denied. */
export function joinPermissions(parts: readonly PermissionOptions[]): PermissionOptions {
  const join = (lists: readonly (RuleList | undefined)[]): RuleList =>
    lists.includes(true) ? true : lists.flatMap((list) => (typeof list === 'object' ? list : []));
  const joined = (of: (part: PermissionOptions) => PermissionOptions): PermissionOptions =>
    Object.fromEntries(PERMISSION_NAMES.map((name) => [name, join(parts.map((part) => of(part)[name]))]));
  return { ...joined((part) => part), deny: joined((part) => part.deny ?? {}) };
}
