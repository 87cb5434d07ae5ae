import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { Command, CommandOf } from '../../../wire/commands.ts';
import { startFakeScript, type FakeScript, type FakeScriptOptions } from '../../support/fake-cell.ts';
import { listenQuestion } from '../../support/server-items.ts';
import { handshakeRequest, openTcp, readUntilHungUp } from '../../support/sockets.ts';

const wake: Command = { type: 'timer', delay: 0 };
const accept = (fields: Partial<CommandOf<'acceptRequest'>> = {}): Command => ({
  type: 'acceptRequest', request: 1, byDefault: true, protocol: '', headers: [], paused: false, ...fields,
});
const answer = (fields: Partial<CommandOf<'answerRequest'>> = {}): Command => ({
  type: 'answerRequest', request: 1, status: 403, headers: [], data: Buffer.alloc(0), ...fields,
});

/** A script whose turn is under way, and that was asked about a handshake: the request 1. */
async function askedScript(options: FakeScriptOptions = {}): Promise<FakeScript & { readonly client: Socket; readonly port: number }> {
  const script = startFakeScript(options);
  const { cell } = script;
  await cell.turnBegins();
  const { port } = cell.client.answer([], listenQuestion());
  await cell.endTurn([{ type: 'loaded' }, { type: 'watchRequests', server: 1, upgrades: true, plain: true }]);
  const client = await openTcp(port, true);
  client.write(handshakeRequest({ 'Sec-WebSocket-Protocol': 'v1, v2' }));
  expect(await cell.given('upgradeRequested')).toMatchObject({ server: 1, request: 1, target: '/', protocols: ['v1', 'v2'], address: '127.0.0.1' });
  return { ...script, client, port };
}

describe('a request', () => {
  test('that is accepted becomes a socket, which says where it comes from', async () => {
    const { cell, client } = await askedScript();
    await cell.endTurn([accept({ byDefault: false, protocol: 'v2', headers: ['X-A', 'b'] })]);
    const [data] = (await once(client, 'data')) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1\.1 101 [^]*\r\nSec-WebSocket-Protocol: v2\r\n[^]*X-A: b\r\n/);
    expect(await cell.given('accepted')).toMatchObject({ server: 1, socket: 1, request: 1, protocol: 'v2' });
  });

  test('that is accepted although no socket may be opened is gone', async () => {
    const { cell } = await askedScript({ limits: { sockets: 0 } });
    await cell.endTurn([accept()]);
    expect(await cell.given('requestGone')).toEqual({ type: 'requestGone', request: 1 });
  });

  test('that is refused is answered', async () => {
    const { cell, client } = await askedScript();
    await cell.endTurn([answer({ status: 401, data: Buffer.from('who?') })]);
    expect(await readUntilHungUp(client)).toMatch(/^HTTP\/1\.1 401 [^]*\r\n\r\nwho\?$/);
  });

  test('whose client goes away is gone', async () => {
    const { cell, client } = await askedScript();
    await cell.endTurn();
    client.destroy();
    expect(await cell.given('requestGone')).toEqual({ type: 'requestGone', request: 1 });
  });

  test.each<[string, Command]>([
    ['is not there', accept({ request: 2 })],
    ['never was', answer({ request: 2 ** 32 - 1 })],
  ])('that %s is not answered, and the script goes on', async (_what, command) => {
    const { cell, errors } = await askedScript();
    await cell.endTurn([command, wake]);
    await cell.turnBegins();
    await cell.endTurn([answer(), accept(), answer(), wake]);
    await cell.turnBegins();
    expect(errors).toEqual([]);
  });
});

describe('what the bindings do not let out ends the script:', () => {
  test.each<[string, Command]>([
    ['a subprotocol that was not offered', accept({ byDefault: false, protocol: 'v3' })],
    ['a header of the handshake', accept({ headers: ['sec-websocket-extensions', 'x'] })],
    ['a header that is split', accept({ headers: ['A', 'b\r\nC: d'] })],
    ['a name that is none', accept({ headers: ['A B', 'c'] })],
    ['a header without a value', answer({ headers: ['A'] })],
    ['a length', answer({ headers: ['Content-Length', '5'] })],
    ['too many headers', answer({ headers: Array.from({ length: 130 }, () => 'a') })],
    ['too long headers', answer({ headers: ['A', 'b'.repeat(8192)] })],
    ['a status that lets in', answer({ status: 101 })],
    ['a status that is none', answer({ status: 1000 })],
    ['too large a body', answer({ data: Buffer.alloc(11) })],
  ])('%s', async (_what, command) => {
    const { cell, client, script } = await askedScript({ limits: { answerBytes: 10 } });
    await cell.endTurn([command]);
    expect((await script.ended).error?.code).toBe('ERR_AIRLOCK_MALFORMED_COMMAND');
    expect(await readUntilHungUp(client)).toMatch(/^HTTP\/1\.1 503 /);
  });
});

describe('listen', () => {
  test.each([
    ['maxConnections', 'serverConnections'],
    ['maxConnectionsPerAddress', 'connectionsPerAddress'],
    ['maxPendingHandshakes', 'pendingHandshakes'],
    ['maxMessageSize', 'messageBytes'],
    ['handshakeTimeout', 'serverHandshakeTimeout'],
  ] as const)('%s can only lower %s', async (option, limit) => {
    const { cell } = startFakeScript({ limits: { [limit]: 200 } });
    await cell.turnBegins();
    expect(cell.client.answer([], listenQuestion({ [option]: 200 }))).toMatchObject({ code: '' });
    expect(cell.client.answer([], listenQuestion({ server: 2, [option]: 201 }))).toMatchObject({
      code: 'ERR_AIRLOCK_INVALID_ARGUMENT',
      error: `the option ${option} can only lower the script's limit ${limit}, which is 200; 201 is more`,
    });
  });

  test.each([
    ['more text than the host keeps', { serverName: 'a'.repeat(16_385) }, 'ERR_AIRLOCK_INVALID_ARGUMENT'],
    ['more origins than there may be', { origins: Array.from({ length: 65 }, () => '*') }, 'ERR_AIRLOCK_MALFORMED_COMMAND'],
    ['a subprotocol that is none', { protocols: ['a b'] }, 'ERR_AIRLOCK_MALFORMED_COMMAND'],
    ['no methods', { methods: [] }, 'ERR_AIRLOCK_MALFORMED_COMMAND'],
    ['a method that a server cannot ask for', { methods: ['GET', 'CONNECT'] }, 'ERR_AIRLOCK_MALFORMED_COMMAND'],
    ['a method in small letters', { methods: ['get'] }, 'ERR_AIRLOCK_MALFORMED_COMMAND'],
    ['a method with the end of a line', { methods: ['GET\r\nX: y'] }, 'ERR_AIRLOCK_MALFORMED_COMMAND'],
    ['more methods than there are', { methods: Array.from({ length: 8 }, () => 'GET') }, 'ERR_AIRLOCK_MALFORMED_COMMAND'],
  ])('is refused with %s', async (_what, fields, code) => {
    const { cell } = startFakeScript();
    await cell.turnBegins();
    expect(cell.client.answer([], listenQuestion(fields))).toMatchObject({ port: 0, code });
  });
});

test('a heartbeat is not faster than the limit, whatever an isolate asks for', async () => {
  const { cell } = startFakeScript({ limits: { heartbeatInterval: 600_000 } });
  await cell.turnBegins();
  const { port } = cell.client.answer([], listenQuestion({ heartbeatInterval: 1, heartbeatTimeout: 1 })) as { port: number };
  await cell.endTurn([{ type: 'loaded' }]);
  const client = await openTcp(port, true);
  let received = '';
  client.on('data', (data: Buffer) => (received += data.toString('latin1')));
  client.write(handshakeRequest());
  const { socket } = await cell.given('accepted');
  await cell.endTurn([{ type: 'close', socket, code: 1000, reason: '' }]);
  await once(client, 'end');
  // The answer, and the close frame alone.
  expect(received).toMatch(/\r\n\r\n\x88\x02\x03\xe8$/);
});
