import { describe, expect, test } from '@jest/globals';
import { binary, opened, printed, startScript, text, type IsolatedScript, type ItemResult } from '../../support/isolate.ts';

const BUSY = 'const busy = (ms) => { for (const end = Date.now() + ms; Date.now() < end;); };';
const HANDLER = `${BUSY} ws = new WebSocket('ws://a.example'); ws.binaryType = 'arraybuffer';
  ws.onmessage = ({ data }) => { print(typeof data === 'string' ? data.length : 'bytes ' + new Uint8Array(data).reduce((sum, byte) => sum + byte, 0)); busy(6); };`;

/** Runs what the slices have left, to the end. */
function resumed(script: IsolatedScript, first: ItemResult): { readonly slices: number; readonly lines: string[] } {
  const lines = printed(first.commands);
  let slices = 1;
  for (let result = first; result.status === 'sliced'; slices++) {
    result = script.resume();
    expect(['sliced', 'done']).toContain(result.status);
    lines.push(...printed(result.commands));
  }
  return { slices, lines };
}

describe('a turn whose slice is over', () => {
  test('leaves its events to the next one, in order and with all their payload', () => {
    const script = startScript(HANDLER, { turnSlice: 10 });
    const sizes = [1, 70_000, 3, 20_000, 5, 1, 40_000];
    const events = sizes.flatMap((size) => [text('ü'.repeat(size)), binary(new Uint8Array(size).fill(1))]);
    const { lines, slices } = resumed(script, script.result(opened(), ...events));
    expect(lines).toEqual(sizes.flatMap((size) => [String(size), `bytes ${size}`]));
    expect(slices).toBeGreaterThan(sizes.length / 2);
  });

  test('gives out what it has commanded by then', () => {
    const script = startScript(`${BUSY} ws = new WebSocket('ws://a.example'); ws.onmessage = ({ data }) => { ws.send(data); busy(10); }`, { turnSlice: 1 });
    script.turn(opened());
    expect(script.result(text('1'), text('2'))).toMatchObject({ status: 'sliced', commands: [{ type: 'sendText', data: '1' }] });
    expect(script.resume()).toMatchObject({ status: 'done', commands: [{ type: 'sendText', data: '2' }] });
  });

  test('has a time limit of its own for each: many callbacks may take longer together', () => {
    const script = startScript(HANDLER, { turnSlice: 10, turnTimeout: 1000 });
    const { lines } = resumed(script, script.result(opened(), ...Array.from({ length: 200 }, () => text('x'))));
    expect(lines).toHaveLength(200);
  });

  test('has bounds of its own on what it gives back', () => {
    const script = startScript(`${BUSY} ws = new WebSocket('ws://a.example'); ws.onmessage = () => { for (let i = 0; i < 15; i++) print('x'); busy(10); }`, { turnSlice: 1, commandsPerTurn: 16 });
    expect(resumed(script, script.result(opened(), text('1'), text('2'), text('3'))).lines).toHaveLength(45);
  });

  test('arms the host’s timer for timers that are due, instead of running them all', () => {
    const script = startScript(`${BUSY} for (let i = 0; i < 10; i++) setTimeout(() => { print(i); busy(10); }, 1); busy(5);`, { turnSlice: 5 });
    const lines: string[] = [];
    let turns = 0;
    for (let armed = true; armed; turns++) {
      const commands = script.turn({ type: 'timer' });
      lines.push(...printed(commands));
      armed = commands.some((command) => command.type === 'timer' && command.delay >= 0);
    }
    expect(lines).toEqual(Array.from({ length: 10 }, (_, index) => String(index)));
    expect(turns).toBeGreaterThan(5);
  });

  test('resumed although nothing is left, it is broken', () => {
    expect(startScript('').resume()).toMatchObject({ status: 'broken' });
  });
});
