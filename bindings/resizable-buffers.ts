import { refused } from './bridge.ts';
import {
  ArrayBufferConstructor,
  ArrayBufferPrototype,
  ArrayBufferPrototypeGetDetached,
  ArrayBufferPrototypeGetMaxByteLength,
  ArrayBufferPrototypeGetResizable,
  ArrayBufferPrototypeTransfer,
  MathMax,
  ObjectCreate,
  ObjectDefineProperty,
  ProxyConstructor,
  RangeErrorConstructor,
  ReflectConstruct,
  WeakRefConstructor,
  WeakRefPrototypeDeref,
  createList,
} from './primordials.ts';

/**
 * V8 takes the memory of a resizable ArrayBuffer from the system and not from the isolate's allocator, so that the memory
 * limit does not see it. What a script has of them is counted here, by the size that each may grow to.
 */

/** The most bytes of resizable buffers at one time; none are made before `limitResizableBuffers`. */
let mostBytes = 0;
/** What the smallest one takes: memory is had by the page. */
const PAGE = 4096;

let buffers = createList<WeakRef<ArrayBuffer>>();
/** What they may take, those that are gone since it was last looked included. */
let bytes = 0;
/** What those take that are being made, in which code of the script may run. */
let reserved = 0;

/** Makes a buffer that counts. Throws the RangeError that the language has for it where there are too many. */
export function createResizableBuffer(
  length: number,
  maxByteLength: number,
  newTarget: NewableFunction = ArrayBufferConstructor,
): ArrayBuffer {
  const size = MathMax(PAGE, maxByteLength);
  if (bytes + reserved + size > mostBytes) {
    countAgain();
  }
  if (bytes + reserved + size > mostBytes) {
    refused('resizableMemory');
    throw new RangeErrorConstructor('Array buffer allocation failed');
  }
  const options = ObjectCreate(null) as { maxByteLength: number };
  options.maxByteLength = maxByteLength;
  reserved += size;
  try {
    return counted(ReflectConstruct(ArrayBufferConstructor, [length, options], newTarget) as ArrayBuffer);
  } finally {
    reserved -= size;
  }
}

/** `ArrayBuffer.prototype.transfer`. The new buffer counts in place of the detached one. */
export function transferBuffer(buffer: ArrayBuffer, newLength: unknown = undefined): ArrayBuffer {
  return counted(ArrayBufferPrototypeTransfer(buffer, newLength));
}

function counted(buffer: ArrayBuffer): ArrayBuffer {
  if (ArrayBufferPrototypeGetResizable(buffer)) {
    buffers[buffers.length] = new WeakRefConstructor(buffer);
    bytes += sizeOf(buffer);
  }
  return buffer;
}

function countAgain(): void {
  const living = createList<WeakRef<ArrayBuffer>>();
  let sum = 0;
  for (let index = 0; index < buffers.length; index++) {
    const reference = buffers[index] as WeakRef<ArrayBuffer>;
    const buffer = WeakRefPrototypeDeref(reference);
    if (buffer !== undefined && !ArrayBufferPrototypeGetDetached(buffer)) {
      living[living.length] = reference;
      sum += sizeOf(buffer);
    }
  }
  buffers = living;
  bytes = sum;
}

function sizeOf(buffer: ArrayBuffer): number {
  return MathMax(PAGE, ArrayBufferPrototypeGetMaxByteLength(buffer));
}

/** Puts a constructor in the place of ArrayBuffer that differs in nothing but this. `most`: in bytes. */
export function limitResizableBuffers(most: number): void {
  mostBytes = most;
  const handler = ObjectCreate(null) as ProxyHandler<ArrayBufferConstructor>;
  // ECMAScript, `ArrayBuffer ( length [ , options ] )`: the length is converted first.
  handler.construct = (_target, args: readonly unknown[], newTarget) => {
    const size = +(args[0] as number);
    const options = args[1];
    const isObject = (typeof options === 'object' && options !== null) || typeof options === 'function';
    const most = isObject ? (options as { maxByteLength?: unknown }).maxByteLength : undefined;
    return most === undefined
      ? (ReflectConstruct(ArrayBufferConstructor, [size], newTarget) as ArrayBuffer)
      : createResizableBuffer(size, +(most as number), newTarget);
  };
  const constructor = new ProxyConstructor(ArrayBufferConstructor, handler);
  ObjectDefineProperty(globalThis, 'ArrayBuffer', { value: constructor, writable: true, enumerable: false, configurable: true });
  ObjectDefineProperty(ArrayBufferPrototype, 'constructor', { value: constructor });
  const { transfer } = {
    transfer(this: ArrayBuffer): ArrayBuffer {
      return transferBuffer(this, arguments[0]);
    },
  };
  ObjectDefineProperty(ArrayBufferPrototype, 'transfer', { value: transfer });
}
