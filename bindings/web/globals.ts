import { AbortController, AbortSignal } from './abort-signal.ts';
import { atob, btoa } from './base64.ts';
import { Blob } from './blob.ts';
import { Crypto, createCrypto } from './crypto.ts';
import { DOMException } from './dom-exception.ts';
import { ErrorEvent } from './error-event.ts';
import { queueMicrotask } from './microtask.ts';
import { Performance, createPerformance } from './performance.ts';
import { streamGlobals } from './streams.ts';
import { structuredClone } from './structured-clone.ts';
import { TextDecoder } from './text-decoder.ts';
import { TextEncoder } from './text-encoder.ts';
import { TextDecoderStream, TextEncoderStream } from './text-streams.ts';
import { URL } from './url.ts';
import { URLSearchParams } from './url-search-params.ts';

/** The globals of the web platform around the WebSocket. Fresh objects for each script, classes from the snapshot. */
export function webGlobals(): Record<string, unknown> {
  return {
    AbortController,
    AbortSignal,
    Blob,
    Crypto,
    DOMException,
    ErrorEvent,
    Performance,
    TextDecoder,
    TextDecoderStream,
    TextEncoder,
    TextEncoderStream,
    URL,
    URLSearchParams,
    atob,
    btoa,
    crypto: createCrypto(),
    performance: createPerformance(),
    queueMicrotask,
    structuredClone,
    ...streamGlobals,
  };
}
