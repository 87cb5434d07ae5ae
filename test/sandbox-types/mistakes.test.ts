import { describe, expect, test } from '@jest/globals';
import { SCRIPT_TYPES, type ScriptType } from '../../host/index.ts';
import { checkSource } from './type-check.ts';

describe('what does not agree with the types', () => {
  const client = "const socket = new WebSocket('ws://127.0.0.1:8080');";
  const server = 'const server = new WebSocketServer();';

  const mistakes: readonly [string, ScriptType, string, string][] = [
    ['a server in an interface script', 'interface', server, "Cannot find name 'WebSocketServer'"],
    ['a server in an avatar script', 'avatar', server, "Cannot find name 'WebSocketServer'"],
    ['a server in a client entity script', 'client-entity', server, "Cannot find name 'WebSocketServer'"],
    ['send() without a message', 'interface', `${client} socket.send();`, 'Expected 1 arguments'],
    ['an object to send()', 'interface', `${client} socket.send({ hello: 1 });`, "'hello' does not exist"],
    ['a number to send()', 'interface', `${client} socket.send(1);`, 'is not assignable to parameter'],
    ['a close code in words', 'interface', `${client} socket.close('bye');`, 'is not assignable to parameter'],
    ['a close reason without a code', 'interface', `${client} socket.close({ reason: 'bye' });`, 'is not assignable'],
    ['a third argument to close()', 'interface', `${client} socket.close(1000, 'bye', true);`, 'Expected 0-2 arguments'],
    ['a socket without an address', 'interface', 'new WebSocket();', 'Expected 1-2 arguments'],
    ['an option that is not one', 'interface', "new WebSocket('ws://a/', { header: {} });", "'header' does not exist"],
    ['a wrong value of an option', 'interface', "new WebSocket('ws://a/', { heartbeat: 5 });", "'number' is not assignable"],
    ['a wrong binaryType', 'interface', `${client} socket.binaryType = 'nodebuffer';`, 'is not assignable to type'],
    ['writing to readyState', 'interface', `${client} socket.readyState = 3;`, 'read-only property'],
    ['a misspelled event', 'interface', `${client} socket.onmesage = () => {};`, "Did you mean 'onmessage'"],
    ['a message taken for text unseen', 'interface', `${client} socket.onmessage = ({ data }) => JSON.parse(data);`, 'is not assignable'],
    ["another event's property, in a listener", 'interface', `${client} socket.addEventListener('message', ({ code }) => print(code));`, "'code' does not exist"],
    ["a message's property, in a listener that is removed", 'interface', `${client} socket.removeEventListener('close', (event) => print(event.data));`, "'data' does not exist"],
    ['a property that a connection event has not', 'server-entity', `${server} server.addEventListener('connection', ({ client }) => print(client));`, "'client' does not exist"],
    ['a Node event on a server', 'server-entity', `${server} server.on('connection', () => {});`, "'on' does not exist"],
    ['a port as text', 'assignment-client', "new WebSocketServer({ port: '80' });", "'string' is not assignable to type 'number'"],
    ['an unknown server option', 'assignment-client', 'new WebSocketServer({ paths: "/" });', "'paths' does not exist"],
    ['a signal that is set', 'assignment-client', `${server} server.newConnection = () => {};`, 'read-only property'],
    ['a timer of text', 'interface', "setTimeout('print(1)', 10);", 'is not assignable to parameter'],
    ['the context of another type', 'interface', "Script.getContext() === 'agent';", 'no overlap'],
    ['changing the arguments', 'interface', "Script.args.push('x');", "'push' does not exist"],
    ['a wrong preload', 'client-entity', '(/** @this {EntityScript} */ function () { this.preload = 1; });', 'is not assignable'],
    ['waiting at the top level', 'interface', 'await Promise.resolve();', "Top-level 'await'"],
    ['the DOM', 'interface', 'window.alert(1);', "Cannot find name 'window'"],
    ['Node.js', 'interface', 'process.exit();', "Cannot find name 'process'"],
  ];

  test.each(mistakes)('%s', async (_mistake, type, source, message) => {
    expect(await checkSource(type, source)).toContain(message);
  });
});

describe('the dialects', () => {
  const connect = "const socket = new WebSocket('ws://127.0.0.1:8080');";
  const handlers = {
    overte: `${connect} socket.onerror = (error, event) => print(error === WebSocket.SocketError.NetworkError, event.message);`,
    web: `${connect} socket.onerror = (event) => print(event.error === WebSocket.SocketError.NetworkError, event.message);`,
  };

  test.each([
    ['overte', 'web'],
    ['web', 'overte'],
  ] as const)('an onerror of %s agrees with its types, and not with those of %s', async (dialect, other) => {
    for (const type of Object.keys(SCRIPT_TYPES) as ScriptType[]) {
      expect(await checkSource(type, handlers[dialect], { dialect })).toBe('');
      expect(await checkSource(type, handlers[dialect], { dialect: other })).not.toBe('');
    }
  });

  test('make no difference to a listener', async () => {
    const source = `${connect} socket.addEventListener('error', ({ error, message }) => print(error + 1, message.length));`;
    expect(await checkSource('interface', source, { dialect: 'overte' })).toBe('');
    expect(await checkSource('interface', source, { dialect: 'web' })).toBe('');
  });
});
