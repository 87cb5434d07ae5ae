import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { folderWith, start } from '../support/command.ts';
import { testWhere } from '../support/skip.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const AIRLOCK = resolve(ROOT, 'bin/airlock.cjs');
const UNIT = readFileSync(resolve(ROOT, 'docs/examples/airlock.service'), 'utf8');

/** systemd from 250 on judges a unit that is not installed. */
const systemdVersion = Number(/^systemd (\d+)/.exec(spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? 0);
const whereSystemd = testWhere(systemdVersion >= 250, 'there is no systemd-analyze of systemd 250 or later');

/** As the unit: another user, without any right, and without a way to more. */
const WITHOUT_RIGHTS = ['setpriv', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;
const [SETPRIV, ...RIGHTS] = WITHOUT_RIGHTS;
const whereSetpriv = testWhere(
  process.getuid?.() === 0 && spawnSync(SETPRIV, [...RIGHTS, process.execPath, '-e', 'fs.accessSync(process.argv[1])', AIRLOCK]).status === 0,
  'only root can give its rights away, with setpriv of util-linux, and where others may read this folder',
);

/** The unit as it would stand on this machine, where `airlock` may not be installed. */
function unitFile(): string {
  return resolve(folderWith({ 'airlock.service': UNIT.replace('/usr/local/bin/airlock', `${process.execPath} ${AIRLOCK}`) }), 'airlock.service');
}

function directive(name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(UNIT)?.[1];
}

const SERVER = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.newConnection.connect((socket) => { socket.onmessage = ({ data }) => socket.send('echo of ' + data); });
  const socket = new WebSocket('ws://localhost:' + server.port);
  socket.onopen = () => socket.send('hello');
  socket.onmessage = ({ data }) => { print(data); Script.stop(); };
`;
const WORDS = ['run', 'server.js', '--type=assignment-client', '--permissions=permissions.json'];
const PERMISSIONS = JSON.stringify({ permissions: { listen: ['127.0.0.1:0'], connect: ['localhost'] } });

describe('the unit of systemd in docs/examples', () => {
  whereSystemd('is one that systemd understands in every line', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unitFile()], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  whereSystemd('leaves little open, as systemd judges', () => {
    // Of 100 parts; a unit without any of it has 96.
    const { status, stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', '--threshold=20', unitFile()], { encoding: 'utf8' });
    expect(stdout).toMatch(/Overall exposure level for airlock\.service: [01]\.\d/);
    expect(status).toBe(0);
  });

  test('lets V8 compile, ends scripts in order, and lives on where the kernel has ended a cell', () => {
    expect(directive('ExecReload')).toBe('/bin/kill -HUP $MAINPID');
    expect(directive('MemoryDenyWriteExecute')).toBeUndefined();
    expect({ kill: directive('KillMode'), oom: directive('OOMPolicy') }).toEqual({ kill: 'mixed', oom: 'continue' });
  });

  test('starts airlock with words that it knows', async () => {
    const words = (directive('ExecStart') ?? '').split(' ').slice(1).map((word) => word.replace(/\/\S*\//, ''));
    const folder = folderWith({ 'server.js': "print('started'); Script.stop();", 'permissions.json': PERMISSIONS });
    expect(await start(folder, process.execPath, AIRLOCK, ...words).result).toMatchObject({ code: 0, stdout: 'started\n', stderr: '' });
  });

  whereSetpriv('takes no right from Airlock that it needs', async () => {
    const folder = folderWith({ 'server.js': SERVER, 'permissions.json': PERMISSIONS });
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    const words = [...RIGHTS, process.execPath, AIRLOCK, ...WORDS];
    expect(await start(folder, SETPRIV, ...words).result).toMatchObject({ code: 0, stdout: 'echo of hello\n', stderr: '' });
  });
});
