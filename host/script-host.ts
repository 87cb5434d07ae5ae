import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import net from 'node:net';
import { CellPool } from './cells/cell-pool.ts';
import { DEFAULT_ISOLATION, DEFAULT_OWNER, type Isolation } from './cells/isolation.ts';
import { memoryIsTold } from './cells/memory-watch.ts';
import { AirlockError, messageOf, type ErrorCode } from './errors.ts';
import type { Log, LogEntry, LogLevel, ScriptOrigin } from './observe/log.ts';
import { BlameRecord, type ScriptIdentity } from './policy/blame.ts';
import { limitAdvice } from './policy/limit-words.ts';
import { resolveLimits, type LimitName } from './policy/limits.ts';
import { Permissions } from './policy/permissions.ts';
import { ProxySettings, proxyEnvironment } from './policy/proxy-options.ts';
import { checkHostOptions, checkRunOptions, type HostOptions, type RunOptions } from './run-options.ts';
import { HostInbox } from './script/host-inbox.ts';
import { Holds } from './script/holds.ts';
import { loadSource } from './script/script-source.ts';
import { scriptTypeDefinition } from './script/script-types.ts';
import { Script } from './script/script.ts';
import { ServerTls } from './sockets/server-tls.ts';
import { TlsSettings } from './sockets/tls-settings.ts';

export interface HostEvents {
  /** A line for the operator: what was denied, what went wrong. */
  log: [entry: LogEntry];
  /** No script has a socket, a server or a timer any more, or all have ended. */
  idle: [event: { readonly time: number }];
}

/** What `ScriptHost.start` alone has. */
const START = Symbol('ScriptHost.start');

/** Runs scripts in isolates and owns their sockets. */
export class ScriptHost extends EventEmitter<HostEvents> {
  readonly #isolation: Isolation;
  readonly #cells: CellPool;
  readonly #blame: BlameRecord;
  readonly #proxies: ProxySettings;
  readonly #tls: TlsSettings;
  readonly #serverTls: ServerTls;
  readonly #inbox: HostInbox;
  readonly #scripts = new Set<Script>();
  readonly #holds = new Holds();
  #warnedOfMemory = false;
  #starting = 0;
  #idleCheckScheduled = false;
  #stopped: Promise<void> | undefined;

  /**
   * Starts a host, and the process for its first scripts. Throws ERR_AIRLOCK_CELL_START_FAILED,
   * ERR_AIRLOCK_NODE_TOO_OLD, or ERR_AIRLOCK_TLS_INVALID where a certificate or key cannot be used.
   */
  static async start(options: HostOptions = {}): Promise<ScriptHost> {
    if (net.BoundSocket === undefined) {
      throw new AirlockError(
        'ERR_AIRLOCK_NODE_TOO_OLD',
        `airlock-runtime needs Node.js 24.21 or later; this is ${process.version}`,
      );
    }
    const { blameFile, cells, proxy = false, serverTls, tls, hostInboxBytes, ...rest } = checkHostOptions(options);
    const { isolation = cells === 'in-process' ? cells : DEFAULT_ISOLATION } = rest;
    const proxies = new ProxySettings(proxy === 'environment' ? proxyEnvironment(process.env) : proxy === false ? {} : proxy);
    const host = new ScriptHost(
      START,
      isolation,
      new BlameRecord(blameFile),
      proxies,
      await TlsSettings.load(tls),
      await ServerTls.load(serverTls),
      new HostInbox(hostInboxBytes),
    );
    await host.#cells.start();
    return host;
  }

  private constructor(start: symbol, isolation: Isolation, blame: BlameRecord, proxies: ProxySettings, tls: TlsSettings, serverTls: ServerTls, inbox: HostInbox) {
    super();
    if (start !== START) {
      throw new AirlockError(
        'ERR_AIRLOCK_INVALID_ARGUMENT',
        'new ScriptHost() makes no host, as a host takes some time to start: write `await ScriptHost.start(options)`',
      );
    }
    this.#isolation = isolation;
    this.#blame = blame;
    this.#cells = new CellPool(isolation !== 'in-process');
    this.#proxies = proxies;
    this.#tls = tls;
    this.#serverTls = serverTls;
    this.#inbox = inbox;
  }

  /** The scripts that have not ended. */
  get scripts(): readonly Script[] {
    return [...this.#scripts];
  }

  /**
   * Loads a script and starts it. Its first turn comes after the returned promise's `then`, so a listener that is added
   * there misses nothing. A script that does not parse, or throws at once, ends with `reason: "fault"`.
   *
   * Throws an AirlockError where an option is wrong or the source cannot be had.
   */
  async run(options: RunOptions): Promise<Script> {
    const { type = 'interface', args = [], dialect = 'overte', owner = DEFAULT_OWNER, isolation = this.#isolation, ...rest } = checkRunOptions(options);
    if (this.#stopped !== undefined) {
      throw hostStopped();
    }
    const definition = scriptTypeDefinition(type);
    const limits = resolveLimits(rest.limits);
    const permissions = new Permissions(rest.permissions);
    this.#starting++;
    try {
      // V8 evaluates a source of no more than an eighth of the isolate's memory.
      const largest = Math.min(limits.scriptBytes, (limits.memory * 1024 * 1024) / 8);
      const { name, source, url } = await loadSource(rest, rest.name, largest);
      const tls = await TlsSettings.load(rest.tls, this.#tls);
      // A file's name may hold what would break the lines of a log.
      const scriptName = rest.name ?? name.replace(/[\x00-\x1f\x7f]/g, '?');
      const origin: ScriptOrigin = { script: scriptName, owner, id: randomUUID() };
      const log: Log = (level, message, code, limit) => 
        this.#log(level, origin, limit === undefined ? message : `${message}${limitAdvice(limit, limits[limit])}`, code, limit);
      const identity = { owner, name: scriptName, source };
      if (rest.pardon === true) {
        this.#blame.forget(identity);
      }
      this.#blame.check(identity);
      const place = await this.#cells.place(isolation, owner);
      if (this.#stopped !== undefined) {
        place.leave();
        throw hostStopped();
      }
      this.#warnOfMissingCeiling(isolation);
      const script: Script = new Script({
        id: origin.id,
        name: scriptName,
        owner,
        isolation,
        type,
        definition,
        dialect,
        source,
        url,
        baseUrl: rest.baseUrl ?? url,
        args,
        entityID: rest.entityID ?? `{${randomUUID()}}`,
        permissions,
        limits,
        hostInbox: this.#inbox,
        proxies: this.#proxies,
        tls,
        serverTls: this.#serverTls,
        onFault: rest.onFault ?? 'close',
        hold: definition.server ? this.#holds.take(owner, scriptName) : undefined,
        onLeft: (hold) => this.#holds.keep(owner, scriptName, hold),
        place,
        placeAgain: () => this.#cells.place(isolation, owner),
        log,
        onBlamed: () => this.#noteBlame(identity, log),
        onChange: () => this.#scheduleIdleCheck(),
      });
      this.#scripts.add(script);
      void script.ended.then(() => {
        this.#scripts.delete(script);
        this.#scheduleIdleCheck();
      });
      return script;
    } finally {
      this.#starting--;
      // The others may have become idle while this one was being started, or failed to start.
      this.#scheduleIdleCheck();
    }
  }

  /**
   * Lets a script run again that has brought its process down twice, whatever its source is now.
   *
   * @param name the script's name, as in `script.name`
   * @param owner whose it is
   * @returns whether there was anything to pardon
   */
  pardon(name: string, owner = DEFAULT_OWNER): boolean {
    return this.#blame.pardon(name, owner);
  }

  /**
   * Closes at once, with 1011, what a script has left behind that ended with a fault and `onFault: "hold"`: it is not run again.
   * Resolves when all is closed.
   *
   * @param name the script's name, as in `script.name`
   * @param owner whose it is
   */
  async release(name: string, owner = DEFAULT_OWNER): Promise<void> {
    await this.#holds.release(owner, name);
  }

  /**
   * Reads the certificates and keys of `serverTls` again. New connections to servers get the new ones, open ones stay. Where
   * a file cannot be used, the log says so, and what was there before stays in use. Returns the names that were reloaded.
   */
  async reloadTls(): Promise<readonly string[]> {
    const reloaded = await this.#serverTls.reload((name, message) =>
      this.#log('error', undefined, `the TLS configuration '${name}' stays as it was: ${message}`),
    );
    for (const name of reloaded) {
      this.#log('info', undefined, `the TLS configuration '${name}' was read again`);
    }
    return reloaded;
  }

  /** Ends all scripts in order, then the processes that they ran in. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** `await using host = await ScriptHost.start()` stops it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<void> {
    await Promise.all(this.scripts.map((script) => script.stop()));
    await this.#holds.end();
    await this.#cells.close();
  }

  #noteBlame(script: ScriptIdentity, log: Log): void {
    try {
      if (this.#blame.isBarred(this.#blame.note(script))) {
        log('error', 'has brought its process down twice; it is not started again without a pardon (airlock run --pardon, host.pardon())');
      }
    } catch (error) {
      log('error', `has brought its process down, which could not be written down: ${messageOf(error)}`);
    }
  }

  /** Said once, where it matters. */
  #warnOfMissingCeiling(isolation: Isolation): void {
    if (!this.#warnedOfMemory && isolation !== 'in-process' && !memoryIsTold()) {
      this.#warnedOfMemory = true;
      this.#log('warning', undefined, 'this system does not tell the memory of a process: the limit processMemory is not enforced');
    }
  }

  #log(level: LogLevel, origin: ScriptOrigin | undefined, message: string, code?: ErrorCode, limit?: LimitName): void {
    const { id, owner, script } = origin ?? {};
    this.emit('log', { level, script, owner, id, message, time: Date.now(), ...(code === undefined ? {} : { code }), ...(limit === undefined ? {} : { limit }) });
  }

  #scheduleIdleCheck(): void {
    if (!this.#idleCheckScheduled) {
      this.#idleCheckScheduled = true;
      setImmediate(() => {
        this.#idleCheckScheduled = false;
        if (this.#starting === 0 && this.scripts.every((script) => script.idle)) {
          this.emit('idle', { time: Date.now() });
        }
      });
    }
  }
}

function hostStopped(): AirlockError {
  return new AirlockError('ERR_AIRLOCK_HOST_STOPPED', 'The host is stopped; start another one');
}
