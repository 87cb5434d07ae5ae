/**
 * The globals of an interface script: a script of the user's own client.
 *
 * Use it with `"lib": ["es2024"]` and `"types": []`, so that neither the DOM nor Node.js is there. What that library
 * declares and a script has not: `SharedArrayBuffer` and `Atomics`.
 */
/// <reference path="./shared/script.d.ts" />
/// <reference path="./shared/websocket-stream.d.ts" />
/// <reference path="./shared/websocket.d.ts" />

declare var Script: ScriptObject<'client'>;
