import {
  ReflectApply,
  StringFromCharCode,
  StringPrototypeCharCodeAt,
  StringPrototypeIndexOf,
  StringPrototypeSlice,
  TypedArrayPrototypeGetLength,
  TypedArrayPrototypeSubarray,
  Uint8ArrayConstructor,
  createList,
} from '../primordials.ts';
import { utf8DecodeWithoutBOM, utf8Encode } from './utf8.ts';

/** URL Standard, section 5: application/x-www-form-urlencoded. */

const HEX = '0123456789ABCDEF';
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

/** The names and values of a query, in turns: name, value, name, value. */
export function parseForm(query: string): string[] {
  const list = createList<string>();
  let start = 0;
  while (start <= query.length) {
    let end = StringPrototypeIndexOf(query, '&', start);
    if (end === -1) {
      end = query.length;
    }
    if (end > start) {
      const sequence = StringPrototypeSlice(query, start, end);
      const equals = StringPrototypeIndexOf(sequence, '=');
      const at = list.length;
      list[at] = decode(equals === -1 ? sequence : StringPrototypeSlice(sequence, 0, equals));
      list[at + 1] = equals === -1 ? '' : decode(StringPrototypeSlice(sequence, equals + 1));
    }
    start = end + 1;
  }
  return list;
}

function decode(text: string): string {
  if (StringPrototypeIndexOf(text, '%') === -1 && StringPrototypeIndexOf(text, '+') === -1) {
    return text;
  }
  const bytes = utf8Encode(text);
  const length = TypedArrayPrototypeGetLength(bytes);
  let size = 0;
  for (let index = 0; index < length; index++) {
    const byte = bytes[index] as number;
    if (byte === PLUS) {
      bytes[size++] = SPACE;
      continue;
    }
    const high = byte === PERCENT ? hexValue(bytes[index + 1]) : -1;
    const low = high === -1 ? -1 : hexValue(bytes[index + 2]);
    if (low === -1) {
      bytes[size++] = byte;
    } else {
      bytes[size++] = high * 16 + low;
      index += 2;
    }
  }
  return utf8DecodeWithoutBOM(TypedArrayPrototypeSubarray(bytes, 0, size));
}

function hexValue(byte: number | undefined): number {
  if (byte === undefined) {
    return -1;
  }
  if (byte >= 0x30 && byte <= 0x39) {
    return byte - 0x30;
  }
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

export function serializeForm(list: readonly string[]): string {
  let text = '';
  for (let index = 0; index < list.length; index += 2) {
    text += `${index === 0 ? '' : '&'}${encode(list[index] as string)}=${encode(list[index + 1] as string)}`;
  }
  return text;
}

/** The bytes that stand for themselves: URL Standard, "application/x-www-form-urlencoded percent-encode set". */
const PLAIN = (() => {
  const plain = new Uint8ArrayConstructor(256);
  const characters = '*-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  for (let index = 0; index < characters.length; index++) {
    plain[StringPrototypeCharCodeAt(characters, index)] = 1;
  }
  return plain;
})();

const UNITS_AT_ONCE = 4096;

function encode(text: string): string {
  const bytes = utf8Encode(text);
  const length = TypedArrayPrototypeGetLength(bytes);
  let encoded = '';
  let units = createList<number>();
  for (let index = 0; index < length; index++) {
    const byte = bytes[index] as number;
    const at = units.length;
    if (PLAIN[byte] === 1) {
      units[at] = byte;
    } else if (byte === SPACE) {
      units[at] = PLUS;
    } else {
      units[at] = PERCENT;
      units[at + 1] = StringPrototypeCharCodeAt(HEX, byte >> 4);
      units[at + 2] = StringPrototypeCharCodeAt(HEX, byte & 15);
    }
    if (units.length >= UNITS_AT_ONCE) {
      encoded += ReflectApply(StringFromCharCode, undefined, units);
      units = createList();
    }
  }
  return encoded + ReflectApply(StringFromCharCode, undefined, units);
}
