import { anyFault, harmless, hostile, loadFails, memoryOrDeath, stopped, timeoutOrDeath, timeoutOrMemory, timeoutOrThrow } from '../support/hostile.ts';

const SERVER = "const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });";
/** A connection of the attacker to itself: `serve` is called with the end that its server has accepted. */
const withConnection = (serve: string): string => `
  ${SERVER}
  const serve = ${serve};
  server.newConnection.connect(serve);
  const client = new WebSocket(server.url);
`;
const later = "setTimeout(() => print('survived'), 500);";

hostile('floods of sends', { limits: { turnTimeout: 1000, memory: 32 } }, [
  { what: 'more than one turn may', source: withConnection(`(socket) => { ${later} for (;;) socket.send('x'); }`), expected: harmless },
  { what: 'errors caught, without end', source: withConnection("(socket) => { for (;;) { try { socket.send('x'.repeat(1000)); } catch {} } }"), expected: timeoutOrDeath },
  { what: 'megabytes in each turn, to a peer that does not read', source: `${withConnection('(socket) => { const mega = new Uint8Array(2 ** 20); setInterval(() => { try { for (let i = 0; i < 16; i++) socket.send(mega); } catch {} }, 1); }')} client.onmessage = () => { const end = Date.now() + 200; while (Date.now() < end); }; ${later}`, expected: harmless },
  { what: 'echoes of echoes', source: `${withConnection('(socket) => { socket.onmessage = ({ data }) => { socket.send(data); socket.send(data); }; }')} client.onmessage = ({ data }) => { client.send(data); client.send(data); }; client.onopen = () => client.send('x'); ${later}`, expected: harmless },
  { what: 'pings without end', source: withConnection(`(socket) => { ${later} setInterval(() => { for (let i = 0; i < 10_000; i++) socket.ping('x'); }, 1); }`), expected: harmless },
  { what: 'a Blob of half its memory, sent again and again', source: withConnection(`(socket) => { ${later} const blob = new Blob([new Uint8Array(2 ** 23)]); setInterval(() => socket.send(blob), 1); }`), expected: harmless },
  { what: 'many tiny messages to the neighbour', source: `const ws = new WebSocket('ws://127.0.0.1:NEIGHBOUR_PORT'); ws.onopen = () => setInterval(() => { for (let i = 0; i < 1000; i++) ws.send('x'); }, 5); ${later}`, expected: harmless },
  { what: 'closes of what is closed', source: withConnection(`(socket) => { ${later} for (let i = 0; i < 10_000; i++) socket.close(1000, 'x'); }`), expected: harmless },
]);

hostile('floods of prints', { limits: { turnTimeout: 1000, memory: 32 } }, [
  { what: 'more lines than one turn may give', source: 'for (;;) print(1);', expected: loadFails(/calls in one turn/) },
  { what: 'more bytes than one turn may give', source: "const mega = 'x'.repeat(2 ** 20); for (;;) print(mega);", expected: loadFails(/bytes given out in one turn/) },
  { what: 'errors caught, without end', source: "for (;;) { try { print('x'.repeat(1000)); } catch {} }", expected: timeoutOrDeath },
  // Without the limit on lines, which would drop the last one as well.
  { what: 'thousands in each turn', source: `${later} setInterval(() => { for (let i = 0; i < 1000; i++) console.error('line', i); }, 1)`, limits: { printsPerSecond: 1_000_000, printBytesPerSecond: 1024 ** 3 }, expected: harmless },
  { what: 'uncaught errors without end', source: `${later} const t = new EventTarget(); t.addEventListener('x', () => { throw new Error('y'.repeat(4000)); }); setInterval(() => { for (let i = 0; i < 1000; i++) t.dispatchEvent(new Event('x')); }, 1)`, expected: harmless },
  { what: 'lines that would break a log', source: `print('a\\nb\\r\\x1b[2J\\x00\\u2028'); ${later}`, expected: harmless },
  { what: 'what grows when it is shown', source: `let o = {}; for (let i = 0; i < 40; i++) o = { a: o, b: o, c: o, d: o, e: o, f: o, g: o, h: o }; print(o); console.log([o, o, o]); ${later}`, expected: harmless },
  { what: 'groups and counters without end', source: 'for (let i = 0; ; i++) { console.group(); console.count(i); }', expected: loadFails(/calls in one turn/) },
]);

hostile('floods of timers', { limits: { turnTimeout: 1000, memory: 16 } }, [
  { what: 'timers without end', source: 'for (;;) setTimeout(() => {}, 1e6);', limits: { turnTimeout: 5000 }, expected: anyFault },
  { what: 'timers that set two', source: 'const two = () => { setTimeout(two); setTimeout(two); }; two()', expected: timeoutOrMemory },
  { what: 'an interval of nothing', source: `for (let i = 0; i < 1000; i++) setInterval(() => {}, 0); ${later}`, expected: harmless },
  { what: 'timers set and cleared without end', source: 'for (;;) clearTimeout(setTimeout(() => {}, 1));', expected: timeoutOrThrow },
  { what: 'delays that are no delays', source: `for (const d of [NaN, -1, Infinity, -Infinity, 2 ** 40, '1e400', {}, null, undefined]) setTimeout(() => {}, d); ${later}`, expected: harmless },
  { what: 'a timer that sets itself in its own clearing', source: `setInterval(function tick() { setTimeout(tick, 0); }, 50); ${later}`, expected: harmless },
  { what: 'a stop inside of a timer, again and again', source: 'setInterval(() => { for (let i = 0; i < 1000; i++) Script.stop(); }, 1)', expected: stopped },
  { what: 'timers in the end of a script', source: 'Script.scriptEnding.connect(() => { for (let i = 0; i < 1000; i++) setInterval(() => {}, 1); }); Script.stop()', expected: stopped },
]);

hostile('floods of sockets', { limits: { turnTimeout: 1000, memory: 32, sockets: 200, servers: 4 } }, [
  { what: 'connections to nowhere without end', source: `${later} for (let i = 0; i < 5000; i++) new WebSocket('ws://127.0.0.1:1/');`, expected: harmless },
  { what: 'connections to the neighbour without end', source: `${later} for (let i = 0; i < 2000; i++) new WebSocket('ws://127.0.0.1:NEIGHBOUR_PORT/');`, expected: harmless },
  { what: 'connections that are closed at once', source: `${later} for (let i = 0; i < 2000; i++) new WebSocket('ws://127.0.0.1:NEIGHBOUR_PORT/').close();`, expected: harmless },
  { what: 'connections that connect again when they are closed', source: `const again = () => { const ws = new WebSocket('ws://127.0.0.1:1/'); ws.onclose = () => { again(); again(); }; }; again();`, expected: timeoutOrMemory },
  { what: 'servers without end', source: "for (;;) new WebSocketServer({ host: '127.0.0.1', port: 0 });", expected: timeoutOrThrow },
  { what: 'servers without end, errors caught', source: "for (;;) try { new WebSocketServer({ host: '127.0.0.1', port: 0 }); } catch {}", expected: timeoutOrThrow },
  { what: 'servers opened and closed without end', source: "for (;;) new WebSocketServer({ host: '127.0.0.1', port: 0 }).close();", expected: timeoutOrThrow },
  { what: 'a server on the port of the neighbour', source: `${later} if (new WebSocketServer({ host: '127.0.0.1', port: NEIGHBOUR_PORT }).listening) print('took it')`, expected: harmless, readsNot: /took it/ },
  { what: 'a server for everybody', source: `${later} if (new WebSocketServer({ host: '0.0.0.0', port: 0 }).listening) print('took it')`, expected: harmless, readsNot: /took it/ },
  { what: 'headers and protocols as many as fit', source: `${later} try { new WebSocket('ws://127.0.0.1:NEIGHBOUR_PORT/', Array.from({ length: 8000 }, (_, i) => 'p' + i)) } catch {} try { new WebSocket('ws://127.0.0.1:NEIGHBOUR_PORT/', { headers: Object.fromEntries(Array.from({ length: 4000 }, (_, i) => ['x-' + i, 'y'.repeat(100)])) }) } catch {}`, expected: harmless },
  { what: 'a request that is smuggled in a header', source: `for (const headers of [{ 'x': 'a\\r\\nHost: b' }, { 'x\\r\\ny': 'a' }, { 'x': '\\u010d\\u010a' }]) try { new WebSocket('ws://127.0.0.1:NEIGHBOUR_PORT/', { headers }); print('took it') } catch (e) { print(e.name) } ${later}`, expected: harmless, readsNot: /took it/ },
  { what: 'streams without end', source: `${later} for (let i = 0; i < 1000; i++) { const s = new WebSocketStream('ws://127.0.0.1:NEIGHBOUR_PORT/'); s.opened.catch(() => {}); s.closed.catch(() => {}); }`, expected: harmless },
  { what: 'sockets of which none is let go', source: 'const kept = []; for (;;) kept.push(new WebSocket("ws://127.0.0.1:1/"), {}, [1]);', limits: { memory: 8, commandsPerTurn: 1_000_000, turnTimeout: 5000 }, expected: memoryOrDeath },
]);
