import { ObjectDefineProperty, ObjectKeys } from '../primordials.ts';
import { AbortController, AbortSignal } from './abort-signal.ts';
import { atob, btoa } from './base64.ts';
import { Blob } from './blob.ts';
import { Crypto, createCrypto } from './crypto.ts';
import { DOMException } from './dom-exception.ts';
import { ErrorEvent } from './error-event.ts';
import { queueMicrotask } from './microtask.ts';
import { Performance, createPerformance } from './performance.ts';
import { QuotaExceededError } from './quota-exceeded-error.ts';
import { streamGlobals } from './streams.ts';
import { structuredClone } from './structured-clone.ts';
import { TextDecoder } from './text-decoder.ts';
import { TextEncoder } from './text-encoder.ts';
import { TextDecoderStream, TextEncoderStream } from './text-streams.ts';
import { URL } from './url.ts';
import { URLSearchParams } from './url-search-params.ts';

// The bundler may have given them other names, as it does to what is named like a global.
const functions: Readonly<Record<string, unknown>> = { atob, btoa, queueMicrotask, structuredClone };
const names = ObjectKeys(functions);
for (let index = 0; index < names.length; index++) {
  const name = names[index] as string;
  ObjectDefineProperty(functions[name] as object, 'name', { value: name, configurable: true });
}

/** The globals of the web platform around the WebSocket. Each isolate has its own, from the snapshot. */
export const webGlobals: Readonly<Record<string, unknown>> = {
  AbortController,
  AbortSignal,
  Blob,
  Crypto,
  DOMException,
  ErrorEvent,
  Performance,
  QuotaExceededError,
  TextDecoder,
  TextDecoderStream,
  TextEncoder,
  TextEncoderStream,
  URL,
  URLSearchParams,
  crypto: createCrypto(),
  performance: createPerformance(),
  ...functions,
  ...streamGlobals,
};
