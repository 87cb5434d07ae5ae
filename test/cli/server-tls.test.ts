import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, test } from '@jest/globals';
import { certificateAuthority } from '../support/certificates.ts';
import { airlock, folderWith, startAirlock } from '../support/command.ts';

const authority = certificateAuthority();

async function shownName(port: number): Promise<unknown> {
  const socket = connect({ port, host: '127.0.0.1', ca: authority.cert });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return name;
}

test('--server-tls gives servers a certificate, which SIGHUP reads again', async () => {
  const first = authority.issue({ name: 'First' });
  const second = authority.issue({ name: 'Second' });
  const folder = folderWith({
    'server.js': "print('port', new WebSocketServer({ host: '127.0.0.1', tls: 'main' }).port);",
    'cert.pem': first.cert,
    'key.pem': first.key,
  });
  const { child, result, stdout } = startAirlock(folder, 'run', 'server.js', '--type=assignment-client', '--allow-listen', '--server-tls=main=cert.pem,key.pem');
  const port = Number((await stdout(/port (\d+)/))[1]);
  expect(await shownName(port)).toBe('First');
  writeFileSync(join(folder, 'cert.pem'), second.cert);
  writeFileSync(join(folder, 'key.pem'), second.key);
  child.kill('SIGHUP');
  while ((await shownName(port)) !== 'Second') {
    // It is read in the background.
  }
  child.kill('SIGTERM');
  expect(await result).toMatchObject({ code: 0, stderr: "airlock: the TLS configuration 'main' was read again\n" });
});

test.each([
  ['main', 'NAME=CERT.pem,KEY.pem'],
  ['main=cert.pem', 'NAME=CERT.pem,KEY.pem'],
  ['main=cert.pem,key.pem', '--server-tls main: cert: cannot read cert.pem: there is no such file'],
  ['a b=cert.pem,key.pem', '--server-tls a b: a name has up to 64 letters'],
])('--server-tls=%s is refused', async (value, message) => {
  for (const command of ['run', 'check']) {
    const { code, stderr } = await airlock(folderWith({ 'a.js': 'print(1)' }), command, 'a.js', `--server-tls=${value}`, '--exit-when-idle');
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  }
});
