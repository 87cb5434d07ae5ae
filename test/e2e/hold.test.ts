import { once } from 'node:events';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { RunOptions, Script } from '../../host/index.ts';
import { certificateAuthority } from '../support/certificates.ts';
import { folderWith } from '../support/command.ts';
import { startHost, type ObservedHost, type ObservedScript } from '../support/host.ts';
import { afterThisTest } from '../support/sockets.ts';

/** Says what each message is, and how many it has seen of its socket in this life of the script. */
const COUNTING_SERVER = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: Number(Script.args[0] ?? 0) });
  server.newConnection.connect((socket) => {
    print('connected', String(socket.attachment));
    socket.onmessage = ({ data }) => {
      if (data.startsWith('attach ')) {
        socket.attachment = data.slice('attach '.length);
      }
      socket.send(data);
    };
    socket.onclose = ({ code }) => print('closed', code);
  });
  print('port', server.port);
`;

interface Running extends ObservedScript {
  readonly port: number;
}

async function run(host: ObservedHost, options: Omit<RunOptions, 'source'> & { readonly source?: string } = {}): Promise<Running> {
  const running = await host.run({ name: 'server.js', source: COUNTING_SERVER, type: 'assignment-client', onFault: 'hold', ...options });
  return { ...running, port: Number((await running.line(/^port /)).slice('port '.length)) };
}

/** Ends the script's process from outside. Resolves when the host has seen that: a turn that it gives before is lost. */
async function kill(script: Script): Promise<void> {
  process.kill(script.processId as number, 'SIGKILL');
  while (script.processId !== undefined) {
    await setImmediate();
  }
}

interface Client {
  readonly socket: WebSocket;
  readonly received: string[];
  readonly closed: Promise<number>;
  /** Resolves when it has received this. */
  receives(text: string): Promise<void>;
}

async function connect(port: number, { url = `ws://127.0.0.1:${port}`, ...options }: { url?: string; ca?: string } = {}): Promise<Client> {
  const socket = new WebSocket(url, options);
  socket.on('error', () => {});
  afterThisTest(() => socket.terminate());
  const received: string[] = [];
  socket.on('message', (data) => received.push(String(data)));
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  const receives = async (text: string): Promise<void> => {
    while (!received.includes(text)) {
      await Promise.race([
        once(socket, 'message'),
        closed.then((code) => {
          throw new Error(`closed with ${code} before '${text}' came`);
        }),
      ]);
    }
  };
  // With its answer, the turn is over that has told the script of it.
  socket.send('hello');
  await receives('hello');
  received.length = 0;
  return { socket, received, closed, receives };
}

describe('a server whose process has ended through no fault of its script, with onFault "hold"', () => {
  test('keeps its connections: what they send meanwhile follows in order, and their attachments are there', async () => {
    const host = await startHost('owner');
    const server = await run(host, { limits: { restartDelay: 300 } });
    const one = await connect(server.port);
    const other = await connect(server.port);
    one.socket.send('attach one');
    other.socket.send('attach other');
    await Promise.all([one.receives('attach one'), other.receives('attach other')]);
    server.lines.length = 0;
    const restarted = once(server.script, 'restarted');
    await kill(server.script);
    for (let index = 0; index < 1000; index++) {
      one.socket.send(`one ${index}`);
      other.socket.send(`other ${index}`);
    }
    await Promise.all([restarted, one.receives('one 999'), other.receives('other 999')]);
    const numbers = Array.from({ length: 1000 }, (_, index) => index);
    expect(one.received).toEqual(['attach one', ...numbers.map((index) => `one ${index}`)]);
    expect(other.received).toEqual(['attach other', ...numbers.map((index) => `other ${index}`)]);
    expect(server.lines).toEqual([`port ${server.port}`, 'connected one', 'connected other']);
    expect(one.socket.readyState).toBe(WebSocket.OPEN);
  });

  test('answers pings and goes on with the heartbeat, as long as there is room for what comes', async () => {
    const host = await startHost('owner');
    const source = COUNTING_SERVER.replace("port: Number", "heartbeat: { interval: 50, timeout: 10_000 }, port: Number");
    const server = await run(host, { source, limits: { heartbeatInterval: 1, restartDelay: 5000 } });
    const { socket } = await connect(server.port);
    await kill(server.script);
    const pinged = once(socket, 'ping');
    socket.ping('still there?');
    const [data] = await once(socket, 'pong');
    expect(String(data)).toBe('still there?');
    await pinged;
  });

  test('does not read more than heldBytes; the rest comes when the script runs again', async () => {
    const host = await startHost('owner');
    const server = await run(host, { limits: { restartDelay: 1000, heldBytes: 64 * 1024 } });
    const client = await connect(server.port);
    await kill(server.script);
    const text = 'x'.repeat(64 * 1024);
    for (let index = 0; index < 200; index++) {
      client.socket.send(`${text} ${index}`);
    }
    // Neither is it read, nor does the kernel take so much.
    client.socket.ping();
    let ponged = false;
    client.socket.once('pong', () => (ponged = true));
    await once(server.script, 'restarted');
    expect(ponged).toBe(false);
    expect(client.socket.bufferedAmount).toBeGreaterThan(0);
    await client.receives(`${text} 199`);
    expect(client.received.map((received) => received.slice(text.length))).toEqual(Array.from({ length: 200 }, (_, index) => ` ${index}`));
  });

  test('tells of a peer that has closed meanwhile: it is announced with what it had sent, and then closed', async () => {
    const host = await startHost('owner');
    const source = COUNTING_SERVER.replace('socket.onmessage = ({ data }) => {', "socket.onmessage = ({ data }) => { print('got', data);");
    const server = await run(host, { source, limits: { restartDelay: 300 } });
    const client = await connect(server.port);
    client.socket.send('attach it');
    await client.receives('attach it');
    await kill(server.script);
    server.lines.length = 0;
    client.socket.send('last words');
    client.socket.close(3001);
    expect(await client.closed).toBe(3001);
    await server.line('closed 3001');
    expect(server.lines).toEqual([`port ${server.port}`, 'connected it', 'got last words', 'closed 3001']);
  });

  test('closes them with 1011 where the script does not listen there again in time', async () => {
    const host = await startHost('owner');
    const server = await run(host, { limits: { restartDelay: 1000, holdTimeout: 100 } });
    const client = await connect(server.port);
    await kill(server.script);
    expect(await client.closed).toBe(1011);
    // Nor does anybody else hold the port.
    const again = await run(host, { name: 'another.js', args: [String(server.port)] });
    expect(again.port).toBe(server.port);
  });

  test('closes those beyond heldConnections with 1011', async () => {
    const host = await startHost('owner');
    const server = await run(host, { limits: { heldConnections: 1 } });
    const first = await connect(server.port);
    const second = await connect(server.port);
    await kill(server.script);
    expect(await second.closed).toBe(1011);
    first.socket.send('still there?');
    await first.receives('still there?');
  });

  test('answers handshakes with 503 until the script listens again', async () => {
    const host = await startHost('owner');
    const server = await run(host, { limits: { restartDelay: 500 } });
    await connect(server.port);
    await kill(server.script);
    const turnedAway = new WebSocket(`ws://127.0.0.1:${server.port}`);
    const [, { headers, statusCode }] = await once(turnedAway, 'unexpected-response');
    expect([statusCode, headers['retry-after']]).toEqual([503, '1']);
    const restarted = once(server.script, 'restarted');
    server.lines.length = 0;
    await restarted;
    await server.line(`port ${server.port}`);
    await connect(server.port);
  });

  test('closes the sockets that the script has opened', async () => {
    const host = await startHost('owner');
    const other = await run(host, { name: 'other.js' });
    const source = `
      ${COUNTING_SERVER}
      const client = new WebSocket(Script.args[1]);
      client.onopen = () => print('open');
    `;
    const server = await run(host, { source, isolation: 'script', args: ['0', `ws://127.0.0.1:${other.port}`] });
    await server.line('open');
    await connect(server.port);
    await kill(server.script);
    await other.line('closed 1011');
  });

  test('keeps those over TLS, and lets new ones in', async () => {
    const authority = certificateAuthority();
    const { cert, key } = authority.issue({ name: 'Server' });
    const folder = folderWith({ cert, key });
    const host = await startHost('owner', { serverTls: { main: { cert: join(folder, 'cert'), key: join(folder, 'key') } } });
    const server = await run(host, { source: COUNTING_SERVER.replace('port: Number', "tls: 'main', port: Number") });
    const url = `wss://127.0.0.1:${server.port}`;
    const client = await connect(server.port, { url, ca: authority.cert });
    for (const text of ['first', 'second']) {
      await kill(server.script);
      client.socket.send(text);
      await client.receives(text);
    }
    const other = await connect(server.port, { url, ca: authority.cert });
    expect([client, other].map(({ socket }) => socket.readyState)).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
  });

  test('lets go of them when the script is stopped', async () => {
    const host = await startHost('owner');
    const server = await run(host, { limits: { restartDelay: 30_000, holdTimeout: 60_000 } });
    const client = await connect(server.port);
    await kill(server.script);
    await server.script.stop();
    expect(await client.closed).toBe(1001);
  });
});

describe('a server whose script has ended with a fault, with onFault "hold"', () => {
  const FAULTY = COUNTING_SERVER.replace('socket.onmessage = ({ data }) => {', "socket.onmessage = ({ data }) => { if (data === 'fault') for (;;);");

  test('is taken over, with its connections, by the next script of the same owner and name', async () => {
    const host = await startHost('owner');
    const options = { source: FAULTY, limits: { turnTimeout: 200, eventsPerTurn: 2 } };
    const server = await run(host, options);
    const client = await connect(server.port);
    client.socket.send('attach it');
    await client.receives('attach it');
    // Whatever is in the turn with it is lost with it.
    client.socket.send('fault');
    const { error, reason } = await server.script.ended;
    expect([reason, error?.code]).toEqual(['fault', 'ERR_AIRLOCK_TURN_TIMEOUT']);
    client.socket.send('waits');
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    const stranger = await run(host, { ...options, name: 'stranger.js' });
    const ofAnother = await run(host, { ...options, owner: 'bob' });
    expect([stranger.port, ofAnother.port]).not.toContain(server.port);
    const again = await run(host, options);
    expect(again.port).toBe(server.port);
    await client.receives('waits');
    expect(again.lines).toEqual([`port ${server.port}`, 'connected it']);
  });

  test('is closed with 1011 where there is none in time, and with 1001 where the host stops', async () => {
    const host = await startHost('owner');
    const options = { source: FAULTY, limits: { turnTimeout: 200, holdTimeout: 300 } };
    const server = await run(host, options);
    const client = await connect(server.port);
    client.socket.send('fault');
    await server.script.ended;
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    expect(await client.closed).toBe(1011);
    const again = await run(host, { ...options, limits: { turnTimeout: 200 } });
    const second = await connect(again.port);
    second.socket.send('fault');
    await again.script.ended;
    await host.host.stop();
    expect(await second.closed).toBe(1001);
  });

  test('is closed with 1011 at once where onFault is "close", which is the default', async () => {
    const host = await startHost('owner');
    const server = await run(host, { source: FAULTY, limits: { turnTimeout: 200 }, onFault: undefined });
    const client = await connect(server.port);
    client.socket.send('fault');
    expect(await client.closed).toBe(1011);
  });
});

describe('a server whose process is killed again and again while its clients send without end', () => {
  const KILLS = 8;
  const CLIENTS = 3;
  const EVENTS_PER_TURN = 16;

  test('gets each message once and in order, but for those of turns that were under way', async () => {
    const host = await startHost('owner');
    let server = await run(host, { limits: { restartDelay: 1, eventsPerTurn: EVENTS_PER_TURN } });
    const { port } = server;
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect(port)));
    const sent = clients.map(() => 0);
    let isOver = false;
    const sending = clients.map(async ({ socket }, index) => {
      while (!isOver) {
        for (let count = 0; count < 20; count++) {
          const number = sent[index] as number;
          sent[index] = number + 1;
          socket.send(String(number));
        }
        await setImmediate();
      }
    });
    let lostTurns = 0;
    for (let kills = 0; kills < KILLS; kills++) {
      const [{ received }] = clients as [Client];
      const before = received.length;
      while (received.length < before + 200) {
        await setImmediate();
      }
      const restarted = once(server.script, 'restarted').then(() => undefined);
      await kill(server.script);
      const end = await Promise.race([server.script.ended, restarted]);
      if (end !== undefined) {
        // It was killed in a turn, and so is taken for guilty of that.
        expect(end.error?.code).toBe('ERR_AIRLOCK_CELL_DIED');
        lostTurns++;
        server = await run(host, { args: [String(port)], pardon: true, limits: { restartDelay: 1, eventsPerTurn: EVENTS_PER_TURN } });
      }
    }
    isOver = true;
    await Promise.all(sending);
    await Promise.all(clients.map(async ({ receives, socket }) => {
      socket.send('the end');
      await receives('the end');
    }));
    let lost = 0;
    for (const [index, { received }] of clients.entries()) {
      const numbers = received.slice(0, -1).map(Number);
      expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
      lost += (sent[index] as number) - numbers.length;
    }
    expect(lost).toBeLessThanOrEqual(lostTurns * EVENTS_PER_TURN);
  }, 60_000);
});
