import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextLoop } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { ServerTlsOptions } from '../../host/policy/tls-options.ts';
import { certificateAuthority, selfSigned } from '../support/certificates.ts';
import { runServer, startHost, type ObservedHost } from '../support/host.ts';
import { afterThisTest, handshakeRequest, openTcp, readUntilHungUp } from '../support/sockets.ts';

const authority = certificateAuthority();
const first = authority.issue({ name: 'First' });
const second = authority.issue({ name: 'Second' });

let folder: string;
let files: { readonly cert: string; readonly key: string };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airlock-tls-'));
  files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  renew(first);
});
afterEach(() => rmSync(folder, { recursive: true }));

function renew({ cert, key }: { readonly cert: string; readonly key: string }): void {
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
}

const SERVER = `
  const server = new WebSocketServer({ host: '127.0.0.1', tls: 'main' });
  server.onupgrade = ({ peerCertificate }) => { print('peer', peerCertificate && JSON.stringify(peerCertificate.subject), peerCertificate && Object.keys(peerCertificate).sort().join()); return true; };
  server.newConnection.connect((socket) => { print(socket.url.replace(/:\\d+/, '')); socket.onmessage = ({ data }) => socket.send(data); });
  print(server.url.replace(/:\\d+$/, ''));
  print('port', server.port);
`;

async function serve(options: Partial<ServerTlsOptions> = {}): Promise<Awaited<ReturnType<typeof runServer>> & { readonly host: ObservedHost }> {
  const host = await startHost('in-process', { serverTls: { main: { ...files, ...options } } });
  return { ...(await runServer(host, SERVER)), host };
}

/** A client of the package ws, when it is open. */
async function open(port: number, options: ConnectionOptions = {}): Promise<WebSocket> {
  const client = new WebSocket(`wss://127.0.0.1:${port}/`, { ca: authority.cert, ...options });
  afterThisTest(() => client.terminate());
  await once(client, 'open');
  return client;
}

/** The name in the certificate that a new client is shown. */
async function shownName(port: number): Promise<unknown> {
  const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', ca: authority.cert });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return name;
}

async function echo(client: WebSocket, text: string): Promise<string> {
  client.send(text);
  const [data] = (await once(client, 'message')) as [Buffer];
  return data.toString();
}

describe("a server with the name of one of the host's certificates", () => {
  test('speaks TLS, and its addresses say so', async () => {
    const { line, port } = await serve();
    const client = await open(port);
    expect(await echo(client, 'hi')).toBe('hi');
    await line('wss://127.0.0.1');
    await line('peer null null');
    await line('wss://127.0.0.1/');
  });

  test('answers plain requests, and refuses what is not TLS', async () => {
    const { port, script } = await serve();
    const socket = await openTcp(port, true);
    socket.write(handshakeRequest());
    expect(await readUntilHungUp(socket)).not.toContain('HTTP');
    while (script.statistics.servers[0]?.refused.tls !== 1) {
      await nextLoop();
    }
    const client = await open(port);
    expect(await echo(client, 'others go on')).toBe('others go on');
  });

  test('cuts a client that does not finish its TLS handshake in time', async () => {
    const host = await startHost('in-process', { serverTls: { main: files } });
    const { port, script } = await runServer(host, SERVER, { limits: { serverHandshakeTimeout: 200 } });
    const socket = await openTcp(port);
    await once(socket, 'close');
    while (script.statistics.servers[0]?.refused.tls !== 1) {
      await nextLoop();
    }
  });

  test('gets no further than TLS 1.2 below the one that the host wants', async () => {
    const { port } = await serve({ minVersion: 'TLSv1.3' });
    await expect(open(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
    await open(port);
  });
});

describe('client certificates', () => {
  const asked = { ca: authority.cert, requestClientCertificate: true } as const;

  test('are shown to the script', async () => {
    const { line, port } = await serve(asked);
    const { cert, key } = authority.issue({ name: 'Client' });
    await open(port, { cert, key });
    await line('peer {"CN":"Client"} fingerprint256,issuer,serialNumber,subject,subjectaltname,valid_from,valid_to');
    // One is asked for, and not required.
    await open(port);
    await line('peer null null');
  });

  test('of a stranger are refused', async () => {
    const { port, script } = await serve(asked);
    const { cert, key } = selfSigned();
    await expect(open(port, { cert, key })).rejects.toThrow();
    expect(script.statistics.servers[0]).toMatchObject({ accepted: 0 });
  });

  test('may be required', async () => {
    const { port, script } = await serve({ ...asked, requestClientCertificate: 'required' });
    await expect(open(port)).rejects.toThrow();
    expect(script.statistics.servers[0]).toMatchObject({ accepted: 0 });
    const { cert, key } = authority.issue();
    await open(port, { cert, key });
  });
});

describe('reloadTls()', () => {
  test('gives new connections the new certificate, and leaves open ones alone', async () => {
    const { host, port } = await serve();
    const client = await open(port);
    expect(await shownName(port)).toBe('First');
    renew(second);
    expect(await shownName(port)).toBe('First');
    expect(await host.host.reloadTls()).toEqual(['main']);
    expect(await shownName(port)).toBe('Second');
    expect(await echo(client, 'still here')).toBe('still here');
    // One that is opened afterwards has it as well.
    expect(await shownName((await runServer(host, SERVER)).port)).toBe('Second');
  });

  test.each([
    ['is gone', () => rmSync(files.cert), 'there is no such file'],
    ['is broken', () => writeFileSync(files.cert, 'garbage'), 'is not a PEM file'],
    ['is of another key', () => writeFileSync(files.cert, second.cert), 'is not the key of the certificate'],
  ])('where a file %s, what was there before stays, and the log says so', async (_what, breakIt, reason) => {
    const { host, port } = await serve();
    breakIt();
    expect(await host.host.reloadTls()).toEqual([]);
    expect(host.log).toMatchObject([
      { level: 'error', script: undefined, message: expect.stringMatching(`^the TLS configuration 'main' stays as it was: serverTls.main.*${reason}`) },
    ]);
    expect(await shownName(port)).toBe('First');
  });
});

describe('what is not there', () => {
  test('a name: the script is told no others, the log names them', async () => {
    const host = await startHost('in-process', { serverTls: { main: files } });
    const { errors, script } = await host.run({ type: 'assignment-client', source: "new WebSocketServer({ host: '127.0.0.1', tls: 'other' })" });
    await script.ended;
    expect(errors[0]?.message).toBe("RangeError: Failed to construct 'WebSocketServer': the host has no TLS configuration 'other'");
    expect(host.log.map(({ message }) => message)).toEqual([
      "there is no TLS configuration 'other'; there are main; add it with --server-tls=other=CERT.pem,KEY.pem",
    ]);
  });

  test.each<[string, object, string]>([
    ['a file', { cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' }, 'ERR_AIRLOCK_TLS_INVALID'],
    ['a key', { cert: first.cert }, 'ERR_AIRLOCK_INVALID_ARGUMENT'],
    ['a ca for the clients', { cert: first.cert, key: first.key, requestClientCertificate: true }, 'ERR_AIRLOCK_INVALID_ARGUMENT'],
  ])('%s: the host does not start', async (_what, main, code) => {
    await expect(startHost('in-process', { serverTls: { main: main as ServerTlsOptions } })).rejects.toMatchObject({ code });
  });
});
