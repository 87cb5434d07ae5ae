/**
 * The globals of an assignment client script: a script that the domain runs, without a user.
 *
 * Use it with `"lib": ["es2024"]` and `"types": []`, so that neither the DOM nor Node.js is there. What that library
 * declares and a script has not: `SharedArrayBuffer` and `Atomics`.
 */
/// <reference path="./shared/script.d.ts" />
/// <reference path="./shared/websocket-server.d.ts" />
/// <reference path="./shared/websocket-stream.d.ts" />
/// <reference path="./shared/websocket.d.ts" />

declare var Script: ScriptObject<'agent'>;
