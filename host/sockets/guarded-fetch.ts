import type { Socket } from 'node:net';
import { isBlockedPort } from '../../wire/blocked-ports.ts';
import { AirlockError } from '../errors.ts';
import type { Warn } from '../observe/log.ts';
import type { AddressGuard } from '../policy/address-guard.ts';
import { targetOf, type Target } from '../policy/host-rules.ts';
import { ClientStream, type Network } from './client-stream.ts';
import { failureReason } from './socket-errors.ts';

export interface FetchOptions {
  /** Asked anew for each host that a redirect leads to. */
  readonly guard: (target: Target) => AddressGuard;
  readonly network: Network;
  readonly warn: Warn;
  readonly signal: AbortSignal;
  /** The most bytes of the answer. */
  readonly largest: number;
  readonly onTooLarge: () => void;
}

export interface Fetched {
  readonly body: Uint8Array;
  /** Where it came from in the end. */
  readonly url: URL;
}

/** As many as lead somewhere for good reasons; browsers follow 20. */
const MOST_REDIRECTS = 5;

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/**
 * Gets what an http: or https: address has, by the ways that WebSockets take: with the same guard, proxies and TLS. Every
 * redirect is checked as the first address is. Throws an AirlockError whose message a script may read.
 */
export async function fetchGuarded(first: URL, options: FetchOptions): Promise<Fetched> {
  let url = first;
  for (let redirects = 0; ; redirects++) {
    const { body, location } = await fetchOnce(url, options);
    if (body !== undefined) {
      return { body, url };
    }
    const next = URL.parse(location, url);
    if (next === null || !/^https?:$/.test(next.protocol) || redirects === MOST_REDIRECTS) {
      throw notLoaded(url, next === null || redirects < MOST_REDIRECTS ? 'it is redirected to what is no address of a module' : `it is redirected more than ${MOST_REDIRECTS} times`);
    }
    url = next;
  }
}

type Answer = { readonly body: Uint8Array; readonly location?: never } | { readonly body?: never; readonly location: string };

async function fetchOnce(url: URL, { guard: guardOf, largest, network, onTooLarge, signal, warn }: FetchOptions): Promise<Answer> {
  const target = targetOf(url);
  const guard = guardOf(target);
  guard.check();
  if (isBlockedPort(target.port)) {
    throw new AirlockError('ERR_AIRLOCK_PORT_BLOCKED', `port ${target.port} belongs to another protocol and is blocked, as in browsers`);
  }
  const done = Promise.withResolvers<void>();
  const stream = new ClientStream({ ...network, ...target, guard, warn, done: done.promise, signal });
  let socket: Socket | undefined;
  try {
    socket = await stream.open();
    // Loaded where it is needed: most hosts fetch no module.
    const { Client } = await import('undici');
    const opened = socket;
    const client = new Client(url.origin, { connect: (_options, callback) => queueMicrotask(() => callback(null, opened)) });
    try {
      const { body, headers, statusCode } = await client.request({ method: 'GET', path: `${url.pathname}${url.search}`, signal });
      if (REDIRECTS.includes(statusCode) && typeof headers.location === 'string') {
        // What else it says is of no interest.
        body.on('error', () => {}).destroy();
        return { location: headers.location };
      }
      if (statusCode !== 200) {
        body.on('error', () => {}).destroy();
        throw notLoaded(url, `the server answered with the HTTP status ${statusCode}`);
      }
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        size += chunk.length;
        if (size > largest) {
          onTooLarge();
          throw notLoaded(url, `it has ${size} bytes or more; the limit moduleBytes is ${largest}`);
        }
        chunks.push(chunk);
      }
      return { body: Buffer.concat(chunks) };
    } finally {
      void client.destroy();
    }
  } catch (error) {
    if (error instanceof AirlockError) {
      throw error;
    }
    throw notLoaded(url, signal.aborted ? 'it took too long' : failureReason(error), error);
  } finally {
    done.resolve();
    socket?.destroy();
  }
}

function notLoaded(url: URL, reason: string, cause?: unknown): AirlockError {
  return new AirlockError('ERR_AIRLOCK_MODULE_NOT_LOADED', `${url.href} could not be loaded: ${reason}`, { cause });
}
