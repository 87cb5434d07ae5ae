import type { PrintLevel } from '../../wire/commands.ts';
import type { Dialect } from '../../wire/settings.ts';
import type { CellDeath, Place } from '../cells/cell.ts';
import type { Isolation } from '../cells/isolation.ts';
import type { ScriptError } from '../errors.ts';
import type { Log, Occurrence } from '../observe/log.ts';
import type { LimitHit } from '../observe/statistics.ts';
import type { Limits } from '../policy/limits.ts';
import type { Permissions } from '../policy/permissions.ts';
import type { ProxySettings } from '../policy/proxy-options.ts';
import type { ServerTls } from '../sockets/server-tls.ts';
import type { TlsSettings } from '../sockets/tls-settings.ts';
import type { HostInbox } from './host-inbox.ts';
import type { Hold } from './hold.ts';
import type { ScriptType, ScriptTypeDefinition } from './script-types.ts';

/** What becomes of what a script's servers have accepted, where it ends with a fault or starts again. */
export const ON_FAULT = ['close', 'hold'] as const;
export type OnFault = (typeof ON_FAULT)[number];

/** A line that a script printed. */
export interface PrintedLine extends Occurrence {
  readonly level: PrintLevel;
  /** May hold line breaks, and whatever else the script put into it. */
  readonly text: string;
}

/** How a script ended. */
export interface ScriptEnd extends Occurrence {
  /** `stopped`: by itself, or by `stop()`. `limit`: in order, as its lifetime is over. `fault`: `error` says what was wrong. */
  readonly reason: 'stopped' | 'limit' | 'fault';
  readonly error?: ScriptError;
  /** The limit that it has hit, where it has ended by that. */
  readonly limit?: LimitHit;
}

/** Why a script was started again. */
export interface Restart extends Occurrence {
  /** What became of the isolate that it had, as `the process that ran chat.js was ended by SIGKILL`. */
  readonly cause: string;
  /** The name of the script that is to blame; undefined where no turn was under way. */
  readonly blamed: string | undefined;
  /** How many times the script has been started again by now. */
  readonly count: number;
}

export interface ScriptEvents {
  /** The script printed a line. */
  print: [line: PrintedLine];
  /** The script threw and nothing caught it; or, just before `ended`, why it was ended. */
  error: [error: ScriptError];
  /** The script runs again from its start, in a new isolate, without the sockets that it had but for those that are held. */
  restarted: [restart: Restart];
  /** The script has ended and its sockets are closed. */
  ended: [end: ScriptEnd];
}

export interface ScriptSetup {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly isolation: Isolation;
  readonly type: ScriptType;
  readonly definition: ScriptTypeDefinition;
  readonly dialect: Dialect;
  readonly source: string;
  readonly url: string;
  /** The base of relative WebSocket URLs. */
  readonly baseUrl: string;
  readonly args: readonly string[];
  readonly entityID: string;
  readonly permissions: Permissions;
  readonly limits: Limits;
  /** What waits for all scripts of the host. */
  readonly hostInbox: HostInbox;
  readonly proxies: ProxySettings;
  readonly tls: TlsSettings;
  readonly serverTls: ServerTls;
  readonly onFault: OnFault;
  /** What one of the same owner and name has left behind. */
  readonly hold: Hold | undefined;
  /** Called when it has ended and has left something behind. */
  readonly onLeft: (hold: Hold) => void;
  /** Where it starts. */
  readonly place: Place;
  /** Makes room for it where the cell that it was in is gone. Throws an AirlockError. */
  readonly placeAgain: () => Promise<Place>;
  readonly log: Log;
  /** Called when the script may have become idle, and when it has ended. */
  readonly onChange: () => void;
  /** Called when the script has brought its process down. */
  readonly onBlamed: (death: CellDeath) => void;
}
