import { describe, expect, test } from '@jest/globals';
import type { RunOptions } from '../../host/index.ts';
import { certificateAuthority } from '../support/certificates.ts';
import { startHost } from '../support/host.ts';
import { openWssServer } from '../support/wss-server.ts';

const ECHO = `
  const socket = new WebSocket(Script.args[0]);
  socket.onopen = () => socket.send('hello');
  socket.onmessage = ({ data }) => { print(data); socket.close(); };
  socket.onerror = (error) => print('error', error);
  socket.onclose = () => Script.stop();
`;

const authority = certificateAuthority();
const [alice, bob] = [authority.issue({ name: 'alice' }), authority.issue({ name: 'bob' })];

describe('the TLS of one script', () => {
  test('is not that of another on the same host; what the host trusts, all do', async () => {
    const other = certificateAuthority('Other');
    const [common, own] = [await openWssServer(authority.issue()), await openWssServer(other.issue())];
    const { run } = await startHost('in-process', { tls: { ca: authority.cert } });
    const outcome = async (url: string, options: RunOptions = {}): Promise<string[]> => {
      const { lines, script } = await run({ source: ECHO, args: [url], permissions: { connect: true }, ...options });
      await script.ended;
      return lines;
    };
    const tls = { ca: other.cert };
    expect(await Promise.all([outcome(common.url), outcome(own.url), outcome(common.url, { tls }), outcome(own.url, { tls })])).toEqual([
      ['hello'],
      ['error 12'],
      ['hello'],
      ['hello'],
    ]);
  });

  test('shows its own client certificate, to the hosts of its rule only', async () => {
    const options = { ca: authority.cert, requestCert: true, rejectUnauthorized: false };
    const [first, second] = [await openWssServer(authority.issue(), options), await openWssServer(authority.issue(), options)];
    const { run } = await startHost('in-process', { tls: { ca: authority.cert } });
    for (const { cert, key } of [alice, bob]) {
      for (const { url } of [first, second]) {
        const tls = [{ hosts: [`127.0.0.1:${first.port}`], cert, key }];
        await (await run({ source: ECHO, args: [url], permissions: { connect: true }, tls })).script.ended;
      }
    }
    expect(first.clientNames).toEqual(['alice', 'bob']);
    expect(second.clientNames).toEqual([undefined, undefined]);
  });
});
