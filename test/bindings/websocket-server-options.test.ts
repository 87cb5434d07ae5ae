import { describe, expect, test } from '@jest/globals';
import type { QuestionOf } from '../../wire/questions.ts';
import { startScript, type Listen } from '../support/isolate.ts';

/** What the host is asked, where the script constructs a server with this argument. */
function askedWith(argument: string): QuestionOf<'listen'> | undefined {
  let asked: QuestionOf<'listen'> | undefined;
  const listen: Listen = (question) => {
    asked = question;
    return { port: 80, url: 'ws://127.0.0.1:80', code: '', error: '' };
  };
  startScript(`new WebSocketServer(${argument})`, { server: true, listen });
  return asked;
}

describe("a server's heartbeat, idleTimeout and perMessageDeflate", () => {
  const DEFAULT = {
    heartbeatInterval: 30_000, heartbeatTimeout: 10_000, idleTimeout: 0,
    deflates: false, contextTakeover: false, threshold: 1024, windowBits: 12,
  };

  test.each<[string, object]>([
    ['', {}],
    ['8080', {}],
    ['{ heartbeat: undefined, idleTimeout: undefined, perMessageDeflate: undefined }', {}],
    ['{ heartbeat: false }', { heartbeatInterval: 0, heartbeatTimeout: 0 }],
    ['{ heartbeat: { interval: 5000, timeout: 2000 } }', { heartbeatInterval: 5000, heartbeatTimeout: 2000 }],
    ['{ heartbeat: { interval: 5000 } }', { heartbeatInterval: 5000, heartbeatTimeout: 5000 }],
    ['{ idleTimeout: 120000 }', { idleTimeout: 120_000 }],
    ['{ idleTimeout: false }', {}],
    ['{ perMessageDeflate: false }', {}],
    ['{ perMessageDeflate: true }', { deflates: true }],
    ['{ perMessageDeflate: {} }', { deflates: true }],
    ['{ perMessageDeflate: { contextTakeover: true, threshold: 0, windowBits: 15 } }', { deflates: true, contextTakeover: true, threshold: 0, windowBits: 15 }],
  ])('(%s)', (argument, expected) => {
    expect(askedWith(argument)).toMatchObject({ ...DEFAULT, ...expected });
  });

  test.each([
    ['{ heartbeat: true }', 'TypeError', 'The option heartbeat must be an object, as { interval: 30000, timeout: 10000 }, not true.'],
    ['{ heartbeat: {} }', 'TypeError', 'The option heartbeat.interval must be a whole number of milliseconds, not undefined.'],
    ['{ heartbeat: { interval: 0 } }', 'RangeError', 'The option heartbeat.interval must be from 1 to 2147483647 milliseconds; 0 is not.'],
    ['{ heartbeat: { interval: 999 } }', 'RangeError', "The option heartbeat.interval must keep to the script's limit heartbeatInterval, which is 1000 milliseconds; 999 is less."],
    ['{ heartbeat: { interval: 1, timout: 1 } }', 'TypeError', 'There is no option heartbeat.timout; there are interval, timeout.'],
    ['{ idleTimeout: 0 }', 'RangeError', 'The option idleTimeout must be from 1 to 2147483647 milliseconds; 0 is not.'],
    ["{ idleTimeout: '1' }", 'TypeError', 'The option idleTimeout must be a whole number of milliseconds, not 1.'],
    ['{ perMessageDeflate: 1 }', 'TypeError', 'The option perMessageDeflate must be true, false or an object, as { threshold: 1024 }, not 1.'],
    ['{ perMessageDeflate: { level: 9 } }', 'TypeError', 'There is no option perMessageDeflate.level; there are contextTakeover, threshold, windowBits.'],
    ['{ perMessageDeflate: { contextTakeover: 1 } }', 'TypeError', 'The option perMessageDeflate.contextTakeover must be true or false, not 1.'],
    ['{ perMessageDeflate: { threshold: -1 } }', 'RangeError', 'The option perMessageDeflate.threshold must be from 0 to 4294967295; -1 is not.'],
    ['{ perMessageDeflate: { windowBits: 8 } }', 'RangeError', 'The option perMessageDeflate.windowBits must be from 9 to 15; 8 is not.'],
    ['{ perMessageDeflate: { windowBits: 9.5 } }', 'TypeError', 'The option perMessageDeflate.windowBits must be a whole number of bits, not 9.5.'],
  ])('(%s) is a %s', (argument, name, message) => {
    expect(startScript('', { server: true }).thrown(`new WebSocketServer(${argument})`))
      .toMatchObject({ name, message: `Failed to construct 'WebSocketServer': ${message}` });
  });
});

describe("a server's methods", () => {
  test.each([
    ['', ['GET', 'HEAD', 'POST']],
    ['{ methods: undefined }', ['GET', 'HEAD', 'POST']],
    ["{ methods: ['PUT'] }", ['PUT']],
    ["{ methods: ['DELETE', 'GET', 'DELETE'] }", ['GET', 'DELETE']],
    ["{ methods: ['OPTIONS', 'DELETE', 'PATCH', 'PUT', 'POST', 'HEAD', 'GET'] }", ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']],
  ])('(%s)', (argument, methods) => {
    expect(askedWith(argument)?.methods).toEqual(methods);
  });

  test.each(["'PUT'", '[]', "['get']", "['CONNECT']", "['TRACE']", "['GET', 'GET /x']", "['GET, PUT']", "['']", "''", '[undefined]', '5', 'null', '{}'])('{ methods: %s } is a TypeError, and opens nothing', (value) => {
    let questions = 0;
    const listen: Listen = () => {
      questions++;
      return { port: 80, url: 'ws://127.0.0.1:80', code: '', error: '' };
    };
    const { message, name } = startScript('', { server: true, listen }).thrown(`new WebSocketServer({ methods: ${value} })`) as Error;
    expect({ name, message }).toEqual({
      name: 'TypeError',
      message: expect.stringMatching(/^Failed to construct 'WebSocketServer': .*\bmethods\b/),
    });
    expect(questions).toBe(0);
  });
});
