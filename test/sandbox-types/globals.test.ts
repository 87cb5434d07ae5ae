import { describe, expect, test } from '@jest/globals';
import { SCRIPT_TYPES, type ScriptType } from '../../host/index.ts';
import { startHost } from '../support/host.ts';
import { declaredGlobals } from './declared-globals.ts';
import { askScript, guestGlobals } from './guest-globals.ts';
import { checkSource } from './type-check.ts';

const TYPES = Object.keys(SCRIPT_TYPES) as ScriptType[];

describe.each(TYPES)('the types of the globals of %s scripts', (type) => {
  test('declare the globals that such a script finds, and no others', async () => {
    expect(declaredGlobals(type)).toEqual(await guestGlobals(type));
  });

  test('know the context', async () => {
    const context = await askScript<string>(type, 'Script.getContext()');
    expect(context).toBe(SCRIPT_TYPES[type].context);
    const source = `const context: '${context}' = Script.getContext(); context satisfies ReturnType<typeof Script.getContext>;`;
    expect(await checkSource(type, source, { extension: 'ts' })).toBe('');
  });

  test('are right by themselves', async () => {
    expect(await checkSource(type, '')).toBe('');
    expect(await checkSource(type, '', { dialect: 'web' })).toBe('');
  });
});

/** An instance of each kind, as a script has it, and its type. */
const INSTANCES = {
  Event: "new Event('x')",
  EventTarget: 'new EventTarget()',
  MessageEvent: "new MessageEvent('x')",
  CloseEvent: "new CloseEvent('x')",
  ErrorEvent: "new ErrorEvent('x')",
  PromiseRejectionEvent: "new PromiseRejectionEvent('x', { promise: Promise.resolve() })",
  AbortController: 'new AbortController()',
  AbortSignal: 'AbortSignal.abort()',
  URL: "new URL('ws://127.0.0.1:1')",
  URLSearchParams: 'new URLSearchParams()',
  TextEncoder: 'new TextEncoder()',
  TextDecoder: 'new TextDecoder()',
  TextEncoderStream: 'new TextEncoderStream()',
  TextDecoderStream: 'new TextDecoderStream()',
  Performance: 'performance',
  Crypto: 'crypto',
  Blob: 'new Blob()',
  WebSocket: "new WebSocket('ws://127.0.0.1:1')",
  WebSocketStream: "new WebSocketStream('ws://127.0.0.1:1')",
  WebSocketServer: "new WebSocketServer({ host: '127.0.0.1' })",
  ServerWebSocket: 'ServerWebSocket.prototype',
  Signal: 'Script.scriptEnding',
  Console: 'console',
  'typeof Script': 'Script',
};

/** Their instances hold what the package keeps of its own, too. */
const STREAM_CLASSES = [
  'ByteLengthQueuingStrategy',
  'CountQueuingStrategy',
  'ReadableByteStreamController',
  'ReadableStream',
  'ReadableStreamBYOBReader',
  'ReadableStreamBYOBRequest',
  'ReadableStreamDefaultController',
  'ReadableStreamDefaultReader',
  'TransformStream',
  'TransformStreamDefaultController',
  'WritableStream',
  'WritableStreamDefaultController',
  'WritableStreamDefaultWriter',
];

/** The names of an object's members, those of Object left out. */
const MEMBERS = `(object) => {
  const names = new Set();
  for (let each = object; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    Object.getOwnPropertyNames(each).forEach((name) => names.add(name));
  }
  names.delete('constructor');
  return [...names];
}`;

/** A class's constants, tables included, with their values. */
const CONSTANTS = `(constructor) => {
  const constants = {};
  for (let each = constructor; each !== Function.prototype; each = Object.getPrototypeOf(each)) {
    for (const name of Object.getOwnPropertyNames(each)) {
      if (!['length', 'name', 'prototype'].includes(name)) {
        constants[name] = each[name];
      }
    }
  }
  return constants;
}`;

/** TypeScript that does not compile where the type has other members than these. */
function hasExactly(keys: string, names: readonly string[]): string {
  const object = Object.fromEntries(names.map((name) => [name, true]));
  return `(${JSON.stringify(object)}) satisfies Record<${keys}, true>;`;
}

describe('the types of the objects', () => {
  test.each(Object.entries(INSTANCES))('%s has the members that it really has', async (type, instance) => {
    const names = await askScript<string[]>('assignment-client', `(${MEMBERS})(${instance})`);
    const source = hasExactly(`keyof ${type} & string`, names);
    expect(await checkSource('assignment-client', source, { extension: 'ts' })).toBe('');
  });

  test('those of streams have the members that they really have', async () => {
    const names = await askScript<string[][]>(
      'interface',
      `[${STREAM_CLASSES.map((name) => `(${MEMBERS})(${name}.prototype)`).join(', ')}]`,
    );
    const sources = STREAM_CLASSES.map((name, index) => hasExactly(`keyof ${name} & string`, names[index] as string[]));
    expect(await checkSource('interface', sources.join('\n'), { extension: 'ts' })).toBe('');
  });

  test('DOMException has the members that it really has, besides those of Error', async () => {
    const names = await askScript<string[]>('interface', `(${MEMBERS})(new DOMException())`);
    const ofError = ['message', 'name', 'stack', 'toString'];
    expect(names).toEqual(expect.arrayContaining(ofError));
    const own = names.filter((name) => !ofError.includes(name));
    const source = hasExactly('Exclude<keyof DOMException, keyof Error>', own);
    expect(await checkSource('interface', source, { extension: 'ts' })).toBe('');
  });

  test('WebSocketError has the members that it really has, besides those of DOMException', async () => {
    const [names, ofDOMException] = await askScript<[string[], string[]]>(
      'interface',
      `[(${MEMBERS})(new WebSocketError()), (${MEMBERS})(new DOMException())]`,
    );
    const own = names.filter((name) => !ofDOMException.includes(name));
    const source = hasExactly('Exclude<keyof WebSocketError, keyof DOMException>', own);
    expect(await checkSource('interface', source, { extension: 'ts' })).toBe('');
  });

  test.each(['client-entity', 'server-entity'] as const)('EntityScript has the methods that a %s is asked for', async (type) => {
    const host = await startHost();
    const { lines, script } = await host.run({
      type,
      source: `(function () {
        return new Proxy({}, { get(_object, name) { print(name); Script.stop(); } });
      })`,
    });
    await script.ended;
    expect(await checkSource(type, hasExactly('keyof EntityScript', lines), { extension: 'ts' })).toBe('');
  });

  test.each(['Event', 'EventTarget', 'MessageEvent', 'CloseEvent', 'ErrorEvent', 'Blob', 'WebSocket', 'WebSocketServer', 'ServerWebSocket', 'DOMException'])(
    'the constants of %s have the values that they really have',
    async (name) => {
      const constants = await askScript<object>('server-entity', `(${CONSTANTS})(${name})`);
      const keys = `Exclude<keyof typeof ${name}, 'prototype'>`;
      const source = `
        const constants = ${JSON.stringify(constants)} as const;
        constants satisfies Pick<typeof ${name}, ${keys}>;
        ${hasExactly(keys, Object.keys(constants))}
      `;
      expect(await checkSource('server-entity', source, { extension: 'ts' })).toBe('');
    },
  );

  test.each(['SocketError', 'CloseCode'])('WebSocket.%s has the names that it really has', async (table) => {
    const names = await askScript<string[]>('interface', `Object.keys(WebSocket.${table})`);
    const source = hasExactly(`keyof typeof WebSocket.${table}`, names);
    expect(await checkSource('interface', source, { extension: 'ts' })).toBe('');
  });
});

describe('a check by the types', () => {
  test('fails where a member is not there, and where one is missing', async () => {
    const names = await askScript<string[]>('interface', `(${MEMBERS})(new Blob())`);
    const more = hasExactly('keyof Blob', [...names, 'lines']);
    expect(await checkSource('interface', more, { extension: 'ts' })).toContain("'\"lines\"' does not exist");
    const fewer = hasExactly('keyof Blob', names.slice(1));
    expect(await checkSource('interface', fewer, { extension: 'ts' })).toContain(`'${names[0]}' is missing`);
  });
});
