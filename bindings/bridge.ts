import { BYTES_OUT, BYTE_WINDOW, NUMBERS_OUT, NUMBER_WINDOW, arenaViews, type ArenaViews } from '../wire/arena.ts';
import { COMMANDS, type CommandOf, type CommandType } from '../wire/commands.ts';
import { ANSWERS, QUESTIONS, type AnswerOf, type QuestionOf, type QuestionType } from '../wire/questions.ts';
import {
  ErrorConstructor,
  MathMin,
  ObjectKeys,
  TypedArrayPrototypeSet,
  Uint8ArrayConstructor,
} from './primordials.ts';

/**
 * The guest's end of the isolate boundary: the outbox of commands, the arena for bytes, and the questions.
 *
 * Nothing here is reachable by a script.
 */

/** What the cell gives the guest when an isolate starts. None of these throws. */
export interface CellCallbacks {
  /** The in window for numbers is read: the cell puts the next ones in it. */
  readonly refillNumbers: () => void;
  /** The in window for bytes is read: the cell puts the next ones in it. */
  readonly refillBytes: () => void;
  /** The out window for numbers is full: the cell takes what is in it. */
  readonly spillNumbers: () => void;
  /** The out window for bytes is full: the cell takes what is in it. */
  readonly spillBytes: () => void;
  /**
   * Asks the host. Takes the strings of the commands so far and of the question; the question begins with the number
   * and the string of these indexes. Gives the answer's fields in order, numbers
   * as text: an answer is rare, and the in window may hold what the turn has not read yet.
   */
  readonly ask: (strings: string[], firstNumber: number, firstString: number) => string[];
  /** The serialized URL, or an empty string where it is not one. */
  readonly parseURL: (url: string, base: string) => string;
}

let callbacks: CellCallbacks;
let views: ArenaViews;
let arena: ArrayBufferLike;
let numbersRead = 0;
let bytesRead = 0;
let numbersWritten = 0;
let bytesWritten = 0;
/** Numbers that were given out in the turn, those that the cell has taken already included. */
let numbersGiven = 0;

/** The strings of what the turn gives back. The cell copies it after the microtasks have run, so they add to it too. */
let outbox: string[] = [];
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
  views = arenaViews(shared);
  callbacks = cell;
  bounds = turnBounds;
}

/** Starts a turn: nothing given out, the first windows unread. */
export function beginTurn(): void {
  outbox = [];
  commandCount = 0;
  byteCount = 0;
  numbersRead = 0;
  bytesRead = 0;
  numbersGiven = 0;
  setNumbersWritten(0);
  setBytesWritten(0);
}

/** The strings that the turn has given out so far. Later commands of the same turn are added to the same array. */
export function currentOutbox(): string[] {
  return outbox;
}

function setNumbersWritten(length: number): void {
  numbersWritten = length;
  views.control[NUMBERS_OUT] = length;
}

function setBytesWritten(length: number): void {
  bytesWritten = length;
  views.control[BYTES_OUT] = length;
}

/** Takes the next number that came with the turn's events. */
export function readNumber(): number {
  if (numbersRead === NUMBER_WINDOW) {
    callbacks.refillNumbers();
    numbersRead = 0;
  }
  return views.numbersIn[numbersRead++] as number;
}

/** Takes the next `length` bytes that came with the turn's events. */
export function readBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8ArrayConstructor(length);
  let done = 0;
  while (done < length) {
    if (bytesRead === BYTE_WINDOW) {
      callbacks.refillBytes();
      bytesRead = 0;
    }
    const size = MathMin(length - done, BYTE_WINDOW - bytesRead);
    TypedArrayPrototypeSet(bytes, new Uint8ArrayConstructor(arena, views.bytesInOffset + bytesRead, size), done);
    bytesRead += size;
    done += size;
  }
  return bytes;
}

function writeNumber(value: number): void {
  if (numbersWritten === NUMBER_WINDOW) {
    callbacks.spillNumbers();
    setNumbersWritten(0);
  }
  views.numbersOut[numbersWritten] = value;
  setNumbersWritten(numbersWritten + 1);
  numbersGiven++;
}

function writeString(value: string): void {
  outbox[outbox.length] = value;
}

function writeBytes(buffer: ArrayBufferLike, start: number, length: number): void {
  let done = 0;
  while (done < length) {
    if (bytesWritten === BYTE_WINDOW) {
      callbacks.spillBytes();
      setBytesWritten(0);
    }
    const size = MathMin(length - done, BYTE_WINDOW - bytesWritten);
    TypedArrayPrototypeSet(views.bytesOut, new Uint8ArrayConstructor(buffer, start + done, size), bytesWritten);
    setBytesWritten(bytesWritten + size);
    done += size;
  }
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

/** `sendText`, the command of which there are the most. */
export function sendText(socket: number, data: string): void {
  count(data.length);
  writeNumber(COMMANDS.sendText.code);
  writeNumber(socket);
  writeString(data);
}

/** `sendBinary`, with the bytes of `buffer` from `start` on. */
export function sendBinary(socket: number, buffer: ArrayBufferLike, start: number, length: number): void {
  count(length);
  writeBytes(buffer, start, length);
  writeNumber(COMMANDS.sendBinary.code);
  writeNumber(socket);
  writeNumber(length);
}

/** Any other command. */
export function command<Type extends Exclude<CommandType, 'sendText' | 'sendBinary'>>(
  type: Type,
  fields: Omit<CommandOf<Type>, 'type'>,
): void {
  const values = fields as Readonly<Record<string, unknown>>;
  count(sizeOf(COMMANDS[type], values));
  writeItem(COMMANDS[type], values);
}

/** Asks the host and waits. Commands that were given before are carried out first. */
export function ask<Type extends QuestionType>(
  type: Type,
  fields: Omit<QuestionOf<Type>, 'type'>,
): Omit<AnswerOf<Type>, 'type'> {
  const firstNumber = numbersGiven;
  const firstString = outbox.length;
  writeItem(QUESTIONS[type], fields as Readonly<Record<string, unknown>>);
  const asked = outbox;
  outbox = [];
  const strings = callbacks.ask(asked, firstNumber, firstString);
  numbersGiven = 0;
  setNumbersWritten(0);
  setBytesWritten(0);
  return readAnswer(ANSWERS[type], strings) as unknown as Omit<AnswerOf<Type>, 'type'>;
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

/** A bound on an item's size in bytes, as far as it depends on the item. */
function sizeOf(definition: Definition, fields: Readonly<Record<string, unknown>>): number {
  let size = 0;
  const names = ObjectKeys(definition.fields);
  for (let index = 0; index < names.length; index++) {
    const value = fields[names[index] as string];
    size += typeof value === 'string' ? value.length : 8;
  }
  return size;
}

function writeItem(definition: Definition, fields: Readonly<Record<string, unknown>>): void {
  writeNumber(definition.code);
  const names = ObjectKeys(definition.fields);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    const value = fields[name];
    if (definition.fields[name] === 'strings') {
      const strings = value as readonly string[];
      writeNumber(strings.length);
      for (let each = 0; each < strings.length; each++) {
        writeString(strings[each] as string);
      }
    } else if (typeof value === 'string') {
      writeString(value);
    } else {
      writeNumber(value as number);
    }
  }
}

/** The fields of an answer, in order; numbers are given as text. */
function readAnswer(definition: Definition, strings: readonly string[]): Record<string, unknown> {
  const answer: Record<string, unknown> = {};
  const names = ObjectKeys(definition.fields);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    answer[name] = definition.fields[name] === 'string' ? strings[index] : Number(strings[index]);
  }
  return answer;
}
