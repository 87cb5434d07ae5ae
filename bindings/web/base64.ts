import {
  ReflectApply,
  StringFromCharCode,
  StringPrototypeCharCodeAt,
  Uint8ArrayConstructor,
  createList,
} from '../primordials.ts';
import { requireArguments } from './define.ts';
import { domException } from './dom-exception.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** What a character is not, and what is skipped. */
const NONE = 255;
const SPACE = 254;
const PADDING = 253;

/** The value of each ASCII character. */
const VALUES = (() => {
  const values = new Uint8ArrayConstructor(128);
  for (let unit = 0; unit < 128; unit++) {
    values[unit] = NONE;
  }
  for (let value = 0; value < 64; value++) {
    values[StringPrototypeCharCodeAt(ALPHABET, value)] = value;
  }
  // Infra, "ASCII whitespace".
  for (const unit of [0x09, 0x0a, 0x0c, 0x0d, 0x20]) {
    values[unit] = SPACE;
  }
  values[0x3d] = PADDING;
  return values;
})();

/** So many characters are joined at once: one at a time, each would be an object of its own for a while. */
const UNITS_AT_ONCE = 8192;

/** HTML, "btoa": each character is a byte. */
export function btoa(data: unknown): string {
  requireArguments(arguments.length, 1, "Failed to execute 'btoa'");
  const text = `${data as string}`;
  const { length } = text;
  let encoded = '';
  let units = createList<number>();
  for (let index = 0; index < length; index += 3) {
    const left = length - index;
    const first = byteAt(text, index);
    const second = left > 1 ? byteAt(text, index + 1) : 0;
    const third = left > 2 ? byteAt(text, index + 2) : 0;
    const at = units.length;
    units[at] = digit(first >> 2);
    units[at + 1] = digit(((first & 3) << 4) | (second >> 4));
    units[at + 2] = left > 1 ? digit(((second & 15) << 2) | (third >> 6)) : 0x3d;
    units[at + 3] = left > 2 ? digit(third & 63) : 0x3d;
    if (units.length >= UNITS_AT_ONCE) {
      encoded += ReflectApply(StringFromCharCode, undefined, units);
      units = createList();
    }
  }
  return encoded + ReflectApply(StringFromCharCode, undefined, units);
}

function digit(value: number): number {
  return StringPrototypeCharCodeAt(ALPHABET, value);
}

function byteAt(text: string, index: number): number {
  const unit = StringPrototypeCharCodeAt(text, index);
  if (unit > 0xff) {
    throw domException(
      'InvalidCharacterError',
      "Failed to execute 'btoa': The string to be encoded contains characters outside of the Latin1 range.",
    );
  }
  return unit;
}

/** HTML, "atob": Infra's "forgiving-base64 decode"; each byte becomes a character. */
export function atob(data: unknown): string {
  requireArguments(arguments.length, 1, "Failed to execute 'atob'");
  const text = `${data as string}`;
  let decoded = '';
  let units = createList<number>();
  let buffer = 0;
  /** Digits and, after them, padding. */
  let digits = 0;
  let padding = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = StringPrototypeCharCodeAt(text, index);
    const value = unit < 128 ? (VALUES[unit] as number) : NONE;
    if (value === SPACE) {
      continue;
    }
    if (value === PADDING) {
      padding++;
      continue;
    }
    if (value === NONE || padding > 0) {
      throw notBase64();
    }
    buffer = (buffer << 6) | value;
    digits++;
    if (digits % 4 === 0) {
      const at = units.length;
      units[at] = (buffer >> 16) & 0xff;
      units[at + 1] = (buffer >> 8) & 0xff;
      units[at + 2] = buffer & 0xff;
      buffer = 0;
      if (units.length >= UNITS_AT_ONCE) {
        decoded += ReflectApply(StringFromCharCode, undefined, units);
        units = createList();
      }
    }
  }
  // Steps 2 and 3: one or two "=" may end what is a multiple of 4 with them; one digit more than that is none.
  const rest = digits % 4;
  if (rest === 1 || (padding > 0 && (padding > 2 || (digits + padding) % 4 !== 0))) {
    throw notBase64();
  }
  if (rest > 1) {
    units[units.length] = (buffer >> (rest === 2 ? 4 : 10)) & 0xff;
  }
  if (rest === 3) {
    units[units.length] = (buffer >> 2) & 0xff;
  }
  return decoded + ReflectApply(StringFromCharCode, undefined, units);
}

function notBase64(): unknown {
  return domException(
    'InvalidCharacterError',
    "Failed to execute 'atob': The string to be decoded is not correctly encoded.",
  );
}
