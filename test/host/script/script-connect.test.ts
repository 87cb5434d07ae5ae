import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { PermissionOptions } from '../../../host/index.ts';
import type { Limits } from '../../../host/policy/limits.ts';
import type { CommandOf } from '../../../wire/commands.ts';
import { SOCKET_ERRORS } from '../../../wire/socket-codes.ts';
import { startFakeScript, type FakeScript } from '../../support/fake-cell.ts';
import { afterThisTest, openTcpServer } from '../../support/sockets.ts';

/** A script that connects, with what the test says comes out of its isolate. */
async function connecting(
  command: Partial<CommandOf<'connect'>> & { readonly url: string },
  permissions: PermissionOptions = { connect: true },
  limits: Partial<Limits> = {},
): Promise<FakeScript> {
  const script = startFakeScript({ permissions, limits });
  await script.cell.endTurn([
    { type: 'loaded' },
    {
      type: 'connect',
      socket: 2,
      protocols: [],
      headers: [],
      handshakeTimeout: 0,
      heartbeatInterval: 0,
      heartbeatTimeout: 0,
      maxMessageSize: 0,
      perMessageDeflate: false,
      ...command,
    },
  ]);
  return script;
}

describe('headers that come out of an isolate', () => {
  test('reach the server', async () => {
    const server = createServer();
    const asked = new Promise<NodeJS.Dict<string | string[]>>((resolve) => {
      server.on('upgrade', ({ headers }, socket) => {
        resolve(headers);
        socket.destroy();
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    afterThisTest(() => server.close());
    const { cell } = await connecting(
      { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, headers: ['Authorization', 'Bearer x', 'Origin', 'https://a.example'] },
      { connect: true, headers: ['origin'] },
    );
    expect(await asked).toMatchObject({ authorization: 'Bearer x', origin: 'https://a.example' });
    expect(cell.settings?.guest.permittedHeaders).toEqual(['origin']);
    await cell.given('closed');
  });

  test('are denied as a connection is, where they need a permission; the log names the flag', async () => {
    const url = 'ws://127.0.0.1:8080/';
    const { cell, log } = await connecting({ url, headers: ['COOKIE', 'a=1'] });
    expect(await cell.given('failed')).toMatchObject({
      error: SOCKET_ERRORS.SocketAccessError,
      message: `WebSocket connection to '${url}' failed: setting the header cookie is not permitted (permission headers)`,
    });
    expect(await cell.given('closed')).toMatchObject({ code: 1006, wasClean: false });
    expect(log.map(({ message }) => message)).toEqual(['setting the header cookie is not permitted (permission headers); allow it with --allow-headers=cookie']);
  });
});

describe('the time for a handshake', () => {
  test.each([
    ['that of the script, where it is shorter', 200, 60_000],
    ['the limit, where the script asks for more', 2 ** 31, 200],
    ['the limit, where the script says nothing', 0, 200],
  ])('is %s', async (_what, handshakeTimeout, limit) => {
    const { port } = await openTcpServer(() => {});
    const { cell } = await connecting({ url: `ws://127.0.0.1:${port}/`, handshakeTimeout }, { connect: true }, { handshakeTimeout: limit });
    expect((await cell.given('failed')).error).toBe(SOCKET_ERRORS.SocketTimeoutError);
  });
});

test('a blocked port is denied without a word of a flag, as none opens it', async () => {
  const { cell, log } = await connecting({ url: 'ws://127.0.0.1:6667/' });
  expect((await cell.given('failed')).error).toBe(SOCKET_ERRORS.SocketAccessError);
  expect(log.map(({ message }) => message)).toEqual(['port 6667 belongs to another protocol and is blocked, as in browsers']);
});
