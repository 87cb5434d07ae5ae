import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { runServer, startHost, type ObservedHost, type ObservedScript } from '../support/host.ts';
import { openRawClient, type RawPeer } from '../support/raw-peer.ts';
import { handshakeRequest, openClient, openTcp, readUntilHungUp, send, type TestClient } from '../support/sockets.ts';
import { OPCODE, closePayload } from '../support/websocket-frames.ts';

const CLOSE_TIMEOUT = 1500;

/** Sends the second client more than it will ever take. */
const SERVER = `
  const server = new WebSocketServer({ host: '127.0.0.1' });
  let clients = 0;
  server.onconnection = ({ socket }) => {
    const number = ++clients;
    socket.onclose = ({ code, reason, wasClean }) => print('client', number, code, reason, wasClean);
    if (number === 2) {
      for (let block = 0; block < 16; block++) socket.send(new Uint8Array(1024 * 1024));
    }
    socket.onmessage = () => server.close();
    print('clients', clients);
  };
  server.onclose = () => print('closed');
  Script.scriptEnding.connect(() => print('ending', server.listening));
  print('port', server.port);
`;

interface Scene {
  readonly host: ObservedHost;
  readonly server: ObservedScript & { readonly port: number };
  readonly polite: TestClient;
  /** Does not read. */
  readonly full: RawPeer;
  /** Does not answer. */
  readonly silent: RawPeer;
  /** Gives the answer to a handshake that is never finished. */
  readonly unfinished: Promise<string>;
}

async function openScene(): Promise<Scene> {
  const host = await startHost();
  const server = await runServer(host, SERVER, { limits: { closeTimeout: CLOSE_TIMEOUT } });
  const { port } = server;
  const polite = openClient(`ws://127.0.0.1:${port}/`);
  await server.line('clients 1');
  const full = await openRawClient(port);
  full.socket.pause();
  await server.line('clients 2');
  const socket = await openTcp(port, true);
  socket.write(handshakeRequest().slice(0, -4));
  const unfinished = readUntilHungUp(socket);
  const silent = await openRawClient(port);
  await server.line('clients 3');
  return { host, server, polite, full, silent, unfinished };
}

/** That all have been let go of, and how long it took. */
async function expectAllGone({ full, polite, silent, unfinished }: Scene, reason: string, ended: Promise<unknown>): Promise<void> {
  const began = performance.now();
  expect(await polite.owner.first('closed')).toEqual(['closed', 1001, reason, true]);
  // Nobody's slowness is another one's.
  expect([silent.socket.closed, full.socket.closed]).toEqual([false, false]);
  expect(await unfinished).toMatch(/^HTTP\/1\.1 503 /);
  expect((await silent.frame(OPCODE.close)).payload).toEqual(closePayload(1001, reason));
  await ended;
  expect(performance.now() - began).toBeGreaterThan(CLOSE_TIMEOUT - 50);
  full.socket.resume();
  await Promise.all([silent, full].map(({ socket }) => socket.closed || once(socket, 'close')));
}

describe('all clients are told 1001 at once, and those that do not answer are cut off after closeTimeout, when', () => {
  test('the script is stopped', async () => {
    const scene = await openScene();
    await expectAllGone(scene, '', scene.server.script.stop());
    expect(scene.server.lines.at(-1)).toBe('ending true');
  });

  test('the host stops', async () => {
    const scene = await openScene();
    await expectAllGone(scene, '', scene.host.host.stop());
  });

  test('the server is closed; its close event comes last', async () => {
    const scene = await openScene();
    send(scene.polite.connection, { type: 'sendText', data: 'close' });
    scene.polite.connection.flush();
    await expectAllGone(scene, 'Server closing.', scene.server.line('closed'));
    expect(scene.server.lines.slice(-4)).toEqual([
      'client 1 1001 Server closing. true',
      expect.stringMatching(/^client [23] 1006 {2}false$/),
      expect.stringMatching(/^client [23] 1006 {2}false$/),
      'closed',
    ]);
  });
});

describe('a peer that vanishes', () => {
  test('is told to its script as 1006, and nothing is left of it', async () => {
    const host = await startHost();
    const server = await runServer(host, `
      const server = new WebSocketServer({ host: '127.0.0.1', heartbeat: { interval: 50, timeout: 150 } });
      server.onconnection = ({ socket }) => {
        socket.onerror = (error) => print('error', error === WebSocket.SocketError.SocketTimeoutError);
        socket.onclose = ({ code, wasClean }) => { print('close', code, wasClean); server.close(); };
        socket.onping = socket.onpong = () => print('a crossing');
      };
      server.onclose = () => print('closed');
      print('port', server.port);`, { limits: { heartbeatInterval: 1 } });
    await openRawClient(server.port);
    await server.line('closed');
    expect(server.lines.slice(1)).toEqual(['error true', 'close 1006 false', 'closed']);
    expect(server.script.idle).toBe(true);
  });
});
