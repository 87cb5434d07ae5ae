import {
  ReflectApply,
  StringFromCharCode,
  StringPrototypeCharCodeAt,
  TypedArrayPrototypeGetLength,
  Uint8ArrayConstructor,
  createList,
} from '../primordials.ts';

/** So many UTF-16 units are made a string at once: one at a time, each would be an object of its own for a while. */
const UNITS_AT_ONCE = 4096;

/** U+FFFD, which stands for what is not well-formed. */
const REPLACEMENT = 0xfffd;

/** The number of bytes of a string in UTF-8. A lone surrogate counts as U+FFFD, which replaces it. */
export function utf8Length(text: string): number {
  const { length } = text;
  let bytes = length;
  for (let index = 0; index < length; index++) {
    const unit = StringPrototypeCharCodeAt(text, index);
    if (unit >= 0x80) {
      bytes += unit < 0x800 ? 1 : 2;
      if (unit >= 0xd800 && unit < 0xdc00 && index + 1 < length) {
        const next = StringPrototypeCharCodeAt(text, index + 1);
        if (next >= 0xdc00 && next < 0xe000) {
          // Two units, four bytes together.
          index++;
        }
      }
    }
  }
  return bytes;
}

/** Encoding Standard, "UTF-8 encode". */
export function utf8Encode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8ArrayConstructor(utf8Length(text));
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    let point = StringPrototypeCharCodeAt(text, index);
    if (point >= 0xd800 && point < 0xe000) {
      const next = index + 1 < text.length ? StringPrototypeCharCodeAt(text, index + 1) : 0;
      if (point < 0xdc00 && next >= 0xdc00 && next < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (next - 0xdc00);
        index++;
      } else {
        point = REPLACEMENT;
      }
    }
    if (point < 0x80) {
      bytes[at++] = point;
    } else if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      bytes[at++] = 0xe0 | (point >> 12);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else {
      bytes[at++] = 0xf0 | (point >> 18);
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    }
  }
  return bytes;
}

/** Encoding Standard, "UTF-8 decode": a byte order mark is left out, each maximal wrong part becomes U+FFFD. */
export function utf8Decode(bytes: Uint8Array): string {
  return decodeFrom(bytes, bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
}

/** Encoding Standard, "UTF-8 decode without BOM": a byte order mark is a character like others. */
export function utf8DecodeWithoutBOM(bytes: Uint8Array): string {
  return decodeFrom(bytes, 0);
}

function decodeFrom(bytes: Uint8Array, start: number): string {
  const length = TypedArrayPrototypeGetLength(bytes);
  let text = '';
  let units = createList<number>();
  let index = start;
  while (index < length) {
    if (units.length >= UNITS_AT_ONCE) {
      text += ReflectApply(StringFromCharCode, undefined, units);
      units = createList();
    }
    const first = bytes[index++] as number;
    if (first < 0x80) {
      units[units.length] = first;
      continue;
    }
    // "UTF-8 decoder": how many bytes follow, and the bounds of the next one.
    let needed = 0;
    let lower = 0x80;
    let upper = 0xbf;
    let point = 0;
    if (first >= 0xc2 && first <= 0xdf) {
      needed = 1;
      point = first & 0x1f;
    } else if (first >= 0xe0 && first <= 0xef) {
      needed = 2;
      point = first & 0xf;
      lower = first === 0xe0 ? 0xa0 : 0x80;
      upper = first === 0xed ? 0x9f : 0xbf;
    } else if (first >= 0xf0 && first <= 0xf4) {
      needed = 3;
      point = first & 0x7;
      lower = first === 0xf0 ? 0x90 : 0x80;
      upper = first === 0xf4 ? 0x8f : 0xbf;
    } else {
      units[units.length] = REPLACEMENT;
      continue;
    }
    while (needed > 0) {
      const next = bytes[index];
      if (next === undefined || next < lower || next > upper) {
        break;
      }
      lower = 0x80;
      upper = 0xbf;
      point = (point << 6) | (next & 0x3f);
      index++;
      needed--;
    }
    if (needed > 0) {
      units[units.length] = REPLACEMENT;
    } else if (point >= 0x10000) {
      const offset = point - 0x10000;
      units[units.length] = 0xd800 + (offset >> 10);
      units[units.length] = 0xdc00 + (offset & 0x3ff);
    } else {
      units[units.length] = point;
    }
  }
  return text + ReflectApply(StringFromCharCode, undefined, units);
}
