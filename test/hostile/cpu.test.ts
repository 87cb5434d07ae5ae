import { hostile, timeout } from '../support/hostile.ts';

hostile('CPU', { limits: { turnTimeout: 150, memory: 32 } }, [
  { what: 'a loop', source: 'for (;;);', expected: timeout },
  { what: 'a loop that catches and goes on', source: 'for (;;) { try { for (;;); } catch {} finally { continue; } }', expected: timeout },
  { what: 'a loop in a generator that is closed', source: 'function* g() { try { yield; } finally { for (;;); } } for (const _ of g()) break;', expected: timeout },
  { what: 'a regular expression that backtracks', source: "/^(a+)+$/.test('a'.repeat(40) + 'b')", expected: timeout },
  { what: 'a regular expression with look-behind that backtracks', source: "/(?<=^(a+)+)c/.test('x' + 'a'.repeat(40) + 'c')", expected: timeout },
  { what: 'a replacement by a function that never returns', source: "'x'.replace(/x/, () => { for (;;); })", expected: timeout },
  { what: 'a comparison that never returns', source: '[3, 1, 2].sort(() => { for (;;); })', expected: timeout },
  { what: 'a JSON reviver that never returns', source: "JSON.parse('[1]', () => { for (;;); })", expected: timeout },
  { what: 'a toJSON that never returns', source: 'JSON.stringify({ toJSON() { for (;;); } })', expected: timeout },
  { what: 'a loop around one that V8 unrolls', source: 'const a = []; for (;;) { a[0] = new Array(100).fill(1); a[0] = [1, 2, 3].reduce((x, y) => x + y); }', expected: timeout },
  { what: 'a timer', source: 'setTimeout(() => { for (;;); }, 1)', expected: timeout },
  { what: 'an interval, again and again just below its limit, then above it', source: 'let n = 0; setInterval(() => { const end = Date.now() + (n++ < 3 ? 50 : 5000); while (Date.now() < end); }, 1)', expected: timeout },
  { what: 'a listener of its own event target', source: "const t = new EventTarget(); t.addEventListener('x', () => { for (;;); }); t.dispatchEvent(new Event('x'))", expected: timeout },
  { what: 'the end of a script that never comes', source: 'Script.scriptEnding.connect(() => { for (;;); }); Script.stop()', expected: timeout },
  { what: 'an entity whose preload never returns', source: '(function () { this.preload = () => { for (;;); }; })', options: { type: 'server-entity' }, expected: timeout },
  { what: 'a message handler', source: "const s = new WebSocketServer({ host: '127.0.0.1', port: 0 }); s.newConnection.connect((c) => { c.onmessage = () => { for (;;); }; }); const c = new WebSocket(s.url); c.onopen = () => c.send('x')", expected: timeout },
  { what: 'a name of a function that is a bomb for whoever tells the place', source: "const o = { ['( at ('.repeat(100_000)]() { for (;;); } }; Object.values(o)[0]()", expected: timeout },
]);
