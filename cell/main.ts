import { readSync, writevSync } from 'node:fs';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { readFlat, readItem, recycle, writeFlat } from '../wire/codec.ts';
import { COMMAND_SCHEMA } from '../wire/commands.ts';
import { EVENT_SCHEMA } from '../wire/events.ts';
import { EMPTY_BATCH, type FlatBatch } from '../wire/fields.ts';
import {
  CELL_PIPES,
  FrameParser,
  LARGEST_FRAME,
  TO_CELL,
  TO_HOST,
  TURN_STATUS,
  beginFrame,
  endFrame,
  type Frame,
} from '../wire/frames.ts';
import { ANSWER_SCHEMA, QUESTION_SCHEMA, answerFields } from '../wire/questions.ts';
import type { IsolateSettings } from '../wire/settings.ts';
import { Cell } from './cell.ts';
import type { TurnResult } from './script-isolate.ts';

/** The cell process. It has three pipes to the host and nothing else: frames in, frames out, and answers to questions. */

const READ_BUFFER_BYTES = 256 * 1024;

const writer = new ByteWriter();
const cell = new Cell(fileURLToPath(new URL('../bindings/guest.js', import.meta.url)), askHost);

// The terminal's interrupt reaches every process of its group; it is for the host to end the scripts in order.
process.on('SIGINT', () => {});

cell.warmUp();
const parser = new FrameParser(LARGEST_FRAME, true);
const input = new Socket({
  fd: CELL_PIPES.frames,
  readable: true,
  writable: false,
  onread: {
    buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
    callback(size, buffer) {
      parser.push((buffer as Buffer).subarray(0, size), onFrame);
      return true;
    },
  },
});
input.on('error', () => process.exit(1));
input.on('close', () => process.exit(0));
send(endFrame(writer, beginFrame(writer, TO_HOST.ready, 0)));

function onFrame(frame: Frame): void {
  switch (frame.kind) {
    case TO_CELL.create:
      return create(frame);
    case TO_CELL.turn: {
      const reader = new ByteReader(frame.buffer, frame.start, frame.end);
      const count = reader.uint32();
      const events = readFlat(EVENT_SCHEMA, reader);
      sendTurned(frame.script, cell.turn(frame.script, count, events));
      return recycle(events);
    }
    case TO_CELL.destroy:
      return cell.destroy(frame.script);
  }
}

function create(frame: Frame): void {
  const settings = JSON.parse(new ByteReader(frame.buffer, frame.start, frame.end).string()) as IsolateSettings;
  try {
    cell.create(frame.script, settings);
  } catch {
    // The script's first turn finds no isolate and says so.
  }
}

function sendTurned(script: number, { status, message, commands }: TurnResult): void {
  const frame = beginFrame(writer, TO_HOST.turned, script);
  writer.uint8(TURN_STATUS[status]);
  writer.string(message);
  try {
    writeFlat(COMMAND_SCHEMA, writer, commands);
  } catch (error) {
    // An isolate that says nonsense ends its script, not the cell.
    writer.finish();
    const nonsense = `its isolate gave out nonsense: ${error instanceof Error ? error.message : String(error)}`;
    return sendTurned(script, { status: 'broken', message: nonsense, commands: EMPTY_BATCH });
  }
  send(endFrame(writer, frame));
}

function askHost(script: number, commands: FlatBatch, question: FlatBatch): string[] {
  const inner = new ByteWriter();
  writeFlat(COMMAND_SCHEMA, inner, commands);
  const frame = beginFrame(writer, TO_HOST.question, script);
  writer.bytes(Buffer.concat(inner.finish()));
  try {
    writeFlat(QUESTION_SCHEMA, writer, question);
  } catch (error) {
    writer.finish();
    throw error;
  }
  send(endFrame(writer, frame));
  const size = readExactly(4).readUInt32LE(0);
  return answerFields(readItem(ANSWER_SCHEMA, new ByteReader(readExactly(size))));
}

/** The pipe blocks: a host that does not keep up makes the cell wait. */
function send(frame: Uint8Array[]): void {
  let chunks = frame;
  while (chunks.length > 0) {
    chunks = without(chunks, writevSync(CELL_PIPES.commands, chunks));
  }
}

/** What is left of some chunks when their first `size` bytes are gone. */
function without(chunks: Uint8Array[], size: number): Uint8Array[] {
  let left = size;
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.length) {
      return [chunk.subarray(left), ...chunks.slice(index + 1)];
    }
    left -= chunk.length;
  }
  return [];
}

function readExactly(size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  let done = 0;
  while (done < size) {
    const read = readSync(CELL_PIPES.answers, buffer, done, size - done, null);
    if (read === 0) {
      process.exit(0);
    }
    done += read;
  }
  return buffer;
}
