import { BYTE_WINDOW, NUMBER_WINDOW, type ArenaViews } from '../wire/arena.ts';
import { WHOLE_TEXT } from '../wire/fields.ts';
import { MathMin, StringPrototypeSlice, TypedArrayPrototypeSet, Uint8ArrayConstructor } from './primordials.ts';

/**
 * What comes in with a turn's events: numbers and bytes through the arena, strings joined to few texts.
 *
 * Nothing here is reachable by a script.
 */

let arena: ArrayBufferLike;
let views: ArenaViews;
let refillNumbers: () => void;
let refillBytes: () => void;
let numbersRead = 0;
let bytesRead = 0;
let texts: string | readonly string[] = '';
let textIndex = 0;
/** The text that is read, and how far. */
let text = '';
let textRead = 0;

/** Connects to the cell: the callbacks put the next numbers and bytes in their windows. */
export function connectInput(
  shared: ArrayBufferLike,
  windows: ArenaViews,
  callbacks: { readonly refillNumbers: () => void; readonly refillBytes: () => void },
): void {
  arena = shared;
  views = windows;
  refillNumbers = callbacks.refillNumbers;
  refillBytes = callbacks.refillBytes;
}

/** Starts a turn with these texts, or this only one, the first windows unread. */
export function beginInput(textsOfTurn: string | readonly string[]): void {
  numbersRead = 0;
  bytesRead = 0;
  texts = textsOfTurn;
  textIndex = -1;
  text = '';
  textRead = 0;
}

/** Takes the next number that came with the turn's events. */
export function readNumber(): number {
  if (numbersRead === NUMBER_WINDOW) {
    refillNumbers();
    numbersRead = 0;
  }
  return views.numbersIn[numbersRead++] as number;
}

/** Takes the next string that came with the turn's events. */
export function readString(): string {
  const length = readNumber();
  if (length === WHOLE_TEXT) {
    text = nextText();
    textRead = text.length;
    return text;
  }
  if (textRead === text.length && length > 0) {
    text = nextText();
    textRead = 0;
  }
  return StringPrototypeSlice(text, textRead, (textRead += length));
}

function nextText(): string {
  return typeof texts === 'string' ? texts : (texts[++textIndex] as string);
}

/** Takes the next `length` bytes that came with the turn's events. */
export function readBytes(length: number): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  let failure: unknown;
  try {
    bytes = new Uint8ArrayConstructor(length);
  } catch (error) {
    // There is no memory for them. They are read all the same, as the next event's follow.
    failure = error;
  }
  let done = 0;
  while (done < length) {
    if (bytesRead === BYTE_WINDOW) {
      refillBytes();
      bytesRead = 0;
    }
    const size = MathMin(length - done, BYTE_WINDOW - bytesRead);
    if (bytes !== undefined) {
      TypedArrayPrototypeSet(bytes, new Uint8ArrayConstructor(arena, views.bytesInOffset + bytesRead, size), done);
    }
    bytesRead += size;
    done += size;
  }
  if (bytes === undefined) {
    throw failure;
  }
  return bytes;
}
