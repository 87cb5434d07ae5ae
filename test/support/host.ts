import { once } from 'node:events';
import { afterEach } from '@jest/globals';
import { ScriptHost, type Isolation, type HostOptions, type LogEntry, type RunOptions, type Script, type ScriptError } from '../../host/index.ts';

/** Everything on loopback, which is all that tests may talk to. */
export const LOOPBACK = { connect: ['127.0.0.1', 'localhost'], listen: ['127.0.0.1', '0', 'localhost'] } as const;

/** A script with what it said so far, and ways to wait for more. */
export interface ObservedScript {
  readonly script: Script;
  readonly lines: string[];
  readonly errors: ScriptError[];
  /** Resolves with the first line, from the start on, that matches. Rejects where the script ends without it. */
  line(pattern: RegExp | string): Promise<string>;
}

export interface ObservedHost {
  readonly host: ScriptHost;
  readonly log: LogEntry[];
  run(options: RunOptions): Promise<ObservedScript>;
}

const running = new Set<ScriptHost>();

/** Starts a host that is stopped after the test. */
export async function startHost(isolation: Isolation = 'in-process', options: HostOptions = {}): Promise<ObservedHost> {
  const host = await ScriptHost.start({ isolation, ...options });
  running.add(host);
  const log: LogEntry[] = [];
  host.on('log', (entry) => log.push(entry));
  return { host, log, run: async (options) => observe(await host.run({ permissions: LOOPBACK, ...options })) };
}

export function observe(script: Script): ObservedScript {
  const lines: string[] = [];
  const errors: ScriptError[] = [];
  script.on('print', ({ text }) => lines.push(text));
  script.on('error', (error) => errors.push(error));
  const line = async (pattern: RegExp | string): Promise<string> => {
    const matches = (text: string): boolean => (typeof pattern === 'string' ? text === pattern : pattern.test(text));
    for (;;) {
      const found = lines.find(matches);
      if (found !== undefined) {
        return found;
      }
      const ended = await Promise.race([
        once(script, 'print').then(() => false),
        script.ended.then(() => true),
      ]);
      if (ended && !lines.some(matches)) {
        throw new Error(
          `${script.name} ended without a line that matches ${pattern}; it printed ${JSON.stringify(lines)}, ` +
            `and failed with ${JSON.stringify(errors.map(({ stack }) => stack))}`,
        );
      }
    }
  };
  return { script, lines, errors, line };
}

afterEach(async () => {
  await Promise.all([...running].map((host) => host.stop()));
  running.clear();
});

/** A server script that prints its port and sends back what it gets. */
export const ECHO_SERVER = `
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.newConnection.connect((socket) => {
    socket.onmessage = (event) => socket.send(event.data);
    socket.onclose = (event) => print('closed', event.code, event.reason, event.wasClean);
  });
  print('port', server.port);
`;

/** Runs a server script that prints `port N`, and gives the port. */
export async function runServer(
  host: ObservedHost,
  source = ECHO_SERVER,
  options: Omit<RunOptions, 'source'> = {},
): Promise<ObservedScript & { readonly port: number }> {
  const server = await host.run({ name: 'server.js', type: 'assignment-client', source, ...options });
  const port = Number((await server.line(/^port \d+$/)).slice('port '.length));
  return { ...server, port };
}
