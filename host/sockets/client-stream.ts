import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { Warn } from '../observe/log.ts';
import { hostPort, type AddressGuard, type Resolve } from '../policy/address-guard.ts';
import { isLocalhostName } from '../policy/addresses.ts';
import type { Proxy, ProxySettings } from '../policy/proxy-options.ts';
import { untilAborted, type AddressQueue } from './address-queue.ts';
import { SocketFault } from './socket-errors.ts';
import type { TlsSettings } from './tls-settings.ts';

/** How a script's connections get out: its ways, and its line before each address. */
export interface Network {
  readonly proxies: ProxySettings;
  readonly tls: TlsSettings;
  readonly queue: AddressQueue;
  /** Who resolves names. Default: the system. */
  readonly resolve?: Resolve | undefined;
}

export interface StreamOptions extends Network {
  readonly secure: boolean;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** One that has let the host pass. */
  readonly guard: AddressGuard;
  /** How long it waits before it takes the first step, in milliseconds. */
  readonly delay?: number;
  /** A line for the operator. */
  readonly warn: Warn;
  /** Resolves when the handshake is done, or has failed. */
  readonly done: Promise<void>;
  readonly signal: AbortSignal;
}

type Step = 'delay' | 'name' | 'turn' | 'tcp' | 'proxy' | 'tls' | 'answer';

/** The way to a server up to where the WebSocket handshake goes over it: name, turn, TCP or a proxy's tunnel, TLS. */
export class ClientStream {
  readonly #options: StreamOptions;
  #step: Step = 'delay';
  /** What is destroyed where the connection fails before it has its socket. */
  #socket: Socket | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#socket?.destroy(), { once: true });
  }

  /** What a time limit has run out on. */
  timeout(): SocketFault {
    switch (this.#step) {
      case 'turn':
        return new SocketFault(
          'SocketTimeoutError',
          'the connection timed out while an earlier one to the same address was still being opened',
        );
      case 'proxy':
        return new SocketFault('ProxyConnectionTimeoutError', 'the proxy did not answer in time');
      case 'tls':
        return new SocketFault('SocketTimeoutError', 'the TLS handshake timed out');
      case 'answer':
        return new SocketFault('SocketTimeoutError', 'the server did not answer the handshake in time');
      case 'delay':
        return new SocketFault('SocketTimeoutError', 'the connection timed out while it waited for its turn to be opened');
      case 'name':
      case 'tcp':
        return new SocketFault('SocketTimeoutError', 'the connection timed out');
    }
  }

  async open(): Promise<Socket> {
    const { delay = 0, done, host, port, proxies, queue, secure, signal, tls, warn } = this.#options;
    if (delay > 0) {
      await untilAborted(setTimeout(delay, undefined, { signal, ref: false }), signal);
    }
    this.#step = 'name';
    const proxy = proxies.proxyFor(secure, host, port);
    const addresses = await untilAborted(this.#resolve(proxy), signal);
    this.#step = 'turn';
    // RFC 6455, 4.1, step 2: a name that only the proxy resolves is taken for a remote host of its own.
    const line = addresses?.map(({ address }) => address) ?? [host];
    await queue.turn(line.map((address) => `${address} ${port}`), done, signal);
    this.#step = proxy === undefined ? 'tcp' : 'proxy';
    // Files are read before there is a socket, whose failure nobody would notice meanwhile.
    const options = secure ? await tls.connectionOptions(host, port, warn) : undefined;
    let socket = proxy === undefined ? await this.#connect(host, port, addresses) : await this.#tunnel(proxy, line[0] as string);
    if (options !== undefined) {
      this.#step = 'tls';
      socket = await this.#established(connectTls({ ...options, socket }), 'secureConnect');
    }
    this.#step = 'answer';
    return socket;
  }

  /** The addresses that are permitted; undefined where it is left to the proxy. */
  async #resolve(proxy: Proxy | undefined): Promise<readonly LookupAddress[] | undefined> {
    const { guard, host, warn } = this.#options;
    if (isIP(host) !== 0) {
      return guard.resolve();
    }
    // RFC 6761, 6.3: what `localhost` is, nobody else is asked. Permitted by name, it is the proxy's own.
    const local = isLocalhostName(host);
    if (proxy !== undefined && (guard.verdict === 'any' || (proxy.resolve === 'proxy' && !local))) {
      return undefined;
    }
    // The system resolves few names at a time, for all scripts together: no script takes more than one place.
    const { promise: resolved, resolve: leave } = Promise.withResolvers<void>();
    const { queue, signal } = this.#options;
    await queue.turn(['a name'], resolved, signal).catch((error: unknown) => {
      leave();
      throw error;
    });
    try {
      return await guard.resolve();
    } catch (error) {
      if (proxy !== undefined && (error as NodeJS.ErrnoException).syscall === 'getaddrinfo') {
        warn(`${host} could not be resolved here, and so not be checked; where only the proxy can, see --proxy-resolve`);
      }
      throw error;
    } finally {
      leave();
    }
  }

  async #connect(host: string, port: number, addresses: readonly LookupAddress[] | undefined): Promise<Socket> {
    // The name is not resolved a second time: what was checked is what is connected to.
    const lookup: LookupFunction | undefined =
      addresses &&
      ((_host, { all }, callback) => {
        const [first] = addresses as readonly [LookupAddress];
        if (all === true) {
          callback(null, [...addresses]);
        } else {
          callback(null, first.address, first.family);
        }
      });
    return this.#established(connectTcp({ host, port, ...(lookup === undefined ? {} : { lookup }) }), 'connect');
  }

  async #tunnel(proxy: Proxy, host: string): Promise<Socket> {
    const { port, signal, tls, warn } = this.#options;
    // Loaded where it is needed: most hosts have no proxy.
    const { openTunnel, proxyFault } = await import('./proxy-tunnel.ts');
    try {
      const options = proxy.secure ? await tls.connectionOptions(proxy.host, proxy.port, warn, true) : undefined;
      let socket = await this.#established(connectTcp({ host: proxy.host, port: proxy.port }), 'connect');
      if (options !== undefined) {
        socket = await this.#established(connectTls({ ...options, socket }), 'secureConnect');
      }
      return await openTunnel(socket, proxy, hostPort(host, port), signal);
    } catch (error) {
      throw signal.aborted ? error : proxyFault(error);
    }
  }

  /** Waits for the event; a socket that fails before it is destroyed. */
  async #established<Stream extends Socket>(socket: Stream, event: 'connect' | 'secureConnect'): Promise<Stream> {
    this.#socket = socket;
    // Whoever gets it next listens too; an error that nobody listens to would end the host.
    socket.on('error', () => {});
    const { signal } = this.#options;
    try {
      signal.throwIfAborted();
      await once(socket, event, { signal });
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
}
