import {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
} from 'web-streams-polyfill';
import {
  ObjectDefineProperty,
  ObjectGetOwnPropertyDescriptor,
  ObjectGetPrototypeOf,
  ObjectKeys,
  ObjectSetPrototypeOf,
  ReflectApply,
  SymbolToStringTag,
} from '../primordials.ts';
import { defineInterface } from './define.ts';

/**
 * The Streams Standard, of the package web-streams-polyfill, which is made from the standard's own reference
 * implementation. It takes some built-ins when they are used: a script that patches those breaks its own streams. So
 * nothing that the bindings need for themselves may go through a stream.
 */
export const streamGlobals = {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
} as const;

for (const name of ObjectKeys(streamGlobals) as (keyof typeof streamGlobals)[]) {
  defineInterface(streamGlobals[name], name, []);
}

/** %AsyncIteratorPrototype%, which all asynchronous iterators of the language inherit from. */
const AsyncIteratorPrototype = ObjectGetPrototypeOf(
  ObjectGetPrototypeOf(ObjectGetPrototypeOf((async function* () {})())),
) as object;

// Web IDL, 3.7.10.2. Those of the package inherit from nothing, and have what they would inherit themselves.
const iteratorPrototype = ObjectGetPrototypeOf(new ReadableStream().values()) as { [Symbol.asyncIterator]?: unknown };
delete iteratorPrototype[Symbol.asyncIterator];
ObjectSetPrototypeOf(iteratorPrototype, AsyncIteratorPrototype);
ObjectDefineProperty(iteratorPrototype, SymbolToStringTag, { value: 'ReadableStream AsyncIterator', configurable: true });

// The standard has put `signal` in its place.
delete (WritableStreamDefaultController.prototype as { abortReason?: unknown }).abortReason;

const { close: closeReadable, enqueue, error: errorReadable } = ReadableStreamDefaultController.prototype;
const { error: errorWritable } = WritableStreamDefaultController.prototype;
const getSignal = ObjectGetOwnPropertyDescriptor(WritableStreamDefaultController.prototype, 'signal')?.get as () => unknown;

/** What a source does with its stream, whatever a script has made of the controllers' prototype. */
export const readableControl = {
  enqueue(controller: ReadableController, chunk: unknown): void {
    ReflectApply(enqueue, controller, [chunk]);
  },
  close(controller: ReadableController): void {
    ReflectApply(closeReadable, controller, []);
  },
  error(controller: ReadableController, reason: unknown): void {
    ReflectApply(errorReadable, controller, [reason]);
  },
} as const;

/** The same for a sink. */
export const writableControl = {
  error(controller: WritableController, reason: unknown): void {
    ReflectApply(errorWritable, controller, [reason]);
  },
  signal: (controller: WritableController): unknown => ReflectApply(getSignal, controller, []),
} as const;

export { ReadableStream, TransformStream, WritableStream };
export type ReadableController = ReadableStreamDefaultController<unknown>;
export type WritableController = WritableStreamDefaultController;
