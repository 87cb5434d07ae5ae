import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ERROR_CODES, LIMITS, SCRIPT_TYPES, type ScriptType } from '../../host/index.ts';
import { HOST_INBOX_BYTES } from '../../host/script/host-inbox.ts';
import { LIMIT_WORDS } from '../../host/policy/limit-words.ts';
import { PERMISSIONS, type PermissionName } from '../../host/policy/permission-table.ts';
import { Permissions } from '../../host/policy/permissions.ts';
import { readPolicyFile } from '../../host/policy/policy-file.ts';
import { KIND_TEXTS } from '../../host/sockets/socket-error-texts.ts';
import { SYSTEM_ERRORS } from '../../host/sockets/socket-errors.ts';
import { checkTlsOptions } from '../../host/run-options.ts';
import { isForbiddenHeader, isPermittableHeader } from '../../wire/handshake-headers.ts';
import { SOCKET_ERRORS } from '../../wire/socket-codes.ts';
import { guestGlobals } from '../sandbox-types/guest-globals.ts';
import { startHost } from '../support/host.ts';
import { ROOT, checkProject } from '../sandbox-types/type-check.ts';
import { DOCS, code, tableOf } from './tables.ts';

describe('docs/limits.md', () => {
  const rows = tableOf('limits.md', 'name');

  test('has every limit with its default and its bounds, in order', () => {
    const number = (value: number): string => value.toLocaleString('en-US');
    expect(rows.map(({ name, default: value, least, most }) => [name, value, least, most])).toEqual(
      Object.entries(LIMITS).map(([name, limit]) => [
        code(name),
        number(limit.default),
        number(limit.least),
        number(limit.most),
      ]),
    );
  });

  test('has the limit on the host with its default and its bounds', () => {
    const [row, ...more] = tableOf('limits.md', 'host limit');
    const numbers = [row?.['default'], row?.['least'], row?.['most']].map((text) => Number(text?.replaceAll(',', '')));
    expect([row?.['host limit'], ...numbers, more]).toEqual([code('hostInboxBytes'), HOST_INBOX_BYTES.default, HOST_INBOX_BYTES.least, HOST_INBOX_BYTES.most, []]);
  });

  test('has the words for every limit, and its level, in order', () => {
    expect(tableOf('limits.md', 'limit').map((row) => [row['limit'], row['how it is told'], row['level']])).toEqual(
      Object.entries(LIMIT_WORDS).map(([name, { level, words }]) => [code(name), words, level]),
    );
  });

  test('has every figure of the statistics, in order', async () => {
    const { script } = await (await startHost()).run({ source: '1' });
    expect(tableOf('limits.md', 'figure').map(({ figure }) => figure)).toEqual(Object.keys(script.statistics).map(code));
  });

  test('speaks of no error that does not exist', () => {
    const mentioned = JSON.stringify(rows).match(/ERR_AIRLOCK_\w+/g) ?? [];
    expect(Object.keys(ERROR_CODES)).toEqual(expect.arrayContaining(mentioned));
  });
});

describe('docs/permissions.md', () => {
  test('has every permission with what it permits, its rules and its error, in order', () => {
    const rows = tableOf('permissions.md', 'permission');
    expect(rows.map((row) => [row['permission'], row['lets scripts'], row['rules'], row['denial']])).toEqual(
      Object.entries(PERMISSIONS).map(([name, { denial, permits, rules }]) => [code(name), permits, rules, code(denial)]),
    );
    expect(Object.keys(ERROR_CODES)).toEqual(expect.arrayContaining(Object.values(PERMISSIONS).map(({ denial }) => denial)));
  });

  test('has rules that are of the right form', () => {
    for (const row of tableOf('permissions.md', 'permission')) {
      const name = (row['permission'] ?? '').replaceAll('`', '') as PermissionName;
      const rules = [...(row['rules'] ?? '').matchAll(/`([^`]+)`/g)].map(([, rule = '']) => rule).filter((rule) => !/^(?::|\w+:\/\/$|connect$)/.test(rule));
      expect(() => new Permissions({ [name]: rules })).not.toThrow();
    }
  });

  test('has a file that is of the right form', () => {
    const [, example = ''] = /```json\n(.*?)```/s.exec(readFileSync(join(DOCS, 'permissions.md'), 'utf8')) ?? [];
    const folder = mkdtempSync(join(tmpdir(), 'airlock-docs-'));
    try {
      writeFileSync(join(folder, 'permissions.json'), example);
      expect([...readPolicyFile(join(folder, 'permissions.json')).scripts.keys()]).toEqual(['server.js']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('docs/errors.md', () => {
  const rows = tableOf('errors.md', 'code');

  test('has every code with its meaning, in order', () => {
    expect(rows.map((row) => [row['code'], row['meaning']])).toEqual(
      Object.entries(ERROR_CODES).map(([each, meaning]) => [code(each), meaning]),
    );
  });

  test('speaks of no limit that does not exist', () => {
    const mentioned = rows.flatMap((row) => [...(row['what to do'] ?? '').matchAll(/raise `(\w+)`(?: or `(\w+)`)?/g)]);
    const names = mentioned.flatMap(([, ...each]) => each.filter((name) => name !== undefined));
    expect(names).not.toEqual([]);
    expect(Object.keys(LIMITS)).toEqual(expect.arrayContaining(names));
  });
});

describe('docs/network.md', () => {
  const rows = tableOf('network.md', 'number');

  test('has every SocketError with its number, its system errors and its words, in order', () => {
    const systemErrors = (name: string): string =>
      Object.entries(SYSTEM_ERRORS).flatMap(([each, kind]) => (kind === name ? [code(each)] : [])).join(', ') || '-';
    expect(rows.map((row) => [row['number'], row['name'], row['system errors'], row['message']])).toEqual(
      Object.entries(SOCKET_ERRORS).map(([name, number]) => [
        String(number),
        code(name),
        systemErrors(name),
        KIND_TEXTS[name as keyof typeof SOCKET_ERRORS],
      ]),
    );
  });

  test('names headers that are refused, and those that can be permitted', () => {
    const text = readFileSync(join(DOCS, 'network.md'), 'utf8');
    const headersOf = (row: RegExp): string[] => [...(row.exec(text)?.[1] ?? '').matchAll(/`([\w*-]+)`/g)].map(([, name = '']) => name.toLowerCase());
    const refused = [...headersOf(/\| (`Host`.*) \| belong/), ...headersOf(/\| (`Content-Length`.*) \| would/)];
    expect(refused).toHaveLength(15);
    expect(refused.filter((name) => !isForbiddenHeader(name))).toEqual([]);
    expect(headersOf(/\| (`Cookie`.*) \| only/).map(isPermittableHeader)).toEqual([true, true]);
  });

  test('has a file for --tls that is of the right form', () => {
    const [, example = ''] = /```json\n(.*?)```/s.exec(readFileSync(join(DOCS, 'network.md'), 'utf8')) ?? [];
    expect(checkTlsOptions(JSON.parse(example), 'docs/network.md')).toHaveLength(1);
  });
});

describe('docs/script-types.md', () => {
  test('has every type as the host knows it, in order', () => {
    expect(
      tableOf('script-types.md', 'type').map((row) => [
        row['type'],
        row['`Script.getContext()`'],
        row['form'],
        row['`WebSocketServer`'],
      ]),
    ).toEqual(
      Object.entries(SCRIPT_TYPES).map(([type, { context, entity, server }]) => [
        code(type),
        code(context),
        entity ? 'constructor' : 'program',
        server ? 'yes' : 'no',
      ]),
    );
  });

  test.each(Object.keys(SCRIPT_TYPES) as ScriptType[])('has every global that a script of the type %s finds', async (type) => {
    const documented = tableOf('script-types.md', 'global')
      .filter(({ types }) => types === 'all' || types?.split(', ').includes(type))
      .flatMap(({ global }) => (global ?? '').split(', '));
    expect(documented.sort()).toEqual((await guestGlobals(type)).map(code).sort());
  });

  test('has a tsconfig that serves where the package is installed', async () => {
    const [, config = ''] = /```json\n(.*?)```/s.exec(readFileSync(join(DOCS, 'script-types.md'), 'utf8')) ?? [];
    const folder = mkdtempSync(join(tmpdir(), 'airlock-docs-'));
    try {
      mkdirSync(join(folder, 'node_modules'));
      symlinkSync(ROOT, join(folder, 'node_modules/airlock-runtime'), 'junction');
      writeFileSync(join(folder, 'tsconfig.json'), config);
      writeFileSync(join(folder, 'script.js'), "new WebSocket('ws://127.0.0.1').onclose = ({ code }) => print(code);");
      expect(await checkProject(folder)).toBe('');
      writeFileSync(join(folder, 'script.js'), 'new WebSocketServer();');
      expect(await checkProject(folder)).toContain("Cannot find name 'WebSocketServer'");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
