import { types } from 'node:util';
import type { Occurrence } from './observe/log.ts';

/**
 * Every error that Airlock itself raises, by its stable code; `docs/errors.md` mirrors this table. A message says what
 * was wrong, with which value, and what to do about it.
 */
export const ERROR_CODES = {
  ERR_AIRLOCK_INVALID_ARGUMENT: 'An option of the API or the command line is not of the right form.',
  ERR_AIRLOCK_UNKNOWN_SCRIPT_TYPE: 'The script type is none of those that there are.',
  ERR_AIRLOCK_SCRIPT_NOT_FOUND: 'The script file does not exist or cannot be read.',
  ERR_AIRLOCK_SCRIPT_EMPTY: 'The script holds nothing to run.',
  ERR_AIRLOCK_SCRIPT_TOO_LARGE: 'The script is larger than its limit.',
  ERR_AIRLOCK_SCRIPT_FETCH_FAILED: 'The script could not be fetched from its address.',
  ERR_AIRLOCK_SCRIPT_LOAD_FAILED: 'The script does not parse, or threw while it was loaded.',
  ERR_AIRLOCK_UNCAUGHT_EXCEPTION: 'The script threw in a callback, and nothing caught it. The script goes on.',
  ERR_AIRLOCK_TURN_TIMEOUT: 'A callback of the script, or its source, ran longer than `turnTimeout`.',
  ERR_AIRLOCK_OUT_OF_MEMORY: 'The script used more memory than it may.',
  ERR_AIRLOCK_MALFORMED_COMMAND: 'What came out of the isolate is not what the bindings send.',
  ERR_AIRLOCK_ISOLATE_BROKEN: 'The isolate could not be made, or no longer answers.',
  ERR_AIRLOCK_CELL_DIED: 'The process that ran the script ended while a turn of the script was under way.',
  ERR_AIRLOCK_RESTARTED_TOO_OFTEN: 'The process that ran the script ended again and again; the script is not started once more.',
  ERR_AIRLOCK_SCRIPT_BLAMED: 'The script has brought its process down twice and is not started without a pardon.',
  ERR_AIRLOCK_CELL_START_FAILED: 'The process for scripts could not be started.',
  ERR_AIRLOCK_CONNECT_DENIED: 'The script may not connect to this address.',
  ERR_AIRLOCK_ADDRESS_DENIED: 'The name leads to an address that is not public and not opened by a rule.',
  ERR_AIRLOCK_PORT_BLOCKED: 'The port belongs to another protocol, and browsers connect to it no more than Airlock does.',
  ERR_AIRLOCK_HEADER_DENIED: 'The script may not set this header of its handshake.',
  ERR_AIRLOCK_MODULE_NOT_LOADED: 'A module of the script could not be loaded.',
  ERR_AIRLOCK_READ_DENIED: 'The script may not load a module from this path.',
  ERR_AIRLOCK_IMPORT_DENIED: 'The script may not load modules from this host.',
  ERR_AIRLOCK_ENV_DENIED: 'The script may not read this environment variable.',
  ERR_AIRLOCK_TLS_INVALID: 'A certificate or key of the configuration cannot be used.',
  ERR_AIRLOCK_LISTEN_DENIED: 'The script may not listen at this address and port.',
  ERR_AIRLOCK_LISTEN_FAILED: 'The system does not let the script listen at this address and port.',
  ERR_AIRLOCK_TOO_MANY_SOCKETS: 'The script has as many sockets or servers as it may.',
  ERR_AIRLOCK_NODE_TOO_OLD: 'This Node.js has not what Airlock needs.',
  ERR_AIRLOCK_HOST_STOPPED: 'The host is stopped and runs no more scripts.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error of Airlock's own, with a stable `code` of the table above. */
export class AirlockError extends Error {
  override readonly name: string = 'AirlockError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** What JSON shows of it: the language leaves out the name and the message of an error. */
  toJSON(): Readonly<Record<string, unknown>> {
    return { name: this.name, code: this.code, message: this.message };
  }
}

/** Where in a script something happened. Lines and columns count from 1. */
export interface ScriptPosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** An error of a script: thrown by it, or the reason why it was ended. */
export class ScriptError extends AirlockError implements Occurrence {
  override readonly name: string = 'ScriptError';
  /** The script's name. */
  readonly script: string;
  readonly owner: string;
  readonly id: string;
  readonly time: number;
  /** The script's own frames, a line each, innermost first; empty if there are none. Then those of its causes. */
  readonly scriptStack: string;
  /** The innermost frame's position, if it is known. */
  readonly position: ScriptPosition | undefined;

  constructor(code: ErrorCode, { id, owner, script, time }: Occurrence, message: string, scriptStack = '') {
    super(code, message);
    this.script = script;
    this.owner = owner;
    this.id = id;
    this.time = time;
    this.scriptStack = scriptStack;
    this.position = positionOf(scriptStack);
    // The host's own frames would say nothing about the script.
    this.stack = `${this.name}: ${message}${scriptStack === '' ? '' : `\n${scriptStack}`}`;
  }

  override toJSON(): Readonly<Record<string, unknown>> {
    const { id, owner, position, script, scriptStack, time } = this;
    return { ...super.toJSON(), script, owner, id, time, position, scriptStack };
  }
}

/** The place that the first line of a stack names. */
export function positionOf(stack: string): ScriptPosition | undefined {
  const [first = ''] = stack.split('\n', 1);
  // With the function's name the place is in brackets, which names of files may hold as well.
  const match = /^ +at .*? \((.+):(\d+):(\d+)\)$/.exec(first) ?? /^ +at (?:async )?(.+):(\d+):(\d+)$/.exec(first);
  return match === null ? undefined : { file: match[1] as string, line: Number(match[2]), column: Number(match[3]) };
}

/** The text of whatever was thrown. An error of another context (a worker's, a test runner's) is one too. */
export function messageOf(error: unknown): string {
  return error instanceof Error || types.isNativeError(error) ? error.message : String(error);
}

/** The `code` of a system error, or an empty string. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

/** Why a file could not be read, in words. */
export function readingProblem(error: unknown): string {
  return codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
}
