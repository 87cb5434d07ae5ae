import { once } from 'node:events';
import { expect } from '@jest/globals';
import type { LimitName, Limits, LogEntry, RunOptions } from '../../host/index.ts';
import { limitLevel, limitWords } from '../../host/policy/limit-words.ts';
import { runServer, startHost, type ObservedHost, type ObservedScript } from './host.ts';
import { openClient, type TestClient } from './sockets.ts';

/** Those that test/e2e/server-limits.test.ts brings about. */
export const LIMITS_OF_SERVERS = [
  'requestsPerTurn',
  'compressedSockets',
  'serverConnections',
  'connectionsPerAddress',
  'pendingConnections',
  'pendingHandshakes',
  'serverHandshakeTimeout',
  'headerBytes',
  'requestBytes',
  'answerBytes',
  'unsentAnswerBytes',
  'holdTimeout',
  'heldBytes',
  'heldConnections',
  'bufferedBytes',
  'attachmentBytes',
  'topicLength',
  'topicsPerSocket',
  'subscriptions',
  'deliveriesPerTurn',
] as const satisfies readonly LimitName[];

/** A script in a cell process of its own, with these limits. */
export async function limited(limits: Partial<Limits>, source: string, options: Partial<RunOptions> = {}): Promise<ObservedScript & { readonly host: ObservedHost }> {
  const host = await startHost('owner');
  const observed = await host.run({ name: 'limited.js', type: 'assignment-client', source, limits, ...options });
  return { ...observed, host };
}

/** A server script with these limits, and a client of it. `serve` is called with the socket of each client. */
export async function served(limits: Partial<Limits>, serve: string): Promise<ObservedScript & { readonly host: ObservedHost; readonly peer: TestClient }> {
  const host = await startHost('owner');
  const source = `
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.newConnection.connect(${serve});
    print('port', server.port);
  `;
  const { port, ...observed } = await runServer(host, source, { name: 'limited.js', limits });
  const peer = openClient(`ws://127.0.0.1:${port}/`);
  await peer.owner.first('opened');
  return { ...observed, host, peer };
}

/** Resolves with the line of the log, from the start on, that fits. */
export async function logged({ host, log }: ObservedHost, fits: (entry: LogEntry) => boolean): Promise<LogEntry> {
  for (;;) {
    const found = log.find(fits);
    if (found !== undefined) {
      return found;
    }
    await once(host, 'log');
  }
}

/** Resolves when the log has told that the script has hit this limit; its statistics tell it in the same words. */
export async function hits(name: LimitName, value: number, { host, script }: Pick<Awaited<ReturnType<typeof limited>>, 'host' | 'script'>): Promise<void> {
  const entry = await logged(host, ({ limit }) => limit === name);
  const message = limitWords(name, value);
  expect(entry).toMatchObject({ level: limitLevel(name), script: 'limited.js', message: expect.stringContaining(message), limit: name });
  expect(script.statistics.limits).toContainEqual({ name, value, message, count: expect.any(Number) });
}
