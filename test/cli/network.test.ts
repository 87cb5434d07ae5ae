import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { airlock, folderWith, start, type CommandResult } from '../support/command.ts';
import { certificateAuthority } from '../support/certificates.ts';
import { openProxy } from '../support/proxy.ts';
import { openServer } from '../support/sockets.ts';
import { openWssServer } from '../support/wss-server.ts';

const CLIENT = `
  const socket = new WebSocket(Script.args[0]);
  socket.onerror = (error) => print('error', error);
  socket.onopen = () => socket.close();
  socket.onclose = ({ code }) => print('closed', code);
`;
const authority = certificateAuthority();
const client = authority.issue({ name: 'client' });

function run(files: Readonly<Record<string, string>>, url: string, ...flags: readonly string[]): Promise<CommandResult> {
  return airlock(folderWith({ 'client.js': CLIENT, ...files }), 'run', 'client.js', '--allow-connect', '--exit-when-idle', ...flags, '--', url);
}

const OPENED = { code: 0, stdout: 'closed 1000\n', stderr: '' };

describe('TLS', () => {
  const files = { 'ca.pem': authority.cert, 'client.pem': client.cert, 'client.key': client.encryptedKey('secret'), 'plain.key': client.key };

  test('--tls-ca adds an authority; without it, the handshake fails with 12 and 1015', async () => {
    const { url } = await openWssServer(authority.issue());
    expect(await run(files, url)).toMatchObject({ stdout: 'error 12\nclosed 1015\n' });
    expect(await run(files, url, '--dialect', 'web')).toMatchObject({ stdout: expect.stringContaining('closed 1006\n') });
    expect(await run(files, url, '--tls-ca', 'ca.pem')).toEqual(OPENED);
  });

  test('--tls-cert and --tls-key show a client certificate; --tls has it for some hosts, with a passphrase', async () => {
    const { url } = await openWssServer(authority.issue(), { ca: authority.cert, requestCert: true });
    expect(await run(files, url, '--tls-ca', 'ca.pem')).toMatchObject({ stdout: 'error 21\nclosed 1015\n' });
    expect(await run(files, url, '--tls-ca', 'ca.pem', '--tls-cert', 'client.pem', '--tls-key', 'plain.key')).toEqual(OPENED);
    const rules = JSON.stringify([{ hosts: ['127.0.0.1'], cert: 'client.pem', key: 'client.key', passphrase: 'secret' }]);
    expect(await run({ ...files, 'tls.json': rules }, url, '--tls-ca', 'ca.pem', '--tls', 'tls.json')).toEqual(OPENED);
  });

  test('--tls-min-version refuses older servers', async () => {
    const { url } = await openWssServer(authority.issue(), { maxVersion: 'TLSv1.2' });
    expect(await run(files, url, '--tls-ca', 'ca.pem', '--tls-min-version', 'TLSv1.2')).toEqual(OPENED);
    expect(await run(files, url, '--tls-ca', 'ca.pem', '--tls-min-version', 'TLSv1.3')).toMatchObject({ stdout: 'error 12\nclosed 1015\n' });
  });

  test.each<[string, readonly string[], string]>([
    ['a file that is not there', ['--tls-ca', 'none.pem'], 'airlock: --tls-ca: cannot read none.pem: there is no such file (ERR_AIRLOCK_TLS_INVALID)\n'],
    ['a certificate without a key', ['--tls-cert', 'client.pem'], 'airlock: --tls-cert client.pem: --tls-cert and --tls-key are given together; add --tls-key FILE (ERR_AIRLOCK_INVALID_ARGUMENT)\n'],
    ['a key without a certificate', ['--tls-key', 'plain.key'], 'airlock: --tls-key plain.key: --tls-cert and --tls-key are given together; add --tls-cert FILE (ERR_AIRLOCK_INVALID_ARGUMENT)\n'],
    ["another's key", ['--tls-cert', 'ca.pem', '--tls-key', 'plain.key'], 'airlock: --tls-key: plain.key is not the key of the certificate ca.pem (ERR_AIRLOCK_TLS_INVALID)\n'],
    ['a file of rules that is not there', ['--tls', 'none.json'], 'airlock: --tls: cannot read none.json: there is no such file (ERR_AIRLOCK_INVALID_ARGUMENT)\n'],
    ['a rule whose file is not there', ['--tls', 'rule.json'], 'airlock: --tls rule.json: ca: cannot read none.pem: there is no such file (ERR_AIRLOCK_TLS_INVALID)\n'],
    ['no JSON', ['--tls', 'ca.pem'], 'airlock: --tls: cannot read ca.pem: '],
    ['a rule that there is not', ['--tls', 'bad.json'], 'airlock: --tls bad.json: 0: Unrecognized key: "insecure" (ERR_AIRLOCK_INVALID_ARGUMENT)\n'],
  ])('%s is an error at the start', async (_what, flags, message) => {
    const all = { ...files, 'bad.json': '[{ "insecure": true }]', 'rule.json': '[{ "ca": "none.pem" }]' };
    expect(await run(all, 'wss://127.0.0.1/', ...flags)).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining(message) });
  });
});

test('the authorities of the system are trusted', async () => {
  const { url } = await openWssServer(authority.issue());
  const folder = folderWith({ 'client.js': CLIENT, 'system.pem': authority.cert });
  // OpenSSL's own variable: where the system keeps its authorities.
  const command = `SSL_CERT_FILE=system.pem "$0" ${resolve('bin/airlock.cjs')} run client.js --allow-connect --exit-when-idle -- ${url}`;
  expect(await start(folder, 'sh', '-c', command, process.execPath).result).toEqual(OPENED);
});

describe('a proxy', () => {
  const withEnvironment = (variables: string, url: string, ...flags: readonly string[]): Promise<CommandResult> =>
    start(
      folderWith({ 'client.js': CLIENT }),
      'sh',
      '-c',
      `${variables} "$0" ${resolve('bin/airlock.cjs')} run client.js --allow-connect --exit-when-idle ${flags.join(' ')} -- ${url}`,
      process.execPath,
    ).result;

  test('of --proxy is used, but for what --noproxy names', async () => {
    const proxy = await openProxy();
    const { url } = openServer();
    expect(await run({}, url, '--proxy', proxy.url)).toEqual(OPENED);
    expect(proxy.requests).toHaveLength(1);
    expect(await run({}, url, '--proxy', proxy.url, '--noproxy', 'localhost,127.0.0.0/8')).toEqual(OPENED);
    expect(proxy.requests).toHaveLength(1);
  });

  test('of HTTP_PROXY is used for ws:, but for what NO_PROXY names; flags go before', async () => {
    const proxy = await openProxy({ password: 'me:secret' });
    const { url } = openServer();
    const variable = `HTTP_PROXY=${proxy.url.replace('//', '//me:secret@')}`;
    expect(await withEnvironment(variable, url)).toEqual(OPENED);
    expect(proxy.requests).toHaveLength(1);
    expect(await withEnvironment(`${variable} no_proxy=127.0.0.1`, url)).toEqual(OPENED);
    expect(await withEnvironment(variable, url, "--noproxy '*'")).toEqual(OPENED);
    expect(proxy.requests).toHaveLength(1);
    expect(await withEnvironment(`http_proxy=${proxy.url}`, url)).toMatchObject({ stdout: 'error 11\nclosed 1006\n' });
  });

  test('that is none is an error at the start, which does not show its password', async () => {
    expect(await run({}, 'ws://127.0.0.1/', '--proxy', 'socks5://me:secret@127.0.0.1')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'airlock: --proxy is not the address of a proxy: write http://HOST:PORT or https://USER:PASSWORD@HOST:PORT (ERR_AIRLOCK_INVALID_ARGUMENT)\n',
    });
  });
});

test.each(['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'])('%s that is no proxy is named', async (name) => {
  const command = `${name}=socks5://127.0.0.1 "$0" ${resolve('bin/airlock.cjs')} check client.js`;
  const { code, stderr } = await start(folderWith({ 'client.js': CLIENT }), 'sh', '-c', command, process.execPath).result;
  expect([code, stderr]).toEqual([1, expect.stringContaining(`airlock: ${name} is not the address of a proxy: `)]);
});

test('the example of wss runs through a proxy, and says what is wrong where it may not', async () => {
  const proxy = await openProxy({ password: 'me:secret' });
  const { url } = await openWssServer(authority.issue());
  const folder = folderWith({ 'ca.pem': authority.cert });
  const example = (...flags: readonly string[]): Promise<CommandResult> =>
    airlock(folder, 'run', resolve('scripts-examples/interface/wss-client.js'), '--allow-connect', '--exit-when-idle', ...flags, '--', url, 'hello');
  const withPassword = proxy.url.replace('//', '//me:secret@');
  expect(await example('--tls-ca', 'ca.pem', '--proxy', withPassword)).toMatchObject({ stdout: 'hello\nclosed with 1000\n' });
  expect(await example('--proxy', withPassword)).toMatchObject({
    stdout: expect.stringMatching(/^the server is not whom it says[^]*signed by an unknown authority\nclosed with 1015\n$/),
  });
  expect(await example('--proxy', proxy.url)).toMatchObject({
    stdout: expect.stringMatching(/^the proxy wants a password:\n.*407\)\nclosed with 1006\n$/),
  });
});
