import { describe, expect, test } from '@jest/globals';
import { closed, ofType, opened, printed, reported, startScript, text } from '../support/isolate.ts';

const TOO_MANY = 'More than 5 calls in one turn; let the script return in between (limit commandsPerTurn)';
const TOO_LARGE = 'More than 1000 bytes given out in one turn; let the script return in between (limit commandBytesPerTurn)';

const ECHO = `
  ws = new WebSocket('ws://a.example');
  ws.onmessage = ({ data }) => { for (let i = 0; i < Number(data); i++) ws.send(String(i)); };
  ws.onclose = () => { state = ws.readyState; };
`;

describe('a turn that gives out too many commands', () => {
  test('throws into the script and loses nothing before it', () => {
    const script = startScript(ECHO, { commandsPerTurn: 5 });
    script.turn(opened());
    const commands = script.run(`try { for (let i = 0; i < 9; i++) ws.send('x' + i); } catch (e) { caught = [e instanceof Error, e.message]; }`);
    expect(ofType(commands, 'sendText').map(({ data }) => data)).toEqual(['x0', 'x1', 'x2', 'x3', 'x4']);
    expect(script.value('caught')).toEqual([true, TOO_MANY]);
  });

  test('reports it where nobody catches it, once; later events of the turn are still dispatched', () => {
    const script = startScript(ECHO, { commandsPerTurn: 5 });
    const commands = script.turn(opened(), text('9'), text('9'), text('9'), closed());
    expect(ofType(commands, 'sendText')).toHaveLength(5);
    expect(reported(commands)).toEqual([`Error: ${TOO_MANY}`]);
    expect(script.value('state')).toBe(3);
  });

  test('begins anew with the next turn', () => {
    const script = startScript(ECHO, { commandsPerTurn: 5 });
    script.turn(opened(), text('9'));
    expect(ofType(script.turn(text('5')), 'sendText')).toHaveLength(5);
  });

  test('the host still learns that the source has run, or has not', () => {
    const full = 'for (let i = 0; i < 5; i++) print(i);';
    expect(startScript(full, { commandsPerTurn: 5 }).first.commands.map(({ type }) => type)).toEqual([...Array<string>(5).fill('print'), 'loaded']);
    const failed = startScript('', { commandsPerTurn: 5 }).turn({ type: 'evaluate', source: `${full} print(5)` });
    expect(failed.at(-1)).toMatchObject({ type: 'loadFailed', text: `Error: ${TOO_MANY}` });
  });

  test('what microtasks give out counts too', () => {
    const script = startScript('', { commandsPerTurn: 5 });
    const commands = script.run("(async () => { for (let i = 0; i < 9; i++) { await 0; print(i); } })().catch(() => {})");
    expect(printed(commands)).toEqual(['0', '1', '2', '3', '4']);
  });
});

describe('a turn that gives out too many bytes', () => {
  test('throws into the script; what fits still goes out, before and after', () => {
    const script = startScript("ws = new WebSocket('ws://a.example')", { bytesPerTurn: 1000 });
    script.turn(opened());
    const commands = script.run(`
      ws.send('first');
      for (const large of ['x'.repeat(1001), new ArrayBuffer(1001)]) try { ws.send(large) } catch (e) { caught = e.message }
      ws.send(new ArrayBuffer(900));
      ws.send('last');
    `);
    expect(commands.map((command) => ('data' in command ? command.data.length : undefined))).toEqual([5, 900, 4]);
    expect(script.value('caught')).toBe(TOO_LARGE);
  });

  test('is reported where nobody catches it', () => {
    const script = startScript("ws = new WebSocket('ws://a.example'); ws.onopen = () => ws.send(new ArrayBuffer(1001))", { bytesPerTurn: 1000 });
    expect(reported(script.turn(opened()))).toEqual([`Error: ${TOO_LARGE}`]);
  });

  test('counts prints, reasons, addresses and protocols as well', () => {
    const script = startScript('', { bytesPerTurn: 1000 });
    for (const code of ["print('x'.repeat(1001))", "new WebSocket('ws://a.example/' + 'x'.repeat(1001))", "new WebSocket('ws://a.example', ['x'.repeat(600), 'y'.repeat(600)])"]) {
      expect(script.thrown(code)).toMatchObject({ message: TOO_LARGE });
    }
  });
});

describe('a command is given out whole or not at all', () => {
  test('however deep in its stack the script gives it', () => {
    const script = startScript("ws = new WebSocket('ws://a.example')", { commandsPerTurn: 100_000 });
    script.turn(opened());
    const commands = script.run(`
      bytes = new Uint8Array(70_000); sent = 0;
      function deep(n) {
        try { deep(n + 1); } catch {}
        try { ws.send(bytes.subarray(0, n % 3 === 0 && sent < 20 ? 70_000 : 3)); sent++; } catch {}
        try { ws.send('text'); sent++; } catch {}
        try { setTimeout(deep, 60_000); } catch {}
      }
      try { deep(0) } catch {}
    `);
    const sends = commands.filter(({ type }) => type !== 'timer');
    expect(sends).toHaveLength(script.value('sent') as number);
    expect(ofType(commands, 'sendText').every(({ data }) => data === 'text')).toBe(true);
  });

  // Each is of several strings: one without its number would be taken for a part of the next command's.
  test('where it has more than one string', () => {
    const script = startScript('', { commandsPerTurn: 100_000, turnTimeout: 20_000, memory: 256 });
    const commands = script.run(`
      made = 0;
      function deep(n) {
        try { deep(n + 1); } catch {}
        if (made < 4000) try { new WebSocket('ws://a.example/' + n, ['first', 'second', 'third']); made++; } catch {}
        try { print(n); } catch {}
      }
      // From other depths, the stack ends in other places.
      function from(depth) { if (depth > 0) from(depth - 1); else try { deep(0) } catch {} }
      for (let depth = 0; depth < 4; depth++) { made = 0; from(depth); }
    `);
    const connects = ofType(commands, 'connect');
    expect(connects.length).toBeGreaterThan(1000);
    expect(connects.filter(({ url, protocols }) => !/^ws:\/\/a.example\/\d+$/.test(url) || protocols.join() !== 'first,second,third')).toEqual([]);
    expect(printed(commands).filter((line) => !/^\d+$/.test(line))).toEqual([]);
  });
});
