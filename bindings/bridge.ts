import { BYTES_OUT, BYTE_WINDOW, EVENTS_LEFT, NUMBERS_OUT, NUMBER_WINDOW, REFUSED, TIMERS, arenaViews, type ArenaViews } from '../wire/arena.ts';
import { COMMANDS, type CommandOf, type CommandType } from '../wire/commands.ts';
import { WHOLE_TEXT } from '../wire/fields.ts';
import { ANSWERS, QUESTIONS, type AnswerOf, type QuestionOf, type QuestionType } from '../wire/questions.ts';
import { GUEST_LIMITS, type GuestLimit } from '../wire/settings.ts';
import { answerInTime } from './boundary/natives.ts';
import { guarded } from './guarded.ts';
import { sizeOf, type Definition, type Values } from './item-size.ts';
import { connectInput } from './turn-input.ts';
import {
  ErrorConstructor,
  MathMin,
  NumberConstructor,
  ObjectCreate,
  ObjectKeys,
  RangeErrorConstructor,
  TypedArrayPrototypeSet,
  Uint8ArrayConstructor,
  createList,
} from './primordials.ts';
import type { ByteRange } from './web/buffer-source.ts';

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
   * Asks the host. Takes the texts of the commands so far and of the question; the question begins with the number
   * and the text of these indexes. Gives the answer's fields in order, numbers as text: an answer is rare, and the in
   * window may hold what the turn has not read yet. Without an answer, gives an empty list.
   */
  readonly ask: (texts: string[], firstNumber: number, firstText: number) => string[] | undefined;
}

let callbacks: CellCallbacks;
let views: ArenaViews;
/** How many numbers and bytes lie in the out windows. */
let numbersWritten = 0;
let bytesWritten = 0;
/** How many numbers the cell has taken out of the window in this turn, or since the last question. */
let numbersSpilled = 0;

/**
 * The strings of what the turn gives back, joined to few texts: each copy of a string across the boundary has its price.
 * The cell copies the list after the microtasks have run, so they add to it too.
 */
let outbox: string[] = createList();
/** The length up to which strings are joined. */
const JOINED_LENGTH = 16 * 1024;
let commandCount = 0;
let byteCount = 0;
/** Whether an exception was told that the bounds had no room for. */
let reportedBeyond = false;

export interface TurnBounds {
  /** The most commands that one turn gives back. */
  readonly commands: number;
  /** The most bytes of payload that one turn gives back. */
  readonly bytes: number;
}
let bounds: TurnBounds;

/** Where the question begins that is being asked: no command of a turn that is ended meanwhile. */
let question: { readonly firstText: number; readonly firstNumber: number } | undefined;

/** Connects this isolate to its cell, through the arena (see `wire/arena.ts`) and the callbacks. */
export function connectBridge(shared: ArrayBufferLike, cell: CellCallbacks, turnBounds: TurnBounds): void {
  views = arenaViews(shared);
  callbacks = {
    refillNumbers: guarded(cell.refillNumbers),
    refillBytes: guarded(cell.refillBytes),
    spillNumbers: guarded(cell.spillNumbers),
    spillBytes: guarded(cell.spillBytes),
    ask: guarded(cell.ask),
  };
  bounds = turnBounds;
  connectInput(shared, views, callbacks);
}

/** Starts a turn: nothing given out. */
export function beginTurn(): void {
  outbox = createList();
  commandCount = 0;
  byteCount = 0;
  reportedBeyond = false;
  question = undefined;
  emptyWindows();
}

function emptyWindows(): void {
  numbersSpilled = 0;
  numbersWritten = 0;
  views.control[NUMBERS_OUT] = 0;
  setBytesWritten(0);
}

/** The texts that the turn has given out so far. Later commands of the same turn are added to the same array. */
export function currentOutbox(): string[] {
  if (question !== undefined) {
    outbox.length = question.firstText;
    views.control[NUMBERS_OUT] = numbersWritten = question.firstNumber;
    question = undefined;
  }
  return outbox;
}

function setBytesWritten(length: number): void {
  bytesWritten = length;
  views.control[BYTES_OUT] = length;
}

/*
 * A command is given out whole or not at all, also where the script runs out of stack or time in the middle of it: all
 * that can throw comes first; then its strings, bytes and numbers are stored without a call; that the window holds its
 * numbers is said last. Strings and bytes whose numbers are missing are never read.
 */

/** Makes room for so many numbers, as those of one item lie in one window. */
function reserveNumbers(most: number): void {
  if (numbersWritten + most > NUMBER_WINDOW) {
    callbacks.spillNumbers();
    numbersSpilled += numbersWritten;
    numbersWritten = 0;
  }
}

function writeBytes(buffer: ArrayBufferLike, start: number, length: number): void {
  let done = 0;
  // What does not fit begins in an empty window: then the cell is called before anything is written.
  let isFull = length > BYTE_WINDOW - bytesWritten;
  while (done < length) {
    if (isFull) {
      callbacks.spillBytes();
      setBytesWritten(0);
    }
    const size = MathMin(length - done, BYTE_WINDOW - bytesWritten);
    TypedArrayPrototypeSet(views.bytesOut, new Uint8ArrayConstructor(buffer, start + done, size), bytesWritten);
    setBytesWritten(bytesWritten + size);
    done += size;
    isFull = bytesWritten === BYTE_WINDOW;
  }
}

/**
 * Adds a string to what the turn gives back. Returns its length, which is to be given as a number, after it: of a long one, that
 * it is a whole text, so that the host need not decode it.
 */
function giveString(value: string): number {
  const last = outbox.length - 1;
  if (last >= 0 && (outbox[last] as string).length + value.length <= JOINED_LENGTH) {
    outbox[last] += value;
    return value.length;
  }
  outbox[last + 1] = value;
  return value.length > JOINED_LENGTH ? WHOLE_TEXT : value.length;
}

/** Tells the host that something was refused because of this limit. The error for the script is the caller's to throw. */
export function refused(limit: GuestLimit): void {
  for (let index = 0; index < GUEST_LIMITS.length; index++) {
    if (GUEST_LIMITS[index] === limit) {
      views.control[REFUSED] = (views.control[REFUSED] as number) | (1 << index);
    }
  }
}

/** Tells the cell how many events the slice of this turn has left. */
export function tellEventsLeft(count: number): void {
  views.control[EVENTS_LEFT] = count;
}

/** Tells the host how many timers the script has. */
export function tellTimers(count: number): void {
  views.control[TIMERS] = count;
}

function fits(bytes: number): boolean {
  return commandCount < bounds.commands && bytes <= bounds.bytes - byteCount;
}

function count(bytes: number): void {
  if (!fits(bytes)) {
    refused(commandCount < bounds.commands ? 'commandBytesPerTurn' : 'commandsPerTurn');
    throw new ErrorConstructor(
      commandCount < bounds.commands
        ? `More than ${bounds.bytes} bytes given out in one turn; let the script return in between (limit commandBytesPerTurn)`
        : `More than ${bounds.commands} calls in one turn; let the script return in between (limit commandsPerTurn)`,
    );
  }
  commandCount++;
  byteCount += bytes;
}

/** `sendText`, the command of which there are the most. */
export function sendText(socket: number, data: string): void {
  count(data.length);
  reserveNumbers(3);
  views.numbersOut[numbersWritten] = COMMANDS.sendText.code;
  views.numbersOut[numbersWritten + 1] = socket;
  views.numbersOut[numbersWritten + 2] = giveString(data);
  views.control[NUMBERS_OUT] = numbersWritten += 3;
}

/** A command of a socket and the bytes of `buffer` from `start` on. */
export function sendBytes(
  type: 'sendBinary' | 'ping',
  socket: number,
  buffer: ArrayBufferLike,
  start: number,
  length: number,
): void {
  count(length);
  reserveNumbers(3);
  writeBytes(buffer, start, length);
  views.numbersOut[numbersWritten] = COMMANDS[type].code;
  views.numbersOut[numbersWritten + 1] = socket;
  views.numbersOut[numbersWritten + 2] = length;
  views.control[NUMBERS_OUT] = numbersWritten += 3;
}

/** `answerRequest`, with the bytes of `buffer` from `start` on. */
export function answerRequest(
  request: number,
  status: number,
  headers: readonly string[],
  buffer: ArrayBufferLike,
  start: number,
  length: number,
): void {
  let size = length;
  for (let index = 0; index < headers.length; index++) {
    size += (headers[index] as string).length;
  }
  count(size);
  reserveNumbers(5 + headers.length);
  writeBytes(buffer, start, length);
  let at = numbersWritten;
  views.numbersOut[at++] = COMMANDS.answerRequest.code;
  views.numbersOut[at++] = request;
  views.numbersOut[at++] = status;
  views.numbersOut[at++] = headers.length;
  for (let index = 0; index < headers.length; index++) {
    views.numbersOut[at++] = giveString(headers[index] as string);
  }
  views.numbersOut[at++] = length;
  views.control[NUMBERS_OUT] = numbersWritten = at;
}

type CommandWithBytes = 'attach' | 'publishBinary';
type OtherCommand = Exclude<CommandType, 'sendText' | 'sendBinary' | 'ping' | 'answerRequest' | CommandWithBytes>;
type CommandFields<Type extends CommandType> = Omit<CommandOf<Type>, 'type'>;

/** More than the longest command with bytes has. */
const NUMBERS_WITH_BYTES = 16;

/** A command whose last field is bytes. */
export function commandWithBytes<Type extends CommandWithBytes>(
  type: Type,
  fields: Omit<CommandFields<Type>, 'data'>,
  { buffer, start, length }: ByteRange,
): void {
  // Of bytes, the length is given among the numbers.
  const values: Values = { ...fields, data: length };
  count(sizeOf(COMMANDS[type], values) + length);
  reserveNumbers(NUMBERS_WITH_BYTES);
  writeBytes(buffer, start, length);
  writeItem(COMMANDS[type], values);
}

/** Any other command of the script's. Throws where it is over the bounds of the turn. */
export function command<Type extends OtherCommand>(type: Type, fields: CommandFields<Type>): void {
  const values = fields as Values;
  count(sizeOf(COMMANDS[type], values));
  writeItem(COMMANDS[type], values);
}

/** A command that may be left out where it is over the bounds of the turn. Returns whether it was given. */
export function offerCommand<Type extends OtherCommand>(type: Type, fields: CommandFields<Type>): boolean {
  const isGiven = fits(sizeOf(COMMANDS[type], fields as Values));
  if (isGiven) {
    command(type, fields);
  }
  return isGiven;
}

/** A command of the bindings' own, of which there are few whatever the script does: the bounds do not apply to it. */
export function ownCommand<Type extends OtherCommand>(type: Type, fields: CommandFields<Type>): void {
  writeItem(COMMANDS[type], fields as Values);
}

/** `reportError`. Over the bounds, one is told, which says that they were reached, and the rest are not. Returns whether it is. */
export function reportError(fields: CommandFields<'reportError'>): boolean {
  const isGiven = offerCommand('reportError', fields);
  if (isGiven || reportedBeyond) {
    return isGiven;
  }
  refused(commandCount < bounds.commands ? 'commandBytesPerTurn' : 'commandsPerTurn');
  reportedBeyond = true;
  ownCommand('reportError', fields);
  return true;
}

/** More than the longest question has. */
const NUMBERS_OF_A_QUESTION = 256;

/** Asks the host and waits. Commands that were given before are carried out first. Throws where it is over the bounds. */
export function ask<Type extends QuestionType>(
  type: Type,
  fields: Omit<QuestionOf<Type>, 'type'>,
): Omit<AnswerOf<Type>, 'type'> {
  count(sizeOf(QUESTIONS[type], fields as Values));
  // So that room is made for the question now: what is not asked after all can then be taken back.
  reserveNumbers(NUMBERS_OF_A_QUESTION);
  const firstNumber = numbersWritten;
  const firstText = outbox.length;
  question = { firstNumber, firstText };
  let answer: string[];
  try {
    // The question's own texts begin here.
    outbox[firstText] = '';
    writeItem(QUESTIONS[type], fields as Values);
    answer = answerInTime(callbacks.ask(outbox, numbersSpilled + firstNumber, firstText));
  } catch (error) {
    outbox.length = firstText;
    views.control[NUMBERS_OUT] = numbersWritten = firstNumber;
    question = undefined;
    throw error;
  }
  question = undefined;
  // The same array goes on: where a microtask asks, the turn has already returned it.
  outbox.length = 0;
  emptyWindows();
  if (answer.length === 0) {
    throw new ErrorConstructor('The host gave no answer.');
  }
  return readAnswer(ANSWERS[type], answer) as unknown as Omit<AnswerOf<Type>, 'type'>;
}

function writeItem(definition: Definition, fields: Values): void {
  const names = ObjectKeys(definition.fields);
  let most = 1;
  for (let index = 0; index < names.length; index++) {
    const value = fields[names[index] as string];
    most += typeof value === 'object' ? 1 + value.length : 1;
  }
  if (most > NUMBER_WINDOW) {
    throw new RangeErrorConstructor(`A list of more than ${NUMBER_WINDOW - 100} strings is too long`);
  }
  reserveNumbers(most);
  let at = numbersWritten;
  views.numbersOut[at++] = definition.code;
  for (let index = 0; index < names.length; index++) {
    const value = fields[names[index] as string];
    if (typeof value === 'string') {
      views.numbersOut[at++] = giveString(value);
    } else if (typeof value === 'object') {
      views.numbersOut[at++] = value.length;
      for (let each = 0; each < value.length; each++) {
        views.numbersOut[at++] = giveString(value[each] as string);
      }
    } else {
      views.numbersOut[at++] = value as number;
    }
  }
  views.control[NUMBERS_OUT] = numbersWritten = at;
}

/** The fields of an answer, in order; numbers are given as text. */
function readAnswer(definition: Definition, strings: readonly string[]): Record<string, unknown> {
  const answer = ObjectCreate(null) as Record<string, unknown>;
  const names = ObjectKeys(definition.fields);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    answer[name] = definition.fields[name] === 'string' ? strings[index] : NumberConstructor(strings[index]);
  }
  return answer;
}
