import { readSync, writevSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { ByteReader } from '../wire/byte-reader.ts';
import { decode, decodeTexts, encode, encodeTexts } from '../wire/encoded.ts';
import { EMPTY_BATCH, type FlatBatch } from '../wire/fields.ts';
import {
  CELL_PIPES,
  FrameParser,
  LARGEST_FRAME,
  TO_CELL,
  TO_HOST,
  frame as frameOf,
  questionContent,
  turnedContent,
  type Frame,
} from '../wire/frames.ts';
import { releaseBytes } from '../wire/release-bytes.ts';
import type { IsolateSettings } from '../wire/settings.ts';
import { Cell } from './cell.ts';
import type { TurnResult } from './script-isolate.ts';

/** The cell process. It has three pipes to the host and nothing else: frames in, frames out, and answers to questions. */

const READ_BUFFER_BYTES = 256 * 1024;

const cell = new Cell(join(import.meta.dirname, '../bindings/guest.js'), askHost, sendCopy);

// The terminal's interrupt, and what a service manager sends, reach every process of a group; it is for the host to end the
// scripts in order.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

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
send(frameOf(TO_HOST.ready, 0));

function onFrame(frame: Frame): boolean {
  switch (frame.kind) {
    case TO_CELL.create:
      create(frame);
      break;
    case TO_CELL.turn:
      turn(frame);
      break;
    case TO_CELL.resume:
      sendTurned(frame.script, cell.resume(frame.script));
      break;
    case TO_CELL.destroy:
      cell.destroy(frame.script);
  }
  return false;
}

function turn(frame: Frame): void {
  const reader = new ByteReader(frame.buffer, frame.start, frame.end);
  const count = reader.uint32();
  const events = decode(reader);
  sendTurned(frame.script, cell.turn(frame.script, count, decodeTexts(events)));
  releaseBytes(events.numbers);
}

function create(frame: Frame): void {
  const settings = JSON.parse(frame.buffer.toString('utf8', frame.start, frame.end)) as IsolateSettings;
  try {
    cell.create(frame.script, settings);
  } catch {
    // The script's first turn finds no isolate and says so.
  }
}

function sendTurned(script: number, { status, message, usage, commands }: TurnResult): void {
  let frame;
  try {
    frame = checked(frameOf(TO_HOST.turned, script, turnedContent(status, message, usage, encodeTexts(commands))));
  } catch (error) {
    // An isolate that says nonsense, or too much, ends its script, not the cell.
    const nonsense = `its isolate gave out nonsense: ${error instanceof Error ? error.message : String(error)}`;
    frame = frameOf(TO_HOST.turned, script, turnedContent('broken', nonsense, usage, encodeTexts(EMPTY_BATCH)));
  }
  send(frame);
}

/** Throws where the host would not take the frame, and the cell neither, after it. */
function checked(frame: Uint8Array[]): Uint8Array[] {
  const size = frame.reduce((sum, chunk) => sum + chunk.length, 0);
  if (size > LARGEST_FRAME) {
    throw new RangeError(`a frame of ${size} bytes, where ${LARGEST_FRAME} are allowed`);
  }
  return frame;
}

function askHost(script: number, commands: FlatBatch, question: FlatBatch): string[] {
  send(checked(frameOf(TO_HOST.question, script, questionContent(encodeTexts(commands), encodeTexts(question)))));
  const size = readExactly(4).readUInt32LE(0);
  return JSON.parse(readExactly(size).toString()) as string[];
}

function sendCopy(script: number, line: FlatBatch): void {
  send(checked(frameOf(TO_HOST.copy, script, encode(encodeTexts(line)))));
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
