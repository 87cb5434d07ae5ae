/// <reference path="./signal.d.ts" />
/// <reference path="./timers.d.ts" />
/// <reference path="./output.d.ts" />
/// <reference path="./encoding.d.ts" />
/// <reference path="./error-event.d.ts" />
/// <reference path="./platform.d.ts" />
/// <reference path="./url.d.ts" />

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

  readonly setTimeout: typeof setTimeout;
  readonly setInterval: typeof setInterval;
  readonly clearTimeout: typeof clearTimeout;
  readonly clearInterval: typeof clearInterval;
}
