import { spawnSync } from 'node:child_process';
import { describe, expect } from '@jest/globals';
import { folderWith, start } from '../support/command.ts';
import { ECHO_SERVER, runServer, startHost } from '../support/host.ts';
import { testWhere } from '../support/skip.ts';

/** A Python that has the package `websockets`, which shares no line with `ws`. */
const python = ['python3', '/usr/bin/python3'].find(
  (program) => spawnSync(program, ['-c', 'import websockets.extensions.permessage_deflate']).status === 0,
);
const testWithPython = testWhere(python !== undefined, 'no Python with the package websockets');

/** Servers that send back what they get: one without compression, and one for each way of negotiating it. */
const SERVERS = `
import asyncio, websockets
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory as Deflate

async def echo(ws, path=None):
    async for message in ws:
        if message == 'close':
            await ws.close(4001, 'as you like')
        elif message == 'fragments':
            await ws.send(parts())
        else:
            await ws.send(message)

async def parts():
    for part in ('f\\u00fcr', '', ' dich', '!' * 100000):
        yield part

async def main():
    ports = []
    for offer in (None, {}, {'server_no_context_takeover': True}, {'client_no_context_takeover': True},
                  {'server_max_window_bits': 9}, {'client_max_window_bits': 9}):
        extensions = [] if offer is None else [Deflate(**offer)]
        server = await websockets.serve(echo, '127.0.0.1', 0, compression=None, max_size=None, extensions=extensions,
                                         subprotocols=['chat'])
        ports.append(server.sockets[0].getsockname()[1])
    print('ports', *ports, flush=True)
    await asyncio.Future()

asyncio.run(main())
`;

const CLIENT_SCRIPT = `
  const socket = new WebSocket(Script.args[0], { protocols: ['other', 'chat'], perMessageDeflate: true });
  const texts = [0, 1, 125, 126, 65535, 65536, 1000000].map((length) => 'für €😀 '.repeat(length / 8 + 1).slice(0, length).toWellFormed());
  const messages = texts.flatMap((text) => [text, new TextEncoder().encode(text)]);
  let sent;
  let right = 0;
  const next = () => {
    sent = messages.shift();
    socket.send(sent ?? 'fragments');
  };
  socket.onopen = () => {
    print('open', socket.protocol, socket.extensions);
    next();
  };
  socket.onmessage = ({ data }) => {
    if (sent === undefined) {
      print('fragments', data === 'für dich' + '!'.repeat(100000));
      socket.send('close');
    } else {
      right += typeof sent === 'string' ? data === sent : new TextDecoder().decode(data) === new TextDecoder().decode(sent);
      next();
    }
  };
  socket.onclose = ({ code, reason, wasClean }) => {
    print('right', right, 'closed', code, reason, wasClean);
    Script.stop();
  };
`;

const CLIENT = `
import asyncio, sys, websockets

async def main():
    async with websockets.connect(sys.argv[1], max_size=None, subprotocols=['chat', 'other']) as ws:
        for length in (0, 1, 125, 126, 65535, 65536, 1000000):
            for message in ('f\\u00fcr' * length, b'\\xfe' * length):
                await ws.send(message)
                assert await ws.recv() == message, length
        await ws.send(part for part in ['a', '', 'b' * 100000])
        assert await ws.recv() == 'a' + 'b' * 100000
        await (await ws.ping(b'there?'))
        print('chose', ws.subprotocol, *(extension.name for extension in ws.extensions), flush=True)
        await ws.close(4002, 'enough')
        print('closed', ws.close_code, ws.close_reason, flush=True)

asyncio.run(main())
`;

describe('the Python package websockets', () => {
  testWithPython('as a server: texts, bytes and fragments, in every way that compression is negotiated', async () => {
    const { child, stdout } = start(folderWith({ 'servers.py': SERVERS }), python as string, 'servers.py');
    try {
      const ports = ((await stdout(/^ports ([\d ]+)\n/m))[1] as string).split(' ');
      const { run } = await startHost();
      const outcomes = await Promise.all(
        ports.map(async (port) => {
          const { lines, script } = await run({ source: CLIENT_SCRIPT, args: [`ws://127.0.0.1:${port}`], permissions: { connect: true } });
          await script.ended;
          return lines;
        }),
      );
      const rest = ['fragments true', 'right 14 closed 4001 as you like true'];
      expect(outcomes).toEqual([['open chat ', ...rest], ...Array.from({ length: 5 }, () => ['open chat permessage-deflate', ...rest])]);
    } finally {
      child.kill();
    }
  });

  testWithPython('as a client', async () => {
    const { line, port } = await runServer(await startHost(), ECHO_SERVER.replace('port: 0', 'port: 0, perMessageDeflate: true, heartbeat: { interval: 20, timeout: 5000 }'), { limits: { heartbeatInterval: 1 } });
    const { code, stderr, stdout } = await start(folderWith({ 'client.py': CLIENT }), python as string, 'client.py', `ws://127.0.0.1:${port}/`).result;
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: 'chose chat permessage-deflate\nclosed 4002 enough\n' });
    await line('closed 4002 enough true');
  });
});
