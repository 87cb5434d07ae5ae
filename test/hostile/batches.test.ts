import { harmless, hostile, type Attack } from '../support/hostile.ts';

/*
 * One turn that commands as much as it may of one kind. No round of the host's event loop may take long, so that a neighbour's
 * messages are read and written in between. What is measured is processor time, which does not depend on what else the machine
 * does. They are mostly below 50 ms; the bound has room for a collection of the host's whole heap.
 */

const SERVER = "const server = new WebSocketServer({ host: '127.0.0.1', port: 0 }); const sockets = [];";
const OPENED = 200;

/** Runs the code, which may use `server` and `sockets`, when so many connections of the script to itself are there. */
const withSockets = (code: string, count = OPENED): string => `
  ${SERVER}
  server.newConnection.connect((socket) => {
    sockets.push(socket);
    if (sockets.length === ${count}) setTimeout(() => { ${code}; ${SURVIVES} }, 10);
  });
  const clients = Array.from({ length: ${count} }, () => new WebSocket(server.url));
`;
const SURVIVES = "setTimeout(() => print('survived'), 50);";
const alone = (code: string): string => `setTimeout(() => { ${code}; ${SURVIVES} }, 10);`;
const times = (count: number, code: string): string => `for (let i = 0; i < ${count}; i++) { ${code} }`;
/** Of 65,536; some are needed for what follows. */
const MOST = 60_000;
const ofAll = (code: string): string => `for (let i = 0, n = 0; n < ${MOST}; i++) for (const socket of sockets) { ${code}; n++; if (n >= ${MOST}) break; }`;

const attacks: readonly Omit<Attack, 'expected'>[] = [
  { what: 'sendText, small', source: withSockets(ofAll("socket.send('x')")) },
  { what: 'sendText, large', source: withSockets("sockets[0].send('x'.repeat(60e6))", 1) },
  { what: 'sendText, large and not of ASCII', source: withSockets("sockets[0].send('\\u20ac'.repeat(40e6))", 1) },
  { what: 'sendText, large and from a client', source: withSockets("clients[0].send('x'.repeat(60e6))", 1) },
  { what: 'sendBinary, small', source: withSockets(ofAll('socket.send(new Uint8Array(8))')) },
  { what: 'sendBinary, large', source: withSockets('sockets[0].send(new Uint8Array(60e6))', 1) },
  { what: 'connect', source: alone(times(MOST, "new WebSocket('ws://127.0.0.1:1/')")) },
  { what: 'connect to long addresses', source: alone(`const url = 'ws://127.0.0.1:1/' + '%41'.repeat(20_000); ${times(900, 'new WebSocket(url)')}`) },
  { what: 'connect to addresses as long as may be', source: alone(`const url = 'ws://127.0.0.1:1/' + 'a'.repeat(600_000); ${times(100, 'new WebSocket(url)')}`) },
  { what: 'connect with many subprotocols', source: alone(`const protocols = Array.from({ length: 1000 }, (_, n) => 'p' + n); ${times(300, "new WebSocket('ws://127.0.0.1:1/', protocols)")}`) },
  { what: 'close', source: withSockets("for (const socket of sockets) socket.close(1000, 'x')") },
  { what: 'closeServer', source: withSockets('server.close()') },
  { what: 'timer', source: alone(times(MOST / 2, 'clearTimeout(setTimeout(() => {}, 1))')) },
  { what: 'print', source: alone(times(MOST, "print('x')")), limits: { printsPerSecond: 1_000_000 } },
  { what: 'print, as long as may be', source: alone(times(1000, "print('x'.repeat(16_000))")), limits: { printsPerSecond: 1_000_000, printBytesPerSecond: 1024 ** 3 } },
  { what: 'reportError', source: alone(`const target = new EventTarget(); target.addEventListener('x', () => { throw new Error('x'); }); ${times(10_000, "target.dispatchEvent(new Event('x'))")}`), limits: { errorsPerSecond: 1_000_000 } },
  { what: 'ping', source: withSockets(times(50, "for (const socket of sockets) socket.ping('x')")) },
  { what: 'publishText', source: withSockets(times(1000, "server.broadcast('x')")) },
  { what: 'publishText, large and not of ASCII', source: withSockets("server.broadcast('\\u20ac'.repeat(20e6))", 2) },
  { what: 'publishBinary', source: withSockets(times(1000, 'server.broadcast(new Uint8Array(8))')) },
  { what: 'subscribe and unsubscribe', source: withSockets(times(100, "for (const socket of sockets) { socket.subscribe('t' + i); socket.unsubscribe('t' + i); }")) },
  { what: 'attach', source: withSockets(times(10, "for (const socket of sockets) socket.attachment = 'x'.repeat(8000)")) },
  { what: 'terminate', source: withSockets('for (const socket of sockets) socket.terminate()') },
];

hostile(
  'large batches of one kind of command',
  { limits: { memory: 256, printsPerSecond: 1000 }, longestRound: 250 },
  attacks.map((attack) => ({ ...attack, expected: harmless })),
);
