/** The globals of the web platform that the bundled packages use. The bundler puts these in their place (`tools/build.mjs`). */
export { AbortController } from './abort-signal.ts';
export { DOMException } from './dom-exception.ts';
export { queueMicrotask } from './microtask.ts';
