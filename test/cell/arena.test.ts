import { describe, expect, test } from '@jest/globals';
import { Arena } from '../../cell/arena.ts';
import { BYTES_OUT, BYTE_WINDOW, NUMBERS_OUT, NUMBER_WINDOW, arenaViews, type ArenaViews } from '../../wire/arena.ts';

/** The guest's end: it reads a window and asks for the next, fills a window and has it taken. */
class Guest {
  readonly arena = new Arena();
  readonly views: ArenaViews = arenaViews(this.arena.shared);

  readNumbers(count: number): number[] {
    const numbers: number[] = [];
    for (let index = 0; index < count; index++) {
      if (index > 0 && index % NUMBER_WINDOW === 0) {
        this.arena.refillNumbers();
      }
      numbers.push(this.views.numbersIn[index % NUMBER_WINDOW] as number);
    }
    return numbers;
  }

  readBytes(count: number): number[] {
    const bytes: number[] = [];
    for (let index = 0; index < count; index++) {
      if (index > 0 && index % BYTE_WINDOW === 0) {
        this.arena.refillBytes();
      }
      bytes.push(this.views.bytesIn[index % BYTE_WINDOW] as number);
    }
    return bytes;
  }

  writeNumbers(...numbers: number[]): void {
    this.views.numbersOut.set(numbers);
    this.views.control[NUMBERS_OUT] = numbers.length;
  }

  writeBytes(...bytes: number[]): void {
    this.views.bytesOut.set(bytes);
    this.views.control[BYTES_OUT] = bytes.length;
  }
}

const numbers = (length: number): Float64Array => Float64Array.from({ length }, (_, index) => index + 0.5);
const bytes = (length: number, seed = 0): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & 0xff);

describe('what goes in', () => {
  test.each([0, 1, NUMBER_WINDOW, NUMBER_WINDOW + 1, 3 * NUMBER_WINDOW + 5])('%d numbers', (length) => {
    const guest = new Guest();
    guest.arena.begin({ numbers: numbers(length), texts: [], bytes: [] });
    expect(guest.readNumbers(length)).toEqual([...numbers(length)]);
  });

  test.each([0, 1, BYTE_WINDOW, BYTE_WINDOW + 1, 3 * BYTE_WINDOW + 5])('%d bytes', (length) => {
    const guest = new Guest();
    guest.arena.begin({ numbers: numbers(0), texts: [], bytes: [bytes(length)] });
    expect(Buffer.from(guest.readBytes(length)).equals(bytes(length))).toBe(true);
  });

  test('bytes in many chunks, empty ones among them, lie one after another', () => {
    const guest = new Guest();
    const chunks = [3, 0, BYTE_WINDOW, 0, 0, 40_000, 40_000, 1].map((length, index) => bytes(length, index));
    guest.arena.begin({ numbers: numbers(0), texts: [], bytes: chunks });
    const all = Buffer.concat(chunks);
    expect(Buffer.from(guest.readBytes(all.length)).equals(all)).toBe(true);
  });

  test('a turn begins anew, wherever the last one was left', () => {
    const guest = new Guest();
    guest.arena.begin({ numbers: numbers(NUMBER_WINDOW + 9), texts: [], bytes: [bytes(BYTE_WINDOW + 9)] });
    guest.readNumbers(NUMBER_WINDOW + 1);
    guest.arena.begin({ numbers: Float64Array.of(7), texts: [], bytes: [Uint8Array.of(8)] });
    expect([guest.readNumbers(1), guest.readBytes(1)]).toEqual([[7], [8]]);
  });
});

describe('what comes out', () => {
  test('what was taken from full windows, and what is left, in order', () => {
    const guest = new Guest();
    guest.writeNumbers(1, 2);
    guest.arena.spillNumbers();
    guest.writeNumbers(3);
    guest.writeBytes(1, 2, 3);
    guest.arena.spillBytes();
    guest.writeBytes(4);
    const batch = guest.arena.take(['s']);
    expect([...batch.numbers]).toEqual([1, 2, 3]);
    expect(batch.texts).toEqual(['s']);
    expect(Buffer.concat(batch.bytes)).toEqual(Buffer.from([1, 2, 3, 4]));
  });

  test('taken once', () => {
    const guest = new Guest();
    guest.writeNumbers(1);
    guest.writeBytes(1);
    guest.arena.take([]);
    expect(guest.arena.take([])).toEqual({ numbers: new Float64Array(0), texts: [], bytes: [] });
  });

  test('its bytes are a copy: what the guest writes next does not change them', () => {
    const guest = new Guest();
    guest.writeNumbers(1);
    guest.writeBytes(1);
    const batch = guest.arena.take([]);
    guest.writeBytes(9);
    expect(batch.bytes[0]?.[0]).toBe(1);
  });

  test('a turn begins with nothing of the last one', () => {
    const guest = new Guest();
    guest.writeNumbers(1);
    guest.arena.spillNumbers();
    guest.arena.begin({ numbers: numbers(0), texts: [], bytes: [] });
    expect(guest.arena.take([]).numbers).toHaveLength(0);
  });
});

describe('when its isolate is gone', () => {
  test('its memory is that of the next arena, with nothing in it', () => {
    const guest = new Guest();
    guest.arena.begin({ numbers: Float64Array.of(1, 2), texts: [], bytes: [Uint8Array.of(3)] });
    guest.writeNumbers(4);
    guest.writeBytes(5);
    guest.arena.release();
    const next = new Guest();
    expect(next.arena.shared).toBe(guest.arena.shared);
    expect(Buffer.from(next.arena.shared).every((byte) => byte === 0)).toBe(true);
    expect(new Guest().arena.shared).not.toBe(next.arena.shared);
  });
});

test('nothing of a turn that is over can be asked for', () => {
  const guest = new Guest();
  const numbers = Float64Array.from({ length: NUMBER_WINDOW + 1 }, (_, index) => index + 1);
  guest.arena.begin({ numbers, texts: [], bytes: [Buffer.alloc(BYTE_WINDOW, 1), Buffer.alloc(10, 2)] });
  guest.arena.end();
  guest.arena.refillNumbers();
  guest.arena.refillBytes();
  expect(guest.views.numbersIn[0]).toBe(1);
  expect(guest.views.bytesIn[0]).toBe(1);
});

test('what a slice has left is its own: whoever gave the bytes may write over them', () => {
  const guest = new Guest();
  const given = Buffer.from(bytes(3 * BYTE_WINDOW));
  const givenNumbers = numbers(2 * NUMBER_WINDOW);
  guest.arena.begin({ numbers: givenNumbers, texts: [], bytes: [given] });
  guest.arena.suspend();
  given.fill(0);
  givenNumbers.fill(0);
  guest.arena.resume();
  expect(guest.readBytes(3 * BYTE_WINDOW)).toEqual([...bytes(3 * BYTE_WINDOW)]);
  expect(guest.readNumbers(2 * NUMBER_WINDOW)).toEqual([...numbers(2 * NUMBER_WINDOW)]);
});
