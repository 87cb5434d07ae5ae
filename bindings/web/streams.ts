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
import { ObjectKeys } from '../primordials.ts';
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

// The standard has put `signal` in its place.
delete (WritableStreamDefaultController.prototype as { abortReason?: unknown }).abortReason;

export { ReadableStream, TransformStream, WritableStream };
