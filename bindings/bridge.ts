import { ARENA_HALF_BYTES, ARENA_IN, ARENA_OUT, CONTROL_OUT_LENGTH } from '../wire/arena.ts';
import { COMMANDS, type CommandOf, type CommandType } from '../wire/commands.ts';
import type { Primitive } from '../wire/fields.ts';
import { ANSWERS, QUESTIONS, type AnswerOf, type QuestionOf, type QuestionType } from '../wire/questions.ts';
import {
  ErrorConstructor,
  MathMin,
  ObjectKeys,
  TypedArrayPrototypeSet,
  Uint32ArrayConstructor,
  Uint8ArrayConstructor,
} from './primordials.ts';

/**
 * The guest's end of the isolate boundary: the outbox of commands, the arena for bytes, and the questions.
 *
 * Nothing here is reachable by a script.
 */

/** What the cell gives the guest when an isolate starts. None of these throws. */
export interface CellCallbacks {
  /** The out half of the arena is full: the cell takes what is in it. */
  readonly spill: () => void;
  /** The in half of the arena is read: the cell puts the next bytes in it. */
  readonly refill: () => void;
  /** Asks the host; takes commands and a question, flat, and gives the answer, flat. */
  readonly ask: (values: Primitive[]) => Primitive[];
  /** The serialized URL, or an empty string where it is not one. */
  readonly parseURL: (url: string, base: string) => string;
}

let callbacks: CellCallbacks;
let arena: ArrayBufferLike;
let arenaOut: Uint8Array;
let control: Uint32Array;
let inOffset = 0;
let outOffset = 0;

/** What the turn gives back. The cell copies it after the microtasks have run, so they add to it too. */
let outbox: Primitive[] = [];
let commandCount = 0;
let byteCount = 0;

export interface TurnBounds {
  /** The most commands that one turn gives back. */
  readonly commands: number;
  /** The most bytes of payload that one turn gives back. */
  readonly bytes: number;
}
let bounds: TurnBounds;

/** Connects this isolate to its cell, through the arena (see `wire/arena.ts`) and the callbacks. */
export function connectBridge(shared: ArrayBufferLike, cell: CellCallbacks, turnBounds: TurnBounds): void {
  arena = shared;
  arenaOut = new Uint8ArrayConstructor(shared, ARENA_OUT, ARENA_HALF_BYTES);
  control = new Uint32ArrayConstructor(shared, 0, ARENA_IN / 4);
  callbacks = cell;
  bounds = turnBounds;
}

/** Starts a turn: an empty outbox, the arena's first bytes unread. */
export function beginTurn(): void {
  outbox = [];
  commandCount = 0;
  byteCount = 0;
  inOffset = 0;
  setOutOffset(0);
}

/** What the turn has given out so far. Later commands of the same turn are added to the same array. */
export function currentOutbox(): Primitive[] {
  return outbox;
}

function setOutOffset(offset: number): void {
  outOffset = offset;
  control[CONTROL_OUT_LENGTH] = offset;
}

/** Takes the next `length` bytes that came with the turn's events. */
export function readBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8ArrayConstructor(length);
  let done = 0;
  while (done < length) {
    if (inOffset === ARENA_HALF_BYTES) {
      callbacks.refill();
      inOffset = 0;
    }
    const size = MathMin(length - done, ARENA_HALF_BYTES - inOffset);
    TypedArrayPrototypeSet(bytes, new Uint8ArrayConstructor(arena, ARENA_IN + inOffset, size), done);
    inOffset += size;
    done += size;
  }
  return bytes;
}

function writeBytes(buffer: ArrayBufferLike, start: number, length: number): void {
  let done = 0;
  while (done < length) {
    if (outOffset === ARENA_HALF_BYTES) {
      spill();
    }
    const size = MathMin(length - done, ARENA_HALF_BYTES - outOffset);
    TypedArrayPrototypeSet(arenaOut, new Uint8ArrayConstructor(buffer, start + done, size), outOffset);
    setOutOffset(outOffset + size);
    done += size;
  }
}

function spill(): void {
  callbacks.spill();
  setOutOffset(0);
}

function count(bytes: number): void {
  if (++commandCount > bounds.commands) {
    throw new ErrorConstructor(`More than ${bounds.commands} calls in one turn; let the script return in between`);
  }
  byteCount += bytes;
  if (byteCount > bounds.bytes) {
    throw new ErrorConstructor(`More than ${bounds.bytes} bytes given out in one turn; let the script return in between`);
  }
}

/** `sendText`, the command of which there are the most. `byteLength`: the text's length in UTF-8. */
export function sendText(socket: number, data: string, byteLength: number): void {
  count(byteLength);
  const at = outbox.length;
  outbox[at] = COMMANDS.sendText.code;
  outbox[at + 1] = socket;
  outbox[at + 2] = data;
}

/** `sendBinary`, with the bytes of `buffer` from `start` on. */
export function sendBinary(socket: number, buffer: ArrayBufferLike, start: number, length: number): void {
  count(length);
  writeBytes(buffer, start, length);
  const at = outbox.length;
  outbox[at] = COMMANDS.sendBinary.code;
  outbox[at + 1] = socket;
  outbox[at + 2] = length;
}

/** Any other command. */
export function command<Type extends Exclude<CommandType, 'sendText' | 'sendBinary'>>(
  type: Type,
  fields: Omit<CommandOf<Type>, 'type'>,
): void {
  count(appendItem(COMMANDS[type], fields as Readonly<Record<string, unknown>>));
}

/** Asks the host and waits. Commands that were given before are carried out first. */
export function ask<Type extends QuestionType>(
  type: Type,
  fields: Omit<QuestionOf<Type>, 'type'>,
): Omit<AnswerOf<Type>, 'type'> {
  if (outOffset > 0) {
    spill();
  }
  const commandsEnd = outbox.length;
  appendItem(QUESTIONS[type], fields as Readonly<Record<string, unknown>>);
  const values = outbox;
  // The last value tells the cell where the question begins.
  values[values.length] = commandsEnd;
  outbox = [];
  const flat = callbacks.ask(values);
  const answer: Record<string, Primitive> = {};
  const names = ObjectKeys(ANSWERS[type].fields);
  for (let index = 0; index < names.length; index++) {
    answer[names[index] as string] = flat[index + 1] as Primitive;
  }
  return answer as unknown as Omit<AnswerOf<Type>, 'type'>;
}

/** The URL in its serialized form, or undefined where it is not a URL. The cell parses: WHATWG URL. */
export function parseURL(url: string, base: string): string | undefined {
  const href = callbacks.parseURL(url, base);
  return href === '' ? undefined : href;
}

interface Definition {
  readonly code: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** Returns a bound on the item's size in bytes. */
function appendItem(definition: Definition, fields: Readonly<Record<string, unknown>>): number {
  let size = 0;
  outbox[outbox.length] = definition.code;
  const names = ObjectKeys(definition.fields);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    const value = fields[name];
    if (definition.fields[name] === 'strings') {
      const strings = value as readonly string[];
      outbox[outbox.length] = strings.length;
      for (let each = 0; each < strings.length; each++) {
        outbox[outbox.length] = strings[each] as string;
        size += (strings[each] as string).length;
      }
    } else {
      outbox[outbox.length] = value as Primitive;
      size += typeof value === 'string' ? value.length : 0;
    }
  }
  return size;
}
