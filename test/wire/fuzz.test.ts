import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../../wire/byte-reader.ts';
import { COMMANDS, COMMAND_SCHEMA, type Command } from '../../wire/commands.ts';
import { decode } from '../../wire/encoded.ts';
import { EVENTS, EVENT_SCHEMA } from '../../wire/events.ts';
import { WireError, type ItemTable, type Schema } from '../../wire/fields.ts';
import { flatToItems } from '../../wire/flat-reader.ts';
import { FrameParser, FRAME_HEADER_SIZE, TO_HOST, frame } from '../../wire/frames.ts';
import { ANSWERS, ANSWER_SCHEMA, QUESTIONS, QUESTION_SCHEMA } from '../../wire/questions.ts';
import { startFakeScript, type FakeScript } from '../support/fake-cell.ts';
import { itemsToEncoded, toBytes } from '../support/wire.ts';
import { anyBatch } from '../support/wire-arbitraries.ts';

/** How many cases there are of each kind. With the frames of test/e2e/fuzz-frames.test.ts they are 100,000. */
const CODEC_CASES = 44_000;
const PIPE_CASES = 4000;
const SCRIPT_CASES = 12_000;

const TABLES: readonly (readonly [ItemTable, Schema<ItemTable>])[] = [
  [EVENTS, EVENT_SCHEMA],
  [COMMANDS, COMMAND_SCHEMA],
  [QUESTIONS, QUESTION_SCHEMA],
  [ANSWERS, ANSWER_SCHEMA],
];

type Change = readonly [at: number, remove: number, insert: readonly number[]];

const byte = fc.oneof(fc.constantFrom(0, 1, 127, 128, 255), fc.nat(255));
/** Bytes that are replaced, left out or put in, counted from the start and from the end. */
const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.tuple(fc.oneof(fc.nat(60), fc.integer({ min: -60, max: -1 }), fc.nat()), fc.nat(9), fc.array(byte, { maxLength: 9 })),
  { minLength: 1, maxLength: 4 },
);

function mutate(bytes: Buffer, all: readonly Change[]): Buffer {
  return all.reduce((before, [at, remove, insert]) => {
    const from = at < 0 ? Math.max(0, before.length + at) : at % (before.length + 1);
    return Buffer.concat([before.subarray(0, from), Buffer.from(insert), before.subarray(from + remove)]);
  }, bytes);
}

/** Batches, as bytes, to be mutated. */
function seeds(table: ItemTable, schema: Schema<ItemTable>): Buffer[] {
  return fc.sample(anyBatch(table), 150).map((items) => toBytes(itemsToEncoded(schema, items)));
}

/** What bytes are read as: items of the table, or a WireError. Whatever else is thrown, it throws. */
function read(schema: Schema<ItemTable>, bytes: Buffer): readonly { readonly type: string }[] | WireError {
  try {
    return flatToItems(schema, decode(new ByteReader(bytes)));
  } catch (error) {
    if (error instanceof WireError) {
      return error;
    }
    throw error;
  }
}

test(`${CODEC_CASES} mutated batches, to and from a cell: each is items of its table, or a WireError`, () => {
  let items = 0;
  let errors = 0;
  for (const [table, schema] of TABLES) {
    const batches = seeds(table, schema);
    fc.assert(
      fc.property(fc.constantFrom(...batches), changes, (batch, all) => {
        const found = read(schema, mutate(batch, all));
        if (found instanceof WireError) {
          errors++;
          expect(found.message.length).toBeLessThan(500);
        } else {
          items++;
          if (!found.every(({ type }) => Object.hasOwn(table, type))) {
            throw new Error(`it was read as ${JSON.stringify(found)}`);
          }
        }
      }),
      { numRuns: CODEC_CASES / TABLES.length },
    );
  }
  // Each kind is seen often: mutations that nothing is read of, or that all of is refused, would test nothing.
  expect(items).toBeGreaterThan(CODEC_CASES / 20);
  expect(errors).toBeGreaterThan(CODEC_CASES / 20);
  process.stdout.write(`${CODEC_CASES} batches: ${items} items, ${errors} WireErrors\n`);
});

test(`${PIPE_CASES} mutated streams of frames of a pipe, wherever they are cut: frames within the limit, or a WireError`, () => {
  let errors = 0;
  let frames = 0;
  const content = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(content, changes, fc.array(fc.nat(20), { maxLength: 20 }), (contents, all, cuts) => {
      const stream = mutate(Buffer.concat(contents.flatMap((each) => frame(TO_HOST.turned, 1, [each]))), all);
      const parser = new FrameParser(1000, false);
      let at = 0;
      try {
        for (const cut of [...cuts, stream.length]) {
          parser.push(stream.subarray(at, at + cut), (found) => {
            frames++;
            expect(found.end - found.start).toBeLessThanOrEqual(1000 - FRAME_HEADER_SIZE);
            return true;
          });
          at = Math.min(stream.length, at + cut);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        errors++;
      }
    }),
    { numRuns: PIPE_CASES },
  );
  expect(frames).toBeGreaterThan(PIPE_CASES / 20);
  expect(errors).toBeGreaterThan(PIPE_CASES / 20);
  process.stdout.write(`${PIPE_CASES} streams: ${frames} frames, ${errors} WireErrors\n`);
});

/** Whether the script still does what its cell says. */
function lives({ cell, lines }: FakeScript): boolean {
  const before = lines.length;
  cell.client.turned('done', '', [{ type: 'print', level: 0, text: 'alive' }]);
  return lines.length > before;
}

test(`${SCRIPT_CASES} mutated batches of commands to a live script: each is carried out, or ends it with the right error`, async () => {
  const batches = seeds(COMMANDS, COMMAND_SCHEMA as Schema<ItemTable>);
  const outcomes = new Map<string, number>();
  let script = startFakeScript({ permissions: {} });
  await script.cell.turnBegins();
  const cases = fc.sample(fc.tuple(fc.constantFrom(...batches), fc.oneof(changes, fc.constant([]))), SCRIPT_CASES);
  for (const [batch, all] of cases) {
    const found = read(COMMAND_SCHEMA as Schema<ItemTable>, mutate(batch, all));
    let outcome: string;
    if (found instanceof WireError) {
      script.cell.client.malformed(found.message);
    } else {
      script.cell.underWay = false;
      script.cell.client.turned('done', '', found as readonly Command[]);
    }
    // What this round of the loop has no time for is carried out in the next one.
    await setImmediate();
    if (!(found instanceof WireError) && lives(script)) {
      outcome = 'carried out';
    } else {
      const end = await script.script.stop();
      outcome = end.error?.code ?? end.reason;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (outcome !== 'carried out' || found.toString().includes('stop')) {
      script = startFakeScript({ permissions: {} });
      await script.cell.turnBegins();
    }
  }
  expect([...outcomes.keys()].sort()).toEqual(
    expect.arrayContaining(['ERR_AIRLOCK_MALFORMED_COMMAND', 'ERR_AIRLOCK_SCRIPT_LOAD_FAILED', 'carried out']),
  );
  process.stdout.write(`${SCRIPT_CASES} batches of commands: ${JSON.stringify(Object.fromEntries(outcomes))}\n`);
});
