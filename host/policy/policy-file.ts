import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { AirlockError, messageOf, readingProblem } from '../errors.ts';
import { LIMITS, resolveLimits, type Limits } from './limits.ts';
import { Permissions, placeInOptions, type PermissionOptions } from './permissions.ts';

/** What a script may do, and within which limits. */
export interface Policy {
  readonly permissions: PermissionOptions;
  readonly limits: Partial<Limits>;
}

/** A file of `--permissions`: for every script, and beside that for some by name. */
export interface PolicyFile extends Policy {
  /** Its path, as it was given. */
  readonly file: string;
  readonly scripts: ReadonlyMap<string, Policy>;
}

const policy = { permissions: z.record(z.string(), z.unknown()).optional(), limits: z.record(z.string(), z.unknown()).optional() };
const policyFile = z.strictObject({ ...policy, scripts: z.record(z.string(), z.strictObject(policy)).optional() });

/** Reads a file of permissions. Throws ERR_AIRLOCK_INVALID_ARGUMENT, naming the file, the key, its value and what would be right. */
export function readPolicyFile(file: string): PolicyFile {
  let given: unknown;
  try {
    // Some editors begin a file with a byte order mark.
    given = JSON.parse(readFileSync(file, 'utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    const reason = readingProblem(error);
    const problem = error instanceof SyntaxError ? `${file}: this is not JSON: ${messageOf(error)}` : `Cannot read ${file}: ${reason}`;
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', problem, { cause: error });
  }
  const result = policyFile.safeParse(given);
  if (!result.success) {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', result.error.issues.map((issue) => `${file}: ${describe(issue, given)}`).join('; '));
  }
  const { scripts = {}, ...all } = result.data;
  return {
    file,
    ...checkPolicy(file, '', all),
    scripts: new Map(Object.entries(scripts).map(([name, one]) => [name, checkPolicy(file, `scripts[${JSON.stringify(name)}].`, one)])),
  };
}

interface UncheckedPolicy {
  readonly permissions?: Readonly<Record<string, unknown>> | undefined;
  readonly limits?: Readonly<Record<string, unknown>> | undefined;
}

function checkPolicy(file: string, where: string, { limits = {}, permissions = {} }: UncheckedPolicy): Policy {
  new Permissions(permissions as PermissionOptions, (...place) => `${file}: ${where}${placeInOptions(...place)}`);
  for (const [name, value] of Object.entries(limits)) {
    checkLimit(name, value, `${file}: ${where}limits.${name}`);
  }
  return { permissions: withFolders(permissions as PermissionOptions, dirname(file)), limits: limits as Partial<Limits> };
}

/** Throws ERR_AIRLOCK_INVALID_ARGUMENT where there is no such limit, or it cannot be that. */
export function checkLimit(name: string, value: unknown, where: string): void {
  if (Object.hasOwn(LIMITS, name) && typeof value !== 'number') {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `${where}: ${JSON.stringify(value)} is not a number`);
  }
  try {
    resolveLimits({ [name]: value });
  } catch (error) {
    const table = Object.hasOwn(LIMITS, name) ? '' : ' (docs/limits.md says what they are)';
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `${where}: ${messageOf(error)}${table}`, { cause: error });
  }
}

/** Folders in a file count from where the file is. */
function withFolders(options: PermissionOptions, folder: string): PermissionOptions {
  const whole = (list: PermissionOptions['read']): PermissionOptions['read'] =>
    typeof list === 'object' ? list.map((path) => resolve(folder, path.trim())) : list;
  return {
    ...options,
    ...(options.read === undefined ? {} : { read: whole(options.read) }),
    ...(options.deny?.read === undefined ? {} : { deny: { ...options.deny, read: whole(options.deny.read) } }),
  };
}

function describe(issue: z.core.$ZodIssue, given: unknown): string {
  const where = issue.path.map((key, index) => (index === 1 ? `[${JSON.stringify(key)}]` : `${index > 0 ? '.' : ''}${String(key)}`)).join('');
  const prefix = where === '' ? '' : `${where}: `;
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? 'permissions, limits and scripts' : 'permissions and limits';
    return `${prefix}there is no key '${issue.keys.join("', '")}' here; there are ${known}`;
  }
  const value = issue.path.reduce<unknown>((object, key) => (object as Record<PropertyKey, unknown>)[key], given);
  return `${prefix}${JSON.stringify(value)} is not an object, as ${examples[issue.path.at(issue.path.length === 3 ? 2 : 0) as string] ?? '{ "permissions": { "connect": ["example.com:443"] } }'}`;
}

const examples: Readonly<Record<string, string>> = {
  permissions: '{ "connect": ["example.com:443"], "deny": { "connect": ["10.0.0.0/8"] } }',
  limits: '{ "memory": 32 }',
  scripts: '{ "chat.js": { "permissions": { "connect": ["example.com:443"] } } }',
};
