/// <reference path="./signal.d.ts" />
/// <reference path="./timers.d.ts" />
/// <reference path="./output.d.ts" />
/// <reference path="./encoding.d.ts" />
/// <reference path="./error-event.d.ts" />
/// <reference path="./global-scope.d.ts" />
/// <reference path="./platform.d.ts" />
/// <reference path="./url.d.ts" />
/// <reference path="./modules.d.ts" />

/** The words of `Script.getContext()`. */
type ScriptContext = 'client' | 'entity_client' | 'entity_server' | 'agent';

/** Overte's `Script` object: the script's own life. */
interface ScriptObject<Context extends ScriptContext> {
  /** The arguments that the script was started with. Frozen. */
  readonly args: readonly string[];

  /**
   * The script is ending: its timers are gone, `unload` of an entity script has run, and its sockets are about to be
   * closed. What is sent here still goes out.
   */
  readonly scriptEnding: Signal;

  /** Ends the script when the code that is running returns. No other callback comes before `unload` and `scriptEnding`. */
  stop(): void;

  /** Which kind of script this is, in Overte's words: `interface` and `avatar` scripts are both `client`. */
  getContext(): Context;

  /**
   * Makes an absolute address of one that counts from the script's own. Default: the script's own address.
   *
   * @throws TypeError where there is no such address
   */
  resolvePath(path?: string): string;

  /**
   * An environment variable of the host that the script may read (permission `env`), as it was when the script was
   * started; undefined where it is not set.
   *
   * @throws Error with the `code` ERR_AIRLOCK_ENV_DENIED where it may not
   */
  getEnv(name: string): string | undefined;

  /**
   * Evaluates scripts in the global scope, one after the other, each address once. An address counts from the file that the
   * call stands in. Files need the permission `read`, hosts the permission `import`. What goes wrong is reported as an
   * uncaught error is, and the rest goes on.
   *
   * @param callback called when the code that is running has returned
   */
  include(urls: string | readonly string[], callback?: () => void): void;

  /** The same as the global {@link require}. */
  readonly require: Require;

  readonly setTimeout: typeof setTimeout;
  readonly setInterval: typeof setInterval;
  readonly clearTimeout: typeof clearTimeout;
  readonly clearInterval: typeof clearInterval;
}
