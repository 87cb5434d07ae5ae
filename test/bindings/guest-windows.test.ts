import { describe, expect, test } from '@jest/globals';
import { BYTE_WINDOW, NUMBER_WINDOW } from '../../wire/arena.ts';
import { FIRST, binary, ofType, opened, startScript, text, type IsolatedScript } from '../support/isolate.ts';

/** An echo. Numbers and bytes cross the boundary in windows: nothing of that may be seen. */
function echo(): IsolatedScript {
  const script = startScript("ws = new WebSocket('ws://a.example'); ws.binaryType = 'arraybuffer'; ws.onmessage = ({ data }) => ws.send(data)", {
    commandsPerTurn: 100_000,
    bytesPerTurn: 64 * 1024 * 1024,
  });
  script.turn(opened());
  return script;
}

/** Bytes that repeat with no period that a window has. */
function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) + seed) & 0xff);
}

function equal(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left !== undefined && Buffer.compare(left, right) === 0;
}

describe('bytes', () => {
  test.each([BYTE_WINDOW - 1, BYTE_WINDOW, BYTE_WINDOW + 1, 2 * BYTE_WINDOW, 5 * BYTE_WINDOW + 17, 4 * 1024 * 1024])('a message of %d comes back', (length) => {
    const sent = pattern(length);
    const [message, ...rest] = ofType(echo().turn(binary(sent)), 'sendBinary');
    expect(equal(message?.data, sent)).toBe(true);
    expect(rest).toEqual([]);
  });

  test('messages that lie across windows come back, each as it was', () => {
    const sent = [40_000, 40_000, 1, 0, BYTE_WINDOW, 7, 200_000, 3].map((length, index) => pattern(length, index));
    const received = ofType(echo().turn(...sent.map((data) => binary(data))), 'sendBinary');
    expect(received).toHaveLength(sent.length);
    expect(received.every(({ data }, index) => equal(data, sent[index] as Uint8Array))).toBe(true);
  });

  test('those of one turn do not disturb those of the next', () => {
    const script = echo();
    for (const length of [100_000, 5, 100_000]) {
      const sent = pattern(length, length);
      expect(equal(ofType(script.turn(binary(sent)), 'sendBinary')[0]?.data, sent)).toBe(true);
    }
  });
});

describe('numbers', () => {
  test('more events and commands than a window holds numbers for', () => {
    const count = NUMBER_WINDOW * 2 + 3;
    const events = Array.from({ length: count }, (_, index) => (index % 3 === 0 ? binary(Uint8Array.of(index & 0xff)) : text(String(index))));
    const commands = echo().turn(...events);
    expect(commands).toHaveLength(count);
    expect(commands.every((command, index) =>
      index % 3 === 0
        ? command.type === 'sendBinary' && command.data.length === 1 && command.data[0] === (index & 0xff)
        : command.type === 'sendText' && command.data === String(index),
    )).toBe(true);
  });

  test('commands of different lengths fill windows to their brims', () => {
    const script = startScript(`ws = new WebSocket('ws://a.example'); others = [];`, { commandsPerTurn: 100_000 });
    script.turn(opened());
    const commands = script.run(`
      for (let i = 0; i < ${NUMBER_WINDOW}; i++) {
        ws.send('t' + i);
        if (i % 5 === 0) ws.send(Uint8Array.of(i));
        if (i % 7 === 0) print(i);
        if (i % 1000 === 0) { const other = new WebSocket('ws://b.example/' + i, ['p', 'q']); other.close(4000, 'r' + i); }
      }
    `);
    const texts = ofType(commands, 'sendText');
    expect(texts).toHaveLength(NUMBER_WINDOW);
    expect(texts.every(({ data, socket }, index) => socket === FIRST && data === `t${index}`)).toBe(true);
    expect(ofType(commands, 'print').every(({ text: line }, index) => line === String(index * 7))).toBe(true);
    expect(ofType(commands, 'connect').map(({ url }) => url)).toEqual(Array.from({ length: 9 }, (_, index) => `ws://b.example/${index * 1000}`));
    expect(ofType(commands, 'close').map(({ reason }) => reason)).toEqual(Array.from({ length: 9 }, (_, index) => `r${index * 1000}`));
  });
});

describe('texts', () => {
  test('a long text with characters of every length comes back', () => {
    const long = 'aé€👋'.repeat(100_000);
    expect(ofType(echo().turn(text(long)), 'sendText')[0]?.data).toBe(long);
  });
});
