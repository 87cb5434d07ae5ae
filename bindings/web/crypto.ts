import { randomBytes } from '../cell-services.ts';
import {
  StringPrototypeCharCodeAt,
  TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeGetByteOffset,
  TypedArrayPrototypeGetToStringTag,
  Uint8ArrayConstructor,
} from '../primordials.ts';
import { defineInterface, requireArguments } from './define.ts';
import { domException } from './dom-exception.ts';
import { QuotaExceededError } from './quota-exceeded-error.ts';
import { CONSTRUCT, requireConstruct } from './webidl.ts';

/** Web Cryptography, `getRandomValues`, step 2. */
const MOST_BYTES = 65_536;
const HEX = '0123456789abcdef';

/** Web Cryptography, section 10: the Crypto interface, without `subtle`. The bytes are of the cell's own generator. */
export class Crypto {
  // That only its own instances have its members.
  readonly #brand = true;

  constructor(token: unknown = undefined) {
    requireConstruct(token, 'Crypto');
  }

  getRandomValues(array: unknown): unknown {
    void this.#brand;
    requireArguments(arguments.length, 1, "Failed to execute 'getRandomValues' on 'Crypto'");
    if (!isIntegerArray(array)) {
      throw domException(
        'TypeMismatchError',
        "Failed to execute 'getRandomValues' on 'Crypto': The provided ArrayBufferView is not an integer array type.",
      );
    }
    const length = TypedArrayPrototypeGetByteLength(array);
    if (length > MOST_BYTES) {
      throw new QuotaExceededError(
        `Failed to execute 'getRandomValues' on 'Crypto': The ArrayBufferView's byte length (${length}) exceeds the number of bytes of entropy available via this API (${MOST_BYTES}).`,
        { quota: MOST_BYTES, requested: length },
      );
    }
    if (length > 0) {
      const start = TypedArrayPrototypeGetByteOffset(array);
      const bytes = new Uint8ArrayConstructor(TypedArrayPrototypeGetBuffer(array), start, length);
      const random = randomBytes(length);
      for (let index = 0; index < length; index++) {
        bytes[index] = StringPrototypeCharCodeAt(random, index);
      }
    }
    return array;
  }

  /** RFC 9562, section 5.4: version 4, of 122 random bits. */
  randomUUID(): string {
    void this.#brand;
    const random = randomBytes(16);
    let text = '';
    for (let index = 0; index < 16; index++) {
      let byte = StringPrototypeCharCodeAt(random, index);
      if (index === 6) {
        byte = (byte & 0x0f) | 0x40;
      } else if (index === 8) {
        byte = (byte & 0x3f) | 0x80;
      }
      if (index === 4 || index === 6 || index === 8 || index === 10) {
        text += '-';
      }
      text += (HEX[byte >> 4] as string) + (HEX[byte & 15] as string);
    }
    return text;
  }
}

defineInterface(Crypto, 'Crypto', ['getRandomValues', 'randomUUID']);

export const createCrypto = (): Crypto => new Crypto(CONSTRUCT);

function isIntegerArray(value: unknown): value is Uint8Array {
  switch (typeof value === 'object' && value !== null ? TypedArrayPrototypeGetToStringTag(value) : undefined) {
    case 'Int8Array':
    case 'Uint8Array':
    case 'Uint8ClampedArray':
    case 'Int16Array':
    case 'Uint16Array':
    case 'Int32Array':
    case 'Uint32Array':
    case 'BigInt64Array':
    case 'BigUint64Array':
      return true;
    default:
      return false;
  }
}
