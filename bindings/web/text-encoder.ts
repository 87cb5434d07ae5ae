import {
  StringPrototypeCharCodeAt,
  StringPrototypeSlice,
  TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteOffset,
  TypedArrayPrototypeGetLength,
  TypedArrayPrototypeGetToStringTag,
  TypedArrayPrototypeSet,
  TypeErrorConstructor,
  Uint8ArrayConstructor,
} from '../primordials.ts';
import { defineInterface, defineOwn, requireArguments } from './define.ts';
import { utf8Encode } from './utf8.ts';

/** Encoding Standard, section 8.3. It has no state; the field lets only its own instances have its members. */
export class TextEncoder {
  readonly #encoding = 'utf-8';

  get encoding(): string {
    return this.#encoding;
  }

  encode(input: unknown = ''): Uint8Array {
    void this.#encoding;
    return utf8Encode(`${input as string}`);
  }

  encodeInto(source: unknown, destination: unknown): object {
    void this.#encoding;
    requireArguments(arguments.length, 2, "Failed to execute 'encodeInto' on 'TextEncoder'");
    const text = `${source as string}`;
    if (!isUint8Array(destination)) {
      throw new TypeErrorConstructor(
        "Failed to execute 'encodeInto' on 'TextEncoder': parameter 2 is not of type 'Uint8Array'.",
      );
    }
    const { read, written } = encodeInto(text, destination);
    const result = {};
    defineOwn(result, 'read', read);
    defineOwn(result, 'written', written);
    return result;
  }
}

defineInterface(TextEncoder, 'TextEncoder', ['encoding', 'encode', 'encodeInto']);

function isUint8Array(value: unknown): value is Uint8Array {
  return typeof value === 'object' && value !== null && TypedArrayPrototypeGetToStringTag(value) === 'Uint8Array';
}

/** As many whole characters as there is room for. */
function encodeInto(text: string, destination: Uint8Array): { read: number; written: number } {
  const room = TypedArrayPrototypeGetLength(destination);
  let read = 0;
  let written = 0;
  while (read < text.length) {
    const unit = StringPrototypeCharCodeAt(text, read);
    let units = 1;
    let bytes = unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    if (unit >= 0xd800 && unit < 0xdc00 && read + 1 < text.length) {
      const next = StringPrototypeCharCodeAt(text, read + 1);
      if (next >= 0xdc00 && next < 0xe000) {
        units = 2;
        bytes = 4;
      }
    }
    if (written + bytes > room) {
      break;
    }
    read += units;
    written += bytes;
  }
  if (written > 0) {
    const start = TypedArrayPrototypeGetByteOffset(destination);
    const target = new Uint8ArrayConstructor(TypedArrayPrototypeGetBuffer(destination), start, written);
    TypedArrayPrototypeSet(target, utf8Encode(StringPrototypeSlice(text, 0, read)));
  }
  return { read, written };
}
