import { expect, test } from '@jest/globals';
import { SOCKET_ERRORS } from '../../wire/socket-codes.ts';
import { LOOPBACK, runServer, startHost } from '../support/host.ts';
import { openRawClient, openRawServer, type RawPeer } from '../support/raw-peer.ts';
import { LARGEST, violations } from '../support/violations.ts';
import { closePayload, frame, OPCODE } from '../support/websocket-frames.ts';

const { close: CLOSE, ping: PING, text: TEXT } = OPCODE;

/** Opens a socket for each path, one after the other, and prints what it is told. */
const CLIENT = `
  const [port, count] = Script.args;
  const open = (row) => {
    if (row === Number(count)) { return print('all rows'); }
    const told = [];
    const socket = new WebSocket('ws://127.0.0.1:' + port + '/' + row);
    socket.onopen = () => told.push(['open']);
    socket.onmessage = ({ data }) => told.push(['message', data]);
    socket.onerror = (error, event) => told.push(['error', error, event.message.replace(/^.*' failed: /, '')]);
    socket.onclose = ({ code, reason, wasClean }) => {
      told.push(['close', code, reason, wasClean]);
      print('row', row, JSON.stringify(told));
      open(row + 1);
    };
  };
  open(0);
`;

const ROWS = violations(false);

test('whatever a server does wrong, its connection ends with the right code and its script is told, as every other one is', async () => {
  const host = await startHost();
  const peers: RawPeer[] = [];
  const { port } = await openRawServer((peer, path) => {
    const [what, bytes] = ROWS[Number(path.slice(1))] as (typeof ROWS)[number];
    peers[Number(path.slice(1))] = peer;
    // One row sends this itself, before it breaks.
    if (!what.includes('behind a whole message')) {
      peer.socket.write(frame({ opcode: TEXT, payload: 'before' }));
    }
    peer.socket.write(bytes);
    peer.socket.write(Buffer.concat([frame({ opcode: TEXT, payload: 'too late' }), frame({ opcode: PING }), frame({ opcode: CLOSE, payload: closePayload(1000) })]));
  });
  const { line, script } = await host.run({
    args: [String(port), String(ROWS.length)],
    source: CLIENT,
    permissions: LOOPBACK,
    limits: { messageBytes: LARGEST },
  });
  await line('all rows');
  for (const [row, [what, , code]] of ROWS.entries()) {
    const told = JSON.parse((await line(new RegExp(`^row ${row} `))).replace(/^row \d+ /, '')) as unknown[];
    const expected = [
      ['open'],
      ['message', 'before'],
      ['error', SOCKET_ERRORS.UnknownSocketError, expect.stringMatching(code === 1009 ? /^Max payload|^Unsupported/ : /^Invalid WebSocket frame: /)],
      ['close', 1006, '', false],
    ];
    expect({ what, code: await peers[row]?.closeCode(), told }).toEqual({ what, code, told: expected });
  }
  await script.stop();
});

test('whatever a client does wrong, its connection ends with the right code, and the server serves the next one', async () => {
  const host = await startHost();
  const rows = violations(true);
  const { line, port } = await runServer(
    host,
    `
      let row = 0;
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
      server.newConnection.connect((socket) => {
        const told = [];
        socket.onmessage = ({ data }) => told.push(['message', data]);
        socket.onerror = (error) => told.push(['error', error]);
        socket.onclose = ({ code, reason, wasClean }) => {
          told.push(['close', code, reason, wasClean]);
          print('row', row++, JSON.stringify(told));
        };
      });
      print('port', server.port);
    `,
    { limits: { messageBytes: LARGEST } },
  );
  const mask = Buffer.from([3, 0, 250, 7]);
  for (const [row, [what, bytes, code]] of rows.entries()) {
    const peer = await openRawClient(port);
    if (!what.includes('behind a whole message')) {
      peer.socket.write(frame({ opcode: TEXT, payload: 'before', mask }));
    }
    peer.socket.write(bytes);
    peer.socket.write(Buffer.concat([frame({ opcode: TEXT, payload: 'too late', mask }), frame({ opcode: PING, mask })]));
    const received = await peer.closeCode();
    const told = JSON.parse((await line(new RegExp(`^row ${row} `))).replace(/^row \d+ /, '')) as unknown[];
    expect({ what, code: received, told }).toEqual({
      what,
      code,
      told: [['message', 'before'], ['error', SOCKET_ERRORS.UnknownSocketError], ['close', 1006, '', false]],
    });
  }
});
