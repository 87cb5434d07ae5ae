import { connect as connectTcp } from 'node:net';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { TlsOptions, TlsRule } from '../../../host/policy/tls-options.ts';
import { ProxySettings } from '../../../host/policy/proxy-options.ts';
import { Permissions } from '../../../host/policy/permissions.ts';
import { AddressQueue } from '../../../host/sockets/address-queue.ts';
import { TlsSettings } from '../../../host/sockets/tls-settings.ts';
import { SOCKET_ERRORS } from '../../../wire/socket-codes.ts';
import { certificateAuthority, selfSigned, type TestCertificate } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { afterThisTest, openClient, openTcpServer, type Told, send } from '../../support/sockets.ts';
import { openWssServer, type WssServer } from '../../support/wss-server.ts';

const authority = certificateAuthority();
const ours = authority.issue();
const stranger = certificateAuthority('Stranger');
const HOUR = 60 * 60 * 1000;

/** What a client with these rules is told. It closes where it opens. */
async function outcome(url: string, tls?: TlsOptions | readonly TlsRule[], warnings: string[] = []): Promise<Told[]> {
  const { connection, owner } = openClient(url, {
    permissions: new Permissions({ connect: true }),
    network: { proxies: new ProxySettings(), tls: await TlsSettings.load(tls), queue: new AddressQueue() },
    warn: (message) => warnings.push(message),
  });
  await Promise.race([owner.first('opened'), owner.first('closed')]);
  connection.close(1000, '');
  await owner.first('closed');
  return owner.told;
}

const OPENED = [['opened', '', ''], ['closed', 1000, '', true]];

function failed(error: number, reason: string, { url }: { url: string }): unknown[] {
  return [['failed', error, `WebSocket connection to '${url}' failed: ${reason}`], ['closed', 1006, '', false]];
}

const HANDSHAKE_FAILED = SOCKET_ERRORS.SslHandshakeFailedError;

describe("a server's certificate", () => {
  test('of an authority that the configuration names is trusted', async () => {
    const { url } = await openWssServer(ours);
    expect(await outcome(url, { ca: authority.cert })).toEqual(OPENED);
  });

  test.each<[string, TestCertificate, string]>([
    ['of an unknown authority', ours, "the server's certificate is signed by an unknown authority"],
    ['signed by itself', selfSigned(), "the server's certificate is signed by itself"],
  ])('%s is not trusted', async (_what, certificate, reason) => {
    const server = await openWssServer(certificate);
    const expected = failed(HANDSHAKE_FAILED, `the TLS handshake failed: ${reason}`, server);
    expect(await outcome(server.url)).toEqual(expected);
    expect(await outcome(server.url, { ca: stranger.cert })).toEqual(expected);
  });

  test.each<[string, TestCertificate, string]>([
    ['for another host', authority.issue({ hosts: ['other.example'] }), "the server's certificate is for another host"],
    ['that has expired', authority.issue({ notAfter: new Date(Date.now() - HOUR) }), "the server's certificate has expired"],
    ['of the future', authority.issue({ notBefore: new Date(Date.now() + HOUR) }), "the server's certificate is not valid yet"],
  ])('of a known authority, but %s, is not trusted', async (_what, certificate, reason) => {
    const server = await openWssServer(certificate);
    expect(await outcome(server.url, { ca: authority.cert })).toEqual(
      failed(HANDSHAKE_FAILED, `the TLS handshake failed: ${reason}`, server),
    );
  });

  test('is checked whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const server = await openWssServer(ours);
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    afterThisTest(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    expect((await outcome(server.url))[0]?.slice(0, 2)).toEqual(['failed', HANDSHAKE_FAILED]);
  });

  test('is asked for and checked by the server name of the configuration', async () => {
    const server = await openWssServer(authority.issue({ hosts: ['inner.example'] }));
    expect(await outcome(server.url, { ca: authority.cert, servername: 'inner.example' })).toEqual(OPENED);
    expect(server.sockets[0]?.servername).toBe('inner.example');
  });

  test("is asked for by the URL's name, never by an address", async () => {
    const server = await openWssServer(authority.issue({ hosts: ['localhost', '127.0.0.1'] }));
    expect(await outcome(server.url.replace('127.0.0.1', 'localhost'), { ca: authority.cert })).toEqual(OPENED);
    expect(await outcome(server.url, { ca: authority.cert })).toEqual(OPENED);
    expect(server.sockets.map(({ servername }) => servername)).toEqual(['localhost', false]);
  });
});

describe('the version of TLS', () => {
  test.each(['TLSv1', 'TLSv1.1'] as const)('is never %s', async (version) => {
    const server = await openWssServer(ours, { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' });
    expect((await outcome(server.url, { ca: authority.cert }))[0]?.slice(0, 2)).toEqual(['failed', HANDSHAKE_FAILED]);
  });

  test('is at least that of the configuration', async () => {
    const server = await openWssServer(ours, { maxVersion: 'TLSv1.2' });
    expect(await outcome(server.url, { ca: authority.cert })).toEqual(OPENED);
    expect(await outcome(server.url, { ca: authority.cert, minVersion: 'TLSv1.3' })).toEqual(
      failed(HANDSHAKE_FAILED, 'the TLS handshake failed: the server speaks no version of TLS that is permitted here', server),
    );
  });
});

describe('a client certificate', () => {
  const client = authority.issue({ name: 'client' });
  const demanding = (): Promise<WssServer> =>
    openWssServer(ours, { ca: authority.cert, requestCert: true, rejectUnauthorized: true });
  const INVALID = SOCKET_ERRORS.SslInvalidUserDataError;

  test('of the configuration is shown to a server that asks for one', async () => {
    const server = await demanding();
    expect(await outcome(server.url, { ca: authority.cert, cert: client.cert, key: client.key })).toEqual(OPENED);
    expect(server.clientNames).toEqual(['client']);
  });

  test('may have an encrypted key', async () => {
    const server = await demanding();
    const key = client.encryptedKey('open sesame');
    expect(await outcome(server.url, { ca: authority.cert, cert: client.cert, key, passphrase: 'open sesame' })).toEqual(OPENED);
  });

  test('that is missing fails the connection', async () => {
    const server = await demanding();
    expect(await outcome(server.url, { ca: authority.cert })).toEqual(
      failed(INVALID, 'the server requires a client certificate', server),
    );
  });

  test('of an authority that the server does not know fails the connection', async () => {
    const server = await demanding();
    const { cert, key } = stranger.issue();
    // Node's server says nothing, it hangs up; others send an alert.
    expect(await outcome(server.url, { ca: authority.cert, cert, key })).toEqual(
      failed(SOCKET_ERRORS.RemoteHostClosedError, 'the remote host closed the connection', server),
    );
  });

  test.each([
    ['bad_certificate', '2a'],
    ['certificate_expired', '2d'],
    ['unknown_ca', '30'],
    ['access_denied', '31'],
  ])('that the server refuses with the alert %s is told as SslInvalidUserDataError', async (_what, alert) => {
    const { port } = await openTcpServer((socket) => socket.end(Buffer.from(`150303000202${alert}`, 'hex')));
    const url = `wss://127.0.0.1:${port}/`;
    expect((await outcome(url))[0]?.slice(0, 2)).toEqual(['failed', INVALID]);
  });

  test('is read again when its files change; a key that does not fit then is told the script without a path', async () => {
    const server = await demanding();
    const folder = mkdtempSync(join(tmpdir(), 'airlock-tls-'));
    afterThisTest(() => rmSync(folder, { recursive: true }));
    const files = { cert: join(folder, 'client.pem'), key: join(folder, 'client.key') };
    const write = ({ cert, key }: { cert: string; key: string }, seconds: number): void => {
      writeFileSync(files.cert, cert);
      writeFileSync(files.key, key);
      utimesSync(files.cert, seconds, seconds);
      utimesSync(files.key, seconds, seconds);
    };
    write(client, 1000);
    const tls = await TlsSettings.load({ ca: authority.cert, ...files });
    const warnings: string[] = [];
    const connectOnce = async (): Promise<Told[]> => {
      const { connection, owner } = openClient(server.url, {
        network: { proxies: new ProxySettings(), tls, queue: new AddressQueue() },
        warn: (message) => warnings.push(message),
      });
      await Promise.race([owner.first('opened'), owner.first('closed')]);
      connection.close(1000, '');
      await owner.first('closed');
      return owner.told;
    };
    expect(await connectOnce()).toEqual(OPENED);
    write(authority.issue({ name: 'renewed' }), 2000);
    expect(await connectOnce()).toEqual(OPENED);
    expect(server.clientNames).toEqual(['client', 'renewed']);
    write({ cert: client.cert, key: stranger.key }, 3000);
    expect(await connectOnce()).toEqual(failed(INVALID, "the host's client certificate or key cannot be used", server));
    expect(warnings).toEqual([expect.stringContaining('no TLS with 127.0.0.1: ')]);
  });
});

describe('TLS that breaks', () => {
  test('by an internal error of the server is told as SslInternalError', async () => {
    // An alert: fatal, internal_error.
    const { port } = await openTcpServer((socket) => socket.end(Buffer.from('15030300020250', 'hex')));
    const url = `wss://127.0.0.1:${port}/`;
    expect(await outcome(url)).toEqual(failed(SOCKET_ERRORS.SslInternalError, 'TLS failed with an internal error', { url }));
  });

  test('because the peer speaks none is told as SslHandshakeFailedError', async () => {
    const { port } = await openTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const url = `wss://127.0.0.1:${port}/`;
    expect(await outcome(url)).toEqual(failed(HANDSHAKE_FAILED, 'the TLS handshake failed: the server does not speak TLS', { url }));
  });
});

test('a connection whose TLS fails leaves no socket behind', async () => {
  const closed = Promise.withResolvers<void>();
  const { port } = await openTcpServer((socket) => {
    socket.on('close', () => closed.resolve());
    socket.on('data', () => socket.write('SSH-2.0-OpenSSH_9.6\r\n'));
  });
  expect((await outcome(`wss://127.0.0.1:${port}/`))[0]?.slice(0, 2)).toEqual(['failed', HANDSHAKE_FAILED]);
  await closed.promise;
});

test('a connection that is closed in the handshake of TLS leaves no socket behind', async () => {
  const closed = Promise.withResolvers<void>();
  const { connection, owner } = openClient(
    `wss://127.0.0.1:${
      (
        await openTcpServer((socket) => {
          socket.on('close', () => closed.resolve());
          socket.on('data', () => connection.close(1000, ''));
        })
      ).port
    }/`,
  );
  await owner.first('closed');
  await closed.promise;
});

describe('a TLS record that arrives broken', () => {
  test('once the connection is open is told as SslInternalError', async () => {
    const server = await openWssServer(ours);
    let broken = false;
    const relay = await openTcpServer((socket) => {
      const upstream = connectTcp(server.port, '127.0.0.1');
      afterThisTest(() => upstream.destroy());
      socket.pipe(upstream);
      upstream.on('error', () => {}).on('data', (data: Buffer) => {
        if (broken) {
          data.writeUInt8(data.readUInt8(data.length - 1) ^ 1, data.length - 1);
        }
        socket.write(data);
      });
    });
    const url = `wss://127.0.0.1:${relay.port}/`;
    const { connection, owner } = openClient(url, {
      network: { proxies: new ProxySettings(), tls: await TlsSettings.load({ ca: authority.cert }), queue: new AddressQueue() },
    });
    await owner.first('opened');
    broken = true;
    send(connection, { type: 'sendText', data: 'echo' });
    connection.flush();
    await owner.first('closed');
    expect(owner.told).toEqual([
      ['opened', '', ''],
      ...failed(SOCKET_ERRORS.SslInternalError, 'TLS failed with an internal error', { url }),
    ]);
  });
});

describe('rules for hosts', () => {
  test('apply where they fit; authorities add up, the rest is as the last rule has it', async () => {
    const server = await openWssServer(ours);
    const fits = `127.0.0.1:${server.port}`;
    expect(await outcome(server.url, [{ hosts: [fits], ca: authority.cert }, { ca: stranger.cert }])).toEqual(OPENED);
    expect((await outcome(server.url, [{ hosts: ['127.0.0.1:1', '*.example.com'], ca: authority.cert }]))[0]?.[0]).toBe('failed');
    const versions: TlsRule[] = [{ ca: authority.cert, minVersion: 'TLSv1.2' }, { hosts: ['*'], minVersion: 'TLSv1.3' }];
    const old = await openWssServer(ours, { maxVersion: 'TLSv1.2' });
    expect((await outcome(old.url, versions))[0]?.[0]).toBe('failed');
    expect(await outcome(old.url, versions.toReversed())).toEqual(OPENED);
  });
});

describe('what cannot be used is refused when it is set:', () => {
  const folder = temporaryFolder();
  const notes = join(folder, 'notes.txt');
  writeFileSync(notes, 'no PEM');
  const { cert, key } = authority;
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  test.each<[string, TlsOptions, string]>([
    ['a file that is not there', { ca: join(folder, 'none.pem') }, `tls.ca: cannot read ${join(folder, 'none.pem')}: there is no such file`],
    ['a folder', { cert: folder, key }, `tls.cert: cannot read ${folder}: `],
    ['a file of another kind', { ca: notes }, `tls.ca: ${notes} is not a PEM file`],
    ['a key as an authority', { ca: key }, 'tls.ca: the given text holds no certificate'],
    ['a broken certificate', { ca: [cert, broken] }, 'tls.ca: the given text holds what is not a certificate: '],
    ['a certificate for a key', { cert, key: cert }, 'tls.key: the given text is not a key, or its passphrase is not the given one: '],
    ['a key for a certificate', { cert: key, key }, 'tls.cert: the given text is not a certificate: '],
    ["another's key", { cert, key: stranger.key }, 'tls.key: the given text is not the key of the certificate the given text'],
    ['a wrong passphrase', { cert, key: authority.encryptedKey('right'), passphrase: 'wrong' }, 'tls.key: the given text is not a key, or its passphrase'],
    ['no passphrase', { cert, key: authority.encryptedKey('right') }, 'tls.key: the given text is not a key, or its passphrase'],
  ])('%s', async (_what, options, message) => {
    const thrown = await TlsSettings.load(options).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'ERR_AIRLOCK_TLS_INVALID', message: expect.stringContaining(message) });
    expect(String(thrown)).not.toContain('BEGIN');
  });
});
