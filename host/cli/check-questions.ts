import type { Command } from 'commander';
import { isBlockedPort } from '../../wire/blocked-ports.ts';
import { isPermittableHeader } from '../../wire/handshake-headers.ts';
import { AirlockError } from '../errors.ts';
import { isLocalhostName, parseAddress } from '../policy/addresses.ts';
import { targetOf, type Target } from '../policy/host-rules.ts';
import { PermissionDenied } from '../policy/permission-denied.ts';
import type { PermissionName } from '../policy/permission-table.ts';
import type { Permissions } from '../policy/permissions.ts';
import { realPath } from '../policy/read-permission.ts';

/** What is asked of `airlock check`: whether a script may do this. */
export interface QuestionFlags {
  readonly connect?: readonly string[];
  readonly listen?: readonly string[];
  readonly header?: readonly string[];
  readonly read?: readonly string[];
  readonly import?: readonly string[];
  readonly env?: readonly string[];
}

export interface Question {
  readonly permission: PermissionName;
  readonly what: string;
  /** Gives the rule that permits it, empty for all; throws a PermissionDenied. */
  readonly ask: (permissions: Permissions) => { readonly rule: string | undefined; readonly note?: string };
}

const each = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

export function addQuestionFlags(command: Command): Command {
  return command
    .option('--connect <url>', 'ask: may they connect to this ws: or wss: URL?', each)
    .option('--listen <where>', 'ask: may they listen at this PORT of all interfaces, or at ADDRESS:PORT?', each)
    .option('--header <name>', 'ask: may they set this header of a handshake?', each)
    .option('--read <path>', 'ask: may they load a module from this path?', each)
    .option('--import <url>', 'ask: may they load a module from this http: or https: URL?', each)
    .option('--env <name>', 'ask: may they read this environment variable?', each);
}

/** Throws ERR_AIRLOCK_INVALID_ARGUMENT where a question is none. */
export function questionsOf(flags: QuestionFlags): readonly Question[] {
  const questions: Question[] = [];
  const add = (permission: PermissionName, given: readonly string[] | undefined, ask: (what: string) => Question['ask']): void => {
    questions.push(...(given ?? []).map((what) => ({ permission, what, ask: ask(what) })));
  };
  add('connect', flags.connect, askConnect);
  add('listen', flags.listen, askListen);
  add('headers', flags.header, askHeader);
  add('read', flags.read, (path) => (permissions) => {
    const real = realPath(path);
    permissions.checkRead(real, path);
    return permissions.read(real);
  });
  add('import', flags.import, askImport);
  add('env', flags.env, (name) => (permissions) => {
    permissions.checkEnv(name);
    return permissions.env(name);
  });
  return questions;
}

function askConnect(url: string): Question['ask'] {
  const target = urlTarget('--connect', url, ['ws:', 'wss:']);
  return (permissions) => {
    const guard = permissions.guardConnect(target, () => {});
    guard.check();
    if (isBlockedPort(target.port)) {
      throw new PermissionDenied('ERR_AIRLOCK_PORT_BLOCKED', `port ${target.port} belongs to another protocol`, 'no rule opens it', undefined);
    }
    return { rule: permissions.connect(target).rule, note: noteOn(target, guard.verdict) };
  };
}

function askImport(url: string): Question['ask'] {
  const target = urlTarget('--import', url, ['http:', 'https:']);
  return (permissions) => {
    const guard = permissions.guardImport(target, () => {});
    guard.check();
    return { rule: permissions.import(target).rule, note: noteOn(target, guard.verdict) };
  };
}

function noteOn({ host }: Target, verdict: string): string {
  return verdict === 'guarded' && parseAddress(host) === undefined ? ', as far as the name leads to addresses that are public or permitted' : '';
}

function urlTarget(flag: string, text: string, protocols: readonly string[]): Target {
  const url = URL.parse(text);
  if (url === null || !protocols.includes(url.protocol)) {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `${flag}: '${text}' is not a whole ${protocols.join(' or ')} URL, as ${protocols[1]}//example.com:443/`);
  }
  return targetOf(url);
}

function askListen(where: string): Question['ask'] {
  const [, bracketed, plain, port] = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(where) ?? [];
  const host = bracketed ?? plain ?? '';
  const address = isLocalhostName(host) ? '127.0.0.1' : host;
  if (port === undefined || Number(port) > 65_535 || (address !== '' && parseAddress(address) === undefined)) {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `--listen: '${where}' is not a port or ADDRESS:PORT, as 8080, 127.0.0.1:8080 or [::1]:8080`);
  }
  return (permissions) => {
    permissions.checkListen(address, Number(port));
    return permissions.listen(address, Number(port));
  };
}

function askHeader(text: string): Question['ask'] {
  const name = text.toLowerCase();
  if (!isPermittableHeader(name)) {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `--header: '${text}' needs no permission, or can have none; cookie and origin are what is permitted`);
  }
  return (permissions) => {
    permissions.checkHeader(name);
    return { rule: permissions.headerRule(name) };
  };
}
